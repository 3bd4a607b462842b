package specs_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"volley/specs"
)

// FuzzLoad: no input up to 4 KiB panics or takes long, and a spec comes out
// exactly when there are only warnings.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/worked/*.yaml", "testdata/errors/*.yaml", "examples/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 4<<10 {
			return
		}
		start := time.Now()
		s, p := specs.Load("f.yaml", src, specs.Options{Lua: syntaxOnly{}, Profile: "local", Vars: map[string]string{"base": "b"}})
		if (s == nil) != (p.Err() != nil) {
			t.Errorf("spec %v with %v", s, p.Err())
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("took %v", d)
		}
	})
}
