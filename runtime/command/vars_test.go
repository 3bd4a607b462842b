package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadVars(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		pairs []string
		want  map[string]string
		err   string // a part of it
	}{
		"nothing":           {want: map[string]string{}},
		"pairs":             {pairs: []string{"a=1", "b=", "c=x=y,z"}, want: map[string]string{"a": "1", "b": "", "c": "x=y,z"}},
		"the last wins":     {pairs: []string{"a=1", "a=2"}, want: map[string]string{"a": "2"}},
		"scalars keep text": {file: "a: 1.50\nb: yes\nc: 0x1F\nd: ~\n", want: map[string]string{"a": "1.50", "b": "yes", "c": "0x1F", "d": "~"}},
		"json":              {file: `{"a": "x", "b": 2}`, want: map[string]string{"a": "x", "b": "2"}},
		"pairs win":         {file: "a: 1\nb: 2\n", pairs: []string{"b=3"}, want: map[string]string{"a": "1", "b": "3"}},
		"comments only":     {file: "# nothing\n", want: map[string]string{}},
		"no pair":           {pairs: []string{"a"}, err: `--var "a" must be NAME=VALUE`},
		"no name":           {pairs: []string{"=a"}, err: `--var "…" must be NAME=VALUE`},
		"a wrong sign":      {pairs: []string{"a:s3cret"}, err: `--var "a…" must be NAME=VALUE`},
		"a list":            {file: "- a\n", err: ":1:1: must be a mapping"},
		"a nested mapping":  {file: "a:\n  b: 1\n", err: ":2:3: a must be a single value"},
		"twice":             {file: "a: 1\nb: 2\na: 3\n", err: ":3:1: a is given twice"},
		"broken":            {file: "a: [\n", err: "line "},
	} {
		file := ""
		if c.file != "" {
			file = filepath.Join(t.TempDir(), "vars.yaml")
			if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := readVars(file, c.pairs)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", name, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReadAllLimited(t *testing.T) {
	if src, err := readAllLimited(strings.NewReader("print(1)")); err != nil || string(src) != "print(1)" {
		t.Errorf("%q, %v", src, err)
	}
	if _, err := readAllLimited(endless{}); err == nil || err.Error() != "standard input is larger than 16 MiB" {
		t.Errorf("endless input: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestBadEnvFile: where a file is wrong is told by the line, not by its text.
func TestBadEnvFile(t *testing.T) {
	for text, line := range map[string]string{
		"A=1\nB!=s3cret\nD=2\n":          ":2:",
		"A=1\nB='s3cret\nC=2\n":          ":2:",
		"A='1\n2'\n\n# note\n!=s3cret\n": ":5:",
		"s3+cret":                        ":1:",
	} {
		file := filepath.Join(t.TempDir(), "e.env")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readEnvFile(file)
		if err == nil || !strings.Contains(err.Error(), file+line+" must be NAME=VALUE") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want line %s", text, err, line)
		}
	}
}

func TestExposed(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"--var token=x --var user=me a.lua", "token"},
		{"--var=api_key=x -var password=y a.lua", "api_key password"},
		{"--var token= a.lua", ""},
		{"a.lua -- --var token=x", ""},
		{"--var", ""},
	} {
		if got := strings.Join(exposed(strings.Fields(c.args)), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
	}
}
