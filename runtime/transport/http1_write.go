package transport

import (
	"strconv"
	"strings"

	"volley/runtime"
)

// What a byte may stand in.
const (
	inToken  = 1 << iota // RFC 9110 section 5.6.2: methods and field names
	inValue              // field values: all but control bytes, save tab
	inTarget             // request-target: visible bytes
)

// byteClass is the table behind the checks of everything that goes out.
var byteClass = func() (t [256]byte) {
	for b := range 256 {
		if b > ' ' && b != 0x7f {
			t[b] |= inValue | inTarget
		}
	}
	t[' '] |= inValue
	t['\t'] |= inValue
	for _, b := range []byte("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
		t[b] |= inToken
	}
	return t
}()

// only reports whether every byte of s is of the class.
func only(s string, class byte) bool {
	for i := 0; i < len(s); i++ {
		if byteClass[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

// check refuses whatever could break out of its place on the wire. Nothing
// has been sent or dialled when it does.
func (x *Exchange) check() *runtime.Error {
	if x.Method == "" || !only(x.Method, inToken) {
		return invalid("method %s is no token", quote(x.Method))
	}
	if x.Method == "CONNECT" {
		return invalid("CONNECT asks for a tunnel; name the proxy instead (proxies)")
	}
	if x.Scheme != "http" && x.Scheme != "https" {
		return invalid("scheme %s is neither http nor https", quote(x.Scheme))
	}
	if x.Host == "" || !only(x.Host, inTarget) || strings.ContainsAny(x.Host, "/?#@\\") {
		return invalid("host %s cannot be connected to", quote(x.Host))
	}
	if strings.Trim(x.Port, "0123456789") != "" || len(x.Port) > 5 {
		return invalid("port %s is no number", quote(x.Port))
	}
	if x.Target == "" || !only(x.Target, inTarget) {
		return invalid("request target %s holds a space or control byte; percent-encode it", quote(x.Target))
	}
	for i := range x.Header {
		f := &x.Header[i]
		if f.Name == "" || !only(f.Name, inToken) {
			return invalid("header %d: name %s is no token", i+1, quote(f.Name))
		}
		if !only(f.Value, inValue) {
			return invalid("header %d: value of %s holds a control byte", i+1, f.Name)
		}
	}
	if x.Scheme == "http" && x.Route.config.Version == "2" {
		return invalid("HTTP/2 over http:// is never negotiated; use http_version \"h2c\" for a server known to speak it")
	}
	return nil
}

// appendHead appends the request line and header to b: Host first, the fields
// as given, then the framing for a body of length bytes (-1: chunked).
func (x *Exchange) appendHead(b []byte, absolute bool, hasBody bool, length int64) ([]byte, *runtime.Error) {
	b = append(b, x.Method...)
	b = append(b, ' ')
	if absolute {
		b = x.appendOrigin(append(b, "http://"...))
	}
	b = append(b, x.Target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	host := x.hostField()
	if host >= 0 {
		b = append(b, x.Header[host].Value...)
	} else {
		b = x.appendOrigin(b)
	}
	b = append(b, "\r\n"...)
	credentials := absolute && x.Route.proxy.basic != ""
	for i := range x.Header {
		f := &x.Header[i]
		switch {
		case i == host || runtime.EqualFold(f.Name, "Host"):
			continue
		case credentials && runtime.EqualFold(f.Name, "Proxy-Authorization"):
			continue // those of the proxy's URL win, as in requests
		case framing(f.Name):
			if err := x.checkFraming(f, hasBody, length); err != nil {
				return b, err
			}
			continue
		}
		b = appendField(b, f.Name, f.Value)
	}
	if credentials {
		b = appendField(b, "Proxy-Authorization", x.Route.proxy.basic)
	}
	return append(x.appendFraming(b, hasBody, length), "\r\n"...), nil
}

func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// hostField returns the index of the Host field, -1 when there is none.
func (x *Exchange) hostField() int {
	for i := range x.Header {
		if runtime.EqualFold(x.Header[i].Name, "Host") {
			return i
		}
	}
	return -1
}

// appendOrigin appends host and port as they stand in a URL: brackets around
// IPv6, no default port.
func (x *Exchange) appendOrigin(b []byte) []byte {
	if strings.IndexByte(x.Host, ':') >= 0 {
		host, _, _ := strings.Cut(x.Host, "%")
		b = append(b, '[')
		b = append(b, host...)
		b = append(b, ']')
	} else {
		b = append(b, x.Host...)
	}
	if x.Port != "" && x.Port != defaultPort(x.Scheme) {
		b = append(b, ':')
		b = append(b, x.Port...)
	}
	return b
}

// authority is appendOrigin's text.
func (x *Exchange) authority() string { return string(x.appendOrigin(nil)) }

// appendFraming appends the field that says how long the body is. A request
// without one says so where a body is usual, as requests does.
func (x *Exchange) appendFraming(b []byte, hasBody bool, length int64) []byte {
	switch {
	case hasBody && length < 0:
		return append(b, "Transfer-Encoding: chunked\r\n"...)
	case hasBody && (length > 0 || !bodyUnusual(x.Method)), !hasBody && !bodyUnusual(x.Method):
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, max(length, 0), 10)
		return append(b, "\r\n"...)
	}
	return b
}

func bodyUnusual(method string) bool {
	switch method {
	case "GET", "HEAD", "TRACE", "CONNECT":
		return true
	}
	return false
}

// framing reports whether the field is one that the transport writes itself.
func framing(name string) bool {
	switch len(name) {
	case len("Content-Length"):
		return runtime.EqualFold(name, "Content-Length")
	case len("Transfer-Encoding"):
		return runtime.EqualFold(name, "Transfer-Encoding")
	}
	return false
}

// checkFraming refuses framing given by the caller that differs from what is
// sent; the same is left out, since it is sent anyway.
func (x *Exchange) checkFraming(f *runtime.Field, hasBody bool, length int64) *runtime.Error {
	if len(f.Name) == len("Transfer-Encoding") {
		if hasBody && length < 0 && runtime.EqualFold(f.Value, "chunked") {
			return nil
		}
		return invalid("header Transfer-Encoding: %s does not fit the body; leave it out", quote(f.Value))
	}
	if length < 0 || f.Value != strconv.FormatInt(length, 10) {
		return invalid("header Content-Length: %s does not fit the body; leave it out", quote(f.Value))
	}
	return nil
}
