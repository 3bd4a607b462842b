package luaapi

import (
	"os"
	"path/filepath"
	"testing"

	"volley/runtime"
)

// TestSaveOfAReadStream: what cannot be saved leaves no file behind.
func TestSaveOfAReadStream(t *testing.T) {
	l := newLibrary(t)
	base := serveHTTPBin(t)
	if err := os.Mkdir(filepath.Join(l.dir, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.raises(t, `
local resp = volley.get("`+base+`/bytes/10", {stream = true}):send()
for _ in resp:iter_content() do end
resp:save("out/late.bin")`, runtime.KindStreamConsumed, "already read to its end")
	if left, err := os.ReadDir(filepath.Join(l.dir, "out")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
