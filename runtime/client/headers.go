package client

import (
	"slices"
	"strings"

	"volley/runtime"
)

// checkField refuses a field that could not go out as it is (RFC 9110
// sections 5.1 and 5.5). number counts from 1.
func checkField(name, value string, number int) *runtime.Error {
	if !isToken(name) {
		return badField(number, name, "is no field name: it is letters, digits and dashes, without spaces or colon")
	}
	if value == "" {
		return nil
	}
	if value[0] == ' ' || value[0] == '\t' {
		return badField(number, name, "begins with white space: remove it")
	}
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return runtime.Errorf(runtime.KindInvalidArgument,
				"header %d (%q) holds a control character (byte 0x%02x at %d): remove it", number, name, c, i+1)
		}
	}
	return nil
}

func badField(number int, name, why string) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument, "header %d (%q) %s", number, name, why)
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if byteClass[s[i]]&inToken == 0 {
			return false
		}
	}
	return s != ""
}

// framed reports whether a field says where a message ends: those are ours.
func framed(name string) bool {
	return len(name) == len("Content-Length") && runtime.EqualFold(name, "Content-Length") ||
		len(name) == len("Transfer-Encoding") && runtime.EqualFold(name, "Transfer-Encoding")
}

// header builds the fields of the current hop: Host, then those of session
// and defaults that the request does not give, then the request's own, then
// the ones that follow from cookies and body.
func (f *flight) header() (runtime.Header, *runtime.Error) {
	own, base := f.asked.Header, f.profile.base
	for i := range own {
		if err := checkField(own[i].Name, own[i].Value, i+1); err != nil {
			return nil, err
		}
	}
	h := make(runtime.Header, 1, len(base)+len(own)+5)
	h[0] = runtime.Field{Name: "Host", Value: f.at.authority}
	for _, field := range base {
		if !own.Has(field.Name) && !f.unset(field.Name) && !f.staysBehind(field.Name, f.left) {
			h = append(h, field)
		}
	}
	hosts := 0
	for _, field := range own {
		switch {
		case f.staysBehind(field.Name, f.leftOwn):
		case runtime.EqualFold(field.Name, "Host"):
			hosts++
			h[0].Value = field.Value
		case keepsAlive(field):
		default:
			h = append(h, field)
		}
	}
	if hosts == 0 && f.profile.host != "" && !f.left {
		h[0].Value = f.profile.host
	}
	if hosts > 1 {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "the Host header is given %d times: give it once", hosts)
	}
	if line := f.cookieLine(h); line != "" {
		h.Add("Cookie", line)
	}
	return h, f.addContentType(&h)
}

func (f *flight) unset(name string) bool {
	return containsName(f.options.Unset, name)
}

// staysBehind reports whether a field does not go on this hop: a credential
// that was meant for an origin that was left, or what described a body that
// is no longer sent.
func (f *flight) staysBehind(name string, left bool) bool {
	if !left && !f.bare {
		return false
	}
	if f.bare {
		switch strings.ToLower(name) {
		case "content-type", "content-length", "content-encoding", "content-language", "content-location", "transfer-encoding", "expect":
			return true
		}
	}
	if !left {
		return false
	}
	switch strings.ToLower(name) {
	case "authorization", "cookie", "proxy-authorization", "host":
		return true
	}
	return containsName(f.profile.SecretHeaders, name) || containsName(f.secrets, name)
}

func containsName(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return runtime.EqualFold(n, name) })
}

// keepsAlive reports a field that says what HTTP/1.1 means anyway; it is not
// sent.
func keepsAlive(f runtime.Field) bool {
	return len(f.Name) == len("Connection") && runtime.EqualFold(f.Name, "Connection") && strings.EqualFold(f.Value, "keep-alive")
}

// cookieLine returns the Cookie field's value, "" for none. A Cookie field
// given by hand wins.
func (f *flight) cookieLine(h runtime.Header) string {
	if len(f.cookies) == 0 && (f.jar == nil || f.jar.empty()) || h.Has("Cookie") {
		return ""
	}
	return f.jar.line(&f.at, f.cookies, !f.left)
}

// addContentType adds the body's own type unless there is one.
func (f *flight) addContentType(h *runtime.Header) *runtime.Error {
	if f.body == nil {
		return nil
	}
	if m, ok := f.body.(*MultipartBody); ok {
		body, err := m.under(h)
		f.body = body
		return err
	}
	if t := f.body.ContentType(); t != "" && !h.Has("Content-Type") {
		h.Add("Content-Type", t)
	}
	return nil
}

// checkOptions refuses what a request's options could not mean.
func checkOptions(o *runtime.Options) *runtime.Error {
	for _, f := range o.Cookies {
		if err := checkCookie(f.Name, f.Value); err != nil {
			return err
		}
	}
	for _, f := range o.Proxies {
		if err := checkProxy(f); err != nil {
			return err
		}
	}
	switch o.HTTPVersion {
	case "", "auto", "1.1", "2", "h2c":
		return nil
	}
	return badVersion(o.HTTPVersion)
}
