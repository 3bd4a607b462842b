package command

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArrange(t *testing.T) {
	for given, want := range map[string]struct{ args, scriptArgs string }{
		"":                             {"", ""},
		"help":                         {"help", ""},
		"help run":                     {"run --help", ""},
		"--help":                       {"--help", ""},
		"run a.lua":                    {"run -- a.lua", ""},
		"run -q a.lua":                 {"run --quiet -- a.lua", ""},
		"run a.lua -q b.lua":           {"run --quiet -- a.lua b.lua", ""},
		"run -o=a=b --output -o a.lua": {"run --output=a=b --output -o -- a.lua", ""},
		"run a.lua --size 3":           {"run --size 3 -- a.lua", ""},
		"run a.lua --size=3":           {"run --size=3 -- a.lua", ""},
		"run a.lua -size 3":            {"run -size 3 -- a.lua", ""},
		"run - --type lua":             {"run --type lua -- -", ""},
		"run a.lua --var -q --var x=1": {"run --var -q --var x=1 -- a.lua", ""},
		"run a.lua -- --size 3":        {"run -- a.lua", "--size 3"},
		"run a.lua -- b -- c":          {"run -- a.lua", "b -- c"},
		"run a.lua -h --size":          {"run --help", ""},
		"run --quiet=false a.lua":      {"run --quiet=false -- a.lua", ""},
	} {
		env := &environment{}
		got, err := arrange(newApp(env), strings.Fields(given), env)
		if err != nil {
			t.Errorf("%q: %v", given, err)
		}
		if diff := cmp.Diff(want.args, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q: %s", given, diff)
		}
		if got := strings.Join(env.scriptArgs, " "); got != want.scriptArgs {
			t.Errorf("%q: the script gets %q, want %q", given, got, want.scriptArgs)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	for given, want := range map[string]string{
		"rnu":                 `unknown command "rnu"; did you mean "run"?`,
		"quickstart.lua":      `unknown command "quickstart.lua"; run a file with: volley run quickstart.lua`,
		"-q run a.lua":        `unknown flag -q before the command; volley COMMAND --help lists a command's flags`,
		"run a.lua --perhost": `unknown flag --perhost of volley run; did you mean "--per-host"?`,
		"run a.lua -x":        `unknown flag -x of volley run; volley run --help lists them`,
		"run --proxy":         `flag --proxy needs a value`,
		"run --\x1b[31m":      `unknown flag --\x1b[31m of volley run; volley run --help lists them`,
	} {
		env := &environment{}
		got, err := arrange(newApp(env), strings.Fields(given), env)
		if err == nil {
			t.Errorf("%q is taken as %q", given, got)
		} else if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q: %s", given, diff)
		}
	}
}
