package runtime_test

import (
	"slices"
	"strings"
	"testing"

	"volley/runtime"
)

// kindTree is the tree of the Lua API's contract, one family a line.
const kindTree = `
request_error: invalid_argument invalid_url connection timeout protocol too_large decode redirect http json cancelled denied callback in_doubt script breaker io stream_consumed closed_response internal
invalid_url: missing_schema invalid_schema
connection: dns connect connect_timeout tls proxy closed
timeout: connect_timeout read_timeout total_timeout batch_timeout
protocol: invalid_response incomplete_body
too_large: body_too_large headers_too_large
redirect: too_many_redirects invalid_redirect unrewindable_body
script: script_deadline script_memory script_stack
`

func TestKindTree(t *testing.T) {
	parents := map[runtime.Kind][]runtime.Kind{"request_error": nil}
	for line := range strings.Lines(strings.TrimSpace(kindTree)) {
		parent, children, _ := strings.Cut(line, ": ")
		for _, child := range strings.Fields(children) {
			parents[runtime.Kind(child)] = append(parents[runtime.Kind(child)], runtime.Kind(parent))
		}
	}
	ancestors := func(k runtime.Kind) []runtime.Kind {
		out := []runtime.Kind{k}
		for i := 0; i < len(out); i++ {
			out = append(out, parents[out[i]]...)
		}
		return out
	}
	for k, want := range parents {
		if got := k.Parents(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s stands below %v, want %v", k, got, want)
		}
		if !k.Known() {
			t.Errorf("%s is not known", k)
		}
		for other := range parents {
			if got, want := k.Is(other), slices.Contains(ancestors(k), other); got != want {
				t.Errorf("%s is %s: %v, want %v", k, other, got, want)
			}
		}
	}
	for _, k := range []runtime.Kind{"", "Timeout", "timeouts", "error"} {
		if k.Known() || k.Parents() != nil || k.Is(runtime.KindRequest) || !k.Is(k) {
			t.Errorf("%q passes for a kind", k)
		}
	}
}
