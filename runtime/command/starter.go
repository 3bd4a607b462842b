package command

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"volley/luaapi"
	"volley/specs"
)

// starter are the files that init writes, as they stand in the repository.
//
//go:embed starter
var starter embed.FS

// starterFiles are the names in a new folder and those in starter; "" is made.
var starterFiles = []struct{ name, from string }{
	{"script.lua", "script.lua"},
	{"spec.yaml", "spec.yaml"},
	{"users.csv", "users.csv"},
	{"handlers.lua", "handlers.lua"},
	{".luarc.json", "luarc.json"},
	{".vscode/settings.json", "vscode.json"},
	{".volley/volley.d.lua", ""},
	{".volley/schema.json", ""},
}

func initCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "a starter folder: script, spec, handlers, editor settings",
		ArgsUsage: "[DIR]",
		Description: "Writes the files into DIR, or here. A file that is there already is an error,\n" +
			"and then nothing is written; --force replaces it.",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "replace files that are there"}},
		Action: func(c *cli.Context) error {
			if c.NArg() > 1 {
				return usage("init takes one folder")
			}
			dir := c.Args().First()
			if dir == "" {
				dir = "."
			}
			return writeStarter(env, dir, c.Bool("force"))
		},
	}
}

func writeStarter(env *environment, dir string, force bool) error {
	for _, f := range starterFiles {
		if force {
			break
		}
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if _, err := os.Lstat(path); err == nil {
			return usage("%s is there already; --force replaces it", path)
		}
	}
	for _, f := range starterFiles {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		text, err := starterText(f.name, f.from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o755)
		}
		if err == nil {
			err = os.WriteFile(path, text, 0o644)
		}
		if err != nil {
			return &failure{code: exitOutput, message: osError(path, err)}
		}
		if err := printed(fmt.Fprintln(env.Out, path)); err != nil {
			return err
		}
	}
	return nil
}

func starterText(name, from string) ([]byte, error) {
	switch {
	case from != "":
		return starter.ReadFile("starter/" + from)
	case filepath.Base(name) == "schema.json":
		return specs.Schema(), nil
	}
	return []byte(luaapi.NewRegistry().LuaLS()), nil
}

func schemaCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:        "schema",
		Usage:       "the JSON Schema of specs, for editors",
		Description: "Prints a schema of draft 2020-12: volley schema > schema.json, and on top of a spec\n# yaml-language-server: $schema=schema.json",
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage("schema takes no arguments")
			}
			return printed(env.Out.Write(specs.Schema()))
		},
	}
}
