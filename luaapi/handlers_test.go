package luaapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
)

// handled is a run with a handler script against a server of its own.
type handled struct {
	*library
	server *httptest.Server
	mu     sync.Mutex
	paths  []string // as the server saw them
	record []*runtime.Result
	vms    int
	engine *runtime.Engine
	script *Script
	emits  []any
}

// newHandled starts a server that answers /status/N with N, /slow late, and
// everything else with its path.
func newHandled(t *testing.T, vms int) *handled {
	t.Helper()
	h := &handled{library: newLibrary(t), vms: vms}
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.paths = append(h.paths, r.URL.Path)
		h.mu.Unlock()
		status := http.StatusOK
		if n, _ := fmt.Sscanf(r.URL.Path, "/status/%d", &status); n == 1 {
			w.WriteHeader(status)
		}
		fmt.Fprint(w, r.URL.Path, r.Header.Get("X-Added")) //nolint:errcheck // the client sees what is missing
	}))
	t.Cleanup(h.server.Close)
	h.config.Emit = func(row any) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.emits = append(h.emits, row)
		return nil
	}
	return h
}

// run loads handlers and runs code between setup and teardown.
func (h *handled) run(t *testing.T, handlers, code string) error {
	t.Helper()
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h.engine = runtime.NewEngine(t.Context(), runtime.EngineOptions{Executor: c, Record: func(r *runtime.Result) {
		h.record = append(h.record, r)
	}})
	config := h.config
	config.Client, config.Engine = c, h.engine
	h.script = New(config)
	defer func() {
		err := h.engine.Close(t.Context())
		h.script.Close()
		if err := errors.Join(err, c.Close()); err != nil {
			t.Error(err)
		}
	}()
	loaded, err := h.script.LoadHandlers(t.Context(), h.compile(t, "h.lua", handlers), HandlerOptions{VMs: h.vms})
	if err != nil {
		return err
	}
	h.engine.SetHooks(loaded.Hooks())
	if err := loaded.Setup(t.Context(), RunInfo{ID: "r1"}); err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	ran := h.script.Run(t.Context(), h.compile(t, "s.lua", code))
	info := RunInfo{ID: "r1", Elapsed: time.Second}
	for _, r := range h.record {
		switch {
		case r.Skipped != "":
			info.Skipped++
		case r.OK():
			info.OK++
		default:
			info.Failed++
		}
	}
	return errors.Join(ran, loaded.Teardown(t.Context(), info))
}

func (h *handled) compile(t *testing.T, name, code string) *vm.Chunk {
	t.Helper()
	chunk, err := vm.Compile(name, []byte("local base = \""+h.server.URL+"\" "+code))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, code)
	}
	return chunk
}

func (h *handled) count(path string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, p := range h.paths {
		if p == path {
			n++
		}
	}
	return n
}

// everyWay runs a test with the hooks on the script's own VM and on a pool.
func everyWay(t *testing.T, f func(t *testing.T, h *handled)) {
	for _, vms := range []int{0, 1, 3} {
		t.Run(fmt.Sprintf("%d VMs", vms), func(t *testing.T) {
			t.Parallel()
			f(t, newHandled(t, vms))
		})
	}
}

// handlerDecisions are what hooks can want, and what a script sees of it.
var handlerDecisions = []struct{ name, handlers, code string }{
	{"nil goes on", `return {response = function(resp) volley.shared.incr("seen") end}`, `
			local r = volley.map{base .. "/a", base .. "/b"}
			assert(r[1].text == "/a" and r[2].text == "/b" and volley.shared.get("seen") == 2)`},
	{"the same response goes on", `return {response = function(resp) return resp end}`, `
			assert(volley.get(base .. "/a"):send().text == "/a")`},
	{"another response takes the slot", `return {response = function(resp) return volley.response{status_code = 299, body = resp.text .. "!"} end}`, `
			local seen
			local r = volley.map{volley.get(base .. "/a", {callback = function(resp) seen = resp.status_code end})}
			assert(r[1].status_code == 299 and r[1].text == "/a!" and seen == 299)`},
	{"a value takes the slot", `return {response = function(resp) return {path = resp.text, n = {1, 2}} end}`, `
			local r = volley.map{base .. "/a"}
			assert(r[1].path == "/a" and r[1].n[2] == 2)
			assert(volley.get(base .. "/b"):send().path == "/b")`},
	{"retry", `return {response = function(resp) if volley.shared.incr("n") < 4 then return "retry" end end}`, `
			local resp = volley.get(base .. "/a"):send()
			assert(resp.text == "/a" and resp.attempts == 4, resp.attempts)`},
	{"retry of a failure", `return {exception = function(req, err) if volley.shared.incr("n") < 3 then return "retry" end return "gave up" end}`, `
			local r, errors = volley.map{volley.get("http://127.0.0.1:1/", {retry = 0})}
			assert(r[1] == "gave up" and errors[1].attempts == 3, errors[1].attempts)`},
	{"too many retries", `return {response = function(resp) volley.shared.incr("n") return "retry" end}`, `
			local resp, err = volley.get(base .. "/a"):send()
			assert(not resp and err.kind == "callback" and err.message:find('"retry" more than 10 times', 1, true), err)
			assert(volley.shared.get("n") == 11)`},
	{"skip", `return {response = function(resp) if resp.status_code == 410 then return "skip" end end}`, `
			local r, errors = volley.map{base .. "/status/410", base .. "/a"}
			assert(r[1] == false and errors[1] == nil and r[2].ok)
			for resp in volley.imap{base .. "/status/410"} do error("yielded") end
			local resp, err = volley.get(base .. "/status/410"):send()
			assert(not resp and err.kind == "cancelled")`},
	{"stop", `return {response = function(resp) return "stop" end}`, `
			local r, errors = volley.map({base .. "/a", base .. "/b", base .. "/c"}, {size = 1})
			assert(r[1].text == "/a" and errors[2].kind == "cancelled" and errors[3].kind == "cancelled")
			assert(errors[2].message:find("stopped the run", 1, true), errors[2].message)`},
	{"a hook that raises", `return {response = function(resp) error("bad " .. resp.text) end}`, `
			local r, errors = volley.map{base .. "/a"}
			assert(r[1] == false and errors[1].kind == "callback")
			assert(errors[1].message:find("h.lua:1: bad /a", 1, true), errors[1].message)
			assert(errors[1].traceback:find("h.lua:1", 1, true))`},
	{"an exception hook sees what a response hook raised", `return {
				response = function(resp) error("bad") end,
				exception = function(req, err) return err.kind .. " " .. req.url:match("/%w+$") end}`, `
			assert(volley.map{base .. "/a"}[1] == "callback /a")`},
	{"one exception handler", `return {exception = function(req, err) return "script's" end}`, `
			local bad = "http://127.0.0.1:1/"
			local own = volley.get(bad, {exception_handler = function() return "request's" end})
			local r = volley.map({own, bad}, {exception_handler = function() return "batch's" end})
			assert(r[1] == "request's" and r[2] == "batch's")
			assert(volley.map{bad}[1] == "script's")
			assert(volley.get(bad):send() == "script's")`},
	{"exception nil", `return {exception = function(req, err) volley.shared.set("kind", err.kind) end}`, `
			local r, errors = volley.map{"http://127.0.0.1:1/"}
			assert(r[1] == false and errors[1].kind == "connect" and volley.shared.get("kind") == "connect")`},
	{"exception returns a response", `return {exception = function(req, err) return volley.response{status_code = 599, body = err.kind} end}`, `
			local r, errors = volley.map{"http://127.0.0.1:1/"}
			assert(r[1].status_code == 599 and r[1].text == "connect" and errors[1].kind == "connect")`},
	{"request changes", `return {request = function(req) req.headers["X-Added"] = "+" .. req.method req.url = req.url .. "x" end}`, `
			local resp = volley.get(base .. "/a"):send()
			assert(resp.text == "/ax+GET" and resp.request.headers["x-added"] == "+GET", resp.text)`},
	{"request answers", `return {request = function(req) return volley.response{status_code = 203, body = "cached"} end}`, `
			local resp = volley.get(base .. "/a", {meta = {k = 1}}):send()
			assert(resp.status_code == 203 and resp.text == "cached" and resp.meta.k == 1)
			assert(volley.map{base .. "/b"}[1].text == "cached")`},
	{"request skips", `return {request = function(req) if req.url:find("/no") then return "skip" end end}`, `
			local r, errors = volley.map{base .. "/no", base .. "/a"}
			assert(r[1] == false and errors[1] == nil and r[2].text == "/a")`},
	{"request stops", `return {request = function(req) return "stop" end}`, `
			local r, errors = volley.map({base .. "/a", base .. "/b"}, {size = 1})
			assert(errors[1].kind == "cancelled" and errors[2].kind == "cancelled")`},
	{"request retries", `return {request = function(req) return "retry" end}`, `
			local _, err = volley.get(base .. "/a"):send()
			assert(err.kind == "callback" and err.message:find("no meaning before a request is sent", 1, true), err)`},
	{"request raises", `return {request = function(req) error("no") end}`, `
			local _, err = volley.get(base .. "/a"):send()
			assert(err.kind == "callback" and err.message:find("h.lua:1: no", 1, true), err.message)`},
	{"retry notified", `return {retry = function(req, err, attempt) volley.shared.append("tries", attempt) end}`, `
			local resp = volley.get(base .. "/status/503", {retry = {total = 2, backoff = 0.001}}):send()
			assert(resp.status_code == 503 and #volley.shared.get("tries") == 2 and volley.shared.get("tries")[2] == 3)`},
	{"meta crosses", `return {response = function(resp) return {resp.meta.id, resp.request.meta.id} end, request = function(req) assert(req.meta.id == 7) end}`, `
			local r = volley.map{volley.get(base .. "/a", {meta = {id = 7}})}
			assert(r[1][1] == 7 and r[1][2] == 7)`},
	{"a list is a value", `return {response = function(resp) return {"a", "b"} end}`, `
			assert(volley.map{base .. "/a"}[1][2] == "b")`},
	{"hooks send", `return {response = function(resp) if resp.text == "/a" then return volley.get(base .. "/inner"):send() end end}`, `
			assert(volley.map{base .. "/a"}[1].text == "/inner")`},
	{"hooks that send without end", `return {response = function(resp) local r, err = volley.get(base .. "/again"):send() if err then error(err, 0) end end}`, `
			local _, err = volley.get(base .. "/a"):send()
			assert(err.kind == "callback" and err.message:find("follow-up depth 11", 1, true), err.message)`},
}

func TestHandlerDecisions(t *testing.T) {
	for _, c := range handlerDecisions {
		t.Run(c.name, func(t *testing.T) {
			everyWay(t, func(t *testing.T, h *handled) {
				if err := h.run(t, c.handlers, c.code); err != nil {
					t.Errorf("%v\n%s", err, h.stderr.String())
				}
			})
		})
	}
}

func TestFollowUps(t *testing.T) {
	everyWay(t, func(t *testing.T, h *handled) {
		err := h.run(t, `return {
			request = function(req) if req.url:find("/r$") then return volley.get(base .. "/from_request") end end,
			response = function(resp)
				if resp.text == "/a" then return {volley.get(base .. "/b", {meta = {from = "a"}}), volley.get(base .. "/c")} end
				if resp.text == "/b" then assert(resp.meta.from == "a") return volley.get(base .. "/d") end
			end,
			exception = function(req, err) if req.url:find(":1/") then return volley.get(base .. "/e") end end,
			teardown = function(run) volley.shared.set("ok", run.ok) end}`, `
			local r = volley.map{base .. "/a", "http://127.0.0.1:1/", base .. "/r"}
			assert(r[1].text == "/a" and r[2] == false and r[3].text == "/r")`)
		if err != nil {
			t.Fatalf("%v\n%s", err, h.stderr.String())
		}
		for _, path := range []string{"/a", "/b", "/c", "/d", "/e", "/r", "/from_request"} {
			if n := h.count(path); n != 1 {
				t.Errorf("%s was sent %d times", path, n)
			}
		}
		if len(h.record) != 8 {
			t.Errorf("%d results were recorded, want 8", len(h.record))
		}
	})
}

func TestFollowUpDepth(t *testing.T) {
	everyWay(t, func(t *testing.T, h *handled) {
		err := h.run(t, `return {response = function(resp) return volley.get(base .. "/more") end}`, `volley.get(base .. "/first"):send()`)
		if err != nil {
			t.Fatal(err)
		}
		if n := h.count("/more"); n != maxFollowDepth {
			t.Errorf("%d requests followed, want %d", n, maxFollowDepth)
		}
		last := h.record[len(h.record)-1]
		if last.Err == nil || last.Err.Kind != runtime.KindCallback || !strings.Contains(last.Err.Message, "follow-up depth 11") {
			t.Errorf("the last one: %v", last.Err)
		}
	})
}

func TestFollowUpsOfAStoppedRun(t *testing.T) {
	everyWay(t, func(t *testing.T, h *handled) {
		err := h.run(t, `return {response = function(resp)
			if resp.text ~= "/a" then return "stop" end
			local list = {}
			for i = 1, 20 do list[i] = volley.get(base .. "/f") end
			return list
		end}`, `volley.get(base .. "/a"):send()`)
		if err != nil {
			t.Fatal(err)
		}
		if len(h.record) != 21 {
			t.Errorf("%d results were recorded, want 21", len(h.record))
		}
	})
}

func TestSetupAndTeardown(t *testing.T) {
	everyWay(t, func(t *testing.T, h *handled) {
		err := h.run(t, `local token
			return {
				setup = function(run) token = volley.get(base .. "/login"):send().text volley.shared.append("log", "setup " .. run.id) end,
				teardown = function(run) volley.shared.append("log", "teardown " .. run.ok .. run.failed .. run.skipped .. token) end}`, `
			assert(volley.shared.get("log")[1] == "setup r1")
			volley.map{base .. "/a", "http://127.0.0.1:1/"}`)
		if err != nil {
			t.Fatal(err)
		}
		log, _ := h.script.config.Shared.get("log")
		if got := fmt.Sprint(log); got != "[setup r1 teardown 210/login]" {
			t.Errorf("got %s", got)
		}
	})
}

func TestSetupThatRaises(t *testing.T) {
	h := newHandled(t, 0)
	err := h.run(t, `return {setup = function() error("no key", 0) end}`, `volley.get(base .. "/a"):send()`)
	if err == nil || !strings.Contains(err.Error(), "no key") || len(h.paths) != 0 {
		t.Errorf("got %v after %v", err, h.paths)
	}
	h = newHandled(t, 0)
	err = h.run(t, `return {teardown = function() error("not clean") end}`, `volley.get(base .. "/a"):send()`)
	if err == nil || !strings.Contains(err.Error(), "h.lua:1: not clean") {
		t.Errorf("got %v", err)
	}
}

func TestTeardownSendsAfterAStop(t *testing.T) {
	h := newHandled(t, 0)
	err := h.run(t, `return {
		response = function(resp) if resp.text == "/a" then return "stop" end end,
		teardown = function() local resp, err = volley.get(base .. "/logout"):send() assert(resp, err) end}`, `volley.get(base .. "/a"):send()`)
	if err != nil || h.count("/logout") != 1 {
		t.Errorf("got %v after %v", err, h.paths)
	}
}

func TestHandlerFilesRefused(t *testing.T) {
	for code, want := range map[string]string{
		`return nil`:                            "h.lua: a handler script returns a table of functions",
		`return 1`:                              "got a number",
		`return {respnse = function() end}`:     `h.lua: there is no hook "respnse"; did you mean "response"?`,
		`return {response = 1}`:                 "response must be a function, got a number",
		`return {exception = {function() end}}`: "exception must be a function, got a table",
		`error("broken")`:                       "h.lua:1: broken",
	} {
		h := newHandled(t, 0)
		if err := h.run(t, code, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", code, err, want)
		}
	}
}

func TestEmit(t *testing.T) {
	everyWay(t, func(t *testing.T, h *handled) {
		err := h.run(t, `return {response = function(resp) volley.emit{path = resp.text} end}`, `
			volley.map{base .. "/a", base .. "/b"}
			volley.emit("done")
			assert(not pcall(volley.emit, print) and not pcall(volley.emit))
			for _, bad in ipairs{{a = 0/0}, {{1/0}}, "\255"} do
				local ok, err = pcall(volley.emit, bad)
				assert(not ok and err.kind == "json", err)
			end`)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range h.emits {
			got = append(got, fmt.Sprint(row))
		}
		slices.Sort(got)
		if want := "done map[path:/a] map[path:/b]"; strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
	l := newLibrary(t)
	l.config.Emit = nil
	l.raises(t, `volley.emit{a = 1}`, runtime.KindInvalidArgument, "this run has no output; add -o FILE")
}
