package luaapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"volley/luaapi/vm"
)

func TestPartC(t *testing.T) {
	bin := sharedHTTPBin(t)
	files, _ := filepath.Glob("testdata/conformance/*.lua")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		chunk, err := vm.Compile(filepath.Base(file), src)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".lua"), func(t *testing.T) {
			for _, c := range casesIn(t, chunk) {
				t.Run(c.name, func(t *testing.T) { t.Parallel(); runCase(t, chunk, c, bin) })
			}
		})
	}
}
