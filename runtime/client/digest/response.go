package digest

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"volley/runtime"
)

// algorithm is one of RFC 7616 section 3.3.
type algorithm struct {
	name     string
	strength int
	session  bool // -sess: the nonce and the first cnonce enter the key
	hash     func() hash.Hash
}

var algorithms = []algorithm{
	{"MD5", 1, false, md5.New},
	{"MD5-sess", 1, true, md5.New},
	{"SHA-256", 2, false, sha256.New},
	{"SHA-256-sess", 2, true, sha256.New},
	{"SHA-512-256", 3, false, sha512.New512_256},
	{"SHA-512-256-sess", 3, true, sha512.New512_256},
}

// algorithmOf returns nil for one that is not known.
func algorithmOf(name string) *algorithm {
	for i := range algorithms {
		if strings.EqualFold(algorithms[i].name, name) {
			return &algorithms[i]
		}
	}
	return nil
}

// sum returns the hash of the parts with colons between them, in hexadecimal.
func (a *algorithm) sum(parts ...string) string {
	h := a.hash()
	for i, part := range parts {
		if i > 0 {
			_, _ = io.WriteString(h, ":") // a hash never fails
		}
		_, _ = io.WriteString(h, part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sumBody hashes the entity body for auth-int; nil is an empty one.
func (a *algorithm) sumBody(body runtime.Body) (string, error) {
	h := a.hash()
	if body != nil {
		if !body.Replayable() {
			return "", runtime.Errorf(runtime.KindUnrewindableBody,
				"the server asks for digest auth-int, which reads the body before it is sent, but it can be read only once: use a string or a file")
		}
		r, _, err := body.Open()
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, r)
		if closing := r.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// session is a challenge with what stays the same as long as its nonce does.
type session struct {
	challenge
	user   string // as it enters the key
	key    string // H(A1), RFC 7616 section 3.4.2
	cnonce string
}

// open prepares to answer c. The cnonce is kept with the nonce, so that for
// -sess the first one and the current one are the same.
func open(c challenge, user, password, cnonce string) session {
	if c.utf8 {
		user, password = norm.NFC.String(user), norm.NFC.String(password)
	}
	s := session{challenge: c, user: user, cnonce: cnonce}
	s.key = c.algorithm.sum(user, c.realm, password)
	if c.algorithm.session {
		s.key = c.algorithm.sum(s.key, c.nonce, cnonce)
	}
	return s
}

// answer returns the Authorization value for one request; count is the
// nonce's, from 1.
func (s *session) answer(method, uri string, body runtime.Body, count uint32) (string, error) {
	a := s.algorithm
	secondKey := a.sum(method, uri)
	if s.qop == "auth-int" {
		bodySum, err := a.sumBody(body)
		if err != nil {
			return "", err
		}
		secondKey = a.sum(method, uri, bodySum)
	}
	if s.qop == "" {
		return s.credentials(uri, "", a.sum(s.key, s.nonce, secondKey)), nil
	}
	nc := fmt.Sprintf("%08x", count)
	return s.credentials(uri, nc, a.sum(s.key, s.nonce, nc, s.cnonce, s.qop, secondKey)), nil
}

// credentials writes the field (RFC 7616 section 3.4). What is quoted and
// what is not follows the RFC: servers have trouble with anything else.
func (s *session) credentials(uri, nc, response string) string {
	var b strings.Builder
	b.Grow(256 + len(s.user) + len(s.realm) + len(s.nonce) + len(s.opaque) + len(uri))
	b.WriteString("Digest ")
	s.writeUser(&b)
	quoted(&b, ", realm=", s.realm)
	quoted(&b, ", nonce=", s.nonce)
	quoted(&b, ", uri=", uri)
	quoted(&b, ", response=", response)
	if s.spelled != "" {
		b.WriteString(", algorithm=" + s.spelled)
	}
	if s.hasOpaque {
		quoted(&b, ", opaque=", s.opaque)
	}
	switch {
	case s.qop != "":
		b.WriteString(", qop=" + s.qop + ", nc=" + nc)
		quoted(&b, ", cnonce=", s.cnonce)
	case s.algorithm.session: // the server needs it for the key
		quoted(&b, ", cnonce=", s.cnonce)
	}
	if s.hashed {
		b.WriteString(", userhash=true")
	}
	return b.String()
}

// writeUser writes the name: hashed, as it is, or, when it is not ASCII and
// the server knows UTF-8, in the extended notation of RFC 8187.
func (s *session) writeUser(b *strings.Builder) {
	switch {
	case s.hashed:
		quoted(b, "username=", s.algorithm.sum(s.user, s.realm))
	case s.utf8 && !isASCII(s.user):
		b.WriteString("username*=UTF-8''")
		for i := 0; i < len(s.user); i++ {
			c := s.user[i]
			if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!#$&+^`|", c) >= 0 {
				b.WriteByte(c)
				continue
			}
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		}
	default:
		quoted(b, "username=", s.user)
	}
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func quoted(b *strings.Builder, name, value string) {
	b.WriteString(name)
	b.WriteByte('"')
	for i := 0; i < len(value); i++ {
		if value[i] == '"' || value[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	b.WriteByte('"')
}
