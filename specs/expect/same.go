package expect

import (
	"fmt"
	"maps"
	"slices"

	"volley/specs/expect/jsonpath"
)

// difference says in what an answer differs from the one before, "" in
// nothing. JSON is compared by value, anything else as text.
func (c *sameCheck) difference(a, other *Answer) string {
	if other == nil {
		return "there is no answer to " + c.request + " to compare with"
	}
	if c.status && a.resp.Status != other.resp.Status {
		return fmt.Sprintf("want the status %d, got %d", other.resp.Status, a.resp.Status)
	}
	want, wantErr := other.JSON()
	got, gotErr := a.JSON()
	switch {
	case wantErr != nil && gotErr != nil:
		return differentText(a, other)
	case wantErr != nil:
		return "want what is no JSON, got JSON"
	case gotErr != nil:
		return "want JSON, got: " + gotErr.Error()
	}
	d, err := newDiff(c.ignore, want, got)
	if err != nil {
		return err.Error()
	}
	return d.compare("$", want, got)
}

func differentText(a, other *Answer) string {
	want, err := other.Text()
	if err != nil {
		return err.Error()
	}
	got, err := a.Text()
	if err != nil {
		return err.Error()
	}
	if want == got {
		return ""
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	return fmt.Sprintf("the bodies differ from byte %d on: want %s, got %s", at, shortText(want[at:], 40), shortText(got[at:], 40))
}

// diff finds the first difference of two documents.
type diff struct {
	want, got map[string]bool // normalized paths to leave out
}

func newDiff(ignore []*jsonpath.Path, want, got any) (d diff, err error) {
	if d.want, err = located(ignore, want); err != nil {
		return d, err
	}
	d.got, err = located(ignore, got)
	return d, err
}

func located(paths []*jsonpath.Path, root any) (map[string]bool, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	out := map[string]bool{}
	for _, p := range paths {
		nodes, err := p.Locate(root)
		if err != nil {
			return nil, fmt.Errorf("ignore: %s: %w", p, err)
		}
		for _, n := range nodes {
			out[n.Location()] = true
		}
	}
	return out, nil
}

func (d diff) compare(path string, want, got any) string {
	if d.want[path] && d.got[path] {
		return ""
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return d.compareMaps(path, w, g)
		}
	case []any:
		if g, ok := got.([]any); ok {
			return d.compareLists(path, w, g)
		}
	}
	if jsonpath.Equal(want, got) {
		return ""
	}
	return fmt.Sprintf("%s: want %s, got %s", path, show(want, 60), show(got, 60))
}

func (d diff) compareMaps(path string, want, got map[string]any) string {
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		at := path + jsonpath.Member(name)
		w, inWant := want[name]
		g, inGot := got[name]
		inWant = inWant && (!d.want[at] || inGot && d.got[at])
		inGot = inGot && (!d.got[at] || inWant && d.want[at])
		switch {
		case inWant && inGot:
			if difference := d.compare(at, w, g); difference != "" {
				return difference
			}
		case inWant:
			return fmt.Sprintf("%s: want %s, got nothing", at, show(w, 60))
		case inGot:
			return fmt.Sprintf("%s: want nothing, got %s", at, show(g, 60))
		}
	}
	return ""
}

// compareLists compares the elements that are not left out, in order.
func (d diff) compareLists(path string, want, got []any) string {
	keptWant, keptGot := kept(d.want, path, want), kept(d.got, path, got)
	if len(keptWant) != len(keptGot) {
		return fmt.Sprintf("%s: want the length %d, got %d", path, len(want), len(got))
	}
	for i, at := range keptWant {
		if difference := d.compare(path+jsonpath.Element(at), want[at], got[keptGot[i]]); difference != "" {
			return difference
		}
	}
	return ""
}

func kept(ignored map[string]bool, path string, list []any) []int {
	var out []int
	for i := range list {
		if ignored == nil || !ignored[path+jsonpath.Element(i)] {
			out = append(out, i)
		}
	}
	return out
}
