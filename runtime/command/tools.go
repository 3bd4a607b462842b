package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"volley/luaapi"
	"volley/runtime/httpbin"
	"volley/runtime/spell"
)

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
