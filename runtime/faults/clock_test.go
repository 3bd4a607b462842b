package faults_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wallClock are the calls that make of a time.Time one without its monotonic
// reading, or a number of it: differences of those jump when the clock is set.
var wallClock = []string{"Unix", "UnixMilli", "UnixMicro", "UnixNano", "UTC", "Local", "AddDate", "Round", "Truncate"}

// wallTimes are the places that may read the wall clock: dates that a server
// wrote are by it.
var wallTimes = []string{
	"breaker.go: refuses Round",      // of a duration
	"client/cookie.go: past Unix",    // an expiry that is long over
	"client/netscape.go: Write Unix", // expiries, as the file has them
	"client/netscape.go: parseNetscape Unix",
	"ratelimit.go: untilReset UnixMicro", // a reset that is a date
	"ratelimit.go: untilReset UnixMilli",
	"transport/upload.go: stop Unix", // a deadline that is long over
}

// TestMonotonicClock (row 142): limits, pauses and rates are differences of
// monotonic times, whatever the clock is set to. A new use of the wall clock
// in what sends requests has to be named above.
func TestMonotonicClock(t *testing.T) {
	found := map[string]bool{}
	for _, folder := range []string{"..", "../client", "../transport"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				wallUses(t, file, found)
			}
		}
	}
	if diff := cmp.Diff(wallTimes, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("the uses of the wall clock (- named, + found):\n%s", diff)
	}
}

// wallUses notes the calls of wallClock in a file by the declaration they
// stand in.
func wallUses(t *testing.T, file string, found map[string]bool) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		name := declared(d)
		ast.Inspect(d, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(wallClock, s.Sel.Name) {
				found[fmt.Sprintf("%s: %s %s", strings.TrimPrefix(filepath.ToSlash(file), "../"), name, s.Sel.Name)] = true
			}
			return true
		})
	}
}

func declared(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name.Name
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok {
				return v.Names[0].Name
			}
		}
	}
	return ""
}
