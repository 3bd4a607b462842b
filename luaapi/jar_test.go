package luaapi

import (
	"os"
	"path/filepath"
	"testing"

	"volley/runtime"
)

// TestSavedCookiesAreTheUsersAlone is row 139 of the faults: a jar on disk has
// mode 0600, whatever stood in its place, and nothing else is left there.
func TestSavedCookiesAreTheUsersAlone(t *testing.T) {
	l := newLibrary(t)
	folder := filepath.Join(l.dir, "jars")
	l.put(t, "jars/old.txt", "old")
	if err := os.Chmod(filepath.Join(folder, "old.txt"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.pass(t, `
local jar = volley.session{cookies = {token = "s3cret"}}.cookies
jar:save("jars/old.txt")
jar:save("jars/new.txt")
`)
	for _, name := range []string{"old.txt", "new.txt"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, mode)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v, %v; want the two jars", entries, err)
	}
	l.raises(t, `volley.session().cookies:save("none/jar.txt")`, runtime.KindIO, "none")
	l.raises(t, `volley.session().cookies:load("none.txt")`, runtime.KindIO, "none.txt")
}
