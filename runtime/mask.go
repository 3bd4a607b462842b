package runtime

import (
	"slices"
	"strings"
)

const masked = "***"

// MaskURL returns a URL fit for a log: userinfo becomes ***, and so do the
// values of query and fragment keys that name secrets, such as access_token.
// It works on the text, since a URL that does not parse is what error messages
// are about.
func MaskURL(raw string) string {
	start := afterScheme(raw)
	end := len(raw)
	if i := strings.IndexAny(raw[start:], "/?#"); i >= 0 {
		end = start + i
	}
	at := strings.LastIndexByte(raw[start:end], '@')
	if at < 0 && badPort(raw[start:end]) {
		at = strings.LastIndexByte(raw[start:], '@')
		end = max(end, start+at)
	}
	if at < 0 {
		return maskPairs(raw, end)
	}
	return maskPairs(raw[:start]+masked+raw[start+at:], start+len(masked)+end-start-at)
}

// badPort reports an authority whose port is none: it may be the beginning of
// a password with a / ? or # in it.
func badPort(authority string) bool {
	i := strings.LastIndexByte(authority, ':')
	return i >= 0 && authority[0] != '[' && strings.Trim(authority[i+1:], "0123456789") != ""
}

// afterScheme returns where the authority begins: after "scheme:" and any
// number of slashes, since "http:/user:secret@host" is a likely slip.
func afterScheme(raw string) int {
	start := 0
	if i := strings.IndexAny(raw, ":/?#@"); i >= 0 && strings.HasPrefix(raw[i:], ":/") {
		start = i + 1
	}
	if start == 0 && !strings.HasPrefix(raw, "//") {
		return 0
	}
	for start < len(raw) && raw[start] == '/' {
		start++
	}
	return start
}

// maskPairs masks the secret values behind the first ? or # of raw[from:].
func maskPairs(raw string, from int) string {
	i := strings.IndexAny(raw[from:], "?#")
	if i < 0 || strings.IndexByte(raw[from+i:], '=') < 0 {
		return raw
	}
	var out strings.Builder
	copied, key := 0, 0
	fragment := false
	for i += from; i < len(raw); i++ {
		switch raw[i] {
		case '#':
			fragment = true
			key = i + 1
		case '?', '&', ';':
			key = i + 1
		case '=':
			if !secretKey(raw[key:i]) {
				continue
			}
			end := valueEnd(raw, i+1, fragment)
			if end > i+1 {
				out.WriteString(raw[copied : i+1])
				out.WriteString(masked)
				copied = end
			}
			i = end - 1
		}
	}
	if copied == 0 {
		return raw
	}
	out.WriteString(raw[copied:])
	return out.String()
}

// valueEnd returns where the value that begins at i ends: a ; or ? may be a
// part of it.
func valueEnd(raw string, i int, fragment bool) int {
	ends := "&#"
	if fragment {
		ends = "&"
	}
	if n := strings.IndexAny(raw[i:], ends); n >= 0 {
		return i + n
	}
	return len(raw)
}

// SecretName reports a name, as of a query key or a variable, whose value is
// not to be shown.
func SecretName(name string) bool { return secretKey(name) }

// SecretHeader reports the name of a field whose value no output shows.
func SecretHeader(name string) bool {
	return slices.ContainsFunc(secretHeaders, func(s string) bool { return EqualFold(name, s) })
}

var secretHeaders = []string{
	"Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-Amz-Security-Token",
}

// secretKey reports a key whose value is a secret, in any case and also
// percent-encoded.
func secretKey(key string) bool {
	var name [len("x-amz-security-token")]byte
	n := 0
	for i := 0; i < len(key); i++ {
		if n == len(name) {
			return false
		}
		c := key[i]
		if c == '%' && i+2 < len(key) {
			high, low := hexDigit(key[i+1]), hexDigit(key[i+2])
			if high >= 0 && low >= 0 {
				c, i = byte(high<<4|low), i+2
			}
		}
		name[n] = lowerByte(c)
		n++
	}
	switch string(name[:n]) {
	case "token", "access_token", "refresh_token", "id_token", "api_key", "apikey", "key", "sig", "signature",
		"password", "passwd", "pwd", "secret", "client_secret", "code", "auth",
		"x-amz-signature", "x-amz-security-token", "x-goog-signature", "client_assertion":
		return true
	}
	return false
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// hexDigit returns the value of a hexadecimal digit, -1 for anything else.
func hexDigit(c byte) int {
	switch c = lowerByte(c); {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
