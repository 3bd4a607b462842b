package oauth2

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"volley/runtime"
	"volley/runtime/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ client.Challenger = (*Auth)(nil)

const id, secret = "me & mine", "s3cr&t=/"

// issuer is a token endpoint at /token and a resource everywhere else.
type issuer struct {
	inBody   bool // the secret is taken from the form only
	lifetime int  // seconds; 0: not said
	answer   func(w http.ResponseWriter, n int) bool

	mu      sync.Mutex
	issued  int
	asked   []*http.Request // of the token endpoint, with their forms
	revoked map[string]bool
	seen    []string // Authorization at the resource
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.URL.Path == "/token" {
		i.token(w, r)
		return
	}
	sent := r.Header.Get("Authorization")
	i.seen = append(i.seen, sent)
	if sent == "" || i.revoked[sent] {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	i.asked = append(i.asked, r)
	w.Header().Set("Content-Type", "application/json")
	if i.answer != nil && i.answer(w, len(i.asked)) {
		return
	}
	user, password, basic := r.BasicAuth()
	if basic {
		user, _ = url.QueryUnescape(user)
		password, _ = url.QueryUnescape(password)
	} else {
		user, password = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if user != id || password != secret || basic && i.inBody || r.PostForm.Get("grant_type") != "client_credentials" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"no client with s3cr&t=/ or s3cr%26t%3D%2F"}`))
		return
	}
	i.issued++
	answer := map[string]any{"access_token": "t" + strconv.Itoa(i.issued), "token_type": "bearer"}
	if i.lifetime > 0 {
		answer["expires_in"] = i.lifetime
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// revoke makes the resource refuse every token so far.
func (i *issuer) revoke() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked = map[string]bool{}
	for n := range i.issued {
		i.revoked["Bearer t"+strconv.Itoa(n+1)] = true
	}
}

func (i *issuer) counts() (issued, asked, seen int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.issued, len(i.asked), len(i.seen)
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func newClient(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Environ: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// newSession returns a session whose requests carry tokens of url.
func newSession(t *testing.T, url string, more ...func(*client.Settings, *Config)) *client.Session {
	t.Helper()
	config := Config{TokenURL: url + "/token", ClientID: id, ClientSecret: secret}
	var settings client.Settings
	for _, f := range more {
		f(&settings, &config)
	}
	settings.Auth = New(config)
	s, err := newClient(t).NewSession(settings)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(s *client.Session, url string) *runtime.Request {
	return &runtime.Request{Method: "GET", URL: url, Session: s}
}

func must(t *testing.T, s *client.Session, req *runtime.Request, status int) *runtime.Response {
	t.Helper()
	resp, err := s.Do(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != status {
		t.Fatalf("%s: got %d, want %d", req.URL, resp.Status, status)
	}
	return resp
}
