package digest

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"

	"volley/runtime"
)

// Limits of what servers can make an Auth remember.
const (
	maxOrigins = 4096
	maxSpaces  = 16 // realms of one origin
	maxFolders = 64 // of one realm
)

// Auth is a user and password for Digest challenges. It is a runtime.Auth and
// a client.Challenger, safe for use by many goroutines; what it learns is kept
// for as long as it is.
type Auth struct {
	user, password string

	mu      sync.Mutex
	origins map[string][]*space // the one challenged last at the end
}

// New returns an Auth that has seen no challenge yet.
func New(user, password string) *Auth {
	return &Auth{user: user, password: password, origins: map[string][]*space{}}
}

// space is a protection space: one realm of one origin.
type space struct {
	session session
	count   uint32   // of the nonce, used so far
	folders []string // paths that begin with one of these belong to it
}

// Authorize implements runtime.Auth: from the second request on it answers
// what the server is going to ask. The error is unrewindable_body, for a body
// that auth-int would have to read twice, or that of reading it.
func (a *Auth) Authorize(_ context.Context, prepared *runtime.Request) error {
	origin, target := cutOrigin(prepared.URL)
	s, count, known := a.next(origin, target)
	if !known {
		return nil
	}
	value, err := s.answer(prepared.Method, target, prepared.Body, count)
	if err != nil {
		return err
	}
	prepared.Header.Set("Authorization", value)
	return nil
}

// Challenged implements client.Challenger. Credentials that were refused with
// the nonce that the server still wants are wrong: sending them again would
// change nothing.
func (a *Auth) Challenged(_ context.Context, resp *runtime.Response, prepared *runtime.Request) (again bool, err error) {
	if resp.Status != 401 {
		return false, nil
	}
	c, ok := strongest(resp.Header)
	if !ok {
		return false, nil
	}
	if !c.stale && nonceOf(prepared.Header.Get("Authorization")) == c.nonce {
		return false, nil
	}
	a.learn(prepared.URL, c)
	return true, nil
}

// nonceOf returns the nonce of an Authorization value, "" for none.
func nonceOf(authorization string) string {
	for _, sent := range split(authorization) {
		if !strings.EqualFold(sent.scheme, "Digest") {
			continue
		}
		for _, p := range sent.parameters {
			if p.Name == "nonce" {
				return p.Value
			}
		}
	}
	return ""
}

// next returns the session that a target belongs to and takes a count of its
// nonce. The longest folder wins, of equals the one challenged last.
func (a *Auth) next(origin, target string) (s session, count uint32, known bool) {
	path, _, _ := strings.Cut(target, "?")
	a.mu.Lock()
	defer a.mu.Unlock()
	var best *space
	longest := -1
	for _, candidate := range a.origins[origin] {
		if n := candidate.covers(path); n >= 0 && n >= longest {
			best, longest = candidate, n
		}
	}
	if best == nil {
		return session{}, 0, false
	}
	best.count++
	return best.session, best.count, true
}

// covers returns the length of the longest folder that holds path, or -1.
func (s *space) covers(path string) int {
	longest := -1
	for _, f := range s.folders {
		if len(f) > longest && strings.HasPrefix(path, f) {
			longest = len(f)
		}
	}
	return longest
}

// learn takes c as the challenge of its space. A nonce that is known goes on
// counting: a count that was used is refused as a replay.
func (a *Auth) learn(url string, c challenge) {
	origin, target := cutOrigin(url)
	path, _, _ := strings.Cut(target, "?")
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.origins[origin]; !known && len(a.origins) >= maxOrigins {
		clear(a.origins)
	}
	s := &space{}
	others := a.origins[origin][:0:0]
	for _, known := range a.origins[origin] {
		if known.session.realm == c.realm {
			s = known
		} else {
			others = append(others, known)
		}
	}
	if len(others) >= maxSpaces {
		others = others[1:]
	}
	a.origins[origin] = append(others, s)
	if s.session.nonce != c.nonce || s.session.algorithm != c.algorithm {
		s.session, s.count = open(c, a.user, a.password, rand.Text()), 0
	}
	s.session.challenge = c
	s.extend(origin, path, c.domain)
}

// extend adds where the space reaches: its domain as far as that lies on this
// origin, the whole origin without one, and the folder that was refused.
func (s *space) extend(origin, path string, domain []string) {
	folders := []string{path[:strings.LastIndexByte(path, '/')+1]}
	if len(domain) == 0 {
		folders = append(folders, "/")
	}
	for _, uri := range domain {
		if strings.HasPrefix(uri, "/") {
			folders = append(folders, uri)
		} else if at, target := cutOrigin(uri); at == origin {
			folders = append(folders, target)
		}
	}
	for _, f := range folders {
		if len(s.folders) < maxFolders && s.covers(f) != len(f) {
			s.folders = append(s.folders, f)
		}
	}
}

// cutOrigin splits a URL into its origin, without the port that the scheme
// implies, and the path and query of its request. What is no absolute URL has
// the origin "".
func cutOrigin(url string) (origin, target string) {
	url, _, _ = strings.Cut(url, "#")
	scheme := strings.Index(url, "://")
	if scheme < 0 {
		return "", "/"
	}
	start := scheme + len("://")
	end := strings.IndexAny(url[start:], "/?")
	if end < 0 {
		end = len(url) - start
	}
	origin, target = url[:start+end], url[start+end:]
	switch {
	case strings.HasPrefix(origin, "http://"):
		origin = strings.TrimSuffix(origin, ":80")
	case strings.HasPrefix(origin, "https://"):
		origin = strings.TrimSuffix(origin, ":443")
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return origin, target
}
