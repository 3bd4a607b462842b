package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/httpbin"
	"volley/runtime/policy"
	"volley/scripts"
)

// run is one `volley run`: scripts that share a session.
type run struct {
	*session
	settings *runSettings
	shared   *luaapi.Shared
	current  scriptSlot

	binMu sync.Mutex
	bin   *httpbin.Server
}

// program is one compiled script.
type program struct {
	file  string
	chunk *vm.Chunk
}

func newRun(settings *runSettings, env *environment) *run {
	r := &run{settings: settings, shared: luaapi.NewShared()}
	r.session = newSession(settings.commonSettings, env, &r.current)
	r.strict = settings.strict
	return r
}

// execute runs everything and returns the exit code.
func (r *run) execute(ctx context.Context) int {
	programs, ok := r.compile()
	if !ok {
		return exitUsage
	}
	if err := r.open(ctx, r.policyConfig("")); err != nil {
		return r.env.finish(err)
	}
	stop := r.watch()
	for _, p := range programs {
		if r.engine.Stopping() != nil {
			break
		}
		r.script(ctx, p)
	}
	stop()
	r.close()
	if r.bin != nil {
		_ = r.bin.Close() // a demo server: nothing hangs on its end
	}
	return r.outcome.code()
}

// compile compiles every file before anything is sent.
func (r *run) compile() ([]program, bool) {
	var programs []program
	good := true
	for _, file := range r.settings.files {
		name, src, err := r.readSource(file)
		if err == nil {
			var chunk *vm.Chunk
			if chunk, err = vm.Compile(name, src); err == nil {
				programs = append(programs, program{file, chunk})
				continue
			}
		}
		good = false
		fmt.Fprint(r.env.Err, problemText(err)) //nolint:errcheck // there is nowhere to report that stderr is gone
	}
	return programs, good
}

// readSource reads a script's text; the name is how errors call it.
func (r *run) readSource(file string) (name string, src []byte, err error) {
	if file == "-" {
		src, err = readAllLimited(r.env.In)
		return "stdin", src, err
	}
	src, err = os.ReadFile(file)
	if err != nil {
		return file, nil, fmt.Errorf("%s", osError(file, err))
	}
	return file, src, nil
}

func (r *run) policyConfig(file string) policy.Config {
	s := r.settings
	config := policy.Config{
		AllowRead: s.allowRead, AllowWrite: s.allowWrite, AllowEnv: s.allowEnv, AllowHost: s.allowHost,
		DenyPrivate: s.denyPrivate, Unsafe: s.unsafe,
	}
	if file != "" && file != "-" {
		config.ScriptDir = filepath.Dir(file)
	}
	return config
}

// script runs one compiled script to its end.
func (r *run) script(ctx context.Context, p program) {
	files, err := policy.New(r.policyConfig(p.file))
	if err != nil {
		r.uncaught(err)
		return
	}
	level := luaapi.LogInfo
	switch {
	case r.settings.quiet:
		level = luaapi.LogQuiet
	case r.settings.verbose:
		level = luaapi.LogDebug
	}
	script := luaapi.New(luaapi.Config{
		Engine: r.engine, Client: r.client, Policy: files, Shared: r.shared, Checks: &r.checks,
		Vars: r.settings.vars, Args: r.settings.args, Env: r.settings.env,
		Stdout: r.stdout, Stderr: r.stderr, Log: level, Version: Version,
		MaxInstructions: r.settings.maxInstructions, Unsafe: r.settings.unsafe,
		Loaders:  scripts.Loaders(filepath.Dir(p.file), files.ReadFile),
		Announce: r.announce,
		HTTPBin:  r.httpbin,
	})
	r.current.set(script)
	err = script.Run(ctx, p.chunk)
	r.current.set(nil)
	r.judge(err, script.Unhandled())
	script.Close()
}

// judge turns the way a script ended into the run's outcome.
func (r *run) judge(err error, unhandled []luaapi.TaskFailure) {
	for _, u := range unhandled {
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
	r.binMu.Lock()
	defer r.binMu.Unlock()
	if r.bin == nil {
		server, err := httpbin.Start(context.Background(), "")
		if err != nil {
			return "", err
		}
		r.policy.Exempt(server.Addr())
		r.bin = server
	}
	return r.bin.URL(), nil
}
