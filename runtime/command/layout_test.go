package command_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDependencyDirection holds the packages to their order: main, command,
// luaapi and specs, client, transport, runtime; and vm, which knows no HTTP.
func TestDependencyDirection(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "volley/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	forbidden := []struct{ below, never string }{
		{"volley/runtime", "volley/luaapi"},
		{"volley/runtime", "volley/specs"},
		{"volley/runtime", "github.com/yuin/gopher-lua"},
		{"volley/runtime", "gopkg.in/yaml.v3"},
		{"volley/runtime/transport", "volley/runtime/client"},
		{"volley/luaapi/vm", "volley/runtime"},
		{"volley/luaapi", "volley/specs"},
		{"volley/luaapi", "volley/runtime/command"},
		{"volley/specs", "volley/luaapi"},
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg, deps := words[0], words[1:]
		if pkg == "volley/runtime/command" || pkg == "volley/runtime/bench" {
			continue // these two wire everything
		}
		for _, rule := range forbidden {
			if !within(pkg, rule.below) {
				continue
			}
			for _, dep := range deps {
				if within(dep, rule.never) {
					t.Errorf("%s depends on %s", pkg, dep)
				}
			}
		}
		if pkg == "volley/runtime" {
			for _, dep := range deps {
				if within(dep, "volley") {
					t.Errorf("runtime imports %s, but holds the words everything shares", dep)
				}
			}
		}
	}
}

func within(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }
