package scripts_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A canary is a secret of a run: wherever it shows in an output, that output
// leaks. Each kind of secret has one of its own, so that a leak names its way.
type canary struct {
	name, value string
}

// canaryOf makes a secret that every encoder on its way has something to do
// with.
func canaryOf(name string) canary { return canary{name, "c4n4ry+" + name + "/7!x"} }

// inURL is the secret as it stands in a URL.
func (c canary) inURL() string { return url.QueryEscape(c.value) }

// spellings are the forms in which the secret would still be one.
func (c canary) spellings(t *testing.T) []string {
	t.Helper()
	quoted, err := json.Marshal(c.value)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{c.value, url.QueryEscape(c.value), url.PathEscape(c.value), strings.Trim(string(quoted), `"`), strings.ToLower(url.QueryEscape(c.value))}
	if len(c.value) < 8 {
		return out
	}
	for skip := range 3 { // what it determines wherever it stands in what is encoded
		text := base64.StdEncoding.EncodeToString(append(make([]byte, skip), c.value...))
		text = text[4 : len(text)/4*4-4]
		out = append(out, text, strings.NewReplacer("+", "-", "/", "_").Replace(text))
	}
	// The middle alone is enough, as of a value that was cut or split in lines.
	for line := range strings.SplitSeq(c.value, "\n") {
		if len(line) >= 8 {
			out = append(out, line)
		}
	}
	return out
}

// cage is where a command with canaries runs.
type cage struct {
	dir      string
	canaries map[string]canary
	server   string // host:port that answers
	dead     string // one that does not
}

func newCage(t *testing.T, further []canary, names ...string) *cage {
	t.Helper()
	c := &cage{dir: t.TempDir(), canaries: map[string]canary{}}
	for _, v := range further {
		c.canaries[v.name] = v
	}
	for _, name := range names {
		c.canaries[name] = canaryOf(name)
	}
	server := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(server.Close)
	c.server = server.Listener.Addr().String()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.dead = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

// serve answers as faultily as its path says.
func (c *cage) serve(w http.ResponseWriter, r *http.Request) {
	word := func(name string) string { return c.canaries[name].inURL() }
	switch path := r.URL.Path; {
	case path == "/echo":
		_ = r.Write(w)
	case strings.HasPrefix(path, "/redirect"):
		w.Header().Set("Location", map[string]string{
			"/redirect/dead": "http://u:" + word("location") + "@" + c.dead + "/?token=" + word("locationquery") + "#access_token=" + word("locationquery"),
			"/redirect/bad":  "http://u:" + word("location") + "@[::bad/?token=" + word("locationquery"),
			"/redirect/ftp":  "ftp://u:" + word("location") + "@h/?token=" + word("locationquery"),
			"/redirect/loop": "/redirect/loop?token=" + word("locationquery"),
			"/redirect/good": "http://u:" + word("location") + "@" + c.server + "/?token=" + word("locationquery"),
		}[path])
		w.WriteHeader(http.StatusFound)
	case path == "/digest":
		w.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`)
		w.WriteHeader(http.StatusUnauthorized)
	case path == "/token":
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, string(body)+r.Header.Get("Authorization"))
	case path == "/login":
		_, _ = io.WriteString(w, c.canaries["capture"].value)
	case path == "/hangup":
		if nc, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = nc.Close()
		}
	case path == "/500":
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.Header().Set("Set-Cookie", "sid="+c.canaries["setcookie"].inURL())
		_, _ = io.WriteString(w, "plain")
	}
}

// write puts a file into the cage, with {name} for the canary of that name
// and {name%} for its form in a URL.
func (c *cage) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(c.fill(text)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *cage) fill(text string) string {
	pairs := []string{"{server}", c.server, "{dead}", c.dead}
	for name, v := range c.canaries {
		pairs = append(pairs, "{"+name+"}", v.value, "{"+name+"%}", v.inURL())
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// run runs a command in the cage and looks for canaries in all that it wrote,
// but in its inputs.
func (c *cage) run(t *testing.T, stdin string, args ...string) ended {
	t.Helper()
	inputs := map[string]bool{}
	for _, name := range c.files(t) {
		inputs[name] = true
	}
	for i := range args {
		args[i] = c.fill(args[i])
	}
	got := runIn(t, c.dir, c.fill(stdin), append([]string{"volley"}, args...)...)
	c.search(t, args, "standard output", got.stdout)
	c.search(t, args, "standard error", got.stderr)
	for _, name := range c.files(t) {
		if inputs[name] {
			continue
		}
		text, err := os.ReadFile(filepath.Join(c.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		c.search(t, args, name, string(text))
		if err := os.Remove(filepath.Join(c.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

func (c *cage) files(t *testing.T) []string {
	t.Helper()
	var out []string
	if err := fs.WalkDir(os.DirFS(c.dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *cage) search(t *testing.T, args []string, where, text string) {
	t.Helper()
	for name, v := range c.canaries {
		for _, spelling := range v.spellings(t) {
			if at := strings.Index(text, spelling); at >= 0 {
				t.Errorf("volley %.40q: %s shows the secret %q as %q: …%s…", args, where, name, spelling, text[max(0, at-200):min(len(text), at+len(spelling)+20)])
				break
			}
		}
	}
}

// everyOutput are the flags of a run that tells all it can.
func everyOutput(record string) []string {
	return []string{"--record", record, "-o", "out.ndjson", "-o", "out.csv", "--report", "out.xml", "-v", "--progress", "plain"}
}

const canaryScript = `
local function url(path) return "http://{server}" .. path end
local dead = "http://{dead}/"
local list = {}
local function add(...) list[#list + 1] = volley.request(...) end
for _, at in ipairs{"http://ada:{userinfo%}@{server}/x", "http://ada:{userinfo%}@{dead}/x", "http://{userinfo%}@{dead}/x"} do
  add("GET", at)
  add("GET", at .. "?token={query%}&a=1#access_token={query%}", {params = {password = "{query}", api_key = "{query}"}})
end
for _, at in ipairs{url("/"), dead, url("/500"), url("/hangup"), url("/redirect/dead"), url("/redirect/bad"), url("/redirect/ftp"), url("/redirect/loop"), url("/redirect/good")} do
  add("POST", at, {raise_for_status = true, data = "body",
    headers = {Authorization = "Bearer {header}", Cookie = "a={header}", ["Proxy-Authorization"] = "{header}", ["X-Api-Key"] = "{header}"}})
  add("GET", at, {auth = {"ada", "{basic}"}, cookies = {sid = "{header}"}})
  add("GET", at, {auth = volley.auth.bearer("{basic}")})
  add("GET", at, {auth = volley.auth.aws_sigv4{access_key = "AKID", secret_key = "{sigv4}", session_token = "{sigv4}", region = "r", service = "s"}})
end
add("GET", url("/digest"), {auth = volley.auth.digest("ada", "{basic}"), raise_for_status = true})
for _, at in ipairs{url("/token"), dead .. "token", "http://ada:{userinfo%}@{dead}/token?token={query%}"} do
  add("GET", url("/"), {auth = volley.auth.oauth2{token_url = at, client_id = "id", client_secret = "{oauth2}"}})
end
for _, bad in ipairs{"http://ada:{userinfo%}@ho st/", "http://ada:{userinfo%}@[::1/", "htp://ada:{userinfo%}@h/?token={query%}", "ada:{userinfo%}@h/", "//ada:{userinfo%}@h/?password={query%}",
    "http://ada:{userinfo%}@h:port/?token={query%}", "http:/ada:{userinfo%}@h/", "http://ada:{userinfo}@h/", "http://ada:{userinfo%}@/", "http://ada:{userinfo%}@h/\1?token={query%}", "?token={query%}", "/path?password={query%}#token={query%}"} do
  add("GET", bad)
end
for _, bad in ipairs{"a\r\nb", "\0"} do
  add("GET", url("/"), {headers = {Authorization = "Bearer {header}" .. bad}})
  add("GET", url("/"), {auth = {"ada", "{basic}" .. bad}})
  add("GET", url("/"), {auth = volley.auth.bearer("{basic}" .. bad)})
  add("GET", url("/"), {cookies = {sid = "{header};" .. bad}})
end
for _, proxy in ipairs{"http://p:{proxy%}@{dead}", "http://p:{proxy%}@{server}:x", "socks5://p:{proxy%}@{dead}", "ftp://p:{proxy%}@{dead}", "p:{proxy%}@{dead}"} do
  add("GET", "http://h.test/", {proxies = {http = proxy}})
end
local s = volley.session{secret_headers = {"X-Mine"}, headers = {["X-Mine"] = "{session}"}, auth = {"ada", "{basic}"}}
add("GET", dead, {session = s})
add("GET", url("/"), {session = s})
add("GET", url("/redirect/good"), {session = s, hooks = {redirect = function(resp, req) print(resp, req) error("in redirect") end}})
add("GET", "http://ada:{userinfo%}@{server}/?token={query%}", {callback =
  function(resp) error("in callback") end})
add("GET", "http://ada:{userinfo%}@{server}/?token={query%}", {callback =
  function(resp) error(resp.request) end})
add("GET", "http://ada:{userinfo%}@{server}/?token={query%}", {callback =
  function(resp) return 7 end})
add("GET", "http://ada:{userinfo%}@{dead}/?token={query%}", {retry = {total = 1, backoff = 0.001}, exception_handler =
  function(req, err) print(req, err) error(err) end})
local responses, errors = volley.map(list, {size = 10})
for i = 1, responses.n do
  local r, e = responses[i], errors[i]
  print(i, list[i], r, e, r and r.request, e and e.message, e and e.traceback, e and e.cause, e and e.request)
  volley.log.debug(r, e)
end
print(volley.auth.basic("ada", "{basic}"), volley.auth.digest("ada", "{basic}"), volley.auth.bearer("{basic}"), s, s.cookies,
  volley.auth.oauth2{token_url = dead, client_id = "id", client_secret = "{oauth2}"})
print(pcall(volley.session, {proxies = {http = "http://p:{proxy%}@h:x"}}))
print(pcall(volley.session, {base_url = "http://ada:{userinfo%}@h:x"}))
print(pcall(volley.get, dead, {auth = {"{basic}", "{basic}", "{basic}"}}))
print(pcall(volley.auth.aws_sigv4, {secret_key = "{sigv4}"}), pcall(volley.auth.oauth2, {client_secret = "{oauth2}"}))
local last = "http://ada:{userinfo%}@{dead}/?token={query%}"
volley.spawn(function() volley.get(last):send() error("in a task") end)
volley.sleep(0.05)
local _, err = volley.get(last, {headers = {Authorization = "{header}"}}):send()
error(err)
`

func TestCanariesOfScripts(t *testing.T) {
	t.Parallel()
	c := newCage(t, nil, "userinfo", "query", "header", "basic", "sigv4", "oauth2", "proxy", "session", "location", "locationquery", "setcookie", "var")
	c.write(t, "s.lua", canaryScript)
	for _, record := range []string{"none", "errors", "all"} {
		args := append([]string{"run", "s.lua", "--var", "token={var}", "--var=at=http://u:{var%}@h/?key={var%}"}, everyOutput(record)...)
		got := c.run(t, "", args...)
		if got.code != 3 || !strings.Contains(got.stdout, "\nfalse\t") || !strings.Contains(got.stderr, "in a task") {
			t.Fatalf("the script did not run as it is meant to: exit code %d\n%s\n%s", got.code, got.stdout, got.stderr)
		}
	}
	c.run(t, "", "run", "-o", "-", "--record", "all", "s.lua")
	c.run(t, "", "run", "--deny-private", "--strict", "s.lua")
	c.run(t, "", "run", "--allow-host", "other.test", "s.lua")
	for _, proxy := range []string{"http://p:{proxy%}@{dead}", "http://p:{proxy%}@{server}", "socks5://p:{proxy%}@{dead}", "ftp://p:{proxy%}@{dead}", "http://p:{proxy%}@h:x", "p:{proxy%}@", "http://p:{proxy%}@"} {
		c.run(t, "", append(everyOutput("all"), "run", "s.lua", "--proxy", proxy)...)
	}
}

func TestCanariesOfSend(t *testing.T) {
	t.Parallel()
	c := newCage(t, nil, "userinfo", "query", "header", "basic", "proxy", "location", "locationquery", "setcookie")
	given := []string{
		"-v", "--progress", "plain", "-H", "Authorization: Bearer {header}", "-H", "Cookie: a={header}", "-H", "X-Api-Key: {header}", "--auth", "ada:{basic}",
		"--record", "all", "-o", "out.ndjson", "-o", "out.csv",
	}
	urls := []string{
		"http://ada:{userinfo%}@{server}/?token={query%}", "http://ada:{userinfo%}@{dead}/?token={query%}#key={query%}", "http://{server}/redirect/bad", "http://{server}/redirect/dead",
		"http://{server}/redirect/loop", "http://{server}/500", "http://{server}/hangup", "http://ada:{userinfo%}@ho st/", "ada:{userinfo%}@{server}/?token={query%}", "htp://ada:{userinfo%}@h/",
		"http://ada:{userinfo%}@[::1/?password={query%}", "http:/ada:{userinfo%}@h/", "http://ada:{userinfo}@h/",
	}
	for _, u := range urls {
		c.run(t, "", append([]string{"send", u}, given...)...)
		c.run(t, "", append([]string{"send", "POST", u, "http://{server}/"}, given...)...)
		c.run(t, u+"\n"+`{"url":"`+u+`","headers":{"Authorization":"{header}"},"auth":["ada","{basic}"]}`+"\n{\"url\":\"http://h/\",\"auth\":\"{basic}\"}\n{\"nonsense\":\"{basic}\"}\n", append([]string{"send", "-"}, given...)...)
	}
	c.run(t, "", "send", "http://h.test/", "--proxy", "http://p:{proxy%}@{dead}", "-v")
	c.run(t, "", "send", "http://h.test/", "--proxy", "http://p:{proxy%}@h:x")
	c.run(t, "", "send", "http://h.test/", "-H", "Authorization {header}")
	c.run(t, "", "send", "http://h.test/", "-H", "Authorization: {header}\x01")
}

const canarySpec = `
volley: 1
secrets:
  token: {env: TOKEN}
  short: {env: SHORT}
  pem: {file: key.pem}
env: [SHORT]
sessions:
  oauth: {auth: {oauth2: {token_url: "http://{server}/token", client_id: id, client_secret: "${{ secrets.token }}"}}}
  proxied: {proxies: {http: "http://p:{proxy%}@{dead}"}, secret_headers: [X-Mine], headers: {X-Mine: "{session}"}}
  url: {base_url: "http://ada:{userinfo%}@{server}/"}
defaults:
  headers: {X-Token: "${{ secrets.token }}", X-Short: "${{ secrets.short }}"}
setup:
  - {name: login, method: POST, url: "http://{server}/login", data: x, capture: {tok: {regex: "(.*)", secret: true}}}
requests:
  - {name: echo, method: POST, url: "http://{server}/echo?q=${{ secrets.token }}", data: "${{ secrets.pem }} ${{ secrets.token }} ${{ captures.tok }}"}
  - {name: json, method: POST, url: "http://{server}/echo", json: {a: "${{ secrets.pem }}", b: "${{ captures.tok }}"}}
  - {name: form, method: POST, url: "http://{server}/echo", data: {a: "${{ secrets.pem }}", b: "${{ secrets.token }}"}}
  - {name: basic, url: "http://{server}/echo", auth: {basic: [ada, "${{ secrets.token }}"]}}
  - {name: digest, url: "http://{server}/digest", auth: {digest: [ada, "${{ secrets.token }}"]}}
  - {name: sigv4, url: "http://{server}/500", auth: {aws_sigv4: {access_key: AKID, secret_key: "${{ secrets.token }}", region: r, service: s}}}
  - {name: oauth, session: oauth, url: "http://{server}/echo"}
  - {name: proxied, session: proxied, url: "http://h.test/${{ secrets.token }}"}
  - {name: url, session: url, url: "x?password={query%}"}
  - {name: dead, url: "http://ada:${{ secrets.token }}@{dead}/${{ secrets.token }}?q=${{ captures.tok }}"}
  - {name: invalid, url: "http://ada:${{ secrets.token }}@ho st/${{ secrets.token }}"}
  - {name: noscheme, url: "${{ secrets.token }}"}
  - {name: hangup, url: "http://{server}/hangup?a=${{ secrets.token }}"}
  - {name: redirect, url: "http://{server}/redirect/bad"}
  - {name: header, url: "http://{server}/", headers: {Authorization: "${{ secrets.pem }}"}}
  - name: expected
    url: "http://{server}/echo?q=${{ secrets.token }}"
    method: POST
    data: "${{ secrets.token }} ${{ captures.tok }}"
    expect: {text: {eq: "${{ secrets.pem }} ${{ captures.tok }}"}, headers: {Content-Type: "${{ secrets.token }}"}, status: 201}
  - {name: literal, url: "http://u:{userinfo}@{dead}/?password={query%}", params: {token: "{query}"}, auth: {basic: [ada, "{basic}"]}, cookies: {sid: "{basic}"}}
  - {name: bearer, url: "http://{dead}/", auth: {bearer: "{basic}"}}
  - {name: headers, url: "http://{dead}/", headers: {Authorization: "{basic}", Cookie: "{basic}", X-Api-Key: "{basic}"}}
  - {name: lua, url: "http://{server}/echo", expect: {lua: "error(secrets.token .. captures.tok)"}}
  - {name: bad, url: "http://{server}/${{ secrets.token .. nil }}"}
  - {name: rows, foreach: rows, url: "http://{dead}/${{ row.value }}"}
data: {rows: {values: ["${{ secrets.token }}", b]}}
outputs: [{ndjson: own.ndjson, record: all}, {csv: own.csv, fields: [url, body, error, captures, row.value]}, {junit: own.xml}]
`

func TestCanariesOfSpecs(t *testing.T) {
	t.Parallel()
	pem := "-----BEGIN KEY-----\nc4n4ryPEMline1/+7\nc4n4ryPEMline2/+7\n-----END KEY-----"
	c := newCage(t, []canary{{"pem", pem}, {"short", "q7Z"}}, "token", "query", "userinfo", "proxy", "session", "capture", "basic", "location", "locationquery", "setcookie")
	c.write(t, "s.yaml", canarySpec)
	c.write(t, "key.pem", pem+"\n")
	c.write(t, "e.env", "TOKEN='{token}'\nSHORT=q7Z\n")
	for _, record := range []string{"none", "errors", "all"} {
		args := append([]string{"run", "s.yaml", "--env-file", "e.env"}, everyOutput(record)...)
		got := c.run(t, "", args...)
		if got.code != 1 || !strings.Contains(got.stderr, "done = ") {
			t.Fatalf("the spec did not run as it is meant to: exit code %d\n%s\n%s", got.code, got.stdout, got.stderr)
		}
	}
	c.run(t, "", "run", "-o", "-", "--record", "all", "--env-file", "e.env", "s.yaml")
	for _, form := range []string{"-n=50", "--curl", "--json"} {
		if got := c.run(t, "", "plan", form, "--env-file", "e.env", "s.yaml"); got.code != 0 && form == "-n=50" {
			t.Errorf("plan: exit code %d\n%s", got.code, got.stderr)
		}
	}
	c.run(t, "", "check", "s.yaml")
}

// TestCanariesOfInputs: a file of secrets that cannot be read is not shown.
func TestCanariesOfInputs(t *testing.T) {
	t.Parallel()
	c := newCage(t, nil, "first", "second", "third")
	c.write(t, "s.lua", `print("ran")`)
	for _, text := range []string{
		"A={first}\nB C={second}\nD={third}\n", "A={first}\n'B={second}\n", "A='{first}\nB={second}", "{first}\n", "A=\"{first}\nB={second}\n", "!={first}",
	} {
		c.write(t, "e.env", text)
		if got := c.run(t, "", "run", "--env-file", "e.env", "s.lua"); got.code != 0 && got.code != 2 {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for _, text := range []string{"a: {first}\nb: [\n", "a: '{first}\n", "a: {b: '{first}'}", "{first}", "a: {first}\na: {second}\n", "- '{first}'", "a: !!int '{first}'"} {
		c.write(t, "v.yaml", text)
		c.run(t, "", "run", "--vars", "v.yaml", "s.lua")
	}
	c.run(t, "", "run", "--var", "token:{first}", "s.lua", "--env-file", "none")
}
