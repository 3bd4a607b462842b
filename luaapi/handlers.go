package luaapi

import (
	"context"
	"fmt"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/spell"
)

// handlerHooks are the names that a handler script may give its functions.
var handlerHooks = []string{"setup", "request", "response", "exception", "retry", "teardown"}

// HandlerOptions say how a handler script is loaded. The zero value works.
type HandlerOptions struct {
	// Named are functions that the table may hold beside the hooks: those that
	// a spec names.
	Named []string
	// Under is a handler script whose hooks and functions fill in what the
	// first one leaves out; nil: none.
	Under *vm.Chunk
	// VMs is how many VMs run the request, response and exception hooks in
	// parallel; 0: the script's own runs them.
	VMs int
}

// Handlers are the hooks of a handler script, for every request of its run.
type Handlers struct {
	s       *Script
	file    string
	hooks   map[string]*lua.LFunction // by hook
	named   map[string]*lua.LFunction // the table's other functions
	enter   *lua.LFunction            // calls a hook at its depth
	tries   map[slot]int              // how often a hook sent a slot again
	follow  followUps
	pool    *handlerPool // nil: hooks run on s
	carries bool         // requests take their meta along for other VMs
}

// slot is a Result's place in its run.
type slot struct{ batch, index int }

// RunInfo is what setup(run) and teardown(run) are told.
type RunInfo struct {
	ID                  string
	Name                string // of the spec; "" for scripts
	Started             time.Time
	OK, Failed, Skipped int64
	Elapsed             time.Duration
}

// LoadHandlers runs a handler script, which returns a table of hooks, and puts
// them before every request that s and the other parts of its run send. It is
// called before anything is sent, and once.
func (s *Script) LoadHandlers(ctx context.Context, chunk *vm.Chunk, opts HandlerOptions) (*Handlers, error) {
	h := s.newHandlers()
	h.file = chunk.Name()
	if err := h.load(ctx, chunk, opts.Named); err != nil {
		return nil, err
	}
	if opts.Under != nil {
		if err := h.load(ctx, opts.Under, opts.Named); err != nil {
			return nil, err
		}
	}
	s.handlers = h
	if opts.VMs > 0 && (h.hooks["request"] != nil || h.sees()) {
		var err error
		if h.pool, err = s.startPool(ctx, chunk, opts); err != nil {
			return nil, err
		}
		h.carries = true
	}
	return h, nil
}

// load runs one handler script and takes what no other gave before.
func (h *Handlers) load(ctx context.Context, chunk *vm.Chunk, named []string) error {
	results, err := h.s.host.Run(ctx, h.s.host.Load(chunk))
	if h.s.exit != nil {
		return h.s.exit
	}
	if err != nil {
		return err
	}
	if err := h.read(results, named); err != nil {
		return fmt.Errorf("%s: %w", chunk.Name(), err)
	}
	return nil
}

// Handlers returns what LoadHandlers loaded, or handlers without hooks: inline
// functions need no script.
func (s *Script) Handlers() *Handlers {
	if s.handlers == nil {
		s.handlers = s.newHandlers()
	}
	return s.handlers
}

func (s *Script) newHandlers() *Handlers {
	h := &Handlers{s: s, hooks: map[string]*lua.LFunction{}, named: map[string]*lua.LFunction{}, tries: map[slot]int{}}
	h.follow.s = s
	h.enter = s.L.NewFunction(h.callAtDepth)
	return h
}

// read takes the functions out of the table that the script returned.
func (h *Handlers) read(results []lua.LValue, named []string) error {
	v := lua.LNil
	if len(results) > 0 {
		v = results[0]
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		return fmt.Errorf("a handler script returns a table of functions, as in return {response = function(resp) … end}, got %s", typeName(v))
	}
	for _, name := range keysOf(t) {
		hook := slices.Contains(handlerHooks, name)
		if !hook && !slices.Contains(named, name) {
			return fmt.Errorf("there is no hook %q%s", name, spell.Hint(name, slices.Concat(handlerHooks, named)))
		}
		fn, ok := t.RawGetString(name).(*lua.LFunction)
		if !ok {
			return fmt.Errorf("%s must be a function, got %s", name, typeName(t.RawGetString(name)))
		}
		if h.named[name] != nil {
			continue
		}
		h.named[name] = fn
		if hook {
			h.hooks[name] = fn
		}
	}
	return nil
}

// sees reports whether results are shown to a hook.
func (h *Handlers) sees() bool { return h.hooks["response"] != nil || h.hooks["exception"] != nil }

// callAtDepth is (depth, fn, …): what fn sends stands depth hooks below what
// the run sends by itself.
func (h *Handlers) callAtDepth(L *lua.LState) int {
	t := h.s.host.Current()
	h.s.depths[t] = int(lua.LVAsNumber(L.Get(1)))
	defer delete(h.s.depths, t)
	L.Call(L.GetTop()-2, 1)
	return 1
}

// note keeps what hooks must know of a request that is about to be sent.
func (h *Handlers) note(root *requestObject) {
	if t := h.s.host.Current(); t != nil && h.s.depths[t] > int(root.depth) {
		root.depth = uint8(h.s.depths[t])
	}
	if h.carries {
		root.carried.Store(root.carry())
	}
}

// Setup calls the script's setup(run) and waits for it, on the running green
// thread or, outside any, in a run of its own. The error is what it raised.
func (h *Handlers) Setup(ctx context.Context, run RunInfo) error { return h.once(ctx, "setup", run) }

// Teardown is Setup for teardown(run), after what hooks wanted sent has ended.
// What it sends is sent although the run was stopped.
func (h *Handlers) Teardown(ctx context.Context, run RunInfo) error {
	if err := h.follow.wait(); err != nil {
		return err
	}
	h.s.ending = true
	return h.once(ctx, "teardown", run)
}

func (h *Handlers) once(ctx context.Context, hook string, run RunInfo) error {
	fn := h.hooks[hook]
	if fn == nil {
		return nil
	}
	info := h.s.runTable(run)
	if L := h.s.host.Running(); L != nil {
		_, err := h.s.host.CallBounded(L, fn, info)
		return err
	}
	before := h.s.exit
	_, err := h.s.host.Run(ctx, fn, info)
	if h.s.exit != before {
		return h.s.exit
	}
	return err
}

func (s *Script) runTable(run RunInfo) *lua.LTable {
	t := s.L.CreateTable(0, 6)
	t.RawSetString("id", lua.LString(run.ID))
	t.RawSetString("name", textOrNil(run.Name))
	t.RawSetString("ok", lua.LNumber(run.OK))
	t.RawSetString("failed", lua.LNumber(run.Failed))
	t.RawSetString("skipped", lua.LNumber(run.Skipped))
	t.RawSetString("elapsed", lua.LNumber(run.Elapsed.Seconds()))
	return t
}

// tooDeep is the failure of a request that hooks led to again and again; nil
// for the others.
func tooDeep(what string, depth int) *runtime.Error {
	if depth <= maxFollowDepth {
		return nil
	}
	return callbackError("%s is not called any more, follow-up depth %d: hooks sent more than %d requests from within each other", what, depth, maxFollowDepth)
}

// depthOf is how many hooks stand between a request and the run's own.
func depthOf(r *runtime.Request) int {
	if o := ownerOf(r); o != nil {
		return int(o.depth)
	}
	return 0
}
