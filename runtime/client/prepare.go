package client

import (
	"strconv"
	"strings"

	"volley/runtime"
	"volley/runtime/transport"
)

// prepare makes the request of the current hop as it goes out, and the
// exchange that carries it.
func (f *flight) prepare(h *hop, hooks bool) *runtime.Error {
	header, err := f.header()
	if err != nil {
		return err
	}
	h.req = *f.asked
	h.req.Method, h.req.URL, h.req.Header, h.req.Body = f.method, f.at.url, header, f.body
	if hooks {
		touched, err := f.beforeSend(&h.req)
		if err == nil && touched { // whoever signs sees what hooks left, and where it goes
			err = f.recheck(&h.req)
		}
		if err != nil {
			return err
		}
	}
	if auth := f.credentials(&h.req); auth != nil {
		if err := auth.Authorize(f.ctx, &h.req); err != nil {
			return runtime.AsError(err)
		}
		if err := f.recheck(&h.req); err != nil {
			return err
		}
	}
	return f.frame(&h.req)
}

// recheck takes over what hooks and credentials changed in a prepared
// request.
func (f *flight) recheck(req *runtime.Request) *runtime.Error {
	method, err := canonicalMethod(req.Method)
	if err != nil {
		return err
	}
	req.Method = method
	if req.URL != f.at.url {
		was := f.at.authority
		at, err := parseURL(req.URL)
		if err != nil {
			return err
		}
		challenged := f.challenged
		f.enter(at)
		f.challenged = challenged
		if req.Header.Get("Host") == was {
			req.Header.Set("Host", at.authority)
		}
		req.URL = at.url
	}
	for i, field := range req.Header {
		if err := checkField(field.Name, field.Value, i+1); err != nil {
			return err
		}
	}
	if len(req.Header) == 0 || !runtime.EqualFold(req.Header[0].Name, "Host") {
		req.Header = hostFirst(req.Header, f.at.authority)
	}
	if req.Body != nil && !req.Header.Has("Content-Type") {
		if t := req.Body.ContentType(); t != "" && f.body != req.Body {
			req.Header.Add("Content-Type", t)
		}
	}
	f.method, f.body = req.Method, req.Body
	return nil
}

// hostFirst returns h with its one Host field in front.
func hostFirst(h runtime.Header, authority string) runtime.Header {
	if v, ok := h.Lookup("Host"); ok {
		authority = v
	}
	out := runtime.Header{{Name: "Host", Value: authority}}
	for _, field := range h {
		if !runtime.EqualFold(field.Name, "Host") {
			out = append(out, field)
		}
	}
	return out
}

// frame fills the exchange and appends the field that says where the body
// ends, as transport will write it.
func (f *flight) frame(req *runtime.Request) *runtime.Error {
	length, chunked, err := takeFraming(&req.Header)
	if err != nil {
		return err
	}
	f.exchange = transport.Exchange{
		Method: req.Method, Scheme: f.at.scheme, Host: f.at.host, Port: f.at.port, Target: f.at.target,
		Header: req.Header, Replayable: true,
	}
	x := &f.exchange
	switch b := req.Body.(type) {
	case nil:
		if length > 0 || chunked {
			return runtime.Errorf(runtime.KindInvalidArgument, "the header announces a body but there is none: leave the field out")
		}
		if sendsZero(req.Method) {
			req.Header.Add("Content-Length", "0")
		}
		return nil
	case *runtime.Bytes:
		x.Length = int64(len(b.Data))
	default:
		x.Length, x.Replayable = -1, b.Replayable()
		if b.Replayable() {
			if x.Length, err = bodyLength(b); err != nil {
				return err
			}
		}
	}
	return f.announce(req, length, chunked)
}

// announce settles the body's length with what the caller's header said.
func (f *flight) announce(req *runtime.Request, given int64, chunked bool) *runtime.Error {
	x := &f.exchange
	switch {
	case chunked:
		x.Length = -1
	case given >= 0 && x.Length < 0:
		x.Length = given
	case given >= 0 && given != x.Length:
		return runtime.Errorf(runtime.KindInvalidArgument,
			"the Content-Length header says %d but the body has %d bytes: leave the header out", given, x.Length)
	}
	if b, ok := req.Body.(*runtime.Bytes); ok && !chunked {
		x.Data = b.Data
	} else {
		x.Body = opener(req.Body, x.Length)
	}
	switch {
	case x.Length < 0:
		req.Header.Add("Transfer-Encoding", "chunked")
	case x.Length > 0 || sendsZero(req.Method):
		req.Header.Add("Content-Length", strconv.FormatInt(x.Length, 10))
	}
	return nil
}

// sendsZero reports whether the method announces even an empty body
// (RFC 9110 section 8.6).
func sendsZero(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "DELETE", "CONNECT":
		return false
	}
	return true
}

// takeFraming removes Content-Length and Transfer-Encoding fields and returns
// what they said; a length of -1 is none.
func takeFraming(h *runtime.Header) (length int64, chunked bool, err *runtime.Error) {
	length = -1
	found := false
	for i, field := range *h {
		if !framed(field.Name) {
			continue
		}
		found = true
		value := strings.TrimSpace(field.Value)
		if len(field.Name) == len("Transfer-Encoding") {
			if !strings.EqualFold(value, "chunked") {
				return 0, false, badField(i+1, field.Name, "can only be chunked")
			}
			chunked = true
			continue
		}
		n, failed := strconv.ParseUint(value, 10, 63)
		if failed != nil || length >= 0 && length != int64(n) {
			return 0, false, badField(i+1, field.Name, "is not one number of bytes: leave it out")
		}
		length = int64(n)
	}
	if found {
		h.Del("Content-Length")
		h.Del("Transfer-Encoding")
	}
	if chunked && length >= 0 {
		return 0, false, runtime.Errorf(runtime.KindInvalidArgument, "Content-Length and Transfer-Encoding exclude each other: leave both out")
	}
	return length, chunked, nil
}
