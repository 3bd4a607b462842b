package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// endless are single calls of Go that would take hours: a stop must not wait
// for them.
var endless = []struct{ name, src string }{
	{"search", `local s = ("ab"):rep(2^24) volley.re.match(("[ab]{1000}x?"):rep(900) .. "c", s)`},
	{"searches", `local s = ("ab"):rep(2^24) volley.re.find_all(("[ab]{1000}x?"):rep(900) .. "c", s)`},
	{"replacement", `local s = ("ab"):rep(2^24) volley.re.replace(("[ab]{1000}x?"):rep(900) .. "c", s, "")`},
	{"selector", `local page = volley.response{body = ("<div>"):rep(500) .. ("<p>a</p>"):rep(2^13)}:html() page:find(":has(:has(:has(:has(b))))")`},
	{"path", `local resp = volley.response{body = ("<p>a</p>"):rep(2^13)} while true do pcall(resp.xpath, resp, "//*[count(//*[count(//*) > 0]) > 0]") end`},
	{"tree", `local t = {1} for i = 1, 490 do t = {t, t} end while true do pcall(volley.shared.set, "k", t) end`},
}

func TestEndlessCalls(t *testing.T) {
	t.Parallel()
	for _, c := range endless {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "s.lua"), []byte(c.src), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := runIn(t, dir, "", "volley", "run", "-q", "--timeout", "500ms", "s.lua"); got.code != 124 || strings.Contains(got.stderr, "given up") {
				t.Errorf("exit %d, stderr %.500s", got.code, got.stderr)
			}
		})
	}
}
