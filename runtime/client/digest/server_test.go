package digest

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// guard is a server that asks for digest credentials, keeps count of its
// nonces and takes none twice.
type guard struct {
	algorithm, qop, extra string // extra parameters of the challenge
	uses                  int    // of a nonce, then it is stale; 0: no end
	silent                bool   // stale nonces are not called so

	mu     sync.Mutex
	nonces map[string]*nonce
	seen   []string // the Authorization of each request, in order
}

// nonce is one that the guard gave out.
type nonce struct {
	used map[string]bool
}

const realm, user, password = `the "realm"`, "u", `p:"w"`

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	sent := r.Header.Get("Authorization")
	g.seen = append(g.seen, sent)
	ok, stale := g.check(r, sent, string(body))
	if ok {
		_, _ = w.Write(body)
		return
	}
	if g.nonces == nil {
		g.nonces = map[string]*nonce{}
	}
	fresh := "nonce-" + strconv.Itoa(len(g.nonces))
	g.nonces[fresh] = &nonce{used: map[string]bool{}}
	value := `Digest realm="the \"realm\"", nonce="` + fresh + `", opaque="o"` + g.extra
	if g.algorithm != "" {
		value += ", algorithm=" + g.algorithm
	}
	if g.qop != "" {
		value += `, qop="` + g.qop + `"`
	}
	if stale && !g.silent {
		value += ", stale=TRUE"
	}
	w.Header().Add("WWW-Authenticate", `Basic realm="weaker"`)
	w.Header().Add("WWW-Authenticate", value)
	w.WriteHeader(http.StatusUnauthorized)
}

// check computes what the client must have sent. stale is a good answer to a
// nonce that is worn out.
func (g *guard) check(r *http.Request, sent, body string) (ok, stale bool) {
	p := map[string]string{}
	for _, o := range split(sent) {
		for _, f := range o.parameters {
			p[f.Name] = f.Value
		}
	}
	n := g.nonces[p["nonce"]]
	if n == nil || p["realm"] != realm || p["uri"] != r.RequestURI || p["opaque"] != "o" || p["algorithm"] != g.algorithm {
		return false, false
	}
	h := hexOf(g.algorithm)
	key := h(user + ":" + realm + ":" + password)
	if strings.HasSuffix(g.algorithm, "-sess") {
		key = h(key + ":" + p["nonce"] + ":" + p["cnonce"])
	}
	second := r.Method + ":" + p["uri"]
	if p["qop"] == "auth-int" {
		second += ":" + h(body)
	}
	middle := p["nonce"]
	if g.qop != "" {
		middle += ":" + p["nc"] + ":" + p["cnonce"] + ":" + p["qop"]
	}
	if p["response"] != h(key+":"+middle+":"+h(second)) || g.qop != "" && !strings.Contains(g.qop, p["qop"]) {
		return false, false
	}
	if g.qop != "" && (n.used[p["nc"]] || len(p["nc"]) != 8) {
		return false, false
	}
	n.used[p["nc"]] = true
	stale = g.uses > 0 && len(n.used) > g.uses
	return !stale, stale
}

func hexOf(algorithm string) func(string) string {
	switch strings.TrimSuffix(algorithm, "-sess") {
	case "SHA-256":
		return func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
	case "SHA-512-256":
		return func(s string) string { return fmt.Sprintf("%x", sha512.Sum512_256([]byte(s))) }
	default:
		return func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	}
}

func (g *guard) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.seen...)
}
