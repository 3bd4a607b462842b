package luaapi

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
	"volley/runtime/report"
)

// Config wires one script to its run.
type Config struct {
	Engine *runtime.Engine
	Client *client.Client
	Policy *policy.Policy
	Shared *Shared // seen by every script of the run; nil: its own

	Vars map[string]string // volley.vars
	Args []string          // volley.args
	Env  map[string]string // from --env-file; beats the environment and needs no grant

	Stdout, Stderr io.Writer // nil: discarded
	Log            LogLevel
	Version        string

	// MaxInstructions and MaxMemory bound the script, its handlers and their VMs
	// together: Lua instructions, and bytes that the process may hold. 0: no limit.
	MaxInstructions, MaxMemory int64
	Unsafe                     bool
	// Loaders of require: beside the script, then embedded.
	Loaders []func(name string) (src []byte, chunkname string, err error)
	// Announce is told how many requests each map and imap will send, -1 when
	// that is not known, and how many hooks send next. nil: nobody asks.
	Announce func(total int)
	// HTTPBin starts the built-in server once and returns its URL.
	HTTPBin func() (string, error)
	// Checks counts what every script of the run checks and measures, and what
	// they want of it; nil: its own.
	Checks *report.Checks
	// Emit writes a row of volley.emit, which is plain, to the run's outputs;
	// with handler VMs any goroutine may call it. nil: there are none.
	Emit     func(row any) error
	Registry *Registry // nil: NewRegistry()

	limits *vm.Limits // nil: made from the above
}

// Script is one Lua host with the module volley in it.
type Script struct {
	config  Config
	host    *vm.Host
	L       *lua.LState
	classes map[string]*lua.LTable
	module  *lua.LTable
	options tables
	owned   map[*vm.Task]*possessions

	handlers *Handlers        // nil: none
	depths   map[*vm.Task]int // of the green threads that hooks run in
	places   map[*vm.Task]*runtime.Place
	within   *lua.LFunction // callWithin
	pool     atomic.Pointer[handlerPool]
	ending   bool           // teardown runs: its requests go out although the run was stopped
	hashing  *lua.LFunction // hash of expressions, once it is needed

	exitOnce  sync.Once
	exit      *Exit
	unhandled []TaskFailure
	logged    map[string]struct{} // tracebacks printed
}

// tables are the option tables by name, made once.
type tables struct {
	request map[string]*option[requestBuilder]
	batch   map[string]*option[batchSettings]
	session map[string]*option[sessionBuilder]
	retry   map[string]*option[runtime.Retry]
}

// settleGrace is how long cancelled requests may take to end.
const settleGrace = 5 * time.Second

// Exit is what volley.exit(code) ends a run with.
type Exit struct{ Code int }

func (e *Exit) Error() string { return "volley.exit" }

// TaskFailure is an error in a green thread whose result nobody took.
type TaskFailure struct {
	ID  int64
	Err error
}

// New makes a Script. Close it when the run has ended.
func New(config Config) *Script {
	if config.Registry == nil {
		config.Registry = NewRegistry()
	}
	if config.Shared == nil {
		config.Shared = NewShared()
	}
	if config.Checks == nil {
		config.Checks = &report.Checks{}
	}
	if config.limits == nil {
		config.limits = vm.NewLimits(config.MaxInstructions, config.MaxMemory)
	}
	config.Stdout, config.Stderr = shareWriter(config.Stdout), shareWriter(config.Stderr)
	s := &Script{config: config, owned: map[*vm.Task]*possessions{}, depths: map[*vm.Task]int{}, places: map[*vm.Task]*runtime.Place{}}
	s.host = vm.New(vm.Options{
		Stdout:     config.Stdout,
		Stderr:     config.Stderr,
		Limits:     config.limits,
		Unsafe:     config.Unsafe,
		Getenv:     s.getenv,
		ReadFile:   s.readFile,
		Loaders:    config.Loaders,
		Exit:       s.requestExit,
		ErrorValue: s.raised,
		Unhandled: func(t *vm.Task, err error) {
			s.unhandled = append(s.unhandled, TaskFailure{ID: t.ID(), Err: err})
		},
	})
	s.L = s.host.L()
	s.within = s.L.NewFunction(s.callWithin)
	s.options = tables{
		request: index(requestOptions()),
		batch:   index(batchOptions()),
		session: index(sessionOptions()),
		retry:   index(retryOptions()),
	}
	s.module = s.bind(config.Registry)
	s.L.SetGlobal("volley", s.module)
	s.preload()
	return s
}

// preload answers require "volley".
func (s *Script) preload() {
	loaded, ok := s.L.GetField(s.L.Get(lua.RegistryIndex), "_LOADED").(*lua.LTable)
	if ok {
		loaded.RawSetString("volley", s.module)
	}
}

// Host is the Lua host, for whoever stops the run.
func (s *Script) Host() *vm.Host { return s.host }

// Run runs a compiled script to the end of its last green thread. The error
// is an *Exit, a *vm.ScriptError or a *vm.Deadlock.
func (s *Script) Run(ctx context.Context, chunk *vm.Chunk) error {
	_, err := s.host.Run(ctx, s.host.Load(chunk))
	s.settle(ctx)
	if s.exit != nil {
		return s.exit
	}
	return err
}

// RunGo runs Go code as the main green thread, to the end of the last one. The
// Consumer and the Waiter are for the Batches of f.
func (s *Script) RunGo(ctx context.Context, f func(runtime.Consumer, runtime.Waiter) error) error {
	var failure error
	_, err := s.host.Run(ctx, s.L.NewFunction(func(*lua.LState) int {
		main := s.host.Current()
		main.Trust()
		failure = f(consumer{s}, main)
		return 0
	}))
	s.settle(ctx)
	switch {
	case s.exit != nil:
		return s.exit
	case failure != nil:
		return failure
	}
	return err
}

// Interrupt stops the script and the VMs of its handlers at their next
// instruction. Any goroutine may call it.
func (s *Script) Interrupt(err error) {
	s.host.Interrupt(err)
	if p := s.pool.Load(); p != nil {
		p.interrupt(err)
	}
}

// patience is what Lua that runs on may take after Hurry.
const patience = time.Second

// Hurry lets a run of Go code come to its end: Lua that it calls and that
// takes long is ended, with kind script_deadline, and after grace so is what
// waits. Any goroutine may call it.
func (s *Script) Hurry(why string, grace time.Duration) {
	cause := &runtime.Error{Kind: runtime.KindScriptDeadline, Message: why + ", and this code ran on"}
	s.host.Hurry(cause, patience, grace)
	if p := s.pool.Load(); p != nil {
		for _, m := range p.members {
			m.s.host.Hurry(cause, patience, grace)
		}
	}
}

// settle cancels what the script left in flight and waits until the Engine has
// recorded it, so that no request is missing from the account.
func (s *Script) settle(ctx context.Context) {
	engine := s.config.Engine
	if engine.OpenBatches() == 0 {
		return
	}
	pool := s.pool.Load()
	if pool != nil {
		pool.halt() // some batches may be its own
	}
	engine.CloseBatches()
	wait := s.L.NewFunction(func(L *lua.LState) int {
		for until := time.Now().Add(settleGrace); engine.OpenBatches() > 0 && time.Now().Before(until); {
			if pool != nil {
				pool.drain()
			}
			if err := s.host.Sleep(L, time.Millisecond); err != nil {
				return 0
			}
		}
		return 0
	})
	// Its error could only be that the run is stopped once more.
	_, _ = s.host.Run(context.WithoutCancel(ctx), wait)
}

// Unhandled returns the failures of green threads whose result nobody took.
func (s *Script) Unhandled() []TaskFailure { return s.unhandled }

// Close stops what is left. The Engine must have been closed before.
func (s *Script) Close() {
	if p := s.pool.Load(); p != nil {
		p.close()
	}
	s.host.Close()
}

func (s *Script) requestExit(code int) {
	s.exitOnce.Do(func() {
		s.exit = &Exit{Code: code}
		s.config.Engine.Cancel(&runtime.Error{Kind: runtime.KindCancelled, Message: "the script called volley.exit"})
		s.host.Interrupt(s.exit)
	})
}

// possessions are what a green thread must give back when it ends.
type possessions struct {
	batches map[*runtime.Batch]int // with what hangs on each: its iterator, streams
	streams map[*runtime.Response]*runtime.Batch
}

// possess returns what the running green thread owns.
func (s *Script) possess() *possessions {
	t := s.host.Current()
	p := s.owned[t]
	if p == nil {
		p = &possessions{batches: map[*runtime.Batch]int{}, streams: map[*runtime.Response]*runtime.Batch{}}
		s.owned[t] = p
		t.OnEnd(func() {
			delete(s.owned, t)
			p.release()
		})
	}
	return p
}

// stream ties a response that is still being read to the green thread.
func (p *possessions) stream(r *runtime.Response, b *runtime.Batch) {
	p.streams[r] = b
	p.batches[b]++
}

// streamEnded forgets a stream that nobody reads on, however far it was read:
// what it holds, its slot and its connection, goes back.
func (s *Script) streamEnded(r *runtime.Response) {
	if r.Stream != nil {
		_ = r.Close() // after its end it does nothing
	}
	for _, p := range s.owned {
		if b, ok := p.streams[r]; ok {
			delete(p.streams, r)
			p.drop(b)
		}
	}
}

// drop takes one claim on a batch back and closes it with the last.
func (p *possessions) drop(b *runtime.Batch) {
	if p.batches[b]--; p.batches[b] <= 0 {
		delete(p.batches, b)
		b.Close()
	}
}

func (p *possessions) release() {
	for r := range p.streams {
		_ = r.Close() // unread at the end of its task: closed by contract
	}
	for b := range p.batches {
		b.Close()
	}
}

// consumer is the event loop as the consumer of a Batch.
type consumer struct{ s *Script }

// Deliver implements runtime.Consumer. What comes after the end of the run
// has no reader left; the Engine records it when its batches are closed.
func (c consumer) Deliver(f func()) { c.s.host.Deliver(f) }

// Expect implements runtime.Expecter.
func (c consumer) Expect(delta int) { c.s.host.Expect(delta) }
