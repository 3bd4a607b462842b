package luaapi_test

import (
	"bufio"
	"net/http"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime/runtimetest"
)

// taken is what an upload's server reads before it stops.
const taken = 64 << 10

// luaUpload starts a server that stops in the middle of a body:
// upload() → {url, begun(), release()}. It answers with the body's last
// kilobyte.
func (h *harness) luaUpload(L *lua.LState) int {
	begun, gate, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	s := runtimetest.Listen(h.t, func(p *runtimetest.Peer) {
		head := p.Head()
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil || req.ContentLength < taken {
			p.Write("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n")
			return
		}
		p.Bytes(taken)
		close(begun)
		select {
		case <-gate:
		case <-done:
			return
		}
		rest := p.Bytes(int(req.ContentLength) - taken)
		rest = rest[max(0, len(rest)-1024):]
		p.Write("HTTP/1.1 200 OK\r\nContent-Length: " + itoa(len(rest)) + "\r\n\r\n" + string(rest))
	})
	h.t.Cleanup(func() { close(done) })
	t := functions(L, map[string]lua.LGFunction{
		"begun": func(L *lua.LState) int {
			select {
			case <-begun:
				L.Push(lua.LTrue)
			default:
				L.Push(lua.LFalse)
			}
			return 1
		},
		"release": func(*lua.LState) int { close(gate); return 0 },
	})
	t.RawSetString("url", lua.LString("http://"+s.Addr()+"/up"))
	L.Push(t)
	return 1
}
