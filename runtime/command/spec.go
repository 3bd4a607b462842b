package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/policy"
	"volley/runtime/report"
	"volley/runtime/sink"
	"volley/specs"
	specrun "volley/specs/run"
	"volley/specs/tree"
)

// specFile is a checked spec.
type specFile struct {
	*source
	spec     *specs.Spec
	given    *specs.Given
	lua      *specLua
	handlers *vm.Chunk // of its own handler script; nil: none
}

// loadSpec reads and checks a spec, and tells what is wrong with it; nil means
// that it cannot run.
func (r *run) loadSpec(src *source) *specFile {
	lua := &specLua{}
	spec, problems := loadSpec(src, r.settings.profile, r.settings.vars, lua, &r.claims)
	defer func() { _ = problems.Text(r.env.Err, report.Color(r.env.Err)) }() // there is nowhere to report that stderr is gone
	if spec == nil {
		return nil
	}
	r.missingRows(spec, problems)
	r.claims.claimSpec(spec, r.env.Out, problems)
	given, missing := spec.Resolve(r.lookupEnv, r.claims.reading("secrets, "+src.name))
	_ = missing.Text(r.env.Err, report.Color(r.env.Err)) // as above
	if missing.Err() != nil || problems.Err() != nil {
		return nil
	}
	for _, value := range given.Secrets {
		r.secrets.Add(value)
	}
	p := &specFile{source: src, spec: spec, given: given, lua: lua}
	if script := spec.Handlers.Script; script != "" {
		file := specs.Beside(spec.Handlers.Pos, script)
		chunk, err := compileFile(file)
		if err != nil {
			problems.Add(spec.Handlers.Pos, "handlers.script", err.Error(), "")
			return nil
		}
		p.handlers = chunk
	}
	return p
}

// loadSpec reads a spec as every command does.
func loadSpec(src *source, profile string, vars map[string]string, lua *specLua, files *claims) (*specs.Spec, *tree.Problems) {
	read := files.reading("read by " + src.name)
	spec, problems := specs.Load(src.name, src.text, specs.Options{ReadFile: read, Profile: profile, Vars: vars, Lua: lua, Inline: compileInline})
	if spec == nil {
		return nil, problems
	}
	specrun.Check(spec, problems)
	checkOutputs(spec, problems)
	if problems.Err() != nil {
		return nil, problems
	}
	return spec, problems
}

// checkOutputs finds what no output can be made of: columns without a meaning,
// and rows of several shapes in one table.
func checkOutputs(spec *specs.Spec, problems *tree.Problems) {
	sources := map[string]bool{}
	for _, r := range spec.Requests {
		if r.Foreach != nil {
			sources[r.Foreach.Source] = true
		}
	}
	for i := range spec.Outputs {
		out := &spec.Outputs[i]
		if out.Kind == specs.OutputFailed && len(sources) > 1 && tabular(out.Path.Node().Text) {
			problems.Add(out.Pos, "outputs.failed", "a table has the columns of one data source, and requests of several may fail", "write .jsonl")
		}
		if out.Kind == specs.OutputFailed && out.Path.Static() {
			if err := sink.CheckFailed(out.Path.Node().Text); err != nil {
				problems.Add(out.Path.Node().Pos, "outputs.failed", runtime.AsError(err).Message, "")
			}
		}
		for _, name := range out.Fields {
			if err := sink.CheckField(name); err != nil {
				problems.Add(out.Pos, "outputs.fields", runtime.AsError(err).Message, "")
			}
		}
	}
}

// tabular reports the path of a table.
func tabular(path string) bool {
	path = strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst")
	return strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".tsv")
}

// lookupEnv reads the environment as a spec may: the names in its env are
// the user's own word.
func (r *run) lookupEnv(name string) (string, bool) {
	if value, ok := r.settings.env[name]; ok {
		return value, true
	}
	return os.LookupEnv(name)
}

// run implements program.
func (p *specFile) run(ctx context.Context, r *run) {
	if err := r.checks.Want(p.spec.Thresholds...); err != nil {
		r.uncaught(err)
		return
	}
	r.strict = true
	r.engine.SetBreaker(runtime.Breaker{Errors: p.spec.Limits.Breaker.Errors, CoolDown: p.spec.Limits.Breaker.CoolDown})
	if d := p.spec.Run.Deadline; d > 0 {
		t := time.AfterFunc(d, func() { r.late(d) })
		defer t.Stop()
	}
	if p.spec.NeedsLua() || r.handlers != nil {
		p.runInLua(ctx, r)
	} else {
		r.judge(guarded(func() error { return p.execute(ctx, r, nil, nil, nil) }), nil)
	}
	own := r.own
	r.own = nil
	r.closeSinks(own)
}

// execute runs the spec on the calling goroutine.
func (p *specFile) execute(ctx context.Context, r *run, consumer runtime.Consumer, waiter runtime.Waiter, hooks specrun.Hooks) error {
	config := p.config(r)
	config.Consumer, config.Waiter, config.Hooks = consumer, waiter, hooks
	job, err := specrun.New(p.spec, config)
	if err == nil {
		err = r.claimRendered(p.spec, job)
	}
	if err == nil {
		err = r.openOwn(p, job)
	}
	if err != nil {
		r.refused(err)
		return nil
	}
	err = job.Execute(ctx)
	r.outcome.threshold = r.outcome.threshold || job.Aborted()
	return err
}

// refused tells why a spec was not begun: nothing was sent.
func (r *run) refused(err error) {
	var f *failure
	if errors.As(err, &f) && f.code == exitOutput {
		r.outputFailed(err, "an output failed")
		return
	}
	fmt.Fprint(r.stderr, "error: "+problemText(err)) //nolint:errcheck // there is nowhere to report that stderr is gone
	r.outcome.usage = true
}

// config wires a spec to the run. The paths that it names are the user's own
// word: they need no grant.
func (p *specFile) config(r *run) specrun.Config {
	return specrun.Config{
		Engine: r.engine, Client: r.client, Secrets: &r.secrets,
		ID: r.id, Given: p.given, Stdin: r.env.In,
		Create:   r.createOwn,
		Warn:     r.warn,
		Note:     r.note,
		Unheard:  r.outcome.output.Load,
		Announce: r.announce,
	}
}

// createOwn begins a file that a spec names.
func (r *run) createOwn(path string) (specrun.File, error) {
	dir := filepath.Dir(path)
	own, err := policy.New(policy.Config{AllowWrite: []string{dir}, Unfinished: &r.unfinished})
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, runtime.Errorf(runtime.KindIO, "%s", osError(dir, err))
	}
	return own.Create(path)
}

// runInLua runs the spec in the event loop of a Lua host.
func (p *specFile) runInLua(ctx context.Context, r *run) {
	beside := p.path
	if p.handlers != nil {
		beside = p.handlers.Name()
	}
	script, err := r.luaFor(beside)
	if err != nil {
		r.uncaught(err)
		return
	}
	p.lua.script = script
	r.current.set(script, stopGrace)
	r.ended(script, p.withHandlers(ctx, r, script))
}

func (p *specFile) withHandlers(ctx context.Context, r *run, script *luaapi.Script) error {
	chunk, options := p.handlers, luaapi.HandlerOptions{Named: p.spec.FunctionNames()}
	if r.handlers != nil {
		chunk, options.Under = r.handlers, p.handlers
	}
	handlers, err := r.loadHandlers(ctx, script, chunk, options)
	if err != nil {
		if isRefusal(err) {
			r.refused(err)
			return nil
		}
		return err
	}
	if handlers == nil {
		handlers = script.Handlers()
	}
	hooks := &specHooks{ctx: ctx, handlers: handlers, lua: p.lua}
	err = script.RunGo(ctx, func(consumer runtime.Consumer, waiter runtime.Waiter) error {
		return p.execute(ctx, r, consumer, waiter, hooks)
	})
	r.engine.SetHooks(nil)
	return err
}

// openOwn makes the outputs that the spec names.
func (r *run) openOwn(p *specFile, job *specrun.Run) error {
	for i := range p.spec.Outputs {
		out := &p.spec.Outputs[i]
		path, err := job.Path(out.Path)
		if err == nil {
			err = r.openOne(p, out, path)
		}
		if err != nil {
			own := r.own
			r.own = nil
			for _, o := range own {
				if d, ok := o.(discarder); ok {
					d.Discard()
				}
			}
			return err
		}
	}
	if len(r.own) > 0 {
		r.flushNowAndThen()
	}
	return nil
}

func (r *run) openOne(p *specFile, out *specs.Output, path string) error {
	var made runtime.Sink
	var err error
	switch out.Kind {
	case specs.OutputFailed:
		made, err = sink.NewFailed(path)
	case specs.OutputJUnit:
		made, err = report.NewJUnit(path, r.junitOptions(p.name))
	default:
		format := sink.FormatNDJSON
		if out.Kind == specs.OutputCSV {
			format = sink.FormatCSV
		}
		made, err = sink.Open(path, sink.OpenOptions{
			Options: r.recordOptions(path, r.bodiesOf(p.spec, out)), Run: r.header([]*source{p.source}),
			Format: format, Fields: out.Fields, Stdout: r.stdout,
		})
	}
	if err != nil {
		return outputRefused(out.Pos.String()+":", err)
	}
	r.own = append(r.own, made)
	return nil
}

// bodiesOf says whose bodies an output keeps: its own word, the spec's, the
// command line's.
func (r *run) bodiesOf(spec *specs.Spec, out *specs.Output) sink.Bodies {
	word := r.settings.record
	for _, said := range []specs.Record{spec.Run.Record, out.Record} {
		if said != "" {
			word = string(said)
		}
	}
	bodies, _ := sink.ParseBodies(word) // checked with the spec
	return bodies
}
