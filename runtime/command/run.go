package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"volley/runtime"
)

func runCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run Lua scripts",
		ArgsUsage: "FILE… [-- ARGS…]",
		Description: "Runs the scripts one after another, each in a Lua state of its own, on one engine\n" +
			"with one summary. All are compiled before the first request. - reads a script from\n" +
			"standard input, with --type lua. What stands after -- is volley.args.",
		Flags: runFlags(),
		Action: func(c *cli.Context) error {
			settings, err := readRunSettings(c, env)
			if err != nil {
				return err
			}
			code := newRun(settings, env).execute(c.Context)
			if code != exitOK {
				return &failure{code: code}
			}
			return nil
		},
	}
}

// runSettings are the flags of run, checked; nothing has been done yet.
type runSettings struct {
	files  []string
	kind   string // --type
	size   int
	rate   runtime.Rate
	host   runtime.PerHost
	retry  *runtime.Retry
	limit  time.Duration
	vars   map[string]string
	env    map[string]string
	args   []string
	strict bool

	insecure  bool
	proxy, ca string

	allowRead, allowWrite, allowEnv, allowHost []string
	denyPrivate, unsafe                        bool
	maxInstructions                            int64

	quiet, verbose bool
	progress       string
}

func runFlags() []cli.Flag {
	env := func(name string) []string {
		return []string{"VOLLEY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
	}
	text := func(name, usage string) cli.Flag {
		return &cli.StringFlag{Name: name, Usage: usage, EnvVars: env(name)}
	}
	toggle := func(name, usage string, aliases ...string) cli.Flag {
		return &cli.BoolFlag{Name: name, Usage: usage, EnvVars: env(name), Aliases: aliases}
	}
	list := func(name, usage string) cli.Flag { return &cli.StringSliceFlag{Name: name, Usage: usage} }
	return []cli.Flag{
		&cli.IntFlag{Name: "size", Usage: "requests in flight, where a script does not say", Value: runtime.DefaultSize, EnvVars: env("size")},
		text("rate", "requests per second of the whole run: 200/s, 30/m"),
		&cli.IntFlag{Name: "per-host", Usage: "requests in flight to one host", EnvVars: env("per-host")},
		&cli.IntFlag{Name: "retry", Usage: "further tries, where a script does not say", EnvVars: env("retry")},
		&cli.DurationFlag{Name: "timeout", Usage: "deadline of the whole run: 30s, 5m", EnvVars: env("timeout")},
		&cli.StringSliceFlag{Name: "var", Usage: "NAME=VALUE for volley.vars; repeatable", EnvVars: env("var")},
		text("vars", "YAML or JSON file of names and values for volley.vars"),
		text("env-file", "file of NAME=VALUE lines for volley.env"),
		toggle("strict", "fail the run (exit 1) when a request failed that no handler saw"),
		toggle("insecure", "do not check certificates"),
		text("proxy", "proxy URL, where a script does not say"),
		text("ca", "file or directory of CA certificates, where a script does not say"),
		text("type", "what - is: lua"),
		list("allow-read", "folder that scripts may read; repeatable"),
		list("allow-write", "folder that scripts may write to; repeatable"),
		list("allow-env", "environment variables that scripts may read: A,B; repeatable"),
		list("allow-host", "host[:port] that may be reached, * and ? are wild; repeatable"),
		&cli.BoolFlag{Name: "deny-private", Usage: "refuse loopback and private addresses"},
		&cli.BoolFlag{Name: "unsafe", Usage: "lift the sandbox: files, environment, os and io"},
		&cli.Int64Flag{Name: "max-instructions", Usage: "stop a script after that many Lua instructions", EnvVars: env("max-instructions")},
		toggle("quiet", "no progress, no summary", "q"),
		toggle("verbose", "debug messages", "v"),
		&cli.StringFlag{Name: "progress", Usage: "auto, plain or none", Value: "auto", EnvVars: env("progress")},
	}
}

func readRunSettings(c *cli.Context, env *environment) (*runSettings, error) {
	s := &runSettings{
		files: c.Args().Slice(), kind: c.String("type"), size: c.Int("size"), limit: c.Duration("timeout"),
		args: env.scriptArgs, strict: c.Bool("strict"), insecure: c.Bool("insecure"), proxy: c.String("proxy"), ca: c.String("ca"),
		allowRead: c.StringSlice("allow-read"), allowWrite: c.StringSlice("allow-write"),
		allowEnv: c.StringSlice("allow-env"), allowHost: c.StringSlice("allow-host"),
		denyPrivate: c.Bool("deny-private"), unsafe: c.Bool("unsafe"), maxInstructions: c.Int64("max-instructions"),
		quiet: c.Bool("quiet"), verbose: c.Bool("verbose"), progress: c.String("progress"),
	}
	if err := s.checkFiles(); err != nil {
		return nil, err
	}
	if err := s.readLimits(c); err != nil {
		return nil, err
	}
	if s.ca != "" {
		if _, err := os.Stat(s.ca); err != nil {
			return nil, usage("--ca %s", osError(s.ca, err))
		}
	}
	var err error
	if s.vars, err = readVars(c.String("vars"), c.StringSlice("var")); err != nil {
		return nil, err
	}
	if s.env, err = readEnvFile(c.String("env-file")); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *runSettings) checkFiles() error {
	if len(s.files) == 0 {
		return usage("run needs a file: volley run script.lua")
	}
	if s.kind != "" && s.kind != "lua" {
		return usage("--type %q is not known; it is lua", s.kind)
	}
	stdin := 0
	for _, f := range s.files {
		if f == "-" {
			stdin++
			if s.kind == "" {
				return usage("- needs --type lua")
			}
			continue
		}
		if ext := filepath.Ext(f); ext != ".lua" && s.kind == "" {
			return usage("%s is no .lua file; --type lua runs it as one", f)
		}
	}
	if stdin > 1 {
		return usage("- can be given once")
	}
	return nil
}

func (s *runSettings) readLimits(c *cli.Context) error {
	if s.size < 1 {
		return usage("--size must be at least 1, got %d", s.size)
	}
	if text := c.String("rate"); text != "" {
		rate, err := runtime.ParseRate(text)
		if err != nil {
			return usage("--rate: %s", err.Error())
		}
		s.rate = rate
	}
	if c.IsSet("per-host") {
		if s.host.Concurrency = c.Int("per-host"); s.host.Concurrency < 1 {
			return usage("--per-host must be at least 1, got %d", s.host.Concurrency)
		}
	}
	if c.IsSet("retry") {
		n := c.Int("retry")
		if n < 0 {
			return usage("--retry must not be negative, got %d", n)
		}
		s.retry = &runtime.Retry{Total: n}
	}
	if s.limit < 0 {
		return usage("--timeout must not be negative, got %v", s.limit)
	}
	if s.maxInstructions < 0 {
		return usage("--max-instructions must not be negative, got %d", s.maxInstructions)
	}
	switch s.progress {
	case "auto", "plain", "none":
		return nil
	}
	return usage("--progress must be auto, plain or none, got %q", s.progress)
}

// execute runs everything and returns the exit code.
func (r *run) execute(ctx context.Context) int {
	programs, ok := r.compile()
	if !ok {
		return exitUsage
	}
	if err := r.open(ctx); err != nil {
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
	return r.outcome.code()
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
