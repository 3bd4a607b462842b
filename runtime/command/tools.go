package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime/httpbin"
	"volley/runtime/spell"
)

func checkCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:        "check",
		Usage:       "find what is wrong with scripts, without running them",
		ArgsUsage:   "FILE…",
		Description: "Compiles each file and prints every problem as file:line: message. Exit 2 if there is any.",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print the problems as a JSON array, for editors"}},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("check needs a file: volley check script.lua")
			}
			problems := []problem{}
			for _, file := range c.Args().Slice() {
				problems = append(problems, checkFile(file)...)
			}
			if c.Bool("json") {
				if err := json.NewEncoder(env.Out).Encode(problems); err != nil {
					return &failure{code: exitOutput}
				}
			} else {
				for _, p := range problems {
					fmt.Fprint(env.Err, p.text()) //nolint:errcheck // there is nowhere to report that stderr is gone
				}
			}
			if len(problems) > 0 {
				return &failure{code: exitUsage}
			}
			return nil
		},
	}
}

func checkFile(file string) []problem {
	src, err := os.ReadFile(file)
	if err != nil {
		return []problem{{File: file, Message: strings.TrimPrefix(osError(file, err), file+": ")}}
	}
	if !strings.HasSuffix(file, ".lua") {
		return []problem{{File: file, Message: "is no .lua file"}}
	}
	if _, err := vm.Compile(file, src); err != nil {
		return []problem{problemOf(file, err)}
	}
	return nil
}

func apiCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:        "api",
		Usage:       "the Lua reference",
		ArgsUsage:   "[NAME]",
		Description: "Without a name, an overview; with one (map, Response.json, timeout), all about it.",
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return usage("api takes one name")
			}
			registry, name := luaapi.NewRegistry(), c.Args().First()
			text, ok := registry.Text(name)
			if !ok {
				return usage("no %q in the Lua API%s", name, spell.Hint(name, registry.Names()))
			}
			return printed(fmt.Fprint(env.Out, text))
		},
	}
}

func typesCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:        "types",
		Usage:       "a LuaLS type file, for editors",
		Description: "Prints the ---@meta file of the module volley: volley types > volley.d.lua",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage("types takes no arguments")
			}
			return printed(fmt.Fprint(env.Out, luaapi.NewRegistry().LuaLS()))
		},
	}
}

func httpbinCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "httpbin",
		Usage: "the built-in go-httpbin, to try things on",
		Flags: []cli.Flag{&cli.StringFlag{Name: "addr", Usage: "host:port to listen on", Value: "127.0.0.1:8080", EnvVars: []string{"VOLLEY_ADDR"}}},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage("httpbin takes no arguments; --addr says where it listens")
			}
			return serveHTTPBin(c.Context, env, c.String("addr"))
		},
	}
}

func serveHTTPBin(ctx context.Context, env *environment, addr string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := httpbin.Start(ctx, addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "httpbin listens on %s; Ctrl-C ends it\n", server.URL()) //nolint:errcheck // stderr is gone
	<-ctx.Done()
	if err := server.Close(); err != nil {
		return err
	}
	return &failure{code: exitInterrupted}
}

func versionCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "the version",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage("version takes no arguments")
			}
			return printed(fmt.Fprintln(env.Out, "volley "+Version))
		},
	}
}

// printed turns a write to standard output that failed into exit 4.
func printed(_ int, err error) error {
	if err != nil {
		return &failure{code: exitOutput}
	}
	return nil
}
