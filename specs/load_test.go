package specs_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/gopher-lua/parse"

	"volley/specs"
	"volley/specs/template"
	"volley/specs/tree"
)

var update = flag.Bool("update", false, "write the expected files anew")

// syntaxOnly compiles Lua expressions and never runs them.
type syntaxOnly struct{}

func (syntaxOnly) Compile(source string, pos tree.Pos) (template.Expression, error) {
	if _, err := parse.Parse(strings.NewReader("return "+source), pos.File); err != nil {
		return nil, errors.New("is no Lua expression")
	}
	return notRun{}, nil
}

type notRun struct{}

func (notRun) Eval(template.Scope) (any, error) { return nil, errors.New("not run here") }

func load(t *testing.T, file string, o specs.Options) (*specs.Spec, *tree.Problems) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o.ReadFile = os.ReadFile
	o.Lua = syntaxOnly{}
	return specs.Load(filepath.ToSlash(file), src, o)
}

// loadText loads a spec that needs no files.
func loadText(t *testing.T, src string, o specs.Options) *specs.Spec {
	t.Helper()
	o.Lua = syntaxOnly{}
	s, p := specs.Load("spec.yaml", []byte(src), o)
	if s == nil {
		t.Fatalf("refused:\n%s", problemText(t, p))
	}
	return s
}

func problemText(t *testing.T, p *tree.Problems) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Text(&out, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// specFiles are the worked examples, and those for users.
func specFiles(t *testing.T) []string {
	t.Helper()
	contract, err := filepath.Glob("testdata/worked/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(contract) != 4 {
		t.Fatalf("%d worked examples, want 4", len(contract))
	}
	return append(contract, examples...)
}

func TestExamplesLoad(t *testing.T) {
	for _, file := range specFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, p := load(t, file, specs.Options{Vars: map[string]string{"base": "http://127.0.0.1:1"}})
			if s == nil {
				t.Fatalf("refused:\n%s", problemText(t, p))
			}
			if text := problemText(t, p); text != "" {
				t.Errorf("warnings:\n%s", text)
			}
		})
	}
}

// TestErrors compares what is said of each wrong spec with the file beside
// it: the text with its places.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d wrong specs", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, p := load(t, file, specs.Options{})
			if s != nil {
				t.Error("it loads")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", []byte(problemText(t, p)))
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestMoreProblemsAreTold(t *testing.T) {
	src := "volley: 1\nrequests:\n"
	for i := range 5 {
		src += fmt.Sprintf("  - {url: http://a, headrs%d: 1}\n", i)
	}
	_, p := specs.Load("spec.yaml", []byte(src), specs.Options{})
	if n := len(p.All()); n != 5 {
		t.Errorf("%d problems, want 5:\n%s", n, problemText(t, p))
	}
}

func TestWarningsLetASpecLoad(t *testing.T) {
	s, p := specs.Load("spec.yaml", []byte("volley: 1\nrequests: [{url: http://a, json: {zip: 010}}]\n"), specs.Options{})
	if s == nil || len(p.All()) != 1 || !p.All()[0].Warning {
		t.Errorf("spec %v, problems:\n%s", s, problemText(t, p))
	}
}
