package data_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/specs/data"
)

// The options in all their orders: where, sample, shuffle, skip, limit.
func TestOptionsChooseRows(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "users.csv", "id,active\n1,true\n2,false\n3,true\n4,true\n5,false\n6,true\n")
	const users = "{csv: users.csv, types: {id: int, active: bool}, "
	for _, c := range []struct{ spec, want string }{
		{"{range: [1, 5], skip: 2}", "3 4 5"},
		{"{range: [1, 5], limit: 2}", "1 2"},
		{"{range: [1, 5], skip: 1, limit: 2}", "2 3"},
		{"{range: [1, 5], limit: 0}", ""},
		{"{range: [1, 5], skip: 9}", ""},
		{"{range: [1, 5], sample: 0.0}", ""},
		{"{range: [1, 5], sample: 1.0}", "1 2 3 4 5"},
		{"{range: [1, 5], sample: 100%}", "1 2 3 4 5"},
		{"{range: [1, 5], sample: 9}", "1 2 3 4 5"},
		{"{range: [1, 5], sample: 0}", ""},
		{"{range: [1, 1_000_000_000_000], limit: 1_0 , skip: 0x10}", "17 18 19 20 21 22 23 24 25 26"},
		{`{range: ["${{ vars.from }}", "${{ vars.to }}"], limit: "${{ vars.limit }}"}`, "7 8"},
		{`{range: ["${{ vars.to }}", "${{ vars.from }}"]}`, ""},
		{`{values: "${{ vars.list }}"}`, "a 1"},
		{users + `where: "${{ row.active }}"}`, "1 3 4 6"},
		{users + `where: row.active}`, "1 3 4 6"},
		{users + `where: "${{ row.active }}", skip: 1, limit: 2}`, "3 4"},
		{users + `where: "${{ row.active }}", shuffle: {seed: 1, window: 1}}`, "1 3 4 6"},
		{users + `where: "${{ row.active }}", shuffle: false}`, "1 3 4 6"},
	} {
		t.Run(c.spec, func(t *testing.T) {
			vars := map[string]any{"from": 7.0, "to": "9", "limit": "2", "list": []any{"a", 1.0}}
			rows, err := compile(t, dir, c.spec).Open(data.Open{Scope: scope{"vars": vars}})
			if err != nil {
				t.Fatal(err)
			}
			list, err := drain(rows)
			if err != nil {
				t.Fatal(err)
			}
			if got := firsts(list); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// firsts joins the first columns.
func firsts(list []*runtime.Row) string {
	var parts []string
	for _, row := range list {
		parts = append(parts, fmt.Sprint(row.Values[0]))
	}
	return strings.Join(parts, " ")
}

func TestIndexIsThatOfTheSource(t *testing.T) {
	rows, err := compile(t, t.TempDir(), `{range: [11, 20], skip: 3, shuffle: 5}`).Open(data.Open{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := drain(rows)
	if err != nil || len(list) != 7 {
		t.Fatalf("%d rows, %v; want 7", len(list), err)
	}
	for _, row := range list {
		if row.Values[0] != float64(row.Index+10) {
			t.Errorf("row %d has the value %v", row.Index, row.Values[0])
		}
	}
}

// Shuffles and samples: each row at most once, the same for the same seed,
// another order for another one, and the seed of the run where the source has
// none.
func TestRandomRowsFollowTheirSeed(t *testing.T) {
	take := func(spec string, seed int64) []*runtime.Row {
		rows, err := compile(t, t.TempDir(), spec).Open(data.Open{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		list, err := drain(rows)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, c := range []struct {
		options  string
		from, to int // how many rows there may be
		fixed    bool
		sorted   bool
	}{
		{"shuffle: true", 2000, 2000, false, false},
		{"shuffle: 7", 2000, 2000, true, false},
		{"shuffle: true, seed: 7", 2000, 2000, true, false},
		{"shuffle: {window: 100}", 2000, 2000, false, false},
		{"shuffle: {window: 100, seed: 7}", 2000, 2000, true, false},
		{"sample: 100", 100, 100, false, true},
		{"sample: 100, seed: 7", 100, 100, true, true},
		{"sample: 100, shuffle: true, limit: 50", 50, 50, false, false},
		{"sample: 0.1", 120, 280, false, true},
		{"sample: 10%, seed: 7", 120, 280, true, true},
	} {
		t.Run(c.options, func(t *testing.T) {
			spec := "{range: [1, 2000], " + c.options + "}"
			one, again, other := take(spec, 1), take(spec, 1), take(spec, 2)
			if len(one) < c.from || len(one) > c.to {
				t.Errorf("%d rows, want %d to %d", len(one), c.from, c.to)
			}
			if firsts(one) != firsts(again) {
				t.Error("the same seed gives other rows")
			}
			if same := firsts(one) == firsts(other); same != c.fixed {
				t.Errorf("with another seed of the run, same rows: %v, want %v", same, c.fixed)
			}
			seen := map[int]bool{}
			for _, row := range one {
				if seen[row.Index] {
					t.Fatalf("row %d is there twice", row.Index)
				}
				seen[row.Index] = true
			}
			byIndex := func(a, b *runtime.Row) int { return a.Index - b.Index }
			if slices.IsSortedFunc(one, byIndex) != c.sorted {
				t.Errorf("sorted: %v, want %v", !c.sorted, c.sorted)
			}
		})
	}
}

// A window of n rows moves no row more than its width forward.
func TestWindowBoundsTheShuffle(t *testing.T) {
	rows, err := compile(t, t.TempDir(), "{range: [1, 1000], shuffle: {seed: 3, window: 10}}").Open(data.Open{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := drain(rows)
	if err != nil {
		t.Fatal(err)
	}
	for at, row := range list {
		if row.Index > at+10 {
			t.Fatalf("row %d came at %d", row.Index, at+1)
		}
	}
}

func TestShuffleOfTooManyRowsIsRefused(t *testing.T) {
	_, err := all(compile(t, t.TempDir(), "{range: [1, 2000000], shuffle: true}"), data.Open{})
	isKind(t, err, runtime.KindIO, "more than the 1000000 rows that shuffle keeps", "give it a window")
}

// With a key, a fraction takes all rows of a key or none.
func TestSampleByKey(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("user,n\n")
	for i := range 600 {
		fmt.Fprintf(&text, "u%d,%d\n", i%200, i)
	}
	write(t, dir, "in.csv", text.String())
	rows, err := compile(t, dir, `{csv: in.csv, key: "${{ row.user }}", sample: 0.5, seed: 1}`).Open(data.Open{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := drain(rows)
	if err != nil {
		t.Fatal(err)
	}
	count := map[any]int{}
	for _, row := range list {
		count[row.Values[0]]++
		if key, err := rows.Key(row); err != nil || key != row.Values[0] {
			t.Fatalf("key %q, %v; want %v", key, err, row.Values[0])
		}
	}
	if len(count) < 60 || len(count) > 140 {
		t.Errorf("%d of 200 keys", len(count))
	}
	for user, n := range count {
		if n != 3 {
			t.Errorf("%d rows of %v, want 3", n, user)
		}
	}
}

func TestWhereFaultNamesTheRow(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.csv", "id,active\nu1,1\n\nu2,1\n")
	_, err := all(compile(t, dir, `{csv: in.csv, key: "${{ row.id }}", where: "${{ row.activ }}"}`), data.Open{})
	isKind(t, err, runtime.KindInvalidArgument, `in.csv:2 (row 1, key "u1"): where: `, `did you mean "active"?`)

	write(t, dir, "in.jsonl", `{"id":1}`+"\n"+`{"id":2,"active":true}`)
	got, err := all(compile(t, dir, `{jsonl: in.jsonl, where: "${{ row.active }}"}`), data.Open{})
	if err != nil || got != `{"id":2,"active":true}` {
		t.Errorf("rows that lack the member: got %s, %v", got, err)
	}
}

func TestOptionsThatRenderWrongAreRefused(t *testing.T) {
	dir := t.TempDir()
	for spec, want := range map[string]string{
		`{range: [1, 2], limit: "${{ vars.x }}"}`:             `limit: must be a whole number of at least 0, got "many"`,
		`{range: [1, 2], sample: "${{ vars.x }}"}`:            `sample: "many" is neither a fraction`,
		`{range: [1, 2], seed: "${{ vars.x }}"}`:              `seed: must be a whole number, got "many"`,
		`{range: [1, 2], shuffle: {window: "${{ vars.x }}"}}`: `window: must be a whole number of at least 1, got "many"`,
		`{range: [1, "${{ vars.x }}"]}`:                       `range: "many" is no number up to 2^53`,
		`{range: [1, 2, "${{ vars.zero }}"]}`:                 "range: the step is 0",
		`{values: "${{ vars.x }}"}`:                           "values: must be a list, got a text",
		`{glob: "${{ vars.pattern }}"}`:                       "is malformed",
	} {
		vars := map[string]any{"x": "many", "zero": 0.0, "pattern": "a[b"}
		_, err := all(compile(t, dir, spec), data.Open{Scope: scope{"vars": vars}})
		isKind(t, err, runtime.KindInvalidArgument, want, "spec.yaml:1:")
	}
}

// What the loader finds: place, message and hint.
func TestProblems(t *testing.T) {
	for spec, want := range map[string]string{
		`{csv: a.csv, jsonl: b}`:                   "1:14 data.rows.jsonl: jsonl and csv exclude each other",
		`{limit: 3}`:                               "1:1 data.rows: csv, tsv",
		`{jsnl: a}`:                                `1:2 data.rows.jsnl: unknown field "jsnl"`,
		`{jsonl: a, delimiter: ";"}`:               "1:12 data.rows.delimiter: delimiter is no option of jsonl",
		`{tsv: a, delimiter: ";"}`:                 "1:10 data.rows.delimiter: delimiter is no option of tsv",
		`{stdin: lines, types: {a: int}}`:          "1:16 data.rows.types: types is no option of lines",
		`{csv: a, delimiter: "ab"}`:                `1:21 data.rows.delimiter: must be one character`,
		`{csv: a, header: [x, y, x]}`:              `1:25 data.rows.header[2]: the name "x" appears twice`,
		`{csv: a, header: [x], types: {y: int}}`:   `1:31 data.rows.types.y: there is no column "y"`,
		`{csv: a, header: false, types: {y: int}}`: "1:32 data.rows.types: types needs names of columns",
		`{csv: a, types: {y: integer}}`:            "1:21 data.rows.types.y: ",
		`{json: a, path: "items["}`:                "1:17 data.rows.path: ",
		`{range: [1]}`:                             "1:9 data.rows.range: must be [from, to]",
		`{range: [5, 1]}`:                          "1:9 data.rows.range: 5 is above 1; to count down, give a step: [5, 1, -1]",
		`{range: [1, 5, 0]}`:                       "1:9 data.rows.range: the step is 0",
		`{range: [1, 5], limit: -1}`:               "1:24 data.rows.limit: ",
		`{range: [1, 5], sample: 1.5}`:             "1:25 data.rows.sample: ",
		`{range: [1, 5], shuffle: 1, seed: 2}`:     "1:26 data.rows.shuffle: shuffle and seed give a seed each",
		`{stdin: xml}`:                             "1:9 data.rows.stdin: ",
		`{csv: a, where: "${{ row.on }}"}`:         `1:22 data.rows.where: row.on is text, and any text holds`,
		`{lines: "${{ row.file }}"}`:               "data.rows.lines: row is not known here",
	} {
		_, p := read("", spec)
		var got []string
		for _, problem := range p.All() {
			got = append(got, fmt.Sprintf("%d:%d %s: %s", problem.Pos.Line, problem.Pos.Column, problem.Path, problem.Message))
		}
		if text := strings.Join(got, "\n"); !strings.Contains(text, want) || len(got) > 2 {
			t.Errorf("%s:\n got %s\nwant %s", spec, text, want)
		}
	}
}

func TestSourceTellsWhatItNeeds(t *testing.T) {
	s := compile(t, "", `{csv: "${{ vars.file }}", where: "${{ row.on }}", limit: 3}`)
	var names []string
	for _, v := range s.Values() {
		for _, ref := range v.References() {
			names = append(names, ref.Root+"."+ref.Name)
		}
	}
	if diff := cmp.Diff([]string{"vars.file", "row.on"}, names); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	if s.Kind != data.KindCSV || s.Name != "rows" || s.Generator() != nil {
		t.Errorf("got %+v", s)
	}
	if f := compile(t, "", "lua: users").Generator(); f == nil || f.Source != "users" || f.Inline {
		t.Errorf("a function: got %+v", f)
	}
	if f := compile(t, "", "lua: |\n  return users()\n").Generator(); f == nil || !f.Inline {
		t.Errorf("code: got %+v", f)
	}
}

func TestGatesDecideWhatIsRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/a.txt", "x")
	denied := runtime.Errorf(runtime.KindDenied, "no")
	refuse := data.Open{
		OpenFile: func(string) (*os.File, error) { return nil, denied },
		Readable: func(string) error { return denied },
	}
	for _, spec := range []string{"lines: in/a.txt", `glob: "in/*"`} {
		_, err := all(compile(t, dir, spec), refuse)
		isKind(t, err, runtime.KindDenied, "no")
	}
	var asked []string
	note := data.Open{Base: filepath.Join(dir, "in"), OpenFile: func(path string) (*os.File, error) {
		asked = append(asked, path)
		return os.Open(path)
	}}
	if got, err := all(compile(t, "elsewhere", "lines: a.txt"), note); err != nil || got != `"x"` {
		t.Errorf("got %s, %v", got, err)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "in", "a.txt")}, asked); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
}

// listed is a generator of a list.
type listed struct {
	values  []any
	stopped bool
}

func (l *listed) Next() (any, bool, error) {
	if len(l.values) == 0 {
		return nil, false, nil
	}
	v := l.values[0]
	l.values = l.values[1:]
	return v, true, nil
}

func (l *listed) Stop() { l.stopped = true }

func TestGeneratorMakesRows(t *testing.T) {
	values := []any{map[string]any{"b": 1.0, "a": true}, "x", map[string]any{}}
	o := data.Open{Lua: func(f data.Function, _ func()) (data.Generator, error) {
		if f.Source != "users" {
			return nil, io.ErrUnexpectedEOF
		}
		return &listed{values: values}, nil
	}}
	got, err := all(compile(t, "", "lua: users"), o)
	if want := `{"a":true,"b":1}` + "\n\"x\"\n{}"; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	_, err = all(compile(t, "", "lua: users"), data.Open{})
	isKind(t, err, runtime.KindInvalidArgument, "needs Lua")
}

func TestNewRow(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{map[string]any{"b": 1.0, "a": "x"}, `{"a":"x","b":1}`},
		{[]any{1.0}, "[1]"},
		{nil, "null"},
	} {
		row := data.NewRow("list", 3, c.value)
		if got := show(row); got != c.want || row.Index != 3 || row.Source != "list" {
			t.Errorf("got %s of %+v, want %s", got, row, c.want)
		}
	}
	var none *data.Source
	view := none.View(data.NewRow("", 4, "x"))
	for name, want := range map[string]any{"value": "x", "index": 4.0, "other": nil} {
		if got, err := view.Member(name); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
		}
	}
	if diff := cmp.Diff([]string{"value", "index"}, view.Names()); diff != "" {
		t.Error(diff)
	}
}

// lines writes numbers, one a line.
func lines(from, to int) string {
	var text strings.Builder
	for i := from; i <= to; i++ {
		text.WriteString(strconv.Itoa(i))
		text.WriteByte('\n')
	}
	return text.String()
}
