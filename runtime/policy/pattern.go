package policy

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"volley/runtime"
)

// pattern is one --allow-host entry: a glob over the canonical host, and a
// port, "" for any.
type pattern struct {
	glob, port string
}

func (p pattern) match(host, port string) bool {
	return (p.port == "" || p.port == port) && glob(p.glob, host)
}

// parsePattern reads HOST[:PORT]. A mistake is an error of kind
// invalid_argument that says what to write instead.
func parsePattern(entry string) (pattern, error) {
	host, port, err := splitEntry(entry)
	if err != nil {
		return pattern{}, err
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return pattern{}, badEntry(entry, "the port is no number from 1 to 65535")
		}
		port = strconv.FormatUint(n, 10)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return pattern{glob: plain(ip).String(), port: port}, nil
	}
	if host == "" || strings.ContainsAny(host, "/@\\?#[]:% \t\r\n") {
		return pattern{}, badEntry(entry, "write a host with an optional port, as in api.example.com, *.example.com:443 or [::1]:8080")
	}
	if starInside(host) {
		return pattern{}, badEntry(entry, "a * may stand only between the dots of an international name")
	}
	return pattern{glob: canonical(host), port: port}, nil
}

// splitEntry cuts the port off. An IPv6 address may lack its brackets when no
// port follows.
func splitEntry(entry string) (host, port string, err error) {
	if strings.Contains(entry, "://") {
		return "", "", badEntry(entry, "leave out the scheme and the path")
	}
	if rest, ok := strings.CutPrefix(entry, "["); ok {
		host, after, closed := strings.Cut(rest, "]")
		if _, err := netip.ParseAddr(host); !closed || err != nil {
			return "", "", badEntry(entry, "brackets hold an IPv6 address, as in [::1]:8080")
		}
		port, hasPort := strings.CutPrefix(after, ":")
		if after != "" && (!hasPort || port == "") {
			return "", "", badEntry(entry, "only a port may follow the brackets, as in [::1]:8080")
		}
		return host, port, nil
	}
	if _, err := netip.ParseAddr(entry); err == nil {
		return entry, "", nil
	}
	host, port, hasPort := strings.Cut(entry, ":")
	if hasPort && port == "" {
		return "", "", badEntry(entry, "the port is missing")
	}
	return host, port, nil
}

func badEntry(entry, hint string) error {
	return runtime.Errorf(runtime.KindInvalidArgument, "--allow-host %q cannot be read: %s", entry, hint)
}

// starInside reports a * that shares a label with a letter outside ASCII,
// which encoding would make meaningless.
func starInside(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if strings.Contains(label, "*") && !isASCII(label) {
			return true
		}
	}
	return false
}

// canonical returns a host in the one form that is compared: lower case,
// international labels encoded (RFC 3492), without brackets and final dot,
// an address as netip writes it.
func canonical(host string) string {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if ip, err := netip.ParseAddr(host); err == nil {
		return plain(ip).String()
	}
	host = strings.TrimSuffix(host, ".")
	if !isASCII(host) {
		if encoded, err := idna.Punycode.ToASCII(strings.ToLower(host)); err == nil {
			host = encoded
		}
	}
	return strings.ToLower(host)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// glob reports whether text matches pattern, in which * is any run of bytes.
// It looks back to the last star only, so it takes at most len·len steps.
func glob(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
