package luaapi_test

import (
	"crypto/sha512"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/elazarl/goproxy"
	lua "github.com/yuin/gopher-lua"

	"volley/runtime/runtimetest"
)

// panicHost is a host whose look-up panics, as a fault in volley would.
const panicHost = "panic.test"

// allowHost asks the policy, and panics for the one host.
func allowHost(policy func(host, port string) error) func(host, port string) error {
	return func(host, port string) error {
		if host == panicHost {
			panic("a fault in volley")
		}
		return policy(host, port)
	}
}

// luaSetenv changes the process's environment for sessions made from now on;
// nil unsets a variable.
func (h *harness) luaSetenv(L *lua.LState) int {
	env := maps.Clone(h.c.env)
	if env == nil {
		env = map[string]string{}
	}
	if v, ok := L.Get(2).(lua.LString); ok {
		env[L.CheckString(1)] = string(v)
	} else {
		delete(env, L.CheckString(1))
	}
	h.c.env = env
	return 0
}

// luaSHA512256 is the one hash of Digest that volley.hash lacks.
func luaSHA512256(L *lua.LState) int {
	sum := sha512.Sum512_256([]byte(L.CheckString(1)))
	L.Push(lua.LString(hex.EncodeToString(sum[:])))
	return 1
}

// luaProxy starts a real HTTP proxy: proxy{authorization=, tls=} → {url,
// addr, ca, asked()}; asked lists "METHOD target" and what the
// Proxy-Authorization said.
func (h *harness) luaProxy(L *lua.LState) int {
	opts := L.OptTable(1, L.NewTable())
	var config *tls.Config
	certs := runtimetest.NewCertificates(h.t)
	if lua.LVAsBool(opts.RawGetString("tls")) {
		config = runtimetest.Server(certs.Good)
	}
	p := &realProxy{want: lua.LVAsString(opts.RawGetString("authorization"))}
	p.start(h, config)
	t := functions(L, map[string]lua.LGFunction{"asked": func(L *lua.LState) int {
		list := L.NewTable()
		for _, line := range p.asked() {
			list.Append(lua.LString(line))
		}
		L.Push(list)
		return 1
	}})
	t.RawSetString("url", lua.LString(p.server.URL))
	t.RawSetString("addr", lua.LString(p.server.Listener.Addr().String()))
	h.place(t, "ca", certs.CAFile(h.t))
	L.Push(t)
	return 1
}

// realProxy is goproxy, which notes what it was asked and may want a
// Proxy-Authorization.
type realProxy struct {
	server *httptest.Server
	want   string // "": none

	mu  sync.Mutex
	log []string
}

func (p *realProxy) start(h *harness, config *tls.Config) {
	proxy := goproxy.NewProxyHttpServer()
	silence := log.New(io.Discard, "", 0)
	proxy.Logger = silence
	proxy.Tr = &http.Transport{DisableKeepAlives: true}
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credentials := r.Header.Get("Proxy-Authorization")
		p.mu.Lock()
		p.log = append(p.log, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+credentials))
		p.mu.Unlock()
		if credentials != p.want {
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	p.server.Config.ErrorLog = silence
	if config != nil {
		p.server.TLS = config
		p.server.StartTLS()
	} else {
		p.server.Start()
	}
	h.t.Cleanup(p.server.Close)
}

func (p *realProxy) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.log...)
}

// writeNetrc writes the case's netrc file where its script may read.
func (h *harness) writeNetrc() string {
	path := filepath.Join(h.dir, "netrc.txt")
	if err := os.WriteFile(path, []byte(h.c.netrc), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}
