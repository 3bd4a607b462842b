package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"volley/luaapi/vm"
	"volley/runtime/report"
	"volley/specs"
	"volley/specs/tree"
)

func checkCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "find what is wrong with scripts and specs, without running them",
		ArgsUsage: "FILE…",
		Description: "Checks each file and prints every problem with its place and a hint. Exit 2 if there\n" +
			"is any; warnings alone are none.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print the problems as a JSON array, for editors"},
			&cli.StringSliceFlag{Name: "var", Usage: "NAME=VALUE for a spec's vars; repeatable", EnvVars: variable("var")},
			textFlag("vars", "YAML or JSON file of such names and values"),
			textFlag("profile", "profile of the specs to check"),
			textFlag("type", "what every file is, whatever its name: lua or yaml"),
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("check needs a file: volley check script.lua")
			}
			if t := c.String("type"); t != "" && t != "lua" && t != "yaml" {
				return usage("--type %q is not known; it is lua or yaml", t)
			}
			vars, err := readVars(c.String("vars"), c.StringSlice("var"))
			if err != nil {
				return err
			}
			k := checking{profile: c.String("profile"), vars: vars, kind: c.String("type"), env: env}
			for _, file := range c.Args().Slice() {
				k.file(file)
			}
			return k.tell(c.Bool("json"))
		},
	}
}

// checking gathers what is wrong with files.
type checking struct {
	env           *environment
	profile, kind string
	vars          map[string]string
	text          bytes.Buffer
	found         []json.RawMessage
	bad           bool
}

func (k *checking) file(file string) {
	kind, err := kindOf(file, k.kind)
	if err != nil {
		k.add(problem{File: file, Message: "is neither .lua nor .yaml"})
		return
	}
	src := &source{path: file, name: file}
	if file == "-" {
		src.name = "stdin"
		src.text, err = readAllLimited(k.env.In)
	} else {
		src.text, err = os.ReadFile(file)
	}
	if err != nil {
		k.add(problem{File: file, Message: osReason(err)})
		return
	}
	if kind == "yaml" {
		k.spec(src)
		return
	}
	if _, err := vm.Compile(src.name, src.text); err != nil {
		k.add(problemOf(src.name, err))
	}
}

// spec checks a spec and the handler script that it names.
func (k *checking) spec(src *source) {
	files := &claims{}
	files.reads("FILE", src.path, false)
	spec, problems := loadSpec(src, k.profile, k.vars, &specLua{}, files)
	if spec != nil {
		files.claimSpec(spec, k.env.Out, problems)
	}
	k.addAll(problems)
	if spec == nil || spec.Handlers.Script == "" {
		return
	}
	file := specs.Beside(spec.Handlers.Pos, spec.Handlers.Script)
	text, err := os.ReadFile(file)
	if err != nil {
		missing := &tree.Problems{}
		missing.Add(spec.Handlers.Pos, "handlers.script", osError(file, err), "")
		k.addAll(missing)
		return
	}
	if _, err := vm.Compile(file, text); err != nil {
		k.add(problemOf(file, err))
	}
}

func (k *checking) add(p problem) {
	k.bad = true
	p.Severity = "error"
	k.text.WriteString(p.text())
	if text, err := json.Marshal(p); err == nil {
		k.found = append(k.found, text)
	}
}

func (k *checking) addAll(p *tree.Problems) {
	k.bad = k.bad || p.Err() != nil
	_ = p.Text(&k.text, report.Color(k.env.Err)) // into memory
	var list bytes.Buffer
	var found []json.RawMessage
	if p.JSON(&list) == nil && json.Unmarshal(list.Bytes(), &found) == nil {
		k.found = append(k.found, found...)
	}
}

func (k *checking) tell(asJSON bool) error {
	if asJSON {
		if k.found == nil {
			k.found = []json.RawMessage{}
		}
		if err := json.NewEncoder(k.env.Out).Encode(k.found); err != nil {
			return &failure{code: exitOutput}
		}
	} else {
		fmt.Fprint(k.env.Err, k.text.String()) //nolint:errcheck // there is nowhere to report that stderr is gone
	}
	if k.bad {
		return &failure{code: exitUsage}
	}
	return nil
}
