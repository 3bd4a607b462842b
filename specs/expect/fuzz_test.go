package expect_test

import (
	"testing"

	"volley/specs/expect"
)

// FuzzRun judges arbitrary bodies.
func FuzzRun(f *testing.F) {
	var sets []*expect.Set
	for _, block := range []string{
		"$.a: {gt: 1}\n$.b: {len: 2, type: list}\n$..c: {contains: x, ne: 3}\n$[*]: {in: [1, a]}\njson: {contains: {a: 1}}",
		"json.a.0: {lt: b}\n$[?@.a > $.b]: {empty: true}\n$.a: {any_of: [1, {matches: a}], not: {starts_with: x}}\n$.d: {e: [1, 2.50]}",
		"schema: {type: object, properties: {a: {type: array, items: {type: integer}}}}\nsame_as: {request: r, ignore: ['$..a']}",
		"xpath: {//a: {len: 1}}\ncss: {a: b}\ntext: {len: {gt: 1}}\nsha256: x\nsize: {lt: 5}",
	} {
		sets = append(sets, set(f, block))
	}
	for _, seed := range []string{document, page, `{"a": [1], "b": null}`, `[{"a": 1e400}, "x"]`, `"\ud800"`, "<?xml version='1.0'?><a/>"} {
		f.Add([]byte(seed), "application/json")
		f.Add([]byte(seed), "text/xml")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		a := answer(contentType, string(body))
		o := others{answers: map[string]*expect.Answer{"r": answer("", document)}}
		for _, s := range sets {
			list, err := s.Run(a, nil, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if e.OK != (e.Message == "") || len([]rune(e.Message)) > 200 {
					t.Fatalf("%s: %v %q", e.Subject, e.OK, e.Message)
				}
			}
		}
	})
}

func BenchmarkRun(b *testing.B) {
	resp := answer("application/json", document).Response()
	for name, block := range map[string]string{
		"default": "x-none: 1", "status": "status: 200", "json": "status: [200, 204]\n$.id: {gt: 0}",
	} {
		s := set(b, block)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := *resp
				if _, err := s.Run(expect.NewAnswer(&r), nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
