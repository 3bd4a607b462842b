package command

import (
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

func runCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run Lua scripts (.lua) and YAML specs (.yaml, .yml)",
		ArgsUsage: "FILE… [-- ARGS…]",
		Description: "Runs the files one after another, each script in a Lua state of its own, on one\n" +
			"engine with one summary. All are checked before the first request. - reads a file\n" +
			"from standard input, with --type. What stands after -- is volley.args.",
		Flags: runFlags(),
		Action: func(c *cli.Context) error {
			settings, err := readRunSettings(c, env)
			if err != nil {
				return err
			}
			if settings.isolate {
				return isolated(settings, env)
			}
			return ended(newRun(settings, env).execute(c.Context))
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

	varsFile, envFile string

	handlers   string
	handlerVMs int
	profile    string
	reports    []string

	allowRead, allowWrite, allowEnv []string
	unsafe                          bool
	maxInstructions, maxMemory      int64
	isolate                         bool
}

func runFlags() []cli.Flag {
	const condition = ", where a script does not say"
	flags := append(limitFlags(condition),
		&cli.StringSliceFlag{Name: "var", Usage: "NAME=VALUE for volley.vars and a spec's vars; repeatable", EnvVars: variable("var")},
		textFlag("vars", "YAML or JSON file of such names and values"),
		textFlag("env-file", "file of NAME=VALUE lines for volley.env and a spec's env"),
		textFlag("profile", "profile of the specs to use"),
		textFlag("handlers", "Lua file of hooks for every request"),
		&cli.IntFlag{Name: "handler-vms", Usage: "Lua states that run the hooks request, response and exception in parallel", EnvVars: variable("handler-vms")},
		toggleFlag("strict", "fail the run (exit 1) when a request of a script failed that no handler saw"),
		textFlag("type", "what - is, or every file: lua or yaml"),
		&cli.StringSliceFlag{Name: "report", Usage: "JUnit report: FILE.xml; repeatable", EnvVars: variable("report")},
		listFlag("allow-read", "folder that scripts may read; repeatable"),
		listFlag("allow-write", "folder that scripts may write to; repeatable"),
		listFlag("allow-env", "environment variables that scripts may read: A,B; repeatable"),
	)
	flags = append(flags, resultFlags()...)
	flags = append(flags, wayFlags(condition)...)
	flags = append(flags,
		&cli.BoolFlag{Name: "unsafe", Usage: "lift the sandbox: files, environment, os and io"},
		&cli.Int64Flag{Name: "max-instructions", Usage: "stop a script after that many Lua instructions", EnvVars: variable("max-instructions")},
		textFlag("max-memory", "stop a script when the process holds that much memory: 512MB, 1GiB; 0 is no limit (default: 4GiB, or 80% of the machine)"),
		toggleFlag("isolate", "run in a child process that the system holds to limits of memory and time, and to what was allowed of hosts, files and, without --unsafe, processes (Linux)"),
	)
	return append(flags, outputFlags("debug messages")...)
}

func readRunSettings(c *cli.Context, env *environment) (*runSettings, error) {
	s := &runSettings{
		files: c.Args().Slice(), kind: c.String("type"), args: env.scriptArgs, strict: c.Bool("strict"),
		allowRead: c.StringSlice("allow-read"), allowWrite: c.StringSlice("allow-write"), allowEnv: c.StringSlice("allow-env"),
		unsafe: c.Bool("unsafe"), isolate: c.Bool("isolate"), maxInstructions: c.Int64("max-instructions"),
		handlers: c.String("handlers"), handlerVMs: c.Int("handler-vms"), profile: c.String("profile"),
		varsFile: c.String("vars"), envFile: c.String("env-file"),
		reports: c.StringSlice("report"),
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
	if s.maxMemory, err = readMemory(c.String("max-memory")); err != nil {
		return nil, err
	}
	if s.isolate || c.Command.Name == isolatedName {
		if err := s.readIsolation(c.String("max-memory")); err != nil {
			return nil, err
		}
	}
	if err := s.checkHandlers(c.IsSet("handler-vms")); err != nil {
		return nil, err
	}
	if err := s.checkReports(); err != nil {
		return nil, err
	}
	if s.vars, err = readVars(s.varsFile, c.StringSlice("var")); err != nil {
		return nil, err
	}
	if s.env, err = readEnvFile(s.envFile); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *runSettings) checkHandlers(vms bool) error {
	switch {
	case vms && s.handlerVMs < 1:
		return usage("--handler-vms must be at least 1, got %d", s.handlerVMs)
	case s.handlers != "" && filepath.Ext(s.handlers) != ".lua":
		return usage("--handlers %s is no .lua file", s.handlers)
	}
	return nil
}

func (s *runSettings) checkFiles() error {
	if len(s.files) == 0 {
		return usage("run needs a file: volley run script.lua")
	}
	if s.kind != "" && s.kind != "lua" && s.kind != "yaml" {
		return usage("--type %q is not known; it is lua or yaml", s.kind)
	}
	stdin := 0
	for _, f := range s.files {
		if f == "-" {
			stdin++
		}
		if _, err := kindOf(f, s.kind); err != nil {
			return err
		}
	}
	if stdin > 1 {
		return usage("- can be given once")
	}
	return nil
}

// kindOf says what a file is: lua or yaml. A kind that was given wins.
func kindOf(file, given string) (string, error) {
	switch ext := strings.ToLower(filepath.Ext(file)); {
	case given != "":
		return given, nil
	case file == "-":
		return "", usage("- needs --type lua or --type yaml")
	case ext == ".lua":
		return "lua", nil
	case ext == ".yaml" || ext == ".yml":
		return "yaml", nil
	}
	return "", usage("%s is neither .lua nor .yaml; --type lua or --type yaml says what it is", file)
}
