package luaapi_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime/runtimetest"
)

func itoa(n int) string { return strconv.Itoa(n) }

// bind gives a case its servers, its folder and the words it checks with.
func (h *harness) bind(L *lua.LState) {
	L.SetGlobal("server", h.serverTable(L, newPeers(h.t, nil)))
	L.SetGlobal("other", h.serverTable(L, newPeers(h.t, nil)))
	L.SetGlobal("harness", functions(L, map[string]lua.LGFunction{
		"pick":            h.luaPick,
		"checked":         func(*lua.LState) int { h.checks++; return 0 },
		"secure":          h.luaSecure,
		"h2":              h.luaHTTP2,
		"socks":           h.luaSocks,
		"upload":          h.luaUpload,
		"proxy":           h.luaProxy,
		"setenv":          h.luaSetenv,
		"sha512_256":      luaSHA512256,
		"put":             h.luaPut,
		"slurp":           h.luaSlurp,
		"records":         h.luaRecords,
		"allow_unhandled": func(*lua.LState) int { h.unhandledAllowed = true; return 0 },
		"ends_with":       func(L *lua.LState) int { h.ending = L.CheckString(1); h.checks++; return 0 },
		"stderr":          func(L *lua.LState) int { L.Push(lua.LString(h.stderr.String())); return 1 },
		"stdout":          func(L *lua.LState) int { L.Push(lua.LString(h.stdout.String())); return 1 },
		"clock": func(L *lua.LState) int {
			L.Push(lua.LNumber(float64(time.Now().UnixNano()) / 1e9))
			return 1
		},
	}))
	L.SetGlobal("dir", lua.LString(h.dir))
}

func functions(L *lua.LState, of map[string]lua.LGFunction) *lua.LTable {
	return L.SetFuncs(L.NewTable(), of)
}

func (h *harness) luaPick(L *lua.LState) int {
	c := contractCase{name: L.CheckString(1)}
	if opts, ok := L.Get(2).(*lua.LTable); ok {
		c.write = lua.LVAsBool(opts.RawGetString("write"))
		c.private = lua.LVAsBool(opts.RawGetString("private"))
		c.size = int(lua.LVAsNumber(opts.RawGetString("size")))
		c.instructions = int(lua.LVAsNumber(opts.RawGetString("instructions")))
		c.env = stringMap(opts.RawGetString("env"))
		c.netrc = lua.LVAsString(opts.RawGetString("netrc"))
		c.vars = stringMap(opts.RawGetString("vars"))
		if args, ok := opts.RawGetString("args").(*lua.LTable); ok {
			args.ForEach(func(_, v lua.LValue) { c.args = append(c.args, v.String()) })
		}
	}
	L.Push(lua.LBool(h.pick(c)))
	return 1
}

func stringMap(v lua.LValue) map[string]string {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	out := map[string]string{}
	t.ForEach(func(k, v lua.LValue) { out[k.String()] = v.String() })
	return out
}

// serverTable is a server as cases see it.
func (h *harness) serverTable(L *lua.LState, p *peers) *lua.LTable {
	t := functions(L, map[string]lua.LGFunction{
		"url":      func(L *lua.LState) int { L.Push(lua.LString(p.url(L.OptString(1, "/")))); return 1 },
		"on":       func(L *lua.LState) int { return p.luaOn(L) },
		"requests": func(L *lua.LState) int { L.Push(p.luaRequests(L)); return 1 },
		"count":    func(L *lua.LState) int { L.Push(lua.LNumber(p.count(L.OptString(1, "")))); return 1 },
		"conns":    func(L *lua.LState) int { L.Push(lua.LNumber(p.Conns())); return 1 },
		"release":  func(L *lua.LState) int { close(p.gate(L.CheckString(1))); return 0 },
		"peak":     func(L *lua.LState) int { L.Push(lua.LNumber(p.highest())); return 1 },
		"hangups":  func(L *lua.LState) int { L.Push(lua.LNumber(p.hungUp())); return 1 },
	})
	t.RawSetString("addr", lua.LString(p.Addr()))
	t.RawSetString("port", lua.LString(p.Port()))
	return t
}

// luaOn sets the replies of a path: strings and tables of steps.
func (p *peers) luaOn(L *lua.LState) int {
	path := L.CheckString(1)
	var replies [][]step
	for i := 2; i <= L.GetTop(); i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			replies = append(replies, []step{{text: string(v)}})
		case *lua.LTable:
			var steps []step
			for j := 1; j <= v.Len(); j++ {
				steps = append(steps, luaStep(v.RawGetInt(j)))
			}
			replies = append(replies, steps)
		default:
			L.ArgError(i, "a reply is a string or a table of steps")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes[path] = replies
	p.hits[path] = 0
	return 0
}

func luaStep(v lua.LValue) step {
	t, ok := v.(*lua.LTable)
	if !ok {
		return step{text: v.String()}
	}
	return step{
		sleep:  time.Duration(float64(lua.LVAsNumber(t.RawGetString("sleep"))) * float64(time.Second)),
		gate:   lua.LVAsString(t.RawGetString("gate")),
		reset:  lua.LVAsBool(t.RawGetString("reset")),
		end:    lua.LVAsBool(t.RawGetString("close")),
		hangup: lua.LVAsBool(t.RawGetString("hangup")),
	}
}

func (p *peers) luaRequests(L *lua.LState) *lua.LTable {
	list := L.NewTable()
	for _, x := range p.exchanges() {
		t := L.NewTable()
		t.RawSetString("method", lua.LString(x.method))
		t.RawSetString("target", lua.LString(x.target))
		t.RawSetString("head", lua.LString(x.head))
		t.RawSetString("body", lua.LString(x.body))
		t.RawSetString("raw", lua.LString(x.raw))
		t.RawSetString("conn", lua.LNumber(x.conn))
		list.Append(t)
	}
	return list
}

func (p *peers) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if path == "" {
		return len(p.log)
	}
	n := 0
	for _, x := range p.log {
		if pathOf(x.target) == path {
			n++
		}
	}
	return n
}

func (p *peers) highest() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

func (p *peers) hungUp() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hangups
}

// luaSecure starts a TLS server: secure(which, wants_client) → server with
// ca, cert and key.
func (h *harness) luaSecure(L *lua.LState) int {
	certs := runtimetest.NewCertificates(h.t)
	config := runtimetest.Server(map[string]tls.Certificate{
		"good": certs.Good, "expired": certs.Expired, "wrong_host": certs.WrongHost, "self_signed": certs.SelfSigned,
		"not_yet": certs.NotYet, "stranger": certs.Stranger,
	}[L.OptString(1, "good")])
	if L.OptBool(2, false) {
		config = certs.ServerWantsClient()
	}
	t := h.serverTable(L, newPeers(h.t, config))
	h.place(t, "ca", certs.CAFile(h.t))
	cert, key := certs.ClientFiles(h.t)
	h.place(t, "cert", cert)
	h.place(t, "key", key)
	L.Push(t)
	return 1
}

// place copies a file to the case's folder, where its script may read.
func (h *harness) place(t *lua.LTable, name, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	path := filepath.Join(h.dir, name+".pem")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		h.t.Fatal(err)
	}
	t.RawSetString(name, lua.LString(path))
}

// luaHTTP2 starts an HTTP/2 server that says what it was asked.
func (h *harness) luaHTTP2(L *lua.LState) int {
	certs := runtimetest.NewCertificates(h.t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Remote", r.RemoteAddr)
		_, _ = w.Write([]byte(r.Proto + " " + r.Method + " " + r.URL.Path)) // the client says what it got
	}))
	s.EnableHTTP2 = true
	s.TLS = runtimetest.Server(certs.Good)
	s.StartTLS()
	h.t.Cleanup(s.Close)
	t := L.NewTable()
	t.RawSetString("base", lua.LString(s.URL))
	h.place(t, "ca", certs.CAFile(h.t))
	L.Push(t)
	return 1
}

// luaSocks starts a SOCKS5 proxy: socks(user, password) → {addr, targets()}.
func (h *harness) luaSocks(L *lua.LState) int {
	proxy := runtimetest.ListenSocks(h.t, L.OptString(1, ""), L.OptString(2, ""))
	t := functions(L, map[string]lua.LGFunction{"targets": func(L *lua.LState) int {
		list := L.NewTable()
		for _, target := range proxy.Targets() {
			list.Append(lua.LString(target))
		}
		L.Push(list)
		return 1
	}})
	t.RawSetString("addr", lua.LString(proxy.Addr()))
	L.Push(t)
	return 1
}

func (h *harness) luaPut(L *lua.LState) int {
	path := filepath.Join(h.dir, L.CheckString(1))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		L.RaiseError("%v", err)
	}
	if err := os.WriteFile(path, []byte(L.CheckString(2)), 0o600); err != nil {
		L.RaiseError("%v", err)
	}
	L.Push(lua.LString(path))
	return 1
}

func (h *harness) luaSlurp(L *lua.LState) int {
	data, err := os.ReadFile(filepath.Join(h.dir, L.CheckString(1)))
	if err != nil {
		return 0
	}
	L.Push(lua.LString(data))
	return 1
}

func (h *harness) luaRecords(L *lua.LState) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := L.NewTable()
	for _, r := range h.results {
		t := L.NewTable()
		t.RawSetString("ok", lua.LBool(r.ok))
		t.RawSetString("handled", lua.LBool(r.handled))
		t.RawSetString("kind", lua.LString(r.kind))
		t.RawSetString("skipped", lua.LString(r.skipped))
		t.RawSetString("index", lua.LNumber(r.index))
		list.Append(t)
	}
	L.Push(list)
	return 1
}
