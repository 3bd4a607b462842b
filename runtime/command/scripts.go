package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/httpbin"
	"volley/runtime/policy"
	"volley/scripts"
)

// run is one `volley run`: files that share a session.
type run struct {
	*session
	settings *runSettings
	shared   *luaapi.Shared
	current  scriptSlot
	handlers *vm.Chunk // of --handlers; nil: none
	sources  []*source // of every file that could be read
	claims   claims
	planning bool // nothing is sent, no socket opened

	binMu sync.Mutex
	bin   *httpbin.Server
}

// luaScript is a compiled script.
type luaScript struct {
	*source
	chunk *vm.Chunk
}

func newRun(settings *runSettings, env *environment) *run {
	r := &run{settings: settings, shared: luaapi.NewShared()}
	r.session = newSession(settings.commonSettings, env, &r.current)
	return r
}

// execute runs everything and returns the exit code.
func (r *run) execute(ctx context.Context) int {
	programs, ok := r.compile()
	if err := r.claimOutputs(); err != nil {
		return r.env.finish(err)
	}
	if !ok {
		return exitUsage
	}
	if err := r.open(ctx, r.policyConfig("")); err != nil {
		return r.env.finish(err)
	}
	if err := r.openOutputs(); err != nil {
		code := r.env.finish(err)
		r.discard()
		return code
	}
	for _, name := range exposed(r.env.args) {
		r.warn("--var " + name + ": others on this machine can read a command line; a secret belongs in --vars FILE, --env-file or the environment")
	}
	collectWithin(r.settings.maxMemory)
	stop := r.watch()
	r.perform(ctx, programs)
	stop()
	if r.outcome.usage && r.tally.Snapshot().Done == 0 {
		r.discard()
	} else {
		r.close()
	}
	if r.bin != nil {
		_ = r.bin.Close() // a demo server: nothing hangs on its end
	}
	return r.outcome.code()
}

// perform runs the files one after the other.
func (r *run) perform(ctx context.Context, programs []program) {
	for _, p := range programs {
		if r.engine.Stopping() != nil || r.outcome.usage {
			break
		}
		if err := guarded(func() error { p.run(ctx, r); return nil }); err != nil {
			r.uncaught(err)
		}
	}
}

func (r *run) policyConfig(file string) policy.Config {
	s := r.settings
	config := policy.Config{
		AllowRead: s.allowRead, AllowWrite: s.allowWrite, AllowEnv: s.allowEnv, AllowHost: s.allowHost,
		DenyPrivate: s.denyPrivate, Unsafe: s.unsafe,
		Unfinished: &r.unfinished,
	}
	if file != "" && file != "-" {
		config.ScriptDir = filepath.Dir(file)
	}
	return config
}

// luaFor makes the Lua host of a file; beside is the script that it serves,
// whose folder it may read and require from.
func (r *run) luaFor(beside string) (*luaapi.Script, error) {
	files, err := policy.New(r.policyConfig(beside))
	if err != nil {
		return nil, err
	}
	level := luaapi.LogInfo
	switch {
	case r.settings.quiet:
		level = luaapi.LogQuiet
	case r.settings.verbose:
		level = luaapi.LogDebug
	}
	config := luaapi.Config{
		Engine: r.engine, Client: r.client, Policy: files, Shared: r.shared, Checks: &r.checks,
		Vars: r.settings.vars, Args: r.settings.args, Env: r.settings.env,
		Stdout: r.stdout, Stderr: r.stderr, Log: level, Version: Version,
		MaxInstructions: r.settings.maxInstructions, MaxMemory: r.settings.maxMemory, Unsafe: r.settings.unsafe,
		Loaders:  scripts.Loaders(filepath.Dir(beside), files.ReadFile),
		Announce: r.announce,
		HTTPBin:  r.httpbin,
	}
	if r.emits() {
		config.Emit = r.emit
	}
	return luaapi.New(config), nil
}

// run implements program.
func (p *luaScript) run(ctx context.Context, r *run) {
	script, err := r.luaFor(p.path)
	if err != nil {
		r.uncaught(err)
		return
	}
	r.strict = r.settings.strict
	r.current.set(script, 0)
	handlers, err := r.loadHandlers(ctx, script, r.handlers, luaapi.HandlerOptions{})
	if err == nil {
		err = r.around(ctx, handlers, "", func() error { return script.Run(ctx, p.chunk) })
	} else if isRefusal(err) {
		r.refused(err)
		err = nil
	}
	r.ended(script, err)
}

// isRefusal tells a file that cannot be used from one that ran and raised.
func isRefusal(err error) bool {
	var raised *vm.ScriptError
	var exit *luaapi.Exit
	return !errors.As(err, &raised) && !errors.As(err, &exit)
}

// ended takes the end of a script or spec into account.
func (r *run) ended(script *luaapi.Script, err error) {
	r.current.set(nil, 0)
	r.judge(err, script.Unhandled())
	script.Close()
}

// loadHandlers runs a handler script in the host of the file it serves; nil
// when there is none.
func (r *run) loadHandlers(ctx context.Context, script *luaapi.Script, chunk *vm.Chunk, options luaapi.HandlerOptions) (*luaapi.Handlers, error) {
	if chunk == nil {
		return nil, nil
	}
	options.VMs = r.settings.handlerVMs
	handlers, err := script.LoadHandlers(ctx, chunk, options)
	if err != nil {
		return nil, err
	}
	r.engine.SetHooks(handlers.Hooks())
	return handlers, nil
}

// around calls the handlers' setup before work and their teardown after it,
// whatever came of it.
func (r *run) around(ctx context.Context, handlers *luaapi.Handlers, name string, work func() error) error {
	if handlers == nil {
		return work()
	}
	began := time.Now()
	err := handlers.Setup(ctx, r.info(name, began))
	if err == nil {
		err = work()
	}
	down := handlers.Teardown(context.WithoutCancel(ctx), r.info(name, began))
	var exit *luaapi.Exit
	switch {
	case err == nil:
		err = down
	case errors.As(down, &exit):
		r.outcome.requested = &exit.Code
	case down != nil:
		r.uncaught(down)
	}
	r.engine.SetHooks(nil)
	return err
}

// info is what setup(run) and teardown(run) see.
func (r *run) info(name string, began time.Time) luaapi.RunInfo {
	counts := r.tally.Snapshot().Counts
	return luaapi.RunInfo{
		ID: r.id, Name: name, Started: began, Elapsed: time.Since(began),
		OK: counts.OK, Failed: counts.Failed, Skipped: counts.Skipped,
	}
}

// judge turns the way a script ended into the run's outcome.
func (r *run) judge(err error, unhandled []luaapi.TaskFailure) {
	for _, u := range unhandled {
		if fault := panicOf(u.Err); fault != nil {
			r.tellPanic(fault)
			continue
		}
		fmt.Fprintf(r.stderr, "error: task %d: %s", u.ID, problemText(u.Err)) //nolint:errcheck // as above
	}
	var exit *luaapi.Exit
	switch {
	case err == nil:
	case errors.As(err, &exit):
		r.outcome.requested = &exit.Code
	case r.outcome.stopped():
		// Its error is how we stopped it.
	default:
		r.uncaught(err)
	}
}

func (r *run) uncaught(err error) {
	if fault := panicOf(err); fault != nil {
		r.outcome.script = true
		r.tellPanic(fault)
		return
	}
	fmt.Fprint(r.stderr, "error: "+problemText(err)) //nolint:errcheck // as above
	if errors.Is(err, &runtime.Error{Kind: runtime.KindDenied}) {
		r.outcome.denied = true
		return
	}
	r.outcome.script = true
}

// httpbin starts the built-in server once; its address is open to scripts
// whatever the flags say about hosts.
func (r *run) httpbin() (string, error) {
	if r.planning {
		return plannedBin, nil
	}
	r.binMu.Lock()
	defer r.binMu.Unlock()
	if r.bin == nil {
		server, err := r.env.startHTTPBin(context.Background())
		if err != nil {
			return "", err
		}
		r.policy.Exempt(server.Addr())
		r.bin = server
	}
	return r.bin.URL(), nil
}
