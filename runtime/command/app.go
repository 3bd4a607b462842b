package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"volley/runtime"
	"volley/runtime/report"
	"volley/runtime/spell"
)

// Version is what `volley version` prints; a release sets it with -ldflags
// "-X volley/runtime/command.Version=v1.2.3".
var Version = "0.1.0"

// Streams are the process's ends.
type Streams struct {
	In       io.Reader
	Out, Err *os.File
}

// environment is what every command gets.
type environment struct {
	Streams
	program    string   // how it was called
	args       []string // as they were given, after the command's name
	scriptArgs []string // after --
	sockets    sockets  // nil: the system's
}

// failure is how a command ended when not well: what to print, and the code.
type failure struct {
	code    int
	message string // "" prints nothing
}

func (f *failure) Error() string { return f.message }

// ExitCode lets urfave/cli pass the failure through.
func (f *failure) ExitCode() int { return f.code }

func usage(format string, args ...any) error {
	return &failure{code: exitUsage, message: fmt.Sprintf(format, args...)}
}

// Main runs the command line and returns the exit code.
func Main(ctx context.Context, args []string, streams Streams) int {
	// A closed stdout is an error of its write, not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	// net/http's HTTP/2 tells the global logger what its errors say as well.
	log.SetOutput(io.Discard)
	env := &environment{Streams: streams, program: args[0], args: args[min(2, len(args)):]}
	help := &helpWriter{w: streams.Out}
	app := newApp(env)
	app.Writer = help
	rest, err := arrange(app, args[1:], env)
	if err == nil {
		err = app.RunContext(ctx, append(args[:1:1], rest...))
	}
	if err == nil && help.failed {
		return exitOutput
	}
	return env.finish(err)
}

// helpWriter remembers what urfave/cli does not report: that its help could
// not be written.
type helpWriter struct {
	w      io.Writer
	failed bool
}

// Write implements io.Writer.
func (h *helpWriter) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	h.failed = h.failed || err != nil
	return n, err
}

// finish prints what a failed command has to say.
func (env *environment) finish(err error) int {
	if err == nil {
		return exitOK
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{code: exitUsage, message: err.Error()}
		var e *runtime.Error
		if errors.As(err, &e) && e.Kind == runtime.KindDenied {
			f.code = exitDenied
		}
	}
	if f.message != "" {
		fmt.Fprintln(env.Err, "volley: "+f.message) //nolint:errcheck // there is nowhere to report that stderr is gone
	}
	return f.code
}

func newApp(env *environment) *cli.App {
	app := &cli.App{
		Name:                      "volley",
		Usage:                     "send many HTTP requests at once, scripted in Lua",
		UsageText:                 "volley COMMAND [flags] [arguments]",
		Version:                   Version,
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		ErrWriter:                 env.Err,
		ExitErrHandler:            func(*cli.Context, error) {},
		Commands: []*cli.Command{
			runCommand(env), sendCommand(env), checkCommand(env), planCommand(env), apiCommand(env), typesCommand(env),
			schemaCommand(env), initCommand(env), httpbinCommand(env), completionCommand(env), versionCommand(env), isolatedCommand(env),
		},
		Action: func(c *cli.Context) error { return cli.ShowAppHelp(c) },
	}
	app.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return badValue(err, nil) }
	for _, c := range app.Commands {
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return badValue(err, c.Flags) }
		c.HideHelpCommand = true
	}
	return app
}

// arrange lets flags stand before and after arguments, which urfave/cli alone
// does not: it puts a command's flags first and takes the part after -- out.
// Unknown commands and flags are found here, since the nearest name is known.
func arrange(app *cli.App, args []string, env *environment) ([]string, error) {
	if len(args) == 2 && args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	if len(args) == 0 || isHelp(args[0]) {
		return args, nil
	}
	command := app.Command(args[0])
	if command == nil {
		return nil, unknownCommand(app, args[0])
	}
	flags := flagsOf(command)
	var options, arguments []string
	rest := args[1:]
	for i := 0; i < len(rest); i++ {
		token := rest[i]
		if token == "--" {
			env.scriptArgs = rest[i+1:]
			break
		}
		if token == "-" || !strings.HasPrefix(token, "-") {
			arguments = append(arguments, token)
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(token, "-"), "=")
		flag, known := flags[name]
		if !known {
			return nil, unknownFlag(command, flags, token)
		}
		if flag == nil {
			return []string{args[0], "--help"}, nil
		}
		options = append(options, spelled(flag, token))
		if !hasValue && !isSwitch(flag) {
			i++
			if i == len(rest) {
				return nil, usage("flag %s needs a value", token)
			}
			options = append(options, rest[i])
		}
	}
	out := append([]string{args[0]}, options...)
	if len(arguments) > 0 {
		out = append(append(out, "--"), arguments...)
	}
	return out, nil
}

// spelled is the token of a flag under its first name: urfave/cli refuses one
// that is given under two.
func spelled(flag cli.Flag, token string) string {
	name, value, hasValue := strings.Cut(strings.TrimLeft(token, "-"), "=")
	first := flag.Names()[0]
	switch {
	case name == first:
		return token
	case hasValue:
		return "--" + first + "=" + value
	}
	return "--" + first
}

func isHelp(arg string) bool { return arg == "-h" || arg == "--help" || arg == "help" }

// flagsOf maps each name of a command's flags to the flag; help is nil.
func flagsOf(command *cli.Command) map[string]cli.Flag {
	out := map[string]cli.Flag{"help": nil, "h": nil}
	for _, f := range command.Flags {
		for _, name := range f.Names() {
			out[name] = f
		}
	}
	return out
}

func isSwitch(f cli.Flag) bool {
	_, ok := f.(*cli.BoolFlag)
	return ok
}

func unknownCommand(app *cli.App, name string) error {
	if strings.HasPrefix(name, "-") {
		return usage("unknown flag %s before the command; volley COMMAND --help lists a command's flags", name)
	}
	var known []string
	for _, c := range app.VisibleCommands() {
		known = append(known, c.Name)
	}
	if _, err := kindOf(name, ""); err == nil {
		return usage("unknown command %q; run a file with: volley run %s", name, name)
	}
	return usage("unknown command %q%s", name, orList(spell.Hint(name, known), known))
}

func orList(hint string, known []string) string {
	if hint != "" {
		return hint
	}
	return "; commands: " + strings.Join(known, ", ")
}

func unknownFlag(command *cli.Command, flags map[string]cli.Flag, token string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(token, "-"), "=")
	var known []string
	for n := range flags {
		if len(n) > 1 {
			known = append(known, n)
		}
	}
	hint := "; volley " + command.Name + " --help lists them"
	// Of one or two letters every short name is near.
	if nearest := spell.Nearest(name, known); nearest != "" && len(name) > 2 {
		hint = `; did you mean "--` + nearest + `"?`
	}
	return usage("unknown flag %s of volley %s%s", report.Escape(token), command.Name, hint)
}
