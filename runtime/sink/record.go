package sink

import (
	"encoding/base64"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"volley/runtime"
)

// appendRecord appends the line of one Result. Keys that every record has
// come first, then those that few have, the body last.
func (n *NDJSON) appendRecord(b []byte, r *runtime.Result) []byte {
	resp := answer(r)
	req := sent(r, resp)
	b = strconv.AppendInt(append(b, n.record...), int64(r.Batch), 10)
	b = strconv.AppendInt(append(b, `,"index":`...), int64(r.Index), 10)
	b = append(b, `,"id":`...)
	if req == nil {
		b = append(b, "null"...)
	} else {
		b = n.textOrNull(b, req.ID)
	}
	b = strconv.AppendInt(append(b, `,"attempts":`...), int64(attempts(r)), 10)
	b = strconv.AppendBool(append(b, `,"ok":`...), r.OK())
	secret := secretHeaders(r)
	b = n.request(append(b, `,"request":`...), req, secret)
	b = n.outcome(b, r, resp)
	b = n.traffic(b, r, resp)
	b = append(b, `,"meta":`...)
	if req == nil {
		b = append(b, "null"...)
	} else {
		b = n.appendMeta(b, req.Meta)
		b = n.labels(b, req)
	}
	b = n.circumstances(b, r)
	b = n.data(b, r)
	if resp != nil {
		b = n.header(append(b, `,"response_headers":`...), resp.Header, secret)
		b = appendBool(b, `,"partial":`, resp.Partial)
		b = appendBool(b, `,"end_unmarked":`, resp.EndUnmarked)
		if n.keeps(r) && resp.Stream == nil {
			b = n.body(b, resp.Content)
		}
	}
	return append(b, "}\n"...)
}

// answer is the response of a request, also one that came with a failure.
func answer(r *runtime.Result) *runtime.Response {
	if r.Err != nil {
		return r.Err.Response
	}
	return r.Response
}

// sent is the request as it first went out, as far as an answer tells, else
// as it was built. Behind redirects the last hop's is another one.
func sent(r *runtime.Result, resp *runtime.Response) *runtime.Request {
	if resp == nil {
		return r.Request
	}
	if len(resp.History) > 0 {
		resp = resp.History[0]
	}
	if resp.Request == nil {
		return r.Request
	}
	return resp.Request
}

func attempts(r *runtime.Result) int {
	switch {
	case r.Err != nil:
		return r.Err.Attempts
	case r.Response != nil:
		return r.Response.Attempts
	}
	return r.Attempts
}

func (e encoder) request(b []byte, req *runtime.Request, secret []string) []byte {
	if req == nil {
		return append(b, "null"...)
	}
	b = e.text(append(b, `{"method":`...), req.Method)
	b = e.text(append(b, `,"url":`...), runtime.MaskURL(req.URL))
	b = e.header(append(b, `,"headers":`...), req.Header, secret)
	return append(b, '}')
}

// outcome tells what came of it: a status, an error, or both.
func (e encoder) outcome(b []byte, r *runtime.Result, resp *runtime.Response) []byte {
	b = append(b, `,"status":`...)
	if resp == nil {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(resp.Status), 10)
	}
	if r.Err == nil {
		return append(b, `,"error":null,"kind":null`...)
	}
	b = e.text(append(b, `,"error":`...), r.Err.Message)
	return appendText(append(b, `,"kind":`...), string(r.Err.Kind))
}

// exchange returns when a request was sent and how long it took; the time is
// zero if it was not.
func exchange(r *runtime.Result) (time.Time, runtime.Timings) {
	resp := answer(r)
	switch {
	case r.Err == nil && resp == nil:
		return time.Time{}, runtime.Timings{}
	case resp == nil:
		return r.Err.Start, r.Err.Timings
	}
	t := resp.Timings
	if r.Err != nil { // a stream's answer knows its time to the headers only
		t.Total = max(t.Total, r.Err.Timings.Total)
	}
	return resp.Start, t
}

// traffic tells when it was, how long it took, how much came, and from where.
func (e encoder) traffic(b []byte, r *runtime.Result, resp *runtime.Response) []byte {
	start, t := exchange(r)
	b = appendTime(append(b, `,"start":`...), start)
	b = appendSeconds(append(b, `,"timings":{"dns":`...), t.DNS)
	b = appendSeconds(append(b, `,"connect":`...), t.Connect)
	b = appendSeconds(append(b, `,"tls":`...), t.TLS)
	b = appendSeconds(append(b, `,"ttfb":`...), t.TTFB)
	b = appendSeconds(append(b, `,"total":`...), t.Total)
	var size runtime.Size
	from := ""
	if resp != nil {
		size, from = resp.Size, resp.RemoteAddr
	}
	b = strconv.AppendInt(append(b, `},"size":{"headers":`...), size.Headers, 10)
	b = strconv.AppendInt(append(b, `,"body":`...), size.Body, 10)
	b = strconv.AppendInt(append(b, `,"wire":`...), size.Wire, 10)
	return e.textOrNull(append(b, `},"remote_addr":`...), from)
}

func (n *NDJSON) appendMeta(b []byte, meta any) []byte {
	if meta != nil && n.opts.Plain != nil {
		meta = n.opts.Plain(meta)
	}
	return n.value(b, meta)
}

// labels tells how the caller named the request.
func (e encoder) labels(b []byte, req *runtime.Request) []byte {
	if req.Name != "" {
		b = e.text(append(b, `,"name":`...), req.Name)
	}
	if len(req.Tags) > 0 {
		b = appendMap(append(b, `,"tags":`...), req.Tags, e.text, e.text)
	}
	return b
}

// circumstances tells what only a request has that went wrong.
func (e encoder) circumstances(b []byte, r *runtime.Result) []byte {
	b = appendBool(b, `,"handled":`, r.Handled && !r.OK())
	if r.Skipped != "" {
		b = appendText(append(b, `,"skipped":`...), r.Skipped)
	}
	if r.Err == nil {
		return b
	}
	if r.Err.Phase != "" {
		b = appendText(append(b, `,"phase":`...), string(r.Err.Phase))
	}
	said := r.Err.Sent
	if said == "" {
		said = runtime.SentNo
	}
	b = appendText(append(b, `,"sent":`...), string(said))
	return strconv.AppendBool(append(b, `,"retryable":`...), r.Err.Retryable)
}

// header appends fields as pairs, since their order, case and repeats
// are part of what was sent.
func (e encoder) header(b []byte, h runtime.Header, secret []string) []byte {
	b = append(b, '[')
	for i := range h {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.text(append(b, '['), h[i].Name)
		b = append(b, ',')
		b = e.text(b, shown(h[i].Name, h[i].Value, secret))
		b = append(b, ']')
	}
	return append(b, ']')
}

// discreet is a session that knows of headers which no record may show.
type discreet interface {
	SecretHeaders(req *runtime.Request) []string
}

// secretHeaders are the names that the session of a result keeps secret.
func secretHeaders(r *runtime.Result) []string {
	if r.Request == nil {
		return nil
	}
	if s, ok := r.Request.Session.(discreet); ok {
		return s.SecretHeaders(r.Request)
	}
	return nil
}

// shown is a field's value as far as a record may tell it. secret names fields
// beside those that everybody keeps secret.
func shown(name, value string, secret []string) string {
	same := func(s string) bool { return runtime.EqualFold(name, s) }
	if runtime.SecretHeader(name) || slices.ContainsFunc(secret, same) {
		return "***"
	}
	for _, address := range [...]string{"Location", "Referer", "Content-Location"} {
		if runtime.EqualFold(name, address) {
			return runtime.MaskURL(value)
		}
	}
	return value
}

// keeps reports whether the record has the response's body.
func (n *NDJSON) keeps(r *runtime.Result) bool {
	return n.opts.Bodies == AllBodies || n.opts.Bodies == ErrorBodies && !r.OK()
}

// body appends text as it is and other bytes as base64.
func (e encoder) body(b, content []byte) []byte {
	b = append(b, `,"body":`...)
	if utf8.Valid(content) {
		return e.bytes(b, content)
	}
	if !e.secrets.Empty() {
		content = e.secrets.MaskBytes(nil, content)
	}
	b = base64.StdEncoding.AppendEncode(append(b, '"'), content)
	return append(b, `","body_encoding":"base64"`...)
}
