package vm

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Options configure a Host. The zero value is a sandbox without output, files,
// environment or modules.
type Options struct {
	// Stdout takes what print and io.write produce, one Write per call; nil discards it.
	Stdout io.Writer
	// Stderr takes what io.stderr:write produces with Unsafe; nil discards it.
	Stderr io.Writer
	// Limits bound what the host may use, together with the others that have the same; nil: nothing does.
	Limits *Limits
	// Unsafe opens the full os, io and debug libraries.
	Unsafe bool
	// Getenv answers os.getenv ("" is nil); an error is raised as it is. nil: every name is nil.
	Getenv func(name string) (string, error)
	// ReadFile serves dofile and loadfile; nil: these raise.
	ReadFile func(path string) ([]byte, error)
	// Loaders serve require, tried in order. A nil src with a nil err means "not here";
	// chunkname then says where it looked.
	Loaders []func(name string) (src []byte, chunkname string, err error)
	// Exit is called by os.exit, and by nothing else; the host is interrupted after it.
	Exit func(code int)
	// Unhandled is told of each task that raised and whose result nobody took by the end of the run.
	Unhandled func(*Task, error)
	// ErrorValue turns an error given to Raise into the Lua value to raise; nil: a string with the position.
	ErrorValue func(L *lua.LState, err error) lua.LValue
}

// Host is one Lua VM with its event loop. Make it with New. Its methods belong
// to the loop goroutine, except Deliver and Interrupt, which any goroutine may
// call.
type Host struct {
	opts     Options
	main     *lua.LState // the state given to callers; also owns the globals
	template *lua.LState // never runs: threads are made from it, so that they get no context of their own
	guard    *guard

	// Tasks.
	cur      *Task // the running one; base outside any
	base     *Task
	tasks    []*Task // started or waiting to start, not ended
	ready    fifo[*Task]
	calls    fifo[call]
	batch    int // queued calls that may start in this round
	external int // tasks parked until an event from outside
	nextID   int64
	failed   []*Task // raised, for Unhandled
	parks    atomic.Uint64
	deadlock *Deadlock

	// What Hurry looks at.
	late    atomic.Pointer[hurry] // nil: there is no hurry
	pieces  atomic.Uint64         // of Lua that were begun
	overdue atomic.Uint64         // the piece that must end; 0: none
	idle    atomic.Bool           // the loop waits

	// Reuse.
	fibers  []*fiber
	threads []*thread

	// The event queue, shared with other goroutines.
	mu        sync.Mutex
	delivered []func()
	spare     []func() // the previous batch's backing array
	wake      chan struct{}
	running   bool
	runs      int
	closed    bool
	finished  *sync.Cond // signalled when a run ends

	runCtx  context.Context //nolint:containedctx // the parent of task contexts, for the length of a run
	halting bool            // parked tasks have been told of the halt

	lua      library
	trace    errorTrace
	raisedIn *lua.LState // the coroutine that the last Lua error left
	sources  map[string]*Chunk
	loading  map[string]*loadingModule
	random   *rand.Rand
	started  time.Time
}

// library holds the Lua values that the host itself uses.
type library struct {
	invoke    *lua.LFunction // the root of every protected call
	start     *lua.LFunction // the root of every user coroutine
	resume    lua.LGFunction // gopher-lua's own coroutine.resume
	pairsStep lua.LValue
	ipairStep lua.LValue
	loaded    *lua.LTable
	preload   *lua.LTable
	null      *lua.LUserData
	arrayMark *lua.LTable
}

const (
	callDepth   = 1000    // Lua frames per thread, before "stack overflow"
	mainSlots   = 1024    // data stack of the main state
	threadSlots = 128     // data stack of every other thread at birth
	maxSlots    = 1 << 20 // 16 MiB
	slotStep    = 512
	keepSlots   = 4096 // a thread whose data stack outgrew this is not reused
	keepThreads = 64
	keepFibers  = 256
)

// New makes a host and opens its libraries. Close it after use.
func New(o Options) *Host {
	confine()
	h := &Host{
		opts:    o,
		wake:    make(chan struct{}, 1),
		sources: map[string]*Chunk{},
		loading: map[string]*loadingModule{},
		random:  rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		started: time.Now(),
		runCtx:  context.Background(),
	}
	if h.opts.Stdout == nil {
		h.opts.Stdout = io.Discard
	}
	if h.opts.Stderr == nil {
		h.opts.Stderr = io.Discard
	}
	if h.opts.Limits == nil {
		h.opts.Limits = NewLimits(0, 0)
	}
	h.finished = sync.NewCond(&h.mu)
	h.base = &Task{h: h, state: taskRunning}
	h.cur = h.base
	h.guard = newGuard(h, h.opts.Limits)
	h.main = lua.NewState(lua.Options{
		CallStackSize:       callDepth,
		RegistrySize:        mainSlots,
		RegistryMaxSize:     maxSlots,
		RegistryGrowStep:    slotStep,
		SkipOpenLibs:        true,
		IncludeGoStackTrace: true,
		MinimizeStackMemory: true,
	})
	h.main.Options.RegistrySize = threadSlots
	h.template, _ = h.main.NewThread()
	h.main.SetContext(h.guard)
	h.openLibraries()
	return h
}

// L returns the main state, to register things on before Run. Scripts run on
// threads of it.
func (h *Host) L() *lua.LState { return h.main }

// Load makes a function of a compiled chunk and remembers its source for
// error messages.
func (h *Host) Load(c *Chunk) *lua.LFunction {
	h.sources[c.name] = c
	return h.instantiate(c)
}

// Instance makes a function of a compiled chunk without its source, for many
// small chunks that share a name.
func (h *Host) Instance(c *Chunk) *lua.LFunction { return h.instantiate(c) }

func (h *Host) instantiate(c *Chunk) *lua.LFunction {
	return h.main.NewFunctionFromProto(c.proto)
}

// hostOf returns the host that L belongs to, nil for a foreign state.
func hostOf(L *lua.LState) *Host {
	g, _ := L.Context().(*guard)
	if g == nil {
		return nil
	}
	return g.h
}
