package run_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/specs/run"
)

func TestResultsTellWhatWasWanted(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
secrets: {pw: {env: PW}}
env: [PW]
setup:
  - {name: login, method: POST, url: "${{ vars.base }}/login", json: {password: "${{ secrets.pw }}"}, capture: {tok: {json: $.path, secret: true}}}
defaults: {headers: {X-Token: "${{ captures.tok }}"}}
requests:
  - {name: a, url: "${{ vars.base }}/a", capture: {p: $.path}, expect: {"$.method": POST}}
  - {name: b, url: "${{ vars.base }}/b", capture: {t: "$.headers['X-Token'][0]", none: $.none}, expect: {status: 200, elapsed: {lt: 10s}}}
  - {name: c, url: "${{ vars.base }}/c", json: {n: "${{ vars.n }}", text: "n ${{ vars.n }}"}, idempotency_key: "${{ run.id }}-c", expect: {"$.method": {eq: GET, severity: warn}}}
vars: {n: 1.5}
`, options{vars: map[string]string{"base": s.URL}, env: map[string]string{"PW": "hidden-pw"}})
	if out.err != nil {
		t.Fatal(out.err)
	}
	a, b, c := out.find("a"), out.find("b"), out.find("c")
	if a.Err != nil || a.OK() || len(a.Captures) != 0 {
		t.Errorf("a: error %v, ok %t, captures %v; want a broken expectation and no captures", a.Err, a.OK(), a.Captures)
	}
	if len(b.Captures) != 1 || b.Captures[0].Value != "/login" {
		t.Errorf("b captured %v, want the token", b.Captures)
	}
	if broken := b.Broken(); broken == nil || broken.Subject != "capture none" {
		t.Errorf("b: broken is %v, want the missing capture", broken)
	}
	if !c.OK() || len(c.Expect) != 1 || c.Expect[0].OK {
		t.Errorf("c: %v; want a warning only", c.Expect)
	}
	if body := string(c.Response.Content); !strings.Contains(body, `{\"n\":1.5,\"text\":\"n 1.5\"}`) || !strings.Contains(body, `"Idempotency-Key":["run-1-c"]`) {
		t.Errorf("c was sent as %s", body)
	}
	if got := out.secrets.Mask("/login hidden-pw"); got != "*** ***" {
		t.Errorf("masked: %q", got)
	}
}

func TestRenderingFailsInItsSlot(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
data: {d: {jsonl: d.jsonl}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/${{ row.id }}"}
`, options{vars: map[string]string{"base": s.URL}, files: map[string]string{"d.jsonl": "{\"id\": 1}\n{}\n{\"id\": 3}\n"}})
	if out.err != nil || out.tally() != "ok 2 failed 1" {
		t.Fatalf("%s, %v; want ok 2 failed 1", out.tally(), out.err)
	}
	for _, r := range out.results {
		if r.Err != nil && (r.Err.Kind != runtime.KindInvalidArgument || !strings.Contains(r.Err.Message, "spec.yaml:5:") || r.Row.Index != 2) {
			t.Errorf("row %d: %v; want invalid_argument with the place", r.Row.Index, r.Err)
		}
	}
}

func TestPoll(t *testing.T) {
	s := newSite(t)
	var asked atomic.Int64
	s.handle("/job", func(w http.ResponseWriter, _ *http.Request) {
		n := asked.Add(1)
		_, _ = fmt.Fprintf(w, `{"done": %t, "n": %d}`, n%3 == 0, n)
	})
	s.handle("/never", answering(`{"done": false, "gone": true}`))
	out := execute(t, `
volley: 1
requests:
  - {name: self, url: "${{ vars.base }}/job", poll: {until: "${{ res.json.done }}", every: 1ms, timeout: 10s}, expect: {"$.n": 3}, capture: {n: $.n}}
  - {name: other, needs: self, method: POST, json: {a: 1}, url: "${{ vars.base }}/start/${{ captures.n }}", poll: {get: "${{ vars.base }}/job", until: "${{ res.json.done }}", every: 1ms, timeout: 10s}, expect: {"$.n": 6}}
  - {name: gone, url: "${{ vars.base }}/never", poll: {until: "${{ res.json.done }}", fail_if: "${{ res.json.gone }}", every: 1ms, timeout: 10s}}
  - {name: late, url: "${{ vars.base }}/never", poll: {until: "${{ res.json.done }}", every: 20ms, timeout: 50ms}}
  - {name: refused, method: POST, url: "${{ vars.base }}/status/409", poll: {get: "${{ vars.base }}/job", until: "${{ res.json.done }}", every: 1ms, timeout: 10s}}
`, options{size: 2, vars: map[string]string{"base": s.URL}})
	if out.err != nil {
		t.Fatal(out.err)
	}
	want := []string{"gone=failed", "late=failed", "other=ok", "refused=failed", "self=ok"}
	if diff := cmp.Diff(want, out.states()); diff != "" {
		t.Error(diff)
	}
	if n := out.find("self").Response.Attempts; n != 3 {
		t.Errorf("self took %d attempts, want 3", n)
	}
	if b := out.find("gone").Broken(); b == nil || b.Subject != "poll.fail_if" {
		t.Errorf("gone: %v, want fail_if", b)
	}
	if b := out.find("late").Broken(); b == nil || b.Subject != "poll.until" {
		t.Errorf("late: %v, want until", b)
	}
	if out.find("refused").Response.Status != 409 {
		t.Error("a refused start was polled")
	}
	if !slices.Contains(s.requests(), "POST /start/3") {
		t.Errorf("the requests were %v", s.requests())
	}
	out.once(t)
}

func TestPages(t *testing.T) {
	s := newSite(t)
	s.handle("/list", func(w http.ResponseWriter, r *http.Request) {
		page := r.URL.Query()["page"]
		next := map[string]string{"1": "2", "2": "3"}[page[0]]
		if next != "" {
			w.Header().Set("Link", `</list?page=`+next+`>; rel="next"`)
		}
		_, _ = fmt.Fprintf(w, `{"ids": ["%s-%d"], "next": %q}`, page[0], len(page), "/list?page=1")
	})
	out := execute(t, `
volley: 1
requests:
  - {name: list, url: "${{ vars.base }}/list", params: {page: 1}, paginate: {next: link}, capture: {ids: {json: "$.ids[0]", append: true}}}
  - {name: item, needs: {list: all}, foreach: "${{ captures.ids }}", url: "${{ vars.base }}/item/${{ row.value }}"}
  - {name: loop, url: "${{ vars.base }}/list?page=1", paginate: {next: "${{ res.json.next }}", max_pages: 4}}
`, options{vars: map[string]string{"base": s.URL}})
	if out.err != nil || out.tally() != "ok 10" {
		t.Fatalf("%s, %v; want 3 pages, 3 items, 4 pages", out.tally(), out.err)
	}
	for _, want := range []string{"GET /item/1-1", "GET /item/2-1", "GET /item/3-1"} {
		if !slices.Contains(s.requests(), want) {
			t.Errorf("%q was not sent: %v", want, s.requests())
		}
	}
	if len(out.warnings) != 1 || !strings.Contains(out.warnings[0], "max_pages") {
		t.Errorf("warnings %q, want one about max_pages", out.warnings)
	}
	out.once(t)
}

func TestSameAs(t *testing.T) {
	s := newSite(t)
	out := execute(t, `
volley: 1
requests:
  - {name: read, matrix: {p: [a, b]}, url: "${{ vars.base }}/${{ matrix.p }}"}
  - {name: verify, needs: read, url: "${{ vars.base }}/a", expect: {same_as: {request: read, ignore: ["$.headers"]}}}
`, options{vars: map[string]string{"base": s.URL}})
	if out.err != nil || out.tally() != "ok 3 failed 1" {
		t.Errorf("%s, %v; want that /a differs from /b only", out.tally(), out.err)
	}
}

// diskFile is a File in a folder of the test.
type diskFile struct {
	*os.File
	path string
}

func (f *diskFile) Close() error {
	if err := f.File.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), f.path)
}

func (f *diskFile) Discard() {
	_ = f.File.Close()
	_ = os.Remove(f.Name())
}

func TestSave(t *testing.T) {
	s := newSite(t)
	dir := t.TempDir()
	out := execute(t, `
volley: 1
data: {d: {values: [a, ../b, fail]}}
requests:
  - {name: a, foreach: d, url: "${{ vars.base }}/${{ row.value }}", save: "${{ vars.out }}/got/${{ row.value }}.json"}
`, options{vars: map[string]string{"base": s.URL, "out": dir}, save: func(path string) (run.File, error) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		f, err := os.Create(path + ".tmp")
		return &diskFile{f, path}, err
	}})
	if out.err != nil || out.tally() != "ok 1 failed 2" {
		t.Fatalf("%s, %v; want ok 1 failed 2", out.tally(), out.err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "got", "a.json"))
	if err != nil || !strings.Contains(string(text), `"path":"/a"`) {
		t.Errorf("saved %q, %v", text, err)
	}
	for _, r := range out.results {
		switch r.Row.Index {
		case 1:
			if len(r.Response.Content) != 0 || r.Response.Size.Body != int64(len(text)) {
				t.Errorf("row 1 kept %d bytes, size %d; want none, %d", len(r.Response.Content), r.Response.Size.Body, len(text))
			}
		case 2:
			if r.Err == nil || r.Err.Kind != runtime.KindDenied {
				t.Errorf("row 2: %v, want denied", r.Err)
			}
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(files) != 1 {
		t.Errorf("the files are %v, want got/a.json", files)
	}
}
