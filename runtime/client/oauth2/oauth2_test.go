package oauth2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"volley/runtime"
	"volley/runtime/client"
)

func TestTokenIsKept(t *testing.T) {
	i := &issuer{lifetime: 3600}
	url := serve(t, i)
	s := newSession(t, url, func(set *client.Settings, c *Config) {
		c.Scopes = []string{"read", "write"}
		set.Header = runtime.Header{{Name: "X-Api-Key", Value: "private"}}
		set.Hooks = &runtime.Hooks{Before: func(_ context.Context, r *runtime.Request) error {
			r.Header.Set("X-Hook", "ran")
			return nil
		}}
	})
	for range 3 {
		must(t, s, get(s, url+"/r"), 200)
	}
	issued, asked, seen := i.counts()
	if issued != 1 || asked != 1 || seen != 3 || i.seen[2] != "Bearer t1" {
		t.Errorf("%d tokens, asked %d times, %d requests, %q", issued, asked, seen, i.seen)
	}
	sent := i.asked[0]
	if got := sent.PostForm.Get("scope"); got != "read write" || sent.Method != "POST" {
		t.Errorf("%s for the scope %q", sent.Method, got)
	}
	if sent.Header.Get("X-Api-Key")+sent.Header.Get("X-Hook") != "" {
		t.Errorf("the token endpoint saw the user's headers: %v", sent.Header)
	}
}

func TestSecretInTheForm(t *testing.T) {
	i := &issuer{inBody: true}
	url := serve(t, i)
	s := newSession(t, url)
	must(t, s, get(s, url+"/r"), 200)
	i.revoke()
	must(t, s, get(s, url+"/r"), 200)
	// The first fetch tries the header before; the second knows.
	if issued, asked, _ := i.counts(); issued != 2 || asked != 3 {
		t.Errorf("%d tokens, asked %d times", issued, asked)
	}
}

func TestOneFetchForAll(t *testing.T) {
	i := &issuer{lifetime: 3600}
	url := serve(t, i)
	s := newSession(t, url)
	all := func() {
		var running sync.WaitGroup
		for range 200 {
			running.Go(func() {
				if resp, err := s.Do(t.Context(), get(s, url+"/r")); err != nil || resp.Status != 200 {
					t.Errorf("%+v, %v", resp, err)
				}
			})
		}
		running.Wait()
	}
	all()
	if issued, asked, _ := i.counts(); issued != 1 || asked != 1 {
		t.Errorf("%d tokens, asked %d times", issued, asked)
	}
	i.revoke()
	all()
	if issued, asked, _ := i.counts(); issued != 2 || asked != 2 {
		t.Errorf("after the refusal: %d tokens, asked %d times", issued, asked)
	}
}

// TestRefusedToken checks one refresh and one replay, with the body.
func TestRefusedToken(t *testing.T) {
	i := &issuer{}
	url := serve(t, i)
	s := newSession(t, url)
	must(t, s, get(s, url+"/r"), 200)
	i.revoke()
	post := get(s, url+"/r")
	post.Method, post.Body = "POST", &runtime.Bytes{Data: []byte("b")}
	resp := must(t, s, post, 200)
	if len(resp.History) != 1 || resp.History[0].Status != 401 || i.seen[len(i.seen)-1] != "Bearer t2" {
		t.Errorf("%d refusals, sent %q", len(resp.History), i.seen)
	}

	i.answer = func(w http.ResponseWriter, _ int) bool {
		_, _ = io.WriteString(w, `{"access_token": "t1"}`) // revoked
		return true
	}
	i.revoke()
	_, _, before := i.counts()
	resp = must(t, s, get(s, url+"/r"), 401)
	if _, _, after := i.counts(); after-before != 2 || len(resp.History) != 1 {
		t.Errorf("sent %d times", after-before)
	}
}

// TestOtherOrigins checks that neither token nor secret leaves by a redirect.
func TestOtherOrigins(t *testing.T) {
	var seen []string
	elsewhere := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.URL.Path+r.Header.Get("Authorization")+string(body))
	}))
	i := &issuer{}
	mux := http.NewServeMux()
	mux.Handle("/", i)
	mux.Handle("/away", http.RedirectHandler(elsewhere+"/landed", http.StatusFound))
	url := serve(t, mux)
	s := newSession(t, url)
	must(t, s, get(s, url+"/away"), 200)
	if len(seen) != 1 || seen[0] != "/landed" {
		t.Errorf("the other origin saw %q", seen)
	}

	url = serve(t, http.RedirectHandler(elsewhere+"/token", http.StatusTemporaryRedirect))
	s = newSession(t, url)
	_, err := s.Do(t.Context(), get(s, url+"/r"))
	if err == nil || !strings.Contains(err.Error(), "it answered 307; redirects are not followed") || len(seen) != 1 {
		t.Errorf("%v; the other origin saw %q", err, seen)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, n int) bool
		change func(*client.Settings, *Config)
		kind   runtime.Kind
		text   string
		status int
	}{
		"wrong client": {
			change: func(_ *client.Settings, c *Config) { c.ClientID = "other" },
			kind:   runtime.KindHTTP, status: 401,
			text: "it answered 401 invalid_client (no client with *** or ***); check client_id and client_secret",
		},
		"its fault": {
			answer: func(w http.ResponseWriter, _ int) bool { w.WriteHeader(503); return true },
			kind:   runtime.KindHTTP, status: 503, text: "it answered 503; the fault is on its side",
		},
		"no token": {
			answer: func(w http.ResponseWriter, _ int) bool { _, err := io.WriteString(w, `{}`); return err == nil },
			kind:   runtime.KindInvalidResponse, text: "missing access_token; check token_url",
		},
		"no JSON": {
			answer: func(w http.ResponseWriter, _ int) bool { _, err := io.WriteString(w, `<html>`); return err == nil },
			kind:   runtime.KindInvalidResponse, text: "cannot parse json",
		},
		"nobody there": {
			change: func(_ *client.Settings, c *Config) { c.TokenURL = "http://127.0.0.1:1/token" },
			kind:   runtime.KindConnect, text: "no oauth2 token from http://127.0.0.1:1/token: ",
		},
		"no URL": {
			change: func(_ *client.Settings, c *Config) { c.TokenURL = "http://u:pass@[x/token" },
			kind:   runtime.KindInvalidURL, text: "token_url http://***@[x/token: missing ']'",
		},
		"no scheme": {
			change: func(_ *client.Settings, c *Config) { c.TokenURL = "t.test/token" },
			kind:   runtime.KindMissingSchema, text: "no oauth2 token from t.test/token: no scheme supplied",
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := &issuer{answer: c.answer}
			url := serve(t, i)
			more := []func(*client.Settings, *Config){}
			if c.change != nil {
				more = append(more, c.change)
			}
			s := newSession(t, url, more...)
			_, err := s.Do(t.Context(), get(s, url+"/r"))
			var e *runtime.Error
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Message, c.text) {
				t.Fatalf("got %v, want %s: …%s…", err, c.kind, c.text)
			}
			shown := ""
			if r := e.Response; r != nil {
				shown = fmt.Sprint(r.URL, r.Header, string(r.Content), r.Request.URL, r.Request.Header, r.Request.Body)
			}
			if strings.Contains(err.Error()+shown, secret) || strings.Contains(shown, "s3cr%26") || strings.Contains(err.Error(), "pass") {
				t.Errorf("a secret is shown: %v %s", err, shown)
			}
			if e.Sent != "" && e.Sent != runtime.SentNo || (e.Response != nil) != (c.status > 0) || e.Response != nil && e.Response.Status != c.status {
				t.Errorf("sent %s, response %+v", e.Sent, e.Response)
			}
			if _, _, seen := i.counts(); seen != 0 {
				t.Error("the request was sent without a token")
			}
		})
	}
}

// endpoint is an Executor that issues tokens which last some seconds.
type endpoint struct {
	lifetime string
	issued   int
	block    func(ctx context.Context) error // before an answer
}

func (e *endpoint) Do(ctx context.Context, _ *runtime.Request) (*runtime.Response, error) {
	e.issued++
	if e.block != nil {
		if err := e.block(ctx); err != nil {
			return nil, err
		}
	}
	return &runtime.Response{Status: 200, Content: []byte(`{"access_token": "t", "expires_in": ` + e.lifetime + `}`)}, nil
}

// TestLifetime checks in virtual time that a token is fetched again shortly
// before its end, and that one that lives for seconds is used at all.
func TestLifetime(t *testing.T) {
	for lifetime, lasts := range map[string]time.Duration{
		`3600`: 3590 * time.Second, `"20"`: 18 * time.Second, `2`: 1800 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			e := &endpoint{lifetime: lifetime}
			a := New(Config{TokenURL: "http://t.test/", Executor: e})
			ask := func() {
				if err := a.Authorize(t.Context(), &runtime.Request{}); err != nil {
					t.Fatal(err)
				}
			}
			ask()
			time.Sleep(lasts - time.Millisecond)
			ask()
			if e.issued != 1 {
				t.Errorf("%s: %d tokens before its time", lifetime, e.issued)
			}
			time.Sleep(2 * time.Millisecond)
			ask()
			if e.issued != 2 {
				t.Errorf("%s: %d tokens after its time", lifetime, e.issued)
			}
		})
	}
}

// TestCancelledFetch checks that those who wait for a fetch do not fail with
// the one that was cancelled over it.
func TestCancelledFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{lifetime: "60", block: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return runtime.Cancelled(ctx)
			case <-time.After(time.Second):
				return nil
			}
		}}
		a := New(Config{TokenURL: "http://t.test/", Executor: e})
		first, cancel := context.WithCancel(t.Context())
		impatient, stop := context.WithCancel(t.Context())
		outcomes := make([]error, 3)
		var running sync.WaitGroup
		for n, ctx := range []context.Context{first, impatient, t.Context()} {
			running.Go(func() { outcomes[n] = a.Authorize(ctx, &runtime.Request{}) })
			synctest.Wait()
		}
		stop()
		synctest.Wait()
		cancel()
		running.Wait()
		for n, want := range []runtime.Kind{runtime.KindCancelled, runtime.KindCancelled, ""} {
			got := runtime.Kind("")
			if err := runtime.AsError(outcomes[n]); err != nil {
				got = err.Kind
			}
			if got != want {
				t.Errorf("request %d: got %v, want %q", n+1, outcomes[n], want)
			}
		}
		if e.issued != 2 {
			t.Errorf("asked %d times, want 2", e.issued)
		}
	})
}

func TestWithoutASession(t *testing.T) {
	i := &issuer{}
	url := serve(t, i)
	c := newClient(t)
	config := Config{TokenURL: url + "/token", ClientID: id, ClientSecret: secret}
	req := &runtime.Request{Method: "GET", URL: url + "/r", Options: &runtime.Options{Auth: New(config)}}
	if _, err := c.Do(t.Context(), req); runtime.AsError(err).Kind != runtime.KindInvalidArgument {
		t.Errorf("without an executor: %v", err)
	}
	config.Executor = c
	req.Options = &runtime.Options{Auth: New(config)}
	resp, err := c.Do(t.Context(), req)
	if err != nil || resp.Status != 200 || !resp.Reused {
		t.Errorf("%+v, %v", resp, err)
	}
}
