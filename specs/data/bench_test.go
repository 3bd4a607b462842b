package data_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"volley/specs/data"
)

// BenchmarkRows reads a file again and again; an op is one row.
func BenchmarkRows(b *testing.B) {
	for _, c := range []struct{ name, spec, line string }{
		{"csv", "stdin: csv", "1234567,ada lovelace,london,true\n"},
		{"csv quoted", "stdin: csv", "1234567,\"ada, \"\"lovelace\"\"\",london,true\n"},
		{"csv typed", "{stdin: csv, types: {id: int, on: bool}}", "1234567,ada lovelace,london,true\n"},
		{"jsonl", "stdin: jsonl", `{"id":1234567,"name":"ada lovelace","city":"london","on":true}` + "\n"},
		{"lines", "stdin: lines", "1234567,ada lovelace,london,true\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, problems := read("", c.spec)
			if err := problems.Err(); err != nil {
				b.Fatal(err)
			}
			in := &repeated{line: c.line, left: b.N}
			if strings.Contains(c.spec, "csv") {
				in.rest = "id,name,city,on\n"
			}
			rows, err := s.Open(data.Open{Stdin: in})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			count := 0
			for {
				if _, err := rows.Next(); err != nil {
					if !errors.Is(err, io.EOF) {
						b.Fatal(err)
					}
					break
				}
				count++
			}
			if count != b.N {
				b.Fatalf("%d rows, want %d", count, b.N)
			}
		})
	}
}

// repeated is one line, left times.
type repeated struct {
	line, rest string
	left       int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.rest == "" {
			if r.left == 0 {
				break
			}
			r.rest = r.line
			r.left--
		}
		m := copy(p[n:], r.rest)
		r.rest = r.rest[m:]
		n += m
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
