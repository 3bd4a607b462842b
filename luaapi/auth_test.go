package luaapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"volley/runtime"
	"volley/runtime/policy"
)

func serveAuth(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestDigest(t *testing.T) {
	base := serveHTTPBin(t)
	l := newLibrary(t)
	l.pass(t, `
local url = "`+base+`/digest-auth/auth/u/5"
for _, tail in ipairs{"", "/MD5", "/SHA-256"} do
  local resp = volley.get(url .. tail, {auth = volley.auth.digest("u", 5)}):send()
  assert(resp.ok and #resp.history == 1 and resp.history[1].status_code == 401)
  resp = volley.get(url .. tail, {auth = volley.auth.digest("u", "wrong")}):send()
  assert(resp.status_code == 401)
end
local s = volley.session{auth = volley.auth.digest("u", "5")}
assert(#s:get(url):send().history == 1)
for _, resp in ipairs(volley.map{s:get(url), s:get(url), s:get(url)}) do
  assert(resp.ok and #resp.history == 0)
end
local lines = volley.post(url, {auth = volley.auth.digest("u", "5"), data = coroutine.wrap(function() coroutine.yield("a") end)})
local resp, err = lines:send()
assert(resp == nil and err.kind == "unrewindable_body", err)
assert(tostring(volley.auth.digest("u", "secret")) == "<Auth>")
`)
	l.raises(t, `volley.auth.digest("u")`, runtime.KindInvalidArgument, "password (argument 2) must be a string")
}

func TestSigV4(t *testing.T) {
	base := serveHTTPBin(t)
	l := newLibrary(t)
	l.pass(t, `
local auth = volley.auth.aws_sigv4{access_key = "AK", secret_key = "s", session_token = "tok", region = "r", service = "s3"}
local h = volley.post("`+base+`/anything?b=1&a=2", {auth = auth, json = {1}, headers = {["X-Amz-Meta-A"] = "v"}}):send():json().headers
local signed = h.Authorization[1]
assert(signed:match("^AWS4%-HMAC%-SHA256 Credential=AK/%d+/r/s3/aws4_request, SignedHeaders=([%w;-]+), Signature=%x+$"), signed)
for _, name in ipairs{"content%-type", "host", "x%-amz%-content%-sha256", "x%-amz%-date", "x%-amz%-meta%-a", "x%-amz%-security%-token"} do
  assert(signed:find(name), name)
end
assert(h["X-Amz-Security-Token"][1] == "tok" and h["X-Amz-Content-Sha256"][1] == volley.hash.sha256("[1]"))
`)
	for code, text := range map[string]string{
		`volley.auth.aws_sigv4{acces_key = "AK"}`:                                      `unknown option "acces_key"; did you mean "access_key"?`,
		`volley.auth.aws_sigv4{access_key = "AK", secret_key = "s", service = "s3"}`:   "volley.auth.aws_sigv4: region is missing",
		`volley.auth.aws_sigv4{access_key = {}, secret_key = "s", service = "s3"}`:     `option "access_key": must be a string, got a table`,
		`volley.auth.aws_sigv4("AK", "s")`:                                             "must be a table of options, got a string",
		`volley.auth.oauth2{token_url = "http://t.test/"}`:                             "client_id is missing",
		`volley.auth.oauth2{token_url = "http://t.test/", client_id = 1, scope = "a"}`: `unknown option "scope"; did you mean "scopes"?`,
		`volley.auth.oauth2{token_url = "http://t.test/", scopes = "a"}`:               `option "scopes": must be a list of strings`,
	} {
		l.raises(t, code, runtime.KindInvalidArgument, text)
	}
}

func TestOAuth2(t *testing.T) {
	var mu sync.Mutex
	issued, forms := 0, []string{}
	base := serveAuth(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.URL.Path == "/token":
			body, _ := io.ReadAll(r.Body)
			forms = append(forms, string(body))
			if _, secret, _ := r.BasicAuth(); secret != "s3cret" {
				http.Error(w, `{"error": "invalid_client"}`, http.StatusUnauthorized)
				return
			}
			issued++
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token": "t`+strings.Repeat("x", issued)+`", "expires_in": 3600}`)
		case r.Header.Get("Authorization") != "Bearer t"+strings.Repeat("x", issued):
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/revoke":
			issued += 5
		}
	})
	l := newLibrary(t)
	l.pass(t, `
local base = "`+base+`"
local s = volley.session{headers = {["X-Mine"] = "1"}, auth = volley.auth.oauth2{
  token_url = base .. "/token", client_id = "me", client_secret = "s3cret", scopes = {"a", "b"}}}
local requests = {}
for i = 1, 20 do requests[i] = s:get(base .. "/" .. i) end
for _, resp in ipairs(volley.map(requests)) do assert(resp.ok and #resp.history == 0) end
assert(s:get(base .. "/revoke"):send().ok)
local resp = s:get(base .. "/again"):send()
assert(resp.ok and #resp.history == 1)
local bad = volley.auth.oauth2{token_url = base .. "/token", client_id = "me", client_secret = "wr0ng"}
local resp, err = volley.get(base .. "/x", {auth = bad}):send()
assert(resp == nil and err.kind == "http" and err.response.status_code == 401)
assert(err.message:find("answered 401", 1, true) and not tostring(err):find("wr0ng", 1, true), tostring(err))
`)
	mu.Lock()
	defer mu.Unlock()
	if len(forms) != 4 || forms[0] != "grant_type=client_credentials&scope=a+b" {
		t.Errorf("the token endpoint got %q", forms)
	}
}

func TestNetrc(t *testing.T) {
	base := serveAuth(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
	l := newLibrary(t)
	l.put(t, ".netrc", "machine 127.0.0.1 login me password pw\n")
	home := filepath.Join(l.dir, ".netrc")
	t.Setenv("HOME", l.dir)
	t.Setenv("NETRC", "")
	l.raises(t, `volley.session{netrc = true}`, runtime.KindDenied, "netrc = true reads "+home+", which is denied: --allow-read "+home+" or --unsafe allows it")
	l.raises(t, `volley.session().netrc = true`, runtime.KindDenied, "--allow-read "+home)
	l.raises(t, `volley.session{netrc = "yes"}`, runtime.KindInvalidArgument, "must be true or false")

	granted, err := policy.New(policy.Config{WorkDir: l.dir, AllowRead: []string{home, filepath.Join(l.dir, ".other")}})
	if err != nil {
		t.Fatal(err)
	}
	l.config.Policy = granted
	const with = `
local function sent(s, opts) return s:get("BASE", opts):send().text end
`
	code := func(text string) string { return strings.ReplaceAll(with+text, "BASE", base) }
	l.pass(t, code(`
local basic = "Basic " .. volley.base64.encode("me:pw")
assert(sent(volley.session()) == "")
local s = volley.session{netrc = true}
assert(sent(s) == basic and s.netrc == true)
assert(sent(s, {headers = {Authorization = "mine"}}) == "mine")
assert(sent(s, {auth = {"u", "p"}}) == "Basic " .. volley.base64.encode("u:p"))
assert(sent(s, {auth = false}) == "")
s.netrc = false
assert(sent(s) == "")
s.netrc = true
assert(sent(s) == basic)
`))

	t.Setenv("NETRC", filepath.Join(l.dir, ".other"))
	l.raises(t, `volley.session{netrc = true}`, runtime.KindIO, "reading "+filepath.Join(l.dir, ".other"))
	if err := os.WriteFile(filepath.Join(l.dir, ".other"), []byte("default login x password y"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.pass(t, code(`assert(sent(volley.session{netrc = true}) == "Basic " .. volley.base64.encode("x:y"))`))
	l.config.Env = map[string]string{"NETRC": home}
	l.pass(t, code(`assert(sent(volley.session{netrc = true}) == "Basic " .. volley.base64.encode("me:pw"))`))
}

// TestRetryHookOfASession checks that the session's hook hears of retries, and
// before the request's.
func TestRetryHookOfASession(t *testing.T) {
	base := serveAuth(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	newLibrary(t).pass(t, `
local told = {}
local function teller(name)
  return {retry = function(req, what, attempt) told[#told + 1] = name .. what.status_code .. attempt end}
end
local s = volley.session{hooks = teller("s"), retry = {total = 1, backoff = 0.001}}
s:mount("`+base+`", {hooks = teller("m")})
assert(s:get("`+base+`/", {hooks = teller("r")}):send().status_code == 503)
assert(table.concat(told, " ") == "s5032 m5032 r5032", table.concat(told, " "))
`)
}
