package client

import (
	"net/url"
	"strings"

	"volley/runtime"
)

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// location is a URL fit to be sent, and its parts.
type location struct {
	url       string // absolute, with the fragment, without userinfo
	scheme    string // "http" or "https"
	host      string // lower case, ASCII, without brackets
	port      string // as written; "" is the scheme's own
	authority string // host and port as the Host field has them
	target    string // path and query
	fragment  string

	user, password string
	credentials    bool // userinfo with a password was given
}

// effectivePort is the port that is connected to.
func (l *location) effectivePort() string {
	switch {
	case l.port != "":
		return l.port
	case l.scheme == schemeHTTPS:
		return "443"
	default:
		return "80"
	}
}

// sameOrigin compares scheme, host and port (RFC 6454 section 5).
func (l *location) sameOrigin(o *location) bool {
	return l.scheme == o.scheme && l.host == o.host && l.effectivePort() == o.effectivePort()
}

// addQuery appends an encoded query, before the fragment.
func (l *location) addQuery(query string) {
	if query == "" {
		return
	}
	separator := "?"
	if strings.IndexByte(l.target, '?') >= 0 {
		separator = "&"
	}
	l.target += separator + query
	l.compose()
}

// compose makes url from the parts.
func (l *location) compose() {
	l.url = l.scheme + "://" + l.authority + l.target
	if l.fragment != "" {
		l.url += "#" + l.fragment
	}
}

// urlWith returns the URL with those credentials in it; nil: none.
func (l *location) urlWith(userinfo *Basic) string {
	if userinfo == nil {
		return l.url
	}
	return l.scheme + "://" + url.UserPassword(userinfo.User, userinfo.Password).String() + "@" + strings.TrimPrefix(l.url, l.scheme+"://")
}

// parseURL prepares an absolute URL. The error is invalid_url or one of the
// kinds below it.
func parseURL(raw string) (location, *runtime.Error) {
	if l, ok := plainURL(raw); ok {
		return l, nil
	}
	p, err := splitURL(raw)
	if err != nil {
		return location{}, err
	}
	return p.locate(raw)
}

// plainURL takes apart a URL that needs no change, without allocating. It
// declines whatever is not obviously in its normal form.
func plainURL(raw string) (location, bool) {
	l := location{url: raw}
	var start int
	switch {
	case strings.HasPrefix(raw, "http://"):
		l.scheme, start = schemeHTTP, len("http://")
	case strings.HasPrefix(raw, "https://"):
		l.scheme, start = schemeHTTPS, len("https://")
	default:
		return l, false
	}
	slash := strings.IndexByte(raw[start:], '/')
	if slash < 0 {
		return l, false
	}
	l.authority = raw[start : start+slash]
	host, port, hasPort := strings.Cut(l.authority, ":")
	if !plainHost(host) || hasPort && !plainPort(port) {
		return l, false
	}
	l.host, l.port = host, port
	rest := raw[start+slash:]
	end, ok := plainTarget(rest)
	if !ok {
		return l, false
	}
	l.target = rest[:end]
	if end < len(rest) {
		l.fragment = rest[end+1:]
	}
	return l, true
}

func plainHost(host string) bool {
	label := 0
	for i := 0; i < len(host); i++ {
		c := host[i]
		if c == '.' {
			if label == 0 {
				return false
			}
			label = 0
			continue
		}
		if byteClass[c]&inHost == 0 || 'A' <= c && c <= 'Z' {
			return false
		}
		if label++; label > maxLabel {
			return false
		}
	}
	return host != ""
}

func plainPort(port string) bool {
	if port == "" || len(port) > 4 || port[0] == '0' { // five digits may be too many
		return len(port) == 5 && validPort(port) && port[0] != '0'
	}
	return validPort(port)
}

// plainTarget returns where the fragment of a path, query and fragment
// begins, and whether they are in normal form.
func plainTarget(s string) (end int, ok bool) {
	end = len(s)
	inPath := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case byteClass[c]&inPathSet != 0:
			if inPath && c == '/' && i+1 < len(s) && s[i+1] == '.' {
				return 0, false
			}
		case c == '%':
			if !plainEscape(s[i:]) {
				return 0, false
			}
		case c == '?' && end == len(s):
			if i+1 == len(s) || s[i+1] == '#' {
				return 0, false
			}
			inPath = false
		case c == '?':
		case c == '#' && end == len(s) && i+1 < len(s):
			inPath, end = false, i
		default:
			return 0, false
		}
	}
	return end, true
}

func plainEscape(s string) bool {
	v, ok := unescape(s)
	return ok && byteClass[v]&unreserved == 0 && s[1] <= 'F' && s[2] <= 'F'
}

// pieces are the five parts of a reference (RFC 3986 appendix B).
type pieces struct {
	scheme, authority, path, query, fragment string
	hasAuthority, hasQuery                   bool
}

// splitURL splits what a caller wrote. Control characters have no place in a
// URL, escaped they are kept.
func splitURL(raw string) (pieces, *runtime.Error) {
	raw = strings.TrimLeft(raw, " \t\r\n\v\f")
	for i := 0; i < len(raw); i++ {
		if raw[i] < ' ' || raw[i] == 0x7f {
			return pieces{}, runtime.Errorf(runtime.KindInvalidURL,
				"the URL holds a control character (byte 0x%02x at %d): remove it or write it as %%%02X", raw[i], i+1, raw[i])
		}
	}
	return split(raw), nil
}

func split(s string) pieces {
	var p pieces
	if i := schemeEnd(s); i > 0 {
		p.scheme, s = strings.ToLower(s[:i]), s[i+1:]
	}
	s, p.fragment, _ = strings.Cut(s, "#")
	s, p.query, p.hasQuery = strings.Cut(s, "?")
	if strings.HasPrefix(s, "//") {
		p.hasAuthority = true
		p.authority = s[2:]
		s = ""
		if i := strings.IndexByte(p.authority, '/'); i >= 0 {
			p.authority, s = p.authority[:i], p.authority[i:]
		}
	}
	p.path = s
	return p
}

// schemeEnd returns the index of the colon behind a scheme, or -1.
func schemeEnd(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return i
		default:
			return -1
		}
	}
	return -1
}

// resolve applies RFC 3986 section 5.2.2 but for the removal of dot segments,
// which locate does.
func (p pieces) resolve(ref pieces) pieces {
	if ref.scheme != "" {
		return ref
	}
	ref.scheme = p.scheme
	if ref.hasAuthority {
		return ref
	}
	ref.authority, ref.hasAuthority = p.authority, p.hasAuthority
	switch {
	case ref.path == "":
		ref.path = p.path
		if !ref.hasQuery {
			ref.query, ref.hasQuery = p.query, p.hasQuery
		}
	case ref.path[0] != '/':
		ref.path = p.path[:strings.LastIndexByte(p.path, '/')+1] + ref.path
		if ref.path[0] != '/' {
			ref.path = "/" + ref.path
		}
	}
	return ref
}

// locate checks the pieces of an absolute URL and brings them into normal
// form (RFC 3986 section 6.2.2).
func (p pieces) locate(raw string) (location, *runtime.Error) {
	l := location{scheme: p.scheme}
	if err := p.checkScheme(raw); err != nil {
		return l, err
	}
	authority := p.authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		l.setCredentials(authority[:i])
		authority = authority[i+1:]
	}
	if err := l.setHost(authority); err != nil {
		if strings.IndexByte(raw, '@') > 0 && runtime.MaskURL(raw) != raw && authority == p.authority {
			return l, runtime.Errorf(runtime.KindInvalidURL, "invalid user or password in the URL: write / as %%2F, ? as %%3F, # as %%23 in it")
		}
		return l, err
	}
	l.target = removeDots(quote(p.path, inPathSet))
	if l.target == "" || l.target[0] != '/' {
		l.target = "/" + l.target
	}
	if p.query != "" {
		l.target += "?" + quote(p.query, inPathSet|inQuerySet)
	}
	l.fragment = quote(p.fragment, inPathSet|inQuerySet)
	l.compose()
	return l, nil
}

// checkScheme tells a URL without a scheme from one with a wrong one.
func (p pieces) checkScheme(raw string) *runtime.Error {
	raw = runtime.MaskURL(strings.TrimSpace(raw))
	switch {
	case p.scheme == "" && raw == "":
		return runtime.Errorf(runtime.KindMissingSchema, "the URL is empty: write one such as https://example.com/")
	case p.scheme == "" && p.hasAuthority:
		return runtime.Errorf(runtime.KindMissingSchema, "no scheme supplied; did you mean https:%s ?", raw)
	case p.scheme == "" && p.path == "":
		return runtime.Errorf(runtime.KindMissingSchema, "no scheme supplied in %q: write a URL such as https://example.com/", raw)
	case p.scheme == "" && (p.path[0] == '/' || p.path[0] == '.'):
		return runtime.Errorf(runtime.KindMissingSchema,
			"no scheme supplied; %q is relative: write https://HOST in front, or give the session a base_url", raw)
	case p.scheme == "":
		return runtime.Errorf(runtime.KindMissingSchema, "no scheme supplied; did you mean https://%s ?", raw)
	case p.scheme != schemeHTTP && p.scheme != schemeHTTPS:
		return unknownScheme(p, raw)
	case p.authority == "":
		return runtime.Errorf(runtime.KindInvalidURL, "no host supplied in %q: write %s://HOST/PATH", raw, p.scheme)
	}
	return nil
}

func unknownScheme(p pieces, raw string) *runtime.Error {
	digits := strings.TrimLeft(p.path, "0123456789")
	if !p.hasAuthority && len(digits) < len(p.path) && (digits == "" || digits[0] == '/') {
		return runtime.Errorf(runtime.KindInvalidSchema, "scheme %q is not http or https; did you mean http://%s ?", p.scheme, raw)
	}
	hint := ""
	if strings.HasPrefix(p.scheme, "http+unix") {
		hint = "; for a Unix socket give the session unix=PATH and use http://localhost/"
	}
	return runtime.Errorf(runtime.KindInvalidSchema, "scheme %q is not http or https%s", p.scheme, hint)
}
