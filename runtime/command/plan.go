package command

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"volley/luaapi"
	"volley/runtime"
	"volley/runtime/policy"
	specrun "volley/specs/run"
)

// planned is how many requests plan shows when nothing says otherwise.
const planned = 10

func planCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "show what a spec would send, without sending it",
		ArgsUsage: "FILE",
		Description: "Counts the requests of a spec by entry and host and renders the first ones. No\n" +
			"socket is opened; secrets are masked; captures stand as <captures.name>.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "first", Aliases: []string{"n"}, Usage: "requests to show", Value: planned},
			&cli.BoolFlag{Name: "curl", Usage: "show them as curl commands"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object"},
			&cli.StringSliceFlag{Name: "var", Usage: "NAME=VALUE for the spec's vars; repeatable", EnvVars: variable("var")},
			textFlag("vars", "YAML or JSON file of such names and values"),
			textFlag("env-file", "file of NAME=VALUE lines for the spec's env"),
			textFlag("profile", "profile of the spec to use"),
		},
		Action: func(c *cli.Context) error {
			settings, err := readPlanSettings(c)
			if err != nil {
				return err
			}
			return newRun(settings, env).plan(c.Context, c.Int("first"), c.Bool("curl"), c.Bool("json"))
		},
	}
}

func readPlanSettings(c *cli.Context) (*runSettings, error) {
	if c.NArg() != 1 {
		return nil, usage("plan needs one file: volley plan spec.yaml")
	}
	file := c.Args().First()
	given := ""
	if file == "-" {
		given = "yaml" // there is nothing else to plan
	}
	kind, err := kindOf(file, given)
	switch {
	case err != nil:
		return nil, err
	case kind == "lua":
		return nil, usage("%s is a script, which decides what to send while it runs; plan is for specs", file)
	case c.Int("first") < 0:
		return nil, usage("--first must not be negative, got %d", c.Int("first"))
	case c.Bool("curl") && c.Bool("json"):
		return nil, usage("--curl and --json do not go together")
	}
	s := &runSettings{files: []string{file}, kind: kind, profile: c.String("profile")}
	s.progress, s.quiet = "none", true
	if s.vars, err = readVars(c.String("vars"), c.StringSlice("var")); err != nil {
		return nil, err
	}
	s.env, err = readEnvFile(c.String("env-file"))
	return s, err
}

// plannedBin stands for the built-in server, which a plan does not start: it is
// where volley httpbin listens.
const plannedBin = "http://127.0.0.1:8080"

// plan prints what the one spec would send.
func (r *run) plan(ctx context.Context, first int, curl, asJSON bool) error {
	programs, ok := r.compile()
	if !ok {
		return &failure{code: exitUsage}
	}
	if err := r.open(ctx, policy.Config{}); err != nil {
		return err
	}
	defer r.close()
	r.planning = true
	r.engine.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: "a plan sends nothing"})
	p := programs[0].(*specFile)
	var plan *specrun.Plan
	render := func(consumer runtime.Consumer, waiter runtime.Waiter, hooks specrun.Hooks) (err error) {
		config := p.config(r)
		config.Consumer, config.Waiter, config.Hooks = consumer, waiter, hooks
		plan, err = specrun.MakePlan(p.spec, config, first)
		return err
	}
	var err error
	if p.spec.NeedsLua() {
		err = p.planInLua(ctx, r, render)
	} else {
		err = guarded(func() error { return render(nil, nil, nil) })
	}
	if err != nil {
		return &failure{code: exitUsage, message: r.secrets.Mask(strings.TrimSuffix(problemText(err), "\n"))}
	}
	write := plan.WriteText
	switch {
	case curl:
		write = plan.WriteCurl
	case asJSON:
		write = plan.WriteJSON
	}
	return printed(0, write(r.env.Out, &r.secrets))
}

func (p *specFile) planInLua(ctx context.Context, r *run, render func(runtime.Consumer, runtime.Waiter, specrun.Hooks) error) error {
	beside := p.path
	if p.handlers != nil {
		beside = p.handlers.Name()
	}
	script, err := r.luaFor(beside)
	if err != nil {
		return err
	}
	defer script.Close()
	p.lua.script, p.lua.shown = script, &r.secrets
	handlers := script.Handlers()
	if p.handlers != nil {
		options := luaapi.HandlerOptions{Named: p.spec.FunctionNames()}
		if handlers, err = script.LoadHandlers(ctx, p.handlers, options); err != nil {
			return err
		}
	}
	hooks := &specHooks{ctx: ctx, handlers: handlers, lua: p.lua}
	return script.RunGo(ctx, func(consumer runtime.Consumer, waiter runtime.Waiter) error {
		return render(consumer, waiter, hooks)
	})
}
