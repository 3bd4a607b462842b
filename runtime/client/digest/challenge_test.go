package digest

import (
	"fmt"
	"strings"
	"testing"

	"volley/runtime"
)

func TestSplit(t *testing.T) {
	for value, want := range map[string]string{
		`Digest realm="a\"b, c", nonce=n`:                  `Digest[realm=a"b, c nonce=n]`,
		`Digest realm="a", nonce="n", Basic realm="b"`:     `Digest[realm=a nonce=n] Basic[realm=b]`,
		`Basic realm="b", Digest realm = "a" , nonce="n==`: `Basic[realm=b] Digest[realm=a nonce=n==]`,
		`Negotiate YWJj==, Digest nonce=x`:                 `Negotiate[] Digest[nonce=x]`,
		`NTLM, Negotiate, digest	nonce=x,,`:                `NTLM[] Negotiate[] digest[nonce=x]`,
		`Digest nonce=x, Digest nonce=y`:                   `Digest[nonce=x] Digest[nonce=y]`,
		`Digest realm=, nonce="n"`:                         `Digest[nonce=n]`,
		`Digest`:                                           `Digest[]`,
		``:                                                 ``,
		` , `:                                              ``,
		`realm="a"`:                                        ``,
		`"Digest" nonce=x`:                                 ``,
		`Digest nonce="unclosed\`:                          `Digest[nonce=unclosed]`,
	} {
		var got []string
		for _, o := range split(value) {
			var parameters []string
			for _, p := range o.parameters {
				parameters = append(parameters, p.Name+"="+p.Value)
			}
			got = append(got, fmt.Sprint(o.scheme, parameters))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", value, got, want)
		}
	}
}

func TestStrongestThatCanBeAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		want   string // algorithm, qop, nonce
	}{
		"one field, Basic beside":   {[]string{`Basic realm="b", Digest nonce=1, qop=auth, Digest nonce=2, algorithm=SHA-256, qop=auth`}, "SHA-256 auth 2"},
		"several fields":            {[]string{`Digest nonce=1, algorithm=SHA-512-256`, `Digest nonce=2, algorithm=SHA-256, qop=auth`}, "SHA-512-256  1"},
		"of equals the first":       {[]string{`Digest nonce=1, algorithm=MD5-sess, qop=auth`, `Digest nonce=2`}, "MD5-sess auth 1"},
		"the stronger is unknown":   {[]string{`Digest nonce=1, algorithm=SHA3-512, qop=auth`, `Digest nonce=2, qop=auth`}, "MD5 auth 2"},
		"its qop is unknown":        {[]string{`Digest nonce=1, algorithm=SHA-256, qop=auth-conf`, `Digest nonce=2, qop="auth-conf, auth-int"`}, "MD5 auth-int 2"},
		"names in any case":         {[]string{`DIGEST NONCE=1, Algorithm=sha-256, QOP="Auth"`}, "SHA-256 auth 1"},
		"auth before auth-int":      {[]string{`Digest nonce=1, qop="auth-int,auth"`}, "MD5 auth 1"},
		"without a nonce":           {[]string{`Digest realm="a", qop=auth`}, ""},
		"nothing that is supported": {[]string{`Digest nonce=1, algorithm=SHA-1`, `Digest nonce=1, qop=token`, `Basic realm=x`}, ""},
		"none":                      {nil, ""},
	} {
		var h runtime.Header
		for _, v := range c.values {
			h.Add("www-authenticate", v)
		}
		got := ""
		if best, ok := strongest(h); ok {
			got = best.algorithm.name + " " + best.qop + " " + best.nonce
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(`Digest realm="a\"b", nonce=n, Basic realm=x`)
	f.Add(`Negotiate a==, Digest`)
	f.Fuzz(func(t *testing.T, value string) {
		size := 0
		for _, o := range split(value) {
			size += len(o.scheme)
			for _, p := range o.parameters {
				size += len(p.Name) + len(p.Value)
			}
		}
		if size > len(value) {
			t.Errorf("%d bytes out of %d", size, len(value))
		}
		strongest(runtime.Header{{Name: "WWW-Authenticate", Value: value}})
	})
}
