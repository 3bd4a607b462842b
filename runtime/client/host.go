package client

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"volley/runtime"
)

// setCredentials reads userinfo. Without a password there are none, as in
// requests.
func (l *location) setCredentials(userinfo string) {
	user, password, ok := strings.Cut(userinfo, ":")
	if !ok {
		return
	}
	l.user, l.password, l.credentials = unquote(user), unquote(password), true
}

const maxLabel = 63

// setHost reads host and port of an authority without userinfo.
func (l *location) setHost(authority string) *runtime.Error {
	host, port, bracketed, ok := cutPort(authority)
	switch {
	case !ok:
		return runtime.Errorf(runtime.KindInvalidURL, "invalid host %q: an IPv6 address is written in brackets, http://[::1]:8080/", authority)
	case host == "":
		return runtime.Errorf(runtime.KindInvalidURL, "no host supplied before the port in %q", authority)
	}
	if port != "" {
		if !validPort(port) {
			return runtime.Errorf(runtime.KindInvalidURL, "invalid port %q: it is a number from 0 to 65535", port)
		}
		n, _ := strconv.Atoi(port)
		l.port = strconv.Itoa(n)
	}
	name, shown, err := canonicalHost(host, bracketed)
	if err != nil {
		return err
	}
	l.host, l.authority = name, shown
	if l.port != "" {
		l.authority += ":" + l.port
	}
	return nil
}

// cutPort splits host and port; ok is false when colons or brackets do not
// add up.
func cutPort(authority string) (host, port string, bracketed, ok bool) {
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return "", "", true, false
		}
		rest := authority[end+1:]
		if rest != "" && rest[0] != ':' {
			return "", "", true, false
		}
		return authority[1:end], strings.TrimPrefix(rest, ":"), true, true
	}
	host, port, _ = strings.Cut(authority, ":")
	return host, port, false, !strings.ContainsAny(port, ":]") && !strings.ContainsAny(host, "[]")
}

func validPort(port string) bool {
	n := 0
	for i := 0; i < len(port); i++ {
		if port[i] < '0' || port[i] > '9' {
			return false
		}
		if n = n*10 + int(port[i]-'0'); n > 65535 {
			return false
		}
	}
	return true
}

// canonicalHost returns the host to connect to, and as the Host field shows
// it.
func canonicalHost(host string, bracketed bool) (name, shown string, err *runtime.Error) {
	if bracketed {
		addr, failed := netip.ParseAddr(strings.Replace(host, "%25", "%", 1))
		if failed != nil || !addr.Is6() {
			return "", "", runtime.Errorf(runtime.KindInvalidURL, "invalid IPv6 address %q in the URL", host)
		}
		return addr.String(), "[" + addr.WithZone("").String() + "]", nil
	}
	name, err = asciiHost(host)
	return name, name, err
}

// asciiHost lower-cases a name and brings it into its ASCII form: IDNA 2008
// with the mappings of UTS 46, which has no symbols.
func asciiHost(host string) (string, *runtime.Error) {
	ascii := true
	for i := 0; i < len(host); i++ {
		if host[i] >= 0x80 {
			ascii = false
		} else if byteClass[host[i]]&inHost == 0 && host[i] != '.' {
			return "", invalidHost(host, fmt.Sprintf("it cannot hold %q", host[i]))
		}
	}
	if !ascii {
		if strings.IndexFunc(host, unicode.IsSymbol) >= 0 {
			return "", invalidHost(host, "it holds a symbol; write its xn-- form if it has one")
		}
		name, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", invalidHost(host, strings.TrimPrefix(err.Error(), "idna: "))
		}
		host = name
	}
	host = strings.ToLower(host)
	if !plainHost(host) {
		return "", invalidHost(host, "a label is empty or longer than 63 bytes")
	}
	return host, nil
}

func invalidHost(host, why string) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidURL, "invalid host %q: %s", host, why)
}
