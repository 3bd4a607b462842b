package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/httpbin"
	"volley/runtime/policy"
	"volley/runtime/report"
	"volley/runtime/transport"
	"volley/scripts"
)

// closeGrace is how long the end of a run waits for its workers.
const closeGrace = 5 * time.Second

// run is one `volley run`: what its scripts share.
type run struct {
	settings *runSettings
	env      *environment
	began    time.Time

	policy   *policy.Policy // of hosts; each script has one for files
	client   *client.Client
	engine   *runtime.Engine
	shared   *luaapi.Shared
	tally    report.Tally
	progress *report.Progress
	stdout   *guardedStdout
	stderr   io.Writer

	binMu sync.Mutex
	bin   *httpbin.Server

	total   atomic.Int64 // requests announced; negative: not known
	current scriptSlot   // the script that runs now
	outcome outcome
}

// program is one compiled script.
type program struct {
	file  string
	chunk *vm.Chunk
}

func newRun(settings *runSettings, env *environment) *run {
	return &run{settings: settings, env: env, began: time.Now(), shared: luaapi.NewShared()}
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

// open makes the client, the engine and the progress.
func (r *run) open(ctx context.Context) error {
	var err error
	if r.policy, err = policy.New(r.policyConfig("")); err != nil {
		return err
	}
	r.client, err = client.New(client.Config{
		Version:   Version,
		Insecure:  r.settings.insecure,
		Proxy:     r.settings.proxy,
		CA:        r.settings.ca,
		AllowHost: r.policy.Host,
		Transport: transport.Config{Control: r.policy.Address, IdlePerOrigin: max(r.settings.size, runtime.DefaultSize)},
	})
	if err != nil {
		return err
	}
	r.engine = runtime.NewEngine(context.WithoutCancel(ctx), runtime.EngineOptions{
		Executor: r.client,
		Size:     r.settings.size,
		Rate:     r.settings.rate,
		PerHost:  r.settings.host,
		Retry:    r.settings.retry,
		Record:   r.record,
	})
	r.startProgress()
	if r.settings.insecure {
		fmt.Fprintln(r.stderr, "warning: --insecure: certificates are not checked") //nolint:errcheck // as above
	}
	return nil
}

func (r *run) startProgress() {
	config := report.ProgressConfig{
		Out: r.env.Err, Color: report.Color(r.env.Err),
		Width: func() int { return report.Width(r.env.Err) },
		State: func() report.State {
			return report.State{Snapshot: r.tally.Snapshot(), Total: max(0, r.total.Load()), InFlight: int64(r.engine.InFlight())}
		},
	}
	switch {
	case r.settings.quiet || r.settings.progress == "none":
	case r.settings.progress == "auto" && report.Terminal(r.env.Err):
		config.Mode = report.Live
	default:
		config.Mode = report.Plain
	}
	r.progress = report.StartProgress(config)
	r.stderr = r.progress.Writer(r.env.Err)
	r.stdout = &guardedStdout{w: r.env.Out, broken: r.stdoutBroken}
	if report.Terminal(r.env.Out) {
		r.stdout.w = r.progress.Writer(r.env.Out)
	}
}

// guardedStdout notices that nobody reads standard output any more.
type guardedStdout struct {
	w      io.Writer
	once   sync.Once
	broken func(error)
}

// Write implements io.Writer.
func (g *guardedStdout) Write(p []byte) (int, error) {
	n, err := g.w.Write(p)
	if err != nil {
		g.once.Do(func() { g.broken(err) })
	}
	return n, err
}

// stdoutBroken ends the run: exit 4, without a message when the reader just
// went away, as with | head.
func (r *run) stdoutBroken(err error) {
	r.outcome.output.Store(true)
	if !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(r.stderr, "volley: standard output: "+err.Error()) //nolint:errcheck // as above
	}
	cause := &runtime.Error{Kind: runtime.KindCancelled, Message: "standard output was closed"}
	r.engine.Cancel(cause)
	r.current.interrupt(cause)
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
		Engine: r.engine, Client: r.client, Policy: files, Shared: r.shared,
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

// announce adds up what is to be done, until something has no known length.
func (r *run) announce(total int) {
	switch now := r.total.Load(); {
	case now < 0:
	case total < 0:
		r.total.Store(-1)
	default:
		r.total.Add(int64(total))
	}
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

// record takes each Result once.
func (r *run) record(res *runtime.Result) {
	r.tally.Add(res)
	if res.Err == nil || res.Handled {
		return
	}
	if r.settings.strict {
		r.outcome.failed = true
	}
	if res.Err.Kind == runtime.KindDenied {
		r.outcome.denied = true
	}
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

// close ends what is left and prints the summary.
func (r *run) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	if err := r.engine.Close(ctx); err != nil {
		fmt.Fprintln(r.stderr, "warning: some requests did not end in time") //nolint:errcheck // as above
	}
	stats := r.client.Stats()
	_ = r.client.Close() // its connections are closed either way
	if r.bin != nil {
		_ = r.bin.Close() // a demo server: nothing hangs on its end
	}
	r.progress.Stop()
	summary := r.tally.Summary(time.Since(r.began))
	if r.settings.quiet || summary.Done == 0 {
		return
	}
	summary.Connections = report.Connections{Opened: stats.Dialled, Exchanges: stats.Requests, Reused: stats.Reused}
	summary.Write(r.env.Err, report.Color(r.env.Err))
}
