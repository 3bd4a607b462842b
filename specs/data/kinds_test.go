package data_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/specs/data"
)

// Every kind of source: what is in the file "in", and the rows it gives.
func TestRowsOfEachKind(t *testing.T) {
	for _, c := range []struct{ name, spec, in, want string }{
		{"csv", "csv: in", "id,name\n1,ada\n2,\"b, c\"\n", `{"id":"1","name":"ada"}` + "\n" + `{"id":"2","name":"b, c"}`},
		{"csv without a last line end", "csv: in", "id\n1\n2", `{"id":"1"}` + "\n" + `{"id":"2"}`},
		{"csv with mark and CRLF", "csv: in", "\uFEFFid,n\r\n1,2\r\n", `{"id":"1","n":"2"}`},
		{"csv passes over empty lines", "csv: in", "id,n\n\n1,2\n\r\n3,4\n\n", `{"id":"1","n":"2"}` + "\n" + `{"id":"3","n":"4"}`},
		{"csv quotes", "csv: in", "a,b\n\"say \"\"hi\"\"\",\"two\r\nlines\"\n\"\",x\n", `{"a":"say \"hi\"","b":"two\r\nlines"}` + "\n" + `{"a":"","b":"x"}`},
		{"csv of names only", "csv: in", "id,n\n", ""},
		{"csv with NUL", "csv: in", "id\na\x00b\n", `{"id":"a\u0000b"}`},
		{"csv delimiter", `{csv: in, delimiter: ";"}`, "a;b\n1,5;2\n", `{"a":"1,5","b":"2"}`},
		{"csv wide delimiter", `{csv: in, delimiter: "→"}`, "a→b\n1→\"2→\"\"3\"\n4→5\n", `{"a":"1","b":"2→\"3"}` + "\n" + `{"a":"4","b":"5"}`},
		{"csv names", "{csv: in, header: [x, y]}", "1,2\n3,4\n", `{"x":"1","y":"2"}` + "\n" + `{"x":"3","y":"4"}`},
		{"csv no names", "{csv: in, header: false}", "1,2\n3,4\n", `["1","2"]` + "\n" + `["3","4"]`},
		{"csv wide rows", "csv: in", "a,b,c,d,e,f,g,h,i\n1,2,3,4,5,6,7,8,9\n", `{"a":"1","b":"2","c":"3","d":"4","e":"5","f":"6","g":"7","h":"8","i":"9"}`},
		{
			"csv types", "{csv: in, types: {i: int, f: float, b: bool, j: json, s: string}}", "i,f,b,j,s,u\n007,1.5,TRUE,\"[1,{\"\"a\"\":null}]\",7,8\n,,,,,\n-9007199254740993,1e3,no,\"\"\"x\"\"\",,\n",
			`{"i":7,"f":1.5,"b":true,"j":[1,{"a":null}],"s":"7","u":"8"}` + "\n" +
				`{"i":null,"f":null,"b":null,"j":null,"s":"","u":""}` + "\n" +
				`{"i":-9007199254740993,"f":1000,"b":false,"j":"x","s":"","u":""}`,
		},
		{"csv latin1", "{csv: in, encoding: latin1}", "n\nJos\xe9\x80\n", `{"n":"José` + "\u0080" + `"}`},
		{"csv windows-1252", "{csv: in, encoding: windows-1252}", "n\n\x80 5\n", `{"n":"€ 5"}`},
		{"csv UTF-16 with a mark", "csv: in", "\xff\xfen\x00\n\x00\xe9\x00\n\x00", `{"n":"é"}`},
		{"csv utf-16be", "{csv: in, encoding: utf-16be}", "\x00n\x00\n\x00\xe9", `{"n":"é"}`},
		{"tsv", "tsv: in", "id\tname\n1\ta,b\n", `{"id":"1","name":"a,b"}`},
		{"jsonl", "jsonl: in", "{\"id\": 1, \"t\": [true, null]}\n\n  \n\"x\"\r\n[1]\n{}\n", `{"id":1,"t":[true,null]}` + "\n" + `"x"` + "\n[1]\n{}"},
		{
			"jsonl changing names", "jsonl: in", `{"a":1,"b":2}` + "\n" + `{"a":3}` + "\n" + `{"a":4,"b":5,"c":6}` + "\n" + `{"b":7,"a":8}` + "\n" + `{"b":9,"a":10}`,
			`{"a":1,"b":2}` + "\n" + `{"a":3}` + "\n" + `{"a":4,"b":5,"c":6}` + "\n" + `{"b":7,"a":8}` + "\n" + `{"b":9,"a":10}`,
		},
		{"jsonl names that appear twice", "jsonl: in", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"jsonl numbers keep their digits", "jsonl: in", "[9007199254740993, 1.10, 1e3, 0.5, -7, 9007199254740992, 123456789012345, 1e999]", "[9007199254740993,1.10,1e3,0.5,-7,9007199254740992,123456789012345,1e999]"},
		{"json", "json: in", "[{\"id\": 1},\n {\"id\": 2}, 3]\n", `{"id":1}` + "\n" + `{"id":2}` + "\n3"},
		{"json chain", "{json: in, path: $.data.items}", `{"a":[1,{"items":0}],"data":{"n":1,"items":[{"x":"é"}],"m":{}},"z":[]}`, `{"x":"é"}`},
		{"json chain with brackets", `{json: in, path: "$['data set'][\"items\"][*]"}`, `{"data set":{"items":[1,2]}}`, "1\n2"},
		{"json path", `{json: in, path: "$.groups[*].users[?@.on]"}`, `{"groups":[{"users":[{"id":1,"on":true},{"id":2}]},{"users":[{"id":3,"on":1}]}]}`, `{"id":1,"on":true}` + "\n" + `{"id":3,"on":1}`},
		{"json path to one list", `{json: in, path: "$.groups[1].users"}`, `{"groups":[{},{"users":[1,2]}]}`, "1\n2"},
		{"json empty", "json: in", "[]", ""},
		{"lines", "lines: in", "a\n\n b \r\n\n\n", "\"a\"\n\"\"\n\" b \""},
		{"lines of nothing", "lines: in", "\n\n", ""},
		{"lines without an end", "lines: in", "a\nb", "\"a\"\n\"b\""},
		{"range", "range: [1, 4]", "", "1\n2\n3\n4"},
		{"range step", "range: [0, 1, 0.25]", "", "0\n0.25\n0.5\n0.75\n1"},
		{"range of tenths", "range: [0, 0.3, 0.1]", "", "0\n0.1\n0.2\n0.30000000000000004"},
		{"range down", "range: [3, 1, -1]", "", "3\n2\n1"},
		{"range that misses its end", "range: [1, 4, 2]", "", "1\n3"},
		{"range of one", "range: [7, 7]", "", "7"},
		{"values", "values: [1, a, {b: 2, a: true}, [x], null]", "", "1\n\"a\"\n" + `{"b":2,"a":true}` + "\n[\"x\"]\nnull"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "in", c.in)
			got, err := all(compile(t, dir, c.spec), data.Open{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// Every fault of a file names the file and, where it has one, the line.
func TestFaultsNameTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, spec, in, want string }{
		{"no such file", "csv: gone.csv", "", "opening gone.csv: no such file"},
		{"a folder", "csv: .", "", "opening .: it is a folder"},
		{"empty csv", "csv: in", "", "in: it is empty; the first line must have the names"},
		{"ragged", "csv: in", "a,b\n1,2\n\n3\n", "in:4: 1 fields where the header has 2"},
		{"ragged without names", "{csv: in, header: false}", "1,2\n3\n", "in:2: 1 fields where the first row has 2"},
		{"unclosed quote", "csv: in", "a,b\n\"x\ny\",\"z\n1,2\n3,4\n", "in:3: the quote that opens here is never closed"},
		{"text after a quote", "csv: in", "a,b\n\"x\"y,1\n", "in:2: field 1 goes on after its closing quote"},
		{"quote in a field", "csv: in", "a,b\n1,5\" nail\n", "in:2: field 2 has a quote in it"},
		{"names twice", "csv: in", "a,b,a\n", `in:1: column 3 of the header: the name "a" appears twice`},
		{"empty name", "csv: in", "a,\n", "in:1: column 2 of the header: the name is empty"},
		{"wrong int", "{csv: in, types: {b: int}}", "a,b\nx,1\n\"y\n\",1.5\n", `in:3: column "b": "1.5" is no whole number`},
		{"wrong float", "{csv: in, types: {b: float}}", "a,b\nx,nan\n", `in:2: column "b": "nan" is no number`},
		{"float out of range", "{csv: in, types: {b: float}}", "a,b\nx,1e999\n", `in:2: column "b": the number "1e999" is out of range`},
		{"wrong bool", "{csv: in, types: {b: bool}}", "a,b\nx,maybe\n", `in:2: column "b": "maybe" is no truth value`},
		{"wrong json", "{csv: in, types: {b: json}}", "a,b\nx,{\n", `in:2: column "b": "{" is no JSON`},
		{"types of no column", "{csv: in, types: {prise: float}}", "id,price\n", `in:1: there is no column "prise", to which types gives a type; did you mean "price"?`},
		{"jsonl fault", "jsonl: in", "{}\n\n{\"a\": tru}\n", "in:3:10: invalid character"},
		{"jsonl cut short", "jsonl: in", "{}\n{\"a\": [1,\n", "in:2:10: the text ends in the middle of a value"},
		{"jsonl two values", "jsonl: in", "1\n{} {}\n", "in:2: something follows the value"},
		{"json cut short", "json: in", "[\n1,\n2\n", "in:4: the text ends in the middle of a value"},
		{"json empty", "json: in", "", "in:1: there is no JSON"},
		{"json two documents", "json: in", "[1]\n[2]", "in:2: something follows the value"},
		{"json fault after the list", "{json: in, path: $.a}", "{\"a\": [1],\n\"b\": }", "in:2"},
		{"json fault in a row", "json: in", "[1,\n2,\n{\"a\" 1}]", "in:3"},
		{"json object", "json: in", "{\"items\": []}", "in:1: the document is an object; path tells where in it the list is"},
		{"json text", "json: in", "\"x\"", "in:1: the document is no list"},
		{"json no member", "{json: in, path: $.data.items}", "{\"data\":\n{\"item\": []}}", `in:2: $.data is an object without the member "items"; it has item`},
		{"json not an object", "{json: in, path: $.data.items}", "{\"data\": 1}", `in:1: $.data is no object, and has no member "items"`},
		{"json path to nothing", `{json: in, path: "$.a[?@.x]"}`, "{}", "in: there is nothing at $.a[?@.x]"},
		{"json path in a broken document", `{json: in, path: "$..a"}`, "{\n\n!", "in:3"},
		{"glob below no folder", "glob: gone/*.json", "", "opening gone: no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "in", c.in)
			_, err := all(compile(t, dir, c.spec), data.Open{})
			isKind(t, err, runtime.KindIO, c.want)
		})
	}
}

func TestRowsKeepTheirTextAndShareTheirNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.csv", "id,n\r\n1,\"a\r\nb\"\r\n2,c\r\n")
	write(t, dir, "in.jsonl", "{\"id\": 1,  \"n\":2}\r\n{\"id\":3,\"n\":4}\n")
	for spec, want := range map[string][]string{
		"csv: in.csv":                            {"1,\"a\r\nb\"", "2,c"},
		"jsonl: in.jsonl":                        {`{"id": 1,  "n":2}`, `{"id":3,"n":4}`},
		"{lines: in.jsonl, limit: 1}":            {`{"id": 1,  "n":2}`},
		"{values: [{a: 1, b: 2}, {a: 3, b: 4}]}": {"", ""},
	} {
		rows, err := compile(t, dir, spec).Open(data.Open{})
		if err != nil {
			t.Fatal(err)
		}
		list, err := drain(rows)
		if err != nil {
			t.Fatal(err)
		}
		var raw []string
		for i, row := range list {
			raw = append(raw, row.Raw)
			if row.Index != i+1 || row.Source != "rows" {
				t.Errorf("%s: row %d of %q, want row %d of rows", spec, row.Index, row.Source, i+1)
			}
		}
		if diff := cmp.Diff(want, raw); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spec, diff)
		}
		if list[0].Names != nil && !strings.HasPrefix(spec, "{values") && &list[0].Names[0] != &list[1].Names[0] {
			t.Errorf("%s: the rows do not share their names", spec)
		}
	}
}

func TestGlob(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/b.json", `{"id": 2}`)
	write(t, dir, "in/a.json", `{"id": 1}`)
	write(t, dir, "in/deep/c.json", `[3]`)
	write(t, dir, "in/note.txt", "hello\n")
	for spec, want := range map[string]string{
		`glob: "in/*.json"`:                "\"in/a.json\"\n\"in/b.json\"",
		`glob: "in/**/*.json"`:             "\"in/a.json\"\n\"in/b.json\"\n\"in/deep/c.json\"",
		`glob: "in/*.xml"`:                 "",
		`{glob: "in/**/*.json", as: json}`: `{"id":1,"path":"in/a.json"}` + "\n" + `{"id":2,"path":"in/b.json"}` + "\n" + `{"value":[3],"path":"in/deep/c.json"}`,
		`{glob: "in/*.txt", as: text}`:     `{"value":"hello\n","path":"in/note.txt"}`,
		`{glob: "` + dir + `/in/*.txt"}`:   `"` + dir + `/in/note.txt"`,
	} {
		got, err := all(compile(t, dir, spec), data.Open{})
		if err != nil {
			t.Fatalf("%s: %v", spec, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spec, diff)
		}
	}
	write(t, dir, "in/bad.json", "{\n\"id\": }")
	_, err := all(compile(t, dir, `{glob: "in/b*.json", as: json}`), data.Open{})
	isKind(t, err, runtime.KindIO, "in/bad.json:2: ")
}
