package vm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newHost makes a host with the functions the tests' scripts block in:
// fetch(…) returns its arguments after a round over another goroutine,
// sleep(seconds), gate() waits until somebody calls open().
func newHost(t testing.TB, o Options) *Host {
	t.Helper()
	h := New(o)
	t.Cleanup(h.Close)
	L := h.L()
	L.SetGlobal("fetch", L.NewFunction(func(L *lua.LState) int {
		n, err := Await(h, L, func(context.Context) (int, error) { return L.GetTop(), nil })
		if err != nil {
			Raise(L, err)
		}
		return n
	}))
	L.SetGlobal("sleep", L.NewFunction(func(L *lua.LState) int {
		if err := h.Sleep(L, time.Duration(float64(L.CheckNumber(1))*float64(time.Second))); err != nil {
			Raise(L, err)
		}
		return 0
	}))
	L.SetGlobal("spawn", L.NewFunction(func(L *lua.LState) int {
		args := make([]lua.LValue, 0, L.GetTop())
		for i := 2; i <= L.GetTop(); i++ {
			args = append(args, L.Get(i))
		}
		L.Push(&lua.LUserData{Value: h.Spawn(L.CheckFunction(1), args...), Metatable: lua.LNil})
		return 1
	}))
	L.SetGlobal("join", L.NewFunction(func(L *lua.LState) int {
		task, _ := L.CheckUserData(1).Value.(*Task)
		if err := task.Join(h.Current()); err != nil {
			Raise(L, err)
		}
		task.Take()
		results, err := task.Result()
		if err != nil {
			Raise(L, err)
		}
		for _, v := range results {
			L.Push(v)
		}
		return len(results)
	}))
	L.SetGlobal("kill", L.NewFunction(func(L *lua.LState) int {
		task, _ := L.CheckUserData(1).Value.(*Task)
		task.Kill(errors.New("killed by a test"))
		return 0
	}))
	L.SetGlobal("crash", L.NewFunction(func(*lua.LState) int {
		var m map[string]int
		m["x"] = 1 //nolint:staticcheck // the panic is the point
		return 0
	}))
	L.SetGlobal("raise", L.NewFunction(func(L *lua.LState) int {
		Raise(L, errSample)
		return 0
	}))
	return h
}

var errSample = errors.New("sample failure")

func mustCompile(t testing.TB, name, src string) *Chunk {
	t.Helper()
	c, err := Compile(name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs src on h.
func run(t testing.TB, h *Host, src string) ([]lua.LValue, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return h.Run(ctx, h.Load(mustCompile(t, "test.lua", src)))
}

// mustRun runs src and returns its results as tostring prints them.
func mustRun(t testing.TB, h *Host, src string) string {
	t.Helper()
	results, err := run(t, h, src)
	if err != nil {
		var se *ScriptError
		if errors.As(err, &se) {
			t.Fatalf("%v\n%s", err, se.Traceback)
		}
		t.Fatal(err)
	}
	return text(results)
}

func text(values []lua.LValue) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = v.String()
	}
	return strings.Join(parts, " ")
}

// scriptError runs src, which must fail.
func scriptError(t testing.TB, h *Host, src string) *ScriptError {
	t.Helper()
	_, err := run(t, h, src)
	var se *ScriptError
	if !errors.As(err, &se) {
		t.Fatalf("got %v, want a *ScriptError", err)
	}
	return se
}

// setObject makes the global that the pairs test goes over.
func setObject(L *lua.LState) {
	mt := L.NewTable()
	L.SetField(mt, "__pairs", L.NewFunction(func(L *lua.LState) int {
		t := L.NewTable()
		t.RawSetString("a", lua.LNumber(1))
		t.RawSetString("b", lua.LNumber(2))
		L.Push(L.GetGlobal("next"))
		L.Push(t)
		return 2
	}))
	L.SetField(mt, "__index", L.NewFunction(func(L *lua.LState) int {
		words := map[lua.LNumber]string{1: "one", 2: "two"}
		if w, ok := words[L.CheckNumber(2)]; ok {
			L.Push(lua.LString(w))
			return 1
		}
		return 0
	}))
	L.SetGlobal("object", &lua.LUserData{Metatable: mt})
}

// TestRepairs runs each file on a host, where it must pass, and on a stock
// state, where it must not: when it does, the repair can go.
func TestRepairs(t *testing.T) {
	files, err := filepath.Glob("testdata/repairs/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".lua"), func(t *testing.T) {
			h := newHost(t, Options{})
			setObject(h.L())
			mustRun(t, h, string(src))
			if err := runStock(string(src)); err == nil {
				t.Error("gopher-lua itself passes: the repair is no longer needed")
			}
		})
	}
}

func runStock(src string) (err error) {
	L := lua.NewState()
	defer L.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	L.SetContext(ctx)
	setObject(L)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return L.DoString(src)
}

// TestScripts runs the files that hold whole programs; what they print is
// compared with the comment block at their end.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".lua"), func(t *testing.T) {
			_, want, found := strings.Cut(string(src), "--[[ output\n")
			if !found {
				t.Fatal("no output block")
			}
			var out bytes.Buffer
			h := newHost(t, Options{Stdout: &out})
			mustRun(t, h, string(src))
			if want = strings.TrimSuffix(want, "]]\n"); out.String() != want {
				t.Errorf("printed:\n%swant:\n%s", out.String(), want)
			}
		})
	}
}

// loaders is the shape of Options.Loaders.
func loaders(list ...func(name string) ([]byte, string, error)) []func(string) ([]byte, string, error) {
	return list
}
