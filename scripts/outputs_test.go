package scripts_test

import (
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// fileTree writes files into a new folder; a name that ends in "@" is a link
// to what its text says.
func fileTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, strings.TrimSuffix(name, "@"))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write := func() error { return os.WriteFile(path, []byte(text), 0o600) }
		if strings.HasSuffix(name, "@") {
			write = func() error { return os.Symlink(text, path) }
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// filesIn are the texts of the files in a folder, by name.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range namesIn(t, dir) {
		all[name] = readFile(t, filepath.Join(dir, name))
	}
	return all
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestOutputsOverInputs: an output that is a file which the run reads, or
// another output, is refused before anything is sent or changed.
func TestOutputsOverInputs(t *testing.T) {
	t.Parallel()
	url, hits := counter(t)
	for name, c := range map[string]struct {
		spec string // below volley: 1; "" is one request
		args string
		want string // what it says, a pattern
	}{
		"script":        {args: "s.lua -o ./sub/../s.lua --type lua", want: `--output: \./sub/\.\./s\.lua .*ending is no known format|--output: \./sub/\.\./s\.lua would overwrite what the run reads: s\.lua \(FILE\)`},
		"spec itself":   {spec: "outputs: [{csv: s.yaml}]", args: "s.yaml", want: `s\.yaml:4:17: s\.yaml would overwrite what the run reads: s\.yaml \(FILE\)`},
		"vars":          {args: "s.yaml --vars vars.yaml -o link.ndjson", want: `--output: link\.ndjson would overwrite what the run reads: vars\.yaml \(--vars\)`},
		"env file":      {spec: "outputs: [{ndjson: env}]", args: "s.yaml --env-file env", want: `s\.yaml:4:20: env would overwrite what the run reads: env \(--env-file\)`},
		"data":          {spec: rowsOf("csv: u.csv") + "outputs: [{failed: sub/../u.csv}]", args: "s.yaml", want: `s\.yaml:6:20: sub/\.\./u\.csv would overwrite what the run reads: u\.csv \(data\.rows, s\.yaml:4:20\)`},
		"data, linked":  {spec: rowsOf("csv: u.csv"), args: "s.yaml -o alias.csv", want: `--output: alias\.csv would overwrite what the run reads: u\.csv \(data\.rows, s\.yaml:4:20\)`},
		"data, by vars": {spec: rowsOf(`csv: "${{ vars.f }}"`), args: "s.yaml -o u.csv --var f=u.csv", want: `error: s\.yaml:4:20: u\.csv is an output of the run too: u\.csv \(--output\)`},
		"glob":          {spec: rowsOf(`glob: "*.csv"`), args: "s.yaml -o new.csv", want: `--output: new\.csv would overwrite what the run reads: \*\.csv \(data\.rows, s\.yaml:4:21\)`},
		"by vars":       {spec: rowsOf("csv: u.csv") + `outputs: [{csv: "${{ vars.f }}"}]`, args: "s.yaml --var f=u.csv", want: `error: s\.yaml:6:17: outputs\.csv: u\.csv would overwrite what the run reads`},
		"handlers":      {args: "s.yaml --handlers s.lua --report alias.xml", want: `--report: alias\.xml would overwrite what the run reads: s\.lua \(--handlers\)`},
		"its handlers":  {spec: "handlers: {script: s.lua}\noutputs: [{junit: s.lua}]", args: "s.yaml", want: `s\.yaml:5:19: s\.lua would overwrite what the run reads: s\.lua \(handlers\.script, s\.yaml:4:20\)`},
		"include":       {spec: "include: more.yaml\noutputs: [{csv: more.yaml}]", args: "s.yaml", want: `s\.yaml:5:17: more\.yaml would overwrite what the run reads: more\.yaml \(read by s\.yaml\)`},
		"secret":        {spec: "secrets: {k: {file: env}}\noutputs: [{csv: env}]", args: "s.yaml -o env.csv", want: `--output: env\.csv would overwrite what the run reads: env `},
		"body":          {spec: `requests: [{url: "http://127.0.0.1:1/", files: {f: {path: u.csv}}}]`, args: "s.yaml -o u.csv", want: `--output: u\.csv would overwrite what the run reads: u\.csv \(requests\[0\]\.files, s\.yaml:2:`},
		"twice":         {args: "s.yaml -o a.ndjson -o sub/../a.ndjson", want: `--output: sub/\.\./a\.ndjson is written by another output too: a\.ndjson \(--output\)`},
		"- twice":       {args: "s.yaml -o - -o -", want: `--output: standard output is written by another output too: standard output \(--output\)`},
		"-o, outputs":   {spec: "outputs: [{ndjson: a.ndjson}, {failed: f.jsonl}]", args: "s.yaml -o a.ndjson", want: `--output: a\.ndjson is written by another output too: a\.ndjson \(outputs\.ndjson, s\.yaml:4:20\)`},
		"- in outputs":  {spec: "outputs: [{ndjson: \"-\"}]", args: "s.yaml -o -", want: `--output: standard output is written by another output too: standard output \(outputs\.ndjson, s\.yaml:4:20\)`},
		"outputs":       {spec: "outputs: [{csv: a.csv}, {failed: ./a.csv}]", args: "s.yaml", want: `s\.yaml:4:34: \./a\.csv is written by another output too: a\.csv \(outputs\.csv, s\.yaml:4:17\)`},
		"two specs":     {spec: "outputs: [{csv: a.csv}]", args: "s.yaml s.yaml", want: `s\.yaml:4:17: a\.csv is written by another output too: a\.csv \(outputs\.csv, s\.yaml:4:17\)`},
		"-o, --report":  {args: "s.yaml -o - --report r.xml --report ./r.xml", want: `--report: \./r\.xml is written by another output too: r\.xml \(--report\)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := c.spec
			if !strings.Contains(spec, "requests:") {
				spec = "requests: [{url: \"" + url + "\"}]\n\n" + spec
			}
			dir := fileTree(t, map[string]string{
				"s.lua": "volley.get('" + url + "'):send()", "s.yaml": "volley: 1\n" + spec + "\n", "more.yaml": "volley: 1\n",
				"vars.yaml": "f: u.csv\n", "env": "K=v\n", "u.csv": "id\n1\n", "sub/x": "",
				"link.ndjson@": "vars.yaml", "alias.csv@": "u.csv", "alias.xml@": "s.lua", "env.csv@": "env",
			})
			before := filesIn(t, dir)
			got := runIn(t, dir, "", append([]string{"volley", "run", "-q"}, strings.Fields(c.args)...)...)
			if got.code != 2 || got.stdout != "" || !regexp.MustCompile(c.want).MatchString(got.stderr) {
				t.Errorf("exit code %d, want 2 and %s\n%s%s", got.code, c.want, got.stdout, got.stderr)
			}
			if after := filesIn(t, dir); !sameTexts(before, after) {
				t.Errorf("files changed: %v", after)
			}
		})
	}
	t.Cleanup(func() {
		if n := hits.Load(); n > 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

// rowsOf is a data source and the request that has its rows.
func rowsOf(source string) string {
	return "data: {rows: {" + source + "}}\n\n"
}

func sameTexts(a, b map[string]string) bool {
	for name, text := range a {
		if b[name] != text {
			return false
		}
	}
	return len(a) == len(b)
}

// TestOutputsBeside: what only looks alike is no reason to refuse.
func TestOutputsBeside(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	dir := fileTree(t, map[string]string{
		"s.yaml": "volley: 1\ndata: {rows: {csv: u.csv}, out: {glob: \"*.json\"}}\nrequests: [{foreach: rows, url: \"" + server.URL + "\", expect: {status: 404}}]\n" +
			"outputs: [{csv: /dev/null}, {failed: again.csv}, {ndjson: /dev/null}, {ndjson: \"${{ run.id }}.ndjson\"}]\n",
		"u.csv": "id\n1\n", "old.ndjson": "", "new.ndjson@": "gone.ndjson",
	})
	got := runIn(t, dir, "", "volley", "run", "-q", "s.yaml", "-o", "-", "-o", "old.ndjson", "-o", "new.ndjson", "--report", "r.xml")
	if got.code != 0 || strings.Count(got.stdout, "\n") != 2 {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// TestMissingRows: rows that are not there are found before anything is sent,
// by run as by plan.
func TestMissingRows(t *testing.T) {
	t.Parallel()
	url, hits := counter(t)
	for name, c := range map[string]struct{ source, args, want string }{
		"missing":      {"csv: none.csv", "", `s\.yaml:2:20: none\.csv: no such file or directory\n +data: `},
		"folder":       {"lines: sub", "", `s\.yaml:2:22: sub: it is a folder`},
		"glob":         {`glob: "none/*.json"`, "", `s\.yaml:2:21: none/\*\.json: no such file or directory`},
		"by vars":      {`jsonl: "${{ vars.f }}"`, "--var f=none.jsonl", `s\.yaml:2:22: .*none\.jsonl.*: no such file or directory`},
		"second file":  {"csv: none.csv", "", `s\.yaml:2:20: none\.csv`},
		"made by save": {"csv: made.csv", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			setup := ""
			if name == "made by save" {
				setup = "setup: [{url: \"" + url + "\", save: made.csv}]\n"
			}
			dir := fileTree(t, map[string]string{
				"s.yaml": "volley: 1\ndata: {rows: {" + c.source + "}}\n" + setup + "requests: [{url: \"" + url + "\"}, {foreach: rows, url: \"" + url + "\"}]\n",
				"ok.lua": "volley.get('" + url + "'):send()", "sub/x": "",
			})
			args := strings.Fields(c.args)
			run := append([]string{"volley", "run", "-q"}, args...)
			if name == "second file" {
				run = append(run, "ok.lua")
			}
			got := runIn(t, dir, "", append(run, "s.yaml")...)
			if c.want == "" {
				if got.code != 0 {
					t.Errorf("exit code %d\n%s", got.code, got.stderr)
				}
				return
			}
			for command, got := range map[string]ended{"run": got, "plan": runIn(t, dir, "", append(append([]string{"volley", "plan"}, args...), "s.yaml")...)} {
				if got.code != 2 || command == "run" && !regexp.MustCompile(c.want).MatchString(got.stderr) || !strings.Contains(got.stderr, "s.yaml:2:") {
					t.Errorf("%s: exit code %d, want 2 and %s\n%s", command, got.code, c.want, got.stderr)
				}
			}
		})
	}
	t.Cleanup(func() {
		if n := hits.Load(); n > 3 { // of the spec that makes its rows
			t.Errorf("%d requests were sent", n)
		}
	})
}

// TestNothingLeft: a process that ends at once leaves no file under a name of
// its own making.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	url, arrived := pausing(t)
	dir := fileTree(t, map[string]string{"s.yaml": "volley: 1\nrequests: [{url: \"" + url + "/hold\"}]\noutputs: [{csv: a.csv}, {failed: f.csv}, {junit: j.xml}]\n"})
	got, _ := signalled(t, dir, "", arrived, []syscall.Signal{syscall.SIGKILL}, "run", "s.yaml", "-o", "a.ndjson.gz", "-o", "b.ndjson", "--report", "r.xml")
	if got.code == 0 {
		t.Error("it ended well")
	}
	for _, left := range namesIn(t, dir) {
		if strings.HasPrefix(filepath.Base(left), ".") {
			t.Errorf("it leaves %s", left)
		}
	}
}

// TestPlanConceals: what an expression makes of a secret is not shown, however
// it got hold of it; nor is the secret itself, however it is quoted.
func TestPlanConceals(t *testing.T) {
	t.Parallel()
	const spec = `
volley: 1
env: [K]
secrets: {k: {env: K}}
vars: {d: "${{ secrets.k:upper() }}", e: "${{ secrets.k }}", base: "http://127.0.0.1:1"}
data: {rows: {values: [{v: "${{ secrets.k }}"}]}, made: {lua: "local n = 0 return function() n = n + 1 if n < 3 then return {v = secrets.k:reverse()} end end"}}
requests:
  - name: all
    foreach: rows
    when: "${{ #secrets.k > 3 }}"
    method: POST
    url: ${{ vars.base }}/a/${{ secrets.k:sub(2, 3) }}
    headers: {X-A: "${{ secrets.k }}", X-B: "pre ${{ secrets.k:reverse() }}", X-C: "${{ vars.d }}", X-D: "${{ vars.e:lower() }}", X-E: "${{ env.K:rep(2) }}", X-F: "${{ row.v:reverse() }}", X-G: "${{ (function() local secrets = secrets return secrets.k:reverse() end)() }}"}
    params: {p: "${{ volley.base64.encode(secrets.k) }}", n: "${{ #secrets.k }}"}
    json: {list: "${{ {secrets.k:reverse(), volley.hash.sha256(secrets.k)} }}"}
  - {name: form, url: "${{ vars.base }}", method: POST, files: {f: "${{ secrets.k }}"}}
  - {name: generated, foreach: made, url: "${{ vars.base }}/${{ row.v }}"}
`
	const key = "It's a s3cret\tQ"
	var leaks []string
	for _, hidden := range []string{"s3cret", "S3CRET", "terc3s", "t's", "SXQnc", fmt.Sprintf("%x", sha256.Sum256([]byte(key)))} {
		leaks = append(leaks, regexp.QuoteMeta(hidden))
	}
	leak := regexp.MustCompile(strings.Join(leaks, "|"))
	dir := fileTree(t, map[string]string{"s.yaml": spec})
	for _, form := range []string{"--first=10", "--curl", "--json"} {
		got := runIn(t, dir, "", "env", "K="+key, "volley", "plan", form, "s.yaml")
		if got.code != 0 || strings.Count(got.stdout, "***") < 10 {
			t.Errorf("%s: exit code %d\n%s%s", form, got.code, got.stdout, got.stderr)
		}
		if found := leak.FindString(got.stdout + got.stderr); found != "" {
			t.Errorf("%s shows %q:\n%s", form, found, got.stdout)
		}
	}
}

// TestDiskFull: whatever output has no room, the run ends with code 4 and one
// line that names it, and the others are whole.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	const printing = `for i = 1, 3000 do volley.get("URL"):send() print(string.rep("x", 100)) end`
	for name, c := range map[string]struct{ script, outputs, args, want string }{
		"csv":      {outputs: "{csv: /dev/full}", want: "writing /dev/full"},
		"ndjson":   {outputs: "{ndjson: /dev/full}", want: "writing /dev/full"},
		"failed":   {outputs: "{failed: full.jsonl}", want: "writing full.jsonl"},
		"junit":    {outputs: "{junit: /dev/full}", want: "writing /dev/full"},
		"-o":       {args: "-o full.jsonl", want: "writing full.jsonl"},
		"-o .csv":  {args: "-o full.csv", want: "writing full.csv"},
		"-o .gz":   {args: "-o full.ndjson.gz", want: "writing full.ndjson.gz"},
		"-o .zst":  {args: "-o full.csv.zst", want: "writing full.csv.zst"},
		"--report": {args: "--report full.xml", want: "writing full.xml"},
		"-o -":     {args: "-o -", want: "standard output"},
		"print":    {script: printing, want: "standard output"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{
				"s.yaml": "volley: 1\ndata: {r: {range: [1, 2000]}}\nrequests: [{foreach: r, url: \"" + server.URL + "\"}]\noutputs: [{csv: beside.csv}, " + c.outputs + "]\n",
				"s.lua":  strings.ReplaceAll(c.script, "URL", server.URL),
			}
			for _, name := range []string{"full.jsonl", "full.csv", "full.ndjson.gz", "full.csv.zst", "full.xml"} {
				files[name+"@"] = "/dev/full"
			}
			dir := fileTree(t, files)
			script := "s.yaml"
			if c.script != "" {
				script = "s.lua"
			}
			command := "volley run -q -o beside.ndjson " + script + " " + c.args + " >>out"
			if c.want == "standard output" {
				command = strings.Replace(command, ">>out", ">/dev/full", 1)
			}
			got := runIn(t, dir, "", "sh", "-c", command)
			if got.code != 4 || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, c.want+":") || !strings.Contains(got.stderr, "no space left") {
				t.Errorf("exit code %d, want 4 and one line of %s\n%s", got.code, c.want, got.stderr)
			}
			checkWhole(t, dir)
		})
	}
}
