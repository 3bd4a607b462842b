package run_test

import (
	"testing"

	"volley/specs/run"
)

// BenchmarkRender renders requests without sending them.
func BenchmarkRender(b *testing.B) {
	for _, entry := range []struct{ name, fields string }{
		{"url", `url: "${{ vars.base }}/orders/${{ row.value }}"`},
		{"json", `url: "${{ vars.base }}/orders/${{ row.value }}", json: {quantity: "${{ row.value }}"}`},
		{"headers", `url: "${{ vars.base }}/orders/${{ row.value }}", headers: {X-Row: "${{ row.index }}", X-Fixed: yes}, json: {quantity: "${{ row.value }}", note: "order ${{ row.value }}"}`},
	} {
		b.Run(entry.name, func(b *testing.B) {
			render, err := run.Renderer(load(b, `
volley: 1
vars: {base: "http://127.0.0.1:1"}
data: {n: {range: [1, 1000000000]}}
requests:
  - {name: a, foreach: n, method: PUT, `+entry.fields+`}
`, options{}))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if req := render(); req.Invalid != nil {
					b.Fatal(req.Invalid)
				}
			}
		})
	}
}
