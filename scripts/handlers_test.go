package scripts_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/scripts"
)

// guarded is what handler scripts are for: a server that wants signatures and
// tokens, and has other ways to refuse. It counts who came.
type guarded struct {
	*httptest.Server
	key string

	mu   sync.Mutex
	hits map[string]int
}

func newGuarded(t *testing.T) *guarded {
	g := &guarded{key: "a key", hits: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/signed", g.signed)
	mux.HandleFunc("POST /login", g.login)
	mux.HandleFunc("/token", g.wantsToken)
	mux.HandleFunc("/busy", g.busy)
	for path, status := range map[string]int{"/gone": 410, "/closed": 401, "/fine": 200} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			g.hit(path)
			w.WriteHeader(status)
		})
	}
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	return g
}

func (g *guarded) hit(path string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hits[path]++
	return g.hits[path]
}

func (g *guarded) count(path string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hits[path]
}

// signed answers 403 to what is not signed with the key.
func (g *guarded) signed(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	mac := hmac.New(sha256.New, []byte(g.key))
	_, _ = fmt.Fprintf(mac, "%s\n%s%s\n%s", r.Method, g.URL, r.URL.RequestURI(), body)
	if r.Header.Get("X-Signature") != hex.EncodeToString(mac.Sum(nil)) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	g.hit(r.Method + " signed")
}

// login hands out tokens, of which the first is never good.
func (g *guarded) login(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, `{"token": "t%d"}`, g.hit("login")) //nolint:errcheck // the client will tell
}

func (g *guarded) wantsToken(w http.ResponseWriter, r *http.Request) {
	if auth := r.Header.Get("Authorization"); auth == "" || auth == "Bearer t1" {
		g.hit("refused")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	g.hit("let in")
}

// busy is 503 to the first two.
func (g *guarded) busy(w http.ResponseWriter, _ *http.Request) {
	if g.hit("busy") <= 2 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// handlerRun is one run with a handler script.
type handlerRun struct {
	ended
	server *guarded
	dir    string
}

// withHandler runs a script and then a spec with one of the handler scripts,
// each with its hooks on the script's VM and on two of their own. Both find the
// server as the variable base.
func withHandler(t *testing.T, handler string, flags []string, script, spec string, look func(t *testing.T, got handlerRun)) {
	t.Helper()
	file, err := filepath.Abs("handlers/" + handler)
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]string{"script.lua": script, "spec.yaml": "volley: 1\nrequests:\n" + spec} {
		for _, vms := range [][]string{nil, {"--handler-vms", "2"}} {
			t.Run(strings.Join(append([]string{name}, vms...), " "), func(t *testing.T) {
				t.Parallel()
				g := newGuarded(t)
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
					t.Fatal(err)
				}
				args := slices.Concat([]string{"volley", "run", name, "--handlers", file, "--var", "base=" + g.URL}, vms, flags)
				for i := range args {
					args[i] = strings.ReplaceAll(args[i], "BASE", g.URL)
				}
				look(t, handlerRun{runIn(t, dir, "", args...), g, dir})
			})
		}
	}
}

// came fails unless a run ended with that code and account.
func (r handlerRun) came(t *testing.T, code int, account string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	expectLines(t, r.stderr, []string{account})
}

func TestSign(t *testing.T) {
	t.Parallel()
	withHandler(t, "sign.lua", []string{"--var", "key=a key"}, `
		local url = volley.vars.base .. "/signed"
		for _, r in ipairs(volley.map{volley.get(url, {params = {a = 1}}), volley.put(url, {data = "text"}), volley.post(url, {json = {1}})}) do
			assert(r.ok, r)
		end`, `
  - {url: "${{ vars.base }}/signed", params: {a: 1}}
  - {method: PUT, url: "${{ vars.base }}/signed", data: text}
  - {method: POST, url: "${{ vars.base }}/signed", json: [1]}
`, func(t *testing.T, got handlerRun) {
		got.came(t, 0, `3 done = 3 ok \+ 0 failed \+ 0 skipped.*`)
		for _, method := range []string{"GET", "PUT", "POST"} {
			if n := got.server.count(method + " signed"); n != 1 {
				t.Errorf("%s: %d signed ones came", method, n)
			}
		}
	})
}

func TestSignWithoutKey(t *testing.T) {
	t.Parallel()
	withHandler(t, "sign.lua", nil, `volley.get(volley.vars.base .. "/signed"):send()`, `
  - url: ${{ vars.base }}/signed
`, func(t *testing.T, got handlerRun) {
		got.came(t, 3, `error: .*: sign.lua needs --var key=\.\.\.`)
	})
}

func TestRefreshToken(t *testing.T) {
	t.Parallel()
	withHandler(t, "refresh_token.lua", []string{"--var", "login=BASE/login"}, `
		local url = volley.vars.base .. "/token"
		local responses = volley.map({url, url, url, url, url, url})
		for i = 1, responses.n do assert(responses[i].ok) end`, `
  - {url: "${{ vars.base }}/token", repeat: 6}
`, func(t *testing.T, got handlerRun) {
		got.came(t, 0, `\d+ done = \d+ ok \+ 0 failed \+ 0 skipped.*`)
		if n := got.server.count("let in"); n != 6 {
			t.Errorf("%d of 6 were let in", n)
		}
		if refused := got.server.count("refused"); refused == 0 {
			t.Error("the first token was not refused")
		}
		if logins := got.server.count("login"); logins < 2 || logins > 4 { // one at first, one for each VM
			t.Errorf("%d logins", logins)
		}
	})
}

func TestTriage(t *testing.T) {
	t.Parallel()
	withHandler(t, "triage.lua", nil, `
		local base = volley.vars.base
		local responses = volley.map({base .. "/busy", base .. "/gone", "http://127.0.0.1:9/"})
		print("busy", responses[1])
		print("dead", responses[3].status_code, responses[3].text)
		assert(volley.get(base .. "/closed"):send())
		print("after", select(2, volley.get(base .. "/fine"):send()).kind)`, `
  - {name: busy, url: "${{ vars.base }}/busy"}
  - {name: gone, url: "${{ vars.base }}/gone"}
  - {name: dead, url: "http://127.0.0.1:9/"}
  - {name: closed, needs: busy, url: "${{ vars.base }}/closed"}
  - {name: fine, needs: closed, url: "${{ vars.base }}/fine"}
`, func(t *testing.T, got handlerRun) {
		expectLines(t, got.stderr, []string{`warn: first connect: GET http://127.0.0.1:9/: .*`, `info: \d ok, \d failed, \d skipped`})
		if got.stdout == "" {
			got.came(t, 1, `5 done = 1 ok \+ 2 failed \+ 2 skipped, .*`) // a spec: 401 is not below 400, and what stands for a failure leaves it one
		} else {
			got.came(t, 0, `5 done = 2 ok \+ 2 failed \+ 1 skipped, .*`)
			expectLines(t, got.stdout, []string{`busy\t<Response \[200\]>`, `dead\t599\tconnect`, `after\tcancelled`})
		}
		for path, want := range map[string]int{"busy": 3, "/gone": 1, "/closed": 1, "/fine": 0} {
			if n := got.server.count(path); n != want {
				t.Errorf("%s was asked %d times, want %d", path, n, want)
			}
		}
	})
}

func TestCollectCSV(t *testing.T) {
	t.Parallel()
	withHandler(t, "collect_csv.lua", []string{"--allow-write", "."}, `
		local base = volley.vars.base
		volley.map{base .. "/fine", base .. "/fine?a,b", base .. "/gone"}`, `
  - {url: "${{ vars.base }}/fine"}
  - {url: "${{ vars.base }}/fine?a,b"}
  - {url: "${{ vars.base }}/gone", expect: {status: 410}}
`, func(t *testing.T, got handlerRun) {
		got.came(t, 0, `3 done = 3 ok .*`)
		u := got.server.URL
		want := fmt.Sprintf("url,status,bytes\n\"%s/fine?a,b\",200,0\n%s/fine,200,0\n%s/gone,410,0\n", u, u, u)
		if diff := cmp.Diff(want, readFile(t, filepath.Join(got.dir, "collected.csv"))); diff != "" {
			t.Error(diff)
		}
	})
}

// TestFollowUps crawls go-httpbin's five pages, each of which links to the
// others.
func TestFollowUps(t *testing.T) {
	t.Parallel()
	withHandler(t, "follow_ups.lua", []string{"-o", "all.ndjson"}, `volley.get(volley.httpbin() .. "/links/5"):send()`, `
  - url: ${{ volley.httpbin() }}/links/5
`, func(t *testing.T, got handlerRun) {
		got.came(t, 0, `5 done = 5 ok \+ 0 failed \+ 0 skipped.*`)
		var pages []string
		for _, r := range recordsIn(t, readFile(t, filepath.Join(got.dir, "all.ndjson"))) {
			pages = append(pages, path.Base(r.Request.URL))
		}
		slices.Sort(pages)
		if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, pages); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHandlersAreEmbedded: each has a comment on top that says what it does and
// how it is run, is valid, and can be required by another handler script.
func TestHandlersAreEmbedded(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(scripts.Handlers, "handlers/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no handlers: %v", err)
	}
	for _, file := range files {
		src, err := scripts.Handlers.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(src); !strings.HasPrefix(text, "-- ") || !strings.Contains(text, "--handlers "+path.Base(file)) {
			t.Errorf("%s: no comment on top that says how it is run", file)
		}
		if got := runIn(t, ".", "", "volley", "check", file); got.code != 0 {
			t.Errorf("%s: %s", file, got.stderr)
		}
	}
	got := runIn(t, t.TempDir(), `print(type(require("handlers.sign").request), (pcall(require, "handlers.nothing")))`, "volley", "run", "--type", "lua", "-")
	if got.stdout != "function\tfalse\n" {
		t.Errorf("require: %+v", got)
	}
}
