package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExitAndTeardown: volley.exit is no error, wherever it is called, and the
// handlers' teardown runs all the same; one that raises is told.
func TestExitAndTeardown(t *testing.T) {
	t.Parallel()
	const send = `volley.get(volley.httpbin() .. "/get"):send()`
	const down = ` teardown = function() print("down", volley.get(volley.httpbin() .. "/get"):send().status_code) end`
	for _, c := range []struct {
		name, script, handlers, flags string
		code                          int
		stdout, stderr                string
	}{
		{"in the script", `volley.exit(9)`, `return {` + down + `}`, "", 9, "down\t200\n", ""},
		{"with 0", `volley.exit(0)`, `return {` + down + `}`, "", 0, "down\t200\n", ""},
		{"in setup", send, `return {setup = function() volley.exit(7) end,` + down + `}`, "", 7, "down\t200\n", ""},
		{"in a hook", send, `return {request = function() volley.exit(7) end, teardown = function() print("down") end}`, "", 7, "down\n", ""},
		{"in a hook of another VM", send, `return {request = function() volley.exit(7) end, teardown = function() print("down") end}`, "--handler-vms 2", 7, "down\n", ""},
		{"in teardown", `print("up")`, `return {teardown = function() volley.exit(6) end}`, "", 6, "up\n", ""},
		{"in teardown after an error", `error("up")`, `return {teardown = function() volley.exit(6) end}`, "", 3, "", "s.lua:1: up"},
		{"twice", `volley.exit(9)`, `return {teardown = function() volley.exit(6) end}`, "", 9, "", ""},
		{"before a teardown that raises", `volley.exit(9)`, `return {teardown = function() error("down") end}`, "", 3, "", "h.lua:1: down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{"s.lua": c.script, "h.lua": c.handlers} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := runIn(t, dir, "", append([]string{"volley", "run", "-q", "s.lua", "--handlers", "h.lua"}, strings.Fields(c.flags)...)...)
			if got.code != c.code || got.stdout != c.stdout || !strings.Contains(got.stderr, c.stderr) || c.stderr == "" && got.stderr != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}
