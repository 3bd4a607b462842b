package scripts_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestOnePerHost: a request never waits for itself. What a hook sends uses the
// place of the request that it is called for, and a stream that a script was
// handed holds none. No more than one is in flight all the same.
func TestOnePerHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, script, handlers, flags, want string }{
		{"auth", `print(volley.get(B, {auth = function(r) r.headers["X-T"] = volley.get(B .. "t"):send().text end}):send().text)`, "", "", "ok"},
		{"auth of a session", `local s s = volley.session {per_host = 1, auth = function(r) r.headers["X-T"] = s:get(B, {auth = false}):send().text end}
			print(s:get(B):send().text)`, "", "", "ok"},
		{"hooks", `local function ask() volley.get(B .. "h"):send() end
			print(volley.get(B, {hooks = {before_request = ask, response = ask}}):send().text)`, "", "", "ok"},
		{"a hook that maps", `local list = {} for i = 1, 5 do list[i] = B .. i end
			print(volley.get(B, {auth = function() print(volley.map(list).n) end}):send().text)`, "", "", "5\nok"},
		{"a hook within a hook", `local function outer() volley.get(B, {auth = function() print(volley.get(B):send().text) end}):send() end
			print(volley.get(B, {auth = outer}):send().text)`, "", "", "ok\nok"},
		{"a hook within a hook of another host", `local other = B:gsub("127.0.0.1", "localhost")
			local function outer() volley.get(other, {auth = function() print(volley.get(B):send().text) end}):send() end
			print(volley.get(B, {auth = outer}):send().text)`, "", "", "ok\nok"},
		{"handlers", `print(volley.get(B):send().text)`, `return {request = function(r) if not r.url:find("h$") then volley.get(r.url .. "h"):send() end end}`, "", "ok"},
		{"handlers in VMs", `print(volley.get(B):send().text)`, `return {request = function(r) if not r.url:find("h$") then volley.get(r.url .. "h"):send() end end}`, "--handler-vms 2", "ok"},
		{"callback", `print(volley.map({volley.get(B, {callback = function() volley.get(B .. "c"):send() end})}).n)`, "", "", "1"},
		{"streams of a map", `local all = volley.map({B, B, B}, {stream = true, size = 2}) for i = 1, 3 do print(#all[i].content) end`, "", "", "2\n2\n2"},
		{"streams of sends", `local a = volley.get(B, {stream = true}):send() print(volley.get(B):send().text, a.text)`, "", "", "ok\tok"},
		{"a stream in a loop", `for r in volley.imap({B}, {stream = true}) do print(volley.get(B):send().text, r.text) end`, "", "", "ok\tok"},
		{"a stream and its callback", `print(volley.map({volley.get(B, {stream = true, callback = function() volley.get(B .. "c"):send() end})})[1].text)`, "", "", "ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var now, most atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for n := now.Add(1); n > most.Load(); {
					most.Store(n)
				}
				time.Sleep(5 * time.Millisecond)
				now.Add(-1)
				_, _ = w.Write([]byte("ok"))
			}))
			t.Cleanup(server.Close)
			dir := t.TempDir()
			args := append([]string{"volley", "run", "-q", "--per-host", "1", "--var", "b=" + server.URL + "/", "s.lua"}, strings.Fields(c.flags)...)
			if c.handlers != "" {
				args = append(args, "--handlers", "h.lua")
			}
			for name, text := range map[string]string{"s.lua": "local B = volley.vars.b\n" + c.script, "h.lua": c.handlers} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := runIn(t, dir, "", args...); got.code != 0 || got.stdout != c.want+"\n" || got.stderr != "" {
				t.Errorf("%+v, want %q", got, c.want)
			}
			if most.Load() != 1 {
				t.Errorf("%d at once", most.Load())
			}
		})
	}
}
