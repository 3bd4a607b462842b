package luaapi_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
)

// serveFixed answers every head with the same bytes and allocates nothing for
// it, so that what is counted is the client's.
func serveFixed(t testing.TB) (url string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerHeads(conn)
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

var fixedAnswer = []byte("HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\n" +
	"Content-Type: application/json\r\nContent-Length: 27\r\nConnection: keep-alive\r\n\r\n" +
	`{"id": 1, "name": "adaman"}`)

func answerHeads(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(line) == 2 {
			if _, err := conn.Write(fixedAnswer); err != nil {
				return
			}
		}
	}
}

// loop is the script whose allocations are counted: a URL, a number of
// requests, and the expression that builds one.
const loop = `
local url, n, i, ok = %q, %d, 0, 0
local function requests()
  if i == n then return nil end
  i = i + 1
  return %s
end
for resp in volley.imap(requests, {size = 16}) do
  if resp.status_code == 200 then ok = ok + 1 end
end
assert(ok == n)
`

// runScript runs a script on an engine and a client of its own.
func runScript(t testing.TB, script string) {
	t.Helper()
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	pol, err := policy.New(policy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	engine := runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: c})
	s := luaapi.New(luaapi.Config{Engine: engine, Client: c, Policy: pol})
	defer s.Close()
	chunk, err := vm.Compile("budget.lua", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background(), chunk); err != nil {
		t.Fatal(err)
	}
	if err := engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// idle builds the same arguments for a function that does nothing with them.
const idle = `
local url, n = %q, %d
local volley = {get = function() end}
for i = 1, n do %s end
assert(url and n)
`

// allocations counts what one more request of a script costs: the difference
// between a short and a long run, so that what is made once does not count.
func allocations(t *testing.T, script, url, build string) float64 {
	t.Helper()
	const short, long = 100, 2100
	few := testing.AllocsPerRun(2, func() { runScript(t, fmt.Sprintf(script, url, short, build)) })
	many := testing.AllocsPerRun(2, func() { runScript(t, fmt.Sprintf(script, url, long, build)) })
	return (many - few) / (long - short)
}

// TestAllocationsOfARequest holds the whole way of a request, from the Lua
// call over the wire and back to the check of its status, to its budget. What
// a script's own tables cost is its own matter and is taken off.
func TestAllocationsOfARequest(t *testing.T) {
	url := serveFixed(t)
	for _, c := range []struct {
		build  string
		budget float64
	}{
		{`volley.get(url)`, 20},
		{`volley.get(url, {headers = {["X-Id"] = i}})`, 25},
		{`volley.get(url, {timeout = 5})`, 25},
		{`volley.get(url, {params = {page = i}})`, 25},
		{`volley.get(url, {meta = {row = i}})`, 25},
		{`volley.get(url, {allow_redirects = false, max_body = 4096, name = "probe"})`, 25},
		{`volley.get(url, {headers = {["X-Id"] = i}, timeout = 5, params = {page = i}, meta = {row = i}})`, 25},
		{`volley.post(url, {data = "some text"})`, 25},
		{`volley.post(url, {json = {row = i}})`, 25},
	} {
		t.Run(c.build, func(t *testing.T) {
			own := allocations(t, idle, url, strings.Replace(c.build, "volley.post", "volley.get", 1))
			got := allocations(t, loop, url, c.build) - own
			t.Logf("%.1f allocations, %.1f more for the script's own values", got, own)
			if got > c.budget+raceAllocations {
				t.Errorf("%.1f allocations a request, the budget is %v", got, c.budget+raceAllocations)
			}
		})
	}
}
