package fields_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/client/fields"
)

// TestSettings: each field of a session, and what it makes of its settings.
func TestSettings(t *testing.T) {
	three := 3
	for text, want := range map[string]client.Settings{
		`{}`:                                                         {},
		`{"headers":{"X-A":1,"Accept":false}}`:                       {Header: runtime.Header{{Name: "X-A", Value: "1"}}, Unset: []string{"Accept"}},
		`{"params":{"v":2}}`:                                         {Params: runtime.Params{Fields: []runtime.Field{{Name: "v", Value: "2"}}}},
		`{"auth":["u","p"]}`:                                         {Auth: &client.Basic{User: "u", Password: "p"}},
		`{"proxies":{"all":"socks5://p:1"}}`:                         {Proxies: []runtime.Field{{Name: "all", Value: "socks5://p:1"}}},
		`{"verify":"ca.pem","cert":"me.pem"}`:                        {Verify: &runtime.Verify{CA: "ca.pem"}, Cert: &runtime.Cert{Cert: "me.pem"}},
		`{"timeout":{"connect":"1s","read":2}}`:                      {Timeout: runtime.Timeout{Connect: time.Second, Read: 2 * time.Second}},
		`{"max_redirects":3,"trust_env":false}`:                      {MaxRedirects: &three, TrustEnv: runtime.No},
		`{"base_url":"http://a.test/v2/","retry":4}`:                 {BaseURL: "http://a.test/v2/", Retry: &runtime.Retry{Total: 4}},
		`{"http_version":2,"resolver":"9.9.9.9:53"}`:                 {HTTPVersion: "2", Resolver: "9.9.9.9:53"},
		`{"resolve":{"a.test:443":"127.0.0.1:8443","b.test":"::1"}}`: {Resolve: map[string]string{"a.test:443": "127.0.0.1:8443", "b.test": "::1"}},
		`{"unix":"/run/x.sock","local_addr":"127.0.0.2"}`:            {Unix: "/run/x.sock", LocalAddr: "127.0.0.2"},
		`{"secret_headers":["X-Key"]}`:                               {SecretHeaders: []string{"X-Key"}},
		`{"pool":{"idle_timeout":"1m30s"}}`:                          {Pool: client.Pool{IdleTimeout: 90 * time.Second}},
		`{"netrc":false}`:                                            {},
	} {
		var got client.Settings
		if _, err := fields.Settings(jsontext.Value(text), &got, fields.Options{}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// TestSessionLimits: rate, per_host and the pool's size make one gate.
func TestSessionLimits(t *testing.T) {
	for _, text := range []string{`{"rate":"30/m"}`, `{"per_host":4}`, `{"per_host":{"rate":0.5,"concurrency":2}}`, `{"pool":{"per_host":16}}`} {
		var got client.Settings
		if _, err := fields.Settings(jsontext.Value(text), &got, fields.Options{}); err != nil || got.Limits == nil {
			t.Errorf("%s: %v, %v", text, got.Limits, err)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	o := fields.Options{Socket: func(path string) error { return runtime.Errorf(runtime.KindDenied, "no socket %s", path) }}
	for text, want := range map[string]string{
		`{"base_ulr":"x"}`:              `unknown field "base_ulr"; did you mean "base_url"?`,
		`{"pool":{"per_hots":1}}`:       `pool: unknown field "per_hots"; did you mean "per_host"?`,
		`{"per_host":0}`:                "per_host: must be a whole number of at least 1, got 0",
		`{"per_host":{"rate":"fast"}}`:  `per_host: rate: rate "fast" is not a positive number of requests, such as 200/s or 30/m`,
		`{"rate":true}`:                 `rate: must be requests per second or a text such as "30/m", got a boolean`,
		`{"resolve":{"a":"b"}}`:         `resolve: must map hosts to IP addresses, with or without a port; "b" is none (for "a")`,
		`{"unix":"/x"}`:                 "denied: unix: no socket /x",
		`{"cookies":"` + missing + `"}`: "cookies: " + missing + ": no such file or directory",
		`{"netrc":"` + missing + `"}`:   "netrc: " + missing + ": no such file or directory",
		`{"netrc":7}`:                   "netrc: must be true, false or a path, got a number",
		`{"timeout":"soon"}`:            `timeout: "soon" is no duration, such as "500ms", "30s" or "1h30m"`,
		`["headers"]`:                   "must be an object, got a list",
	} {
		var got client.Settings
		_, err := fields.Settings(jsontext.Value(text), &got, o)
		if err == nil {
			t.Errorf("%s is taken", text)
		} else if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// TestSessionFiles: cookies and logins that files hold.
func TestSessionFiles(t *testing.T) {
	dir := t.TempDir()
	cookies, netrc := filepath.Join(dir, "cookies.txt"), filepath.Join(dir, "netrc")
	for path, text := range map[string]string{
		cookies: "# Netscape HTTP Cookie File\na.test\tFALSE\t/x\tTRUE\t0\tsid\t7\n",
		netrc:   "machine a.test login ada password s3cret\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("NETRC", netrc)
	var set client.Settings
	got, err := fields.Settings(jsontext.Value(`{"cookies":"`+cookies+`","netrc":true}`), &set, fields.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []client.Cookie{{Name: "sid", Value: "7", Domain: "a.test", Path: "/x", Secure: true, HostOnly: true}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if login, ok := set.Credentials.Credentials("a.test", "443"); !ok || login.Password != "s3cret" {
		t.Errorf("a.test has %v", login)
	}
	got, err = fields.Settings(jsontext.Value(`{"cookies":{"a":1}}`), &set, fields.Options{})
	if err != nil || len(got) != 1 || got[0].Name != "a" || got[0].Value != "1" {
		t.Errorf("%v, %v", got, err)
	}
}
