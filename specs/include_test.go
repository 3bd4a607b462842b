package specs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/specs"
)

// files is a folder in memory.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	if text, ok := f[path]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (f files) load(t *testing.T, name string, o specs.Options) *specs.Spec {
	t.Helper()
	o.ReadFile = f.read
	o.Lua = syntaxOnly{}
	s, p := specs.Load(name, []byte(f[name]), o)
	if s == nil {
		t.Fatalf("refused:\n%s", problemText(t, p))
	}
	return s
}

func varText(t *testing.T, s *specs.Spec, name string) string {
	t.Helper()
	for _, v := range s.Vars {
		if v.Name != name {
			continue
		}
		if v.Value == nil {
			return v.Text
		}
		text, err := v.Value.Text(nil)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	return ""
}

func labels(list []*specs.Request) string {
	var names []string
	for _, r := range list {
		names = append(names, r.Label())
	}
	return strings.Join(names, " ")
}

func TestWhatWins(t *testing.T) {
	f := files{
		"dir/main.yaml":     "volley: 1\ninclude: [sub/base.yaml]\nvars: {b: file, c: file, d: file}\nprofiles: {prod: {vars: {c: profile, d: profile}, limits: {size: 2}, tags: null}}\ntags: [x]\nlimits: {size: 1, rate: 5}\nrequests: [{url: http://main}]\n",
		"dir/sub/base.yaml": "include: deep.yaml\nvars: {a: included, b: included, c: included, d: included}\nrequests: [{name: base, url: http://base}]\n",
		"dir/sub/deep.yaml": "volley: 1\nvars: {a: deep, z: deep}\nsetup: [{name: deep, url: http://deep}]\n",
	}
	s := f.load(t, "dir/main.yaml", specs.Options{Profile: "prod", Vars: map[string]string{"d": "given"}})
	for name, want := range map[string]string{"z": "deep", "a": "included", "b": "file", "c": "profile", "d": "given"} {
		if got := varText(t, s, name); got != want {
			t.Errorf("vars.%s = %q, want %q", name, got, want)
		}
	}
	if s.Limits.Size != 2 || s.Limits.Rate != 5 || len(s.Tags) != 0 {
		t.Errorf("limits %+v, tags %q", s.Limits, s.Tags)
	}
	if got := labels(s.Requests); got != "base requests[1]" {
		t.Errorf("requests %q", got)
	}
	if got := labels(s.Setup); got != "deep" || s.Setup[0].Pos.File != "dir/sub/deep.yaml" {
		t.Errorf("setup %q of %v", got, s.Setup[0].Pos)
	}
	if s = f.load(t, "dir/main.yaml", specs.Options{}); s.Limits.Size != 1 || len(s.Tags) != 1 {
		t.Errorf("without the profile: limits %+v, tags %q", s.Limits, s.Tags)
	}
}

func TestIncludeAs(t *testing.T) {
	f := files{
		"main.yaml": "volley: 1\ninclude:\n  - {file: crud.yaml, as: user, vars: {kind: users}}\n  - {file: crud.yaml, as: order, vars: {kind: orders, size: 2}}\nrequests: [{name: last, url: http://a, needs: [user.read, order.write]}]\n",
		"crud.yaml": "vars: {kind: none, size: 1}\nrequests:\n  - {name: read, url: \"http://a/${{ vars.kind }}\", expect: {status: 200}}\n  - {name: write, url: http://b, needs: {read: all}, expect: {same_as: {request: read}}}\n  - {extends: read, needs: [read, write]}\n",
	}
	s := f.load(t, "main.yaml", specs.Options{Vars: map[string]string{"size": "9"}})
	if got := labels(s.Requests); got != "user.read user.write requests[2] order.read order.write requests[5] last" {
		t.Errorf("requests %q", got)
	}
	if n := s.Requests[1].Needs; len(n) != 1 || n[0].Name != "user.read" || !n[0].All {
		t.Errorf("needs %+v", n)
	}
	if n := s.Requests[5].Needs; len(n) != 2 || n[0].Name != "order.read" || n[1].Name != "order.write" {
		t.Errorf("needs %+v", n)
	}
	if u := s.Requests[4].Expect.Uses().Requests; len(u) != 1 || u[0].Text != "order.read" {
		t.Errorf("same_as %+v", u)
	}
	var got []string
	for _, r := range []*specs.Request{s.Requests[0], s.Requests[3], s.Requests[6]} {
		line := r.Name
		for _, v := range r.Vars {
			text, err := v.Value.Text(nil)
			if err != nil {
				t.Fatal(err)
			}
			line += " " + v.Name + "=" + text
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"user.read kind=users", "order.read kind=orders", "last"}, got); diff != "" {
		t.Error(diff)
	}
	if got := varText(t, s, "kind"); got != "none" {
		t.Errorf("vars.kind = %q", got)
	}
}

func TestIncludeTwice(t *testing.T) {
	f := files{
		"main.yaml":   "volley: 1\ninclude: [a.yaml, b.yaml]\nrequests: [{url: http://main}]\n",
		"a.yaml":      "include: common.yaml\nvars: {a: 1}\n",
		"b.yaml":      "include: common.yaml\nvars: {b: 1}\n",
		"common.yaml": "requests: [{name: once, url: http://a}]\n",
	}
	if s := f.load(t, "main.yaml", specs.Options{}); labels(s.Requests) != "once requests[1]" {
		t.Errorf("requests %q", labels(s.Requests))
	}
}

func TestIncludeBounds(t *testing.T) {
	for _, c := range []struct {
		name, want string
		next       func(i int) string
	}{
		{"deep", "more than 20 includes within one another", func(i int) string { return fmt.Sprintf("include: f%d.yaml\n", i+1) }},
		{"many", "more than 100 files are included", func(i int) string {
			return strings.Repeat(fmt.Sprintf("- {file: f%d.yaml, as: x}\n", i+1), 3)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := func(path string) ([]byte, error) {
				var i int
				if _, err := fmt.Sscanf(path, "f%d.yaml", &i); err != nil {
					return nil, errors.New("no such file")
				}
				text := c.next(i)
				if c.name == "many" {
					text = "include:\n" + text
				}
				return []byte(text), nil
			}
			s, p := specs.Load("main.yaml", []byte("volley: 1\ninclude: f1.yaml\nrequests: [{url: http://a}]\n"), specs.Options{ReadFile: read})
			if s != nil || !strings.Contains(problemText(t, p), c.want) {
				t.Errorf("got:\n%s", problemText(t, p))
			}
		})
	}
}

func TestUnknownProfile(t *testing.T) {
	s, p := specs.Load("s.yaml", []byte("volley: 1\nprofiles: {prod: {}}\nrequests: [{url: http://a}]\n"), specs.Options{Profile: "prd"})
	if text := problemText(t, p); s != nil || !strings.Contains(text, `there is no profile "prd"`) || !strings.Contains(text, `did you mean "prod"?`) {
		t.Errorf("got:\n%s", text)
	}
}

func TestResolve(t *testing.T) {
	f := files{"sub/pw": "se cret\r\n"}
	s, p := specs.Load("sub/s.yaml", []byte("volley: 1\nenv: [A, B]\nsecrets: {t: {env: T}, pw: {file: pw}}\nrequests: [{url: http://a}]\n"), specs.Options{})
	if s == nil {
		t.Fatal(problemText(t, p))
	}
	environ := func(name string) (string, bool) {
		v, ok := map[string]string{"A": "a", "T": "tok", "C": "c"}[name]
		return v, ok
	}
	given, p := s.Resolve(environ, f.read)
	if p.Err() != nil {
		t.Fatal(problemText(t, p))
	}
	want := &specs.Given{Env: map[string]string{"A": "a"}, Secrets: map[string]string{"t": "tok", "pw": "se cret"}}
	if diff := cmp.Diff(want, given); diff != "" {
		t.Error(diff)
	}
	_, p = s.Resolve(func(string) (string, bool) { return "", false }, files{}.read)
	text := problemText(t, p)
	for _, want := range []string{`sub/s.yaml:3:11: the secret "t" is not there: the environment variable T is not set`, `sub/s.yaml:3:24: the secret "pw" is not there`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
}
