package scripts_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/luaapi"
	"volley/specs"
)

var update = flag.Bool("update", false, "write the generated parts of README.md and volley.d.lua anew")

const (
	readme         = "../README.md"
	referenceBegin = "<!-- reference:begin -->\n"
	referenceEnd   = "<!-- reference:end -->\n"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestGeneratedReference(t *testing.T) {
	text := readFile(t, readme)
	before, rest, begun := strings.Cut(text, referenceBegin)
	_, after, ended := strings.Cut(rest, referenceEnd)
	if !begun || !ended {
		t.Fatal("README.md has lost the marks of its reference")
	}
	compareGenerated(t, readme, text, before+referenceBegin+luaapi.NewRegistry().Markdown()+referenceEnd+after)
}

func TestGeneratedTypes(t *testing.T) {
	const name = "volley.d.lua"
	if *update {
		compareGenerated(t, name, "", luaapi.NewRegistry().LuaLS())
		return
	}
	compareGenerated(t, name, readFile(t, name), luaapi.NewRegistry().LuaLS())
	if got := runIn(t, ".", "", "volley", "types"); got.stdout != luaapi.NewRegistry().LuaLS() {
		t.Error("volley types prints something else")
	}
}

func compareGenerated(t *testing.T, name, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	if !*update {
		t.Errorf("%s is out of date; go test ./scripts -run Generated -update writes it anew:\n%s", name, cmp.Diff(got, want))
		return
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// codeBlocks returns the fenced blocks of one language.
func codeBlocks(t *testing.T, language string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readFile(t, readme), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("README.md has no %s blocks", language)
	}
	return out
}

func TestReadmeScripts(t *testing.T) {
	t.Parallel()
	for i, src := range codeBlocks(t, "lua") {
		t.Run(strconv.Itoa(i+1), func(t *testing.T) {
			t.Parallel()
			got := runIn(t, "..", src, "volley", "run", "-q", "--type", "lua", "-")
			if got.code != 0 {
				t.Errorf("exit code %d\n%s%s\n%s", got.code, got.stdout, got.stderr, src)
			}
			for _, m := range regexp.MustCompile(`(?m)--> (.*)$`).FindAllStringSubmatch(src, -1) {
				if !strings.Contains(got.stdout, m[1]) {
					t.Errorf("it does not print %q:\n%s", m[1], got.stdout)
				}
			}
		})
	}
}

// TestReadmeIsQuickstart: the script on top is the example.
func TestReadmeIsQuickstart(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(readFile(t, "examples/quickstart.lua"), codeBlocks(t, "lua")[0]); diff != "" {
		t.Error(diff)
	}
}

// readmeFolder is where the commands of the README are typed: the examples and
// handler scripts lie where they do in the repository, orders.csv at hand, and
// each block that begins with the name of a file is that file.
func readmeFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for to, from := range map[string]string{"specs/examples": examplesOfSpecs, "scripts/examples": "examples", "scripts/handlers": "handlers"} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	orders := readFile(t, examplesOfSpecs+"/orders.csv")
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\A(?:#|--) (\w+\.(?:lua|yaml))\n`)
	for _, src := range append(codeBlocks(t, "lua"), codeBlocks(t, "yaml")...) {
		if m := name.FindStringSubmatch(src); m != nil {
			if err := os.WriteFile(filepath.Join(dir, m[1]), []byte(src), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// TestReadmeSpecs runs and checks each spec.
func TestReadmeSpecs(t *testing.T) {
	t.Parallel()
	for i, src := range codeBlocks(t, "yaml") {
		t.Run(strconv.Itoa(i+1), func(t *testing.T) {
			t.Parallel()
			dir := readmeFolder(t)
			if err := os.WriteFile(filepath.Join(dir, "block.yaml"), []byte(src), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"check", "block.yaml"}, {"run", "-q", "block.yaml"}} {
				if got := withSecrets(t, dir, args...); got.code != 0 || got.stdout+got.stderr != "" {
					t.Errorf("volley %s: exit code %d\n%s%s\n%s", args[0], got.code, got.stdout, got.stderr, src)
				}
			}
		})
	}
}

// TestReadmeSessions runs the commands behind each $ and compares what they
// print, numbers and folders aside.
func TestReadmeSessions(t *testing.T) {
	t.Parallel()
	for i, session := range codeBlocks(t, "console") {
		t.Run(strconv.Itoa(i+1), func(t *testing.T) {
			t.Parallel()
			dir := readmeFolder(t)
			for _, step := range strings.Split("\n"+session, "\n$ ")[1:] {
				line, want, _ := strings.Cut(step, "\n")
				got := runIn(t, dir, "", "bash", "-c", "exec 2>&1; "+line)
				if diff := cmp.Diff(varying(want), varying(got.stdout)); diff != "" {
					t.Errorf("$ %s: README (-) and output (+) differ\n%s", line, diff)
				}
			}
		})
	}
}

// varying replaces what differs from run to run.
func varying(text string) string {
	text = regexp.MustCompile(`--allow-write /\S+`).ReplaceAllString(text, "--allow-write DIR")
	text = regexp.MustCompile(`127\.0\.0\.1:\d{4,5}\b`).ReplaceAllString(text, "127.0.0.1:PORT")
	text = regexp.MustCompile(`\d+ connections? opened`).ReplaceAllString(text, "N connections opened")
	text = regexp.MustCompile(`\d[\d,.]*(%|/s|[nµm]?s\b| ?[KMG]?i?B\b)`).ReplaceAllString(text, "N")
	text = regexp.MustCompile(`N +`).ReplaceAllString(text, "N ") // columns are as wide as the numbers
	return strings.TrimRight(text, "\n")
}

// TestReadmeNamesWhatThereIs: the tables of commands, flags and exit codes have
// what the binary has.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	text := readFile(t, readme)
	flags := regexp.MustCompile(`(?m)^ +(--[a-z-]+)`)
	var help string
	for _, command := range []string{"run", "send", "plan", "check", "init", "httpbin"} {
		help += runIn(t, "..", "", "volley", command, "--help").stdout
	}
	var missing []string
	for _, m := range flags.FindAllStringSubmatch(help, -1) {
		if m[1] != "--help" && !strings.Contains(text, "`"+m[1]+"`") && !strings.Contains(text, "`"+m[1]+" ") {
			missing = append(missing, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^   ([a-z]+) +[a-z]`).FindAllStringSubmatch(runIn(t, "..", "", "volley", "--help").stdout, -1) {
		if m[1] != "volley" && !strings.Contains(text, "| `volley "+m[1]) {
			missing = append(missing, m[1])
		}
	}
	for _, code := range []int{0, 1, 2, 3, 4, 5, 6, 124, 130} {
		if !strings.Contains(text, fmt.Sprintf("\n| %d |", code)) {
			missing = append(missing, strconv.Itoa(code))
		}
	}
	if len(missing) > 0 {
		t.Errorf("README.md does not tell of %v", missing)
	}
	for _, m := range regexp.MustCompile("`(--[a-z-]+)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(help, m[1]) {
			t.Errorf("README.md tells of %s, which no command has", m[1])
		}
	}
}

// TestReadmeNamesFieldsOfSpecs: its tables have what may stand at the top of a
// spec and in a request.
func TestReadmeNamesFieldsOfSpecs(t *testing.T) {
	t.Parallel()
	var schema struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(specs.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(readFile(t, readme), "### What a spec holds")
	text, _, _ = strings.Cut(text, "## Handler scripts")
	fields := maps.Clone(schema.Properties)
	maps.Copy(fields, schema.Defs["request"].Properties)
	for name := range fields {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("README.md does not tell of %s in a spec", name)
		}
	}
	if len(fields) < 40 {
		t.Errorf("the schema has %d fields only", len(fields))
	}
}

// TestReadmeNamesPackages: each package has a line in the architecture.
func TestReadmeNamesPackages(t *testing.T) {
	t.Parallel()
	text := readFile(t, readme)
	seen := map[string]bool{".": true}
	err := fs.WalkDir(os.DirFS(".."), ".", func(file string, _ fs.DirEntry, err error) error {
		if dir := path.Dir(file); path.Ext(file) == ".go" && !seen[dir] {
			seen[dir] = true
			if !strings.Contains(text, "`"+dir+"`") {
				t.Errorf("README.md does not tell of %s", dir)
			}
		}
		return err
	})
	if err != nil || len(seen) < 20 {
		t.Errorf("%d packages, %v", len(seen), err)
	}
}
