package luaapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
)

// members is a Namespace of fixed values.
type members map[string]any

func (m members) Member(name string) (any, error) {
	v, ok := m[name]
	if !ok && name == "broken" {
		return nil, errors.New("nothing of that name")
	}
	return v, nil
}

func (m members) Names() []string { return []string{"id", "active", "note"} }

// roots is a Scope of fixed values.
type roots map[string]any

func (r roots) Lookup(root string) (any, bool) {
	v, ok := r[root]
	return v, ok
}

var testScope = roots{
	"row":  members{"id": "u7", "active": true, "index": 3.0, "note": nil, "big": json.Number("9007199254740993"), "price": json.Number("1.10")},
	"vars": map[string]any{"base": "http://h", "list": []any{1.0, 2.0, 3.0}},
	"res": members{
		"status": 200.0,
		"json":   map[string]any{"args": map[string]any{"page": []any{"2"}}, "none": nil},
	},
	"captures": members{"doc": map[string]any{"a": 1.0}},
}

// onGo runs f as the main green thread of a script.
func (l *library) onGo(t testing.TB, f func(s *Script) error) error {
	t.Helper()
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	config := l.config
	config.Client = c
	config.Engine = runtime.NewEngine(t.Context(), runtime.EngineOptions{Executor: c})
	s := New(config)
	defer func() {
		err := config.Engine.Close(t.Context())
		s.Close()
		if err := errors.Join(err, c.Close()); err != nil {
			t.Error(err)
		}
	}()
	return s.RunGo(t.Context(), func(runtime.Consumer, runtime.Waiter) error { return f(s) })
}

func TestExpressions(t *testing.T) {
	cases := map[string]any{
		`row.id`:                          "u7",
		`row.id .. "-" .. row.index`:      "u7-3",
		`row.active and 1 or 2`:           1.0,
		`row.note == nil`:                 true,
		`row.nothing == nil`:              true,
		`row.big`:                         "9007199254740993",
		`row.price * 2`:                   2.2,
		`vars.list`:                       []any{1.0, 2.0, 3.0},
		`#vars.list`:                      3.0,
		`vars.base:upper()`:               "HTTP://H",
		`tonumber(res.json.args.page[1])`: 2.0,
		`tonumber(res.json.args.page[1]) < 3 and vars.base .. '/p?page=' .. (res.json.args.page[1] + 1) or nil`: "http://h/p?page=3",
		`res.json.none == volley.null`:     true,
		`nil`:                              nil,
		`volley.hash.md5("a")`:             "0cc175b9c0f1b6a831c399e269772661",
		`hash("a")`:                        float64(0xca978112ca1bb),
		`hash(7) == hash("7")`:             true,
		`{a = {1, 2}, b = volley.array{}}`: map[string]any{"a": []any{1.0, 2.0}, "b": []any{}},
		`row`:                              map[string]any{"id": "u7", "active": true, "note": nil},
		`captures.doc.a + math.max(1, 2)`:  3.0,
		"row.id\n  .. '!' -- a comment":    "u7!",
		`(function() local n = 0 for k in pairs(row) do n = n + 1 end return n end)()`: 2.0,
		`volley.sleep(0.001) or "slept"`:                                               "slept",
		`string.format("%d", res.status)`:                                              "200",
		`1, 2`:                                                                         1.0,
	}
	l := newLibrary(t)
	err := l.onGo(t, func(s *Script) error {
		for source, want := range cases {
			e, err := CompileExpression(source, Place{"spec.yaml", 4, 9})
			if err != nil {
				t.Errorf("%s: %v", source, err)
				continue
			}
			for range 2 { // the instance is used again
				got, err := e.Eval(s, testScope)
				if err != nil {
					t.Errorf("%s: %v", source, err)
				} else if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", source, diff)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestExpressionsThatFail(t *testing.T) {
	cases := map[string]struct {
		kind runtime.Kind
		text string
	}{
		`rows.id`:                  {runtime.KindInvalidArgument, `spec.yaml:4:9: unknown name "rows"; did you mean "row"?`},
		`row.id + 1`:               {runtime.KindScript, "spec.yaml:4:9: cannot perform"},
		`row.id .. row.none`:       {runtime.KindScript, "spec.yaml:4:9: cannot perform concat operation between string and nil"},
		`row.id .. res.json.none`:  {runtime.KindScript, "spec.yaml:4:9: cannot perform concat operation between string and null"},
		`1 - res.json.none`:        {runtime.KindScript, "spec.yaml:4:9: cannot perform sub operation between number and null"},
		`res.json.none.x`:          {runtime.KindScript, "spec.yaml:4:9: attempt to index null with key 'x'"},
		`error("boom")`:            {runtime.KindScript, "spec.yaml:4:9: boom"},
		"1 +\n  error('boom')":     {runtime.KindScript, "spec.yaml:5:3: boom"},
		`row.broken`:               {runtime.KindInvalidArgument, "spec.yaml:4:9: nothing of that name"},
		`print`:                    {runtime.KindInvalidArgument, "spec.yaml:4:9: value: a function is no plain value"},
		`{f = print}`:              {runtime.KindInvalidArgument, "value.f: a function is no plain value"},
		`error("own words")`:       {runtime.KindScript, "own words"},
		`(function() x = 1 end)()`: {runtime.KindInvalidArgument, `"x" is no local variable`},
		`volley.get()`:             {runtime.KindInvalidArgument, "spec.yaml:4:9: volley.get: "},
	}
	l := newLibrary(t)
	err := l.onGo(t, func(s *Script) error {
		for source, want := range cases {
			e, err := CompileExpression(source, Place{"spec.yaml", 4, 9})
			if err != nil {
				t.Errorf("%s: %v", source, err)
				continue
			}
			_, err = e.Eval(s, testScope)
			var failure *runtime.Error
			if !errors.As(err, &failure) || failure.Kind != want.kind || !strings.Contains(failure.Message, want.text) {
				t.Errorf("%s: got %v, want %s: %s", source, err, want.kind, want.text)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFunctionsOfSpecs(t *testing.T) {
	l := newLibrary(t)
	chunk, err := vm.Compile("h.lua", []byte(`return {
		double = function(res) return {twice = res.status * 2} end,
		rows = function() local i = 0 return function() i = i + 1 if i <= 3 then return {n = i} end end end,
		yields = function() for i = 1, 3 do coroutine.yield({n = i}) end end,
		list = function() return {{n = 1}, {n = 2}, {n = 3}} end,
		none = function() end,
		number = function() return 7 end,
		broken = function() return function() error("out of rows") end end,
	}`))
	if err != nil {
		t.Fatal(err)
	}
	s := l.scriptFor(t)
	h, err := s.LoadHandlers(t.Context(), chunk, HandlerOptions{Named: []string{"double", "rows", "yields", "list", "none", "number", "broken"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Function("doubel", false, Place{}); err == nil || !strings.Contains(err.Error(), `h.lua has no function "doubel"; did you mean "double"?`) {
		t.Errorf("got %v", err)
	}
	if _, err := h.Function("if x then", true, Place{"spec.yaml", 2, 3}); err == nil || !strings.Contains(err.Error(), "spec.yaml:2: unexpected end of file") {
		t.Errorf("got %v", err)
	}
	err = s.RunGo(t.Context(), func(runtime.Consumer, runtime.Waiter) error {
		testCalls(t, h)
		testIteration(t, h)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func testCalls(t *testing.T, h *Handlers) {
	for _, c := range []struct {
		source string
		inline bool
		want   any
	}{
		{"double", false, map[string]any{"twice": 400.0}},
		{"res.json.args.page[1]", true, "2"},
		{"local r = res.status\nreturn r + row.index", true, 203.0},
		{"select('#', ...)", true, 1.0},
	} {
		f, err := h.Function(c.source, c.inline, Place{"spec.yaml", 3, 5})
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		got, err := f.Call(testScope, testScope["res"])
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", c.source, err, diff)
		}
	}
	f, err := h.Function("local r = res.status\n  return r .. nil", true, Place{"spec.yaml", 3, 5})
	if err == nil {
		_, err = f.Call(testScope, testScope["res"])
	}
	if want := "script: spec.yaml:4:3: cannot perform"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func testIteration(t *testing.T, h *Handlers) {
	three := "[map[n:1] map[n:2] map[n:3]] <nil>"
	for _, c := range []struct {
		source string
		inline bool
		want   string
	}{
		{"rows", false, three},
		{"yields", false, three},
		{"list", false, three},
		{"for i = 1, 3 do coroutine.yield{n = i} end", true, three},
		{"coroutine.yield{n = 1} error('over')", true, "[map[n:1]] script: spec.yaml:3:5: over"},
		{"none", false, "[] <nil>"},
		{"number", false, "[] script: a function for data must return an iterator or a list, or yield, got a number"},
		{"broken", false, "[] script: h.lua:8: out of rows"},
	} {
		f, err := h.Function(c.source, c.inline, Place{"spec.yaml", 3, 5})
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		me := h.s.host.Current()
		rows, err := f.Iterate(testScope, me.Wake)
		var got []any
		for err == nil {
			v, ok, failure := rows.Next()
			if errors.Is(failure, runtime.ErrLater) {
				err = me.Park()
				continue
			}
			if err = failure; err != nil || !ok {
				break
			}
			got = append(got, v)
		}
		if text := fmt.Sprint(got, " ", err); text != c.want {
			t.Errorf("%s: got %s, want %s", c.source, text, c.want)
		}
	}
}

// TestFunctionAsHook sends through a spec's functions as a runner does.
func TestFunctionAsHook(t *testing.T) {
	h := newHandled(t, 0)
	s := h.scriptFor(t)
	request, err := s.Handlers().Function(`req.headers["X-Added"] = "!" req.meta = {seen = req.meta and req.meta.k}`, true, Place{})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.Handlers().Function(`if resp.text:find("retry") and volley.shared.incr("n") < 3 then return "retry" end return {text = resp.text, meta = resp.meta}`, true, Place{})
	if err != nil {
		t.Fatal(err)
	}
	fault, err := s.Handlers().Function(`return err.kind .. " " .. req.url`, true, Place{})
	if err != nil {
		t.Fatal(err)
	}
	reqs := []*runtime.Request{
		{Method: "GET", URL: h.server.URL + "/retry", Hooks: request.Hooks(), Meta: map[string]any{"k": 5.0}},
		{Method: "GET", URL: "http://127.0.0.1:1/"},
	}
	values := map[int]any{}
	err = s.RunGo(t.Context(), func(c runtime.Consumer, w runtime.Waiter) error {
		var b *runtime.Batch
		b = s.config.Engine.Batch(c, runtime.List(reqs), runtime.BatchOptions{Finish: func(res *runtime.Result) bool {
			f := answer
			if res.Err != nil {
				f = fault
			}
			f.Finish(res, nil, func(d runtime.Decision) {
				if d.Action == runtime.ActionRetry {
					b.Again(res, nil, s.Handlers().RetryPause(res))
					return
				}
				values[res.Index] = d.Value
				b.Finished(res)
			})
			return true
		}})
		for {
			if _, err := b.Next(w); err != nil {
				return nil //nolint:nilerr // io.EOF
			}
		}
	})
	want := map[int]any{
		1: map[string]any{"text": "/retry!", "meta": map[string]any{"seen": 5.0}},
		2: "connect http://127.0.0.1:1/",
	}
	if diff := cmp.Diff(want, values); err != nil || diff != "" || h.count("/retry") != 3 {
		t.Errorf("%v after %v: %s", err, h.paths, diff)
	}
}

func TestRunGoIsInterrupted(t *testing.T) {
	l := newLibrary(t)
	e, err := CompileExpression(`(function() while true do end end)()`, Place{})
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("enough")
	err = l.onGo(t, func(s *Script) error {
		s.Interrupt(why)
		_, err := e.Eval(s, nil)
		return err
	})
	if !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// scriptFor makes a script that the test's end closes.
func (l *library) scriptFor(t testing.TB) *Script {
	t.Helper()
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	config := l.config
	config.Client = c
	config.Engine = runtime.NewEngine(t.Context(), runtime.EngineOptions{Executor: c})
	s := New(config)
	t.Cleanup(func() {
		err := config.Engine.Close(context.Background())
		s.Close()
		if err := errors.Join(err, c.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// BenchmarkExpression is what an expression costs for each request.
func BenchmarkExpression(b *testing.B) {
	for name, source := range map[string]string{
		"row":  `row.id .. "-" .. row.index`,
		"vars": `row.active and hash(row.id) % 4 == 0`,
	} {
		b.Run(name, func(b *testing.B) {
			l := &library{}
			e, err := CompileExpression(source, Place{})
			if err != nil {
				b.Fatal(err)
			}
			err = l.onGo(b, func(s *Script) error {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := e.Eval(s, testScope); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
