package command

import (
	"path/filepath"

	"github.com/urfave/cli/v2"
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
	commonSettings
	files  []string
	kind   string // --type
	vars   map[string]string
	env    map[string]string
	args   []string
	strict bool

	allowRead, allowWrite, allowEnv []string
	unsafe                          bool
	maxInstructions                 int64
}

func runFlags() []cli.Flag {
	const condition = ", where a script does not say"
	flags := append(limitFlags(condition),
		&cli.StringSliceFlag{Name: "var", Usage: "NAME=VALUE for volley.vars; repeatable", EnvVars: variable("var")},
		textFlag("vars", "YAML or JSON file of names and values for volley.vars"),
		textFlag("env-file", "file of NAME=VALUE lines for volley.env"),
		toggleFlag("strict", "fail the run (exit 1) when a request failed that no handler saw"),
		textFlag("type", "what - is: lua"),
		listFlag("allow-read", "folder that scripts may read; repeatable"),
		listFlag("allow-write", "folder that scripts may write to; repeatable"),
		listFlag("allow-env", "environment variables that scripts may read: A,B; repeatable"),
	)
	flags = append(flags, wayFlags(condition)...)
	flags = append(flags,
		&cli.BoolFlag{Name: "unsafe", Usage: "lift the sandbox: files, environment, os and io"},
		&cli.Int64Flag{Name: "max-instructions", Usage: "stop a script after that many Lua instructions", EnvVars: variable("max-instructions")},
	)
	return append(flags, outputFlags("debug messages")...)
}

func readRunSettings(c *cli.Context, env *environment) (*runSettings, error) {
	s := &runSettings{
		files: c.Args().Slice(), kind: c.String("type"), args: env.scriptArgs, strict: c.Bool("strict"),
		allowRead: c.StringSlice("allow-read"), allowWrite: c.StringSlice("allow-write"), allowEnv: c.StringSlice("allow-env"),
		unsafe: c.Bool("unsafe"), maxInstructions: c.Int64("max-instructions"),
	}
	if err := s.checkFiles(); err != nil {
		return nil, err
	}
	var err error
	if s.commonSettings, err = readCommon(c); err != nil {
		return nil, err
	}
	if s.maxInstructions < 0 {
		return nil, usage("--max-instructions must not be negative, got %d", s.maxInstructions)
	}
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
