package specs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"volley/specs"
)

// TestBigSpecs: hundreds of kilobytes of faults and of long chains are dealt
// with in a time that grows with the text, not with its square. The bound is
// wide: it tells seconds from minutes.
func TestBigSpecs(t *testing.T) {
	lines := func(head, line string, n int) string {
		var b strings.Builder
		b.WriteString("volley: 1\n" + head)
		for i := range n {
			fmt.Fprintf(&b, line+"\n", i, i+1)
		}
		return b.String()
	}
	for _, c := range []struct{ name, src string }{
		{"unknown fields", lines("requests:\n  - url: http://a\n", "    heders%d: %d", 20000)},
		{"unknown vars", lines("vars: {base: x}\nrequests:\n", "  - {url: 'http://${{ vars.bse%d }}/%d'}", 15000)},
		{"chain of vars", lines("vars:\n", "  v%d: ${{ vars.v%d }}", 15000) + "  v15000: a\nrequests: [{url: http://a}]\n"},
		{"chain of needs", lines("data: {d: {values: [1]}}\nrequests:\n", "  - {name: r%d, url: 'http://${{ row.value }}', needs: r%d}", 8000) + "  - {name: r8000, foreach: d, url: http://a}\n"},
		{"one capture", lines("requests:\n", "  - {name: r%d, url: http://a%d, capture: {x: $.id}}", 8000)},
		{"big headers", lines("defaults:\n  headers:\n", "    h%d: %d", 8000) + strings.Replace(lines("", "    h%d: %d", 8000), "volley: 1\n", "requests:\n- url: http://a\n  headers:\n", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			s, p := specs.Load("big.yaml", []byte(c.src), specs.Options{Lua: syntaxOnly{}})
			if s == nil && p.Err() == nil {
				t.Error("no spec, and no problem")
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("%d bytes took %v", len(c.src), d)
			}
			t.Logf("%d bytes, %d problems: %v", len(c.src), len(p.All()), time.Since(start))
		})
	}
}
