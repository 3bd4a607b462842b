package client

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"volley/runtime"
)

// TestWay checks what another request of the same way takes along: the
// connection, the address and the proxy, and nothing that is the user's.
func TestWay(t *testing.T) {
	url := serve(t, echo)
	s := newSession(t, Settings{
		Header: fields("X-Key", "secret"), Params: runtime.Params{Fields: fields("q", "1")}, Auth: &Bearer{"t"},
		Credentials: fixed{}, BaseURL: "http://other.test/", Resolve: map[string]string{"api.test": "127.0.0.1"},
		Hooks: &runtime.Hooks{Before: func(_ context.Context, r *runtime.Request) error {
			r.Header.Set("X-Key", "hook")
			return nil
		}},
		Mounts: []Mount{{Prefix: "http://", Settings: Settings{Header: fields("X-Key", "mount"), Auth: &Bearer{"m"}}}},
	})
	if err := s.Jar().Set(Cookie{Name: "sid", Value: "1", Domain: "api.test"}); err != nil {
		t.Fatal(err)
	}
	way, err := s.Way()
	if err != nil {
		t.Fatal(err)
	}
	there := strings.Replace(url, "127.0.0.1", "api.test", 1)
	must(t, s, get(there))
	resp := must(t, way, get(there))
	text := resp.URL + string(resp.Content)
	for _, mine := range []string{"secret", "hook", "mount", "q=1", "sid=1", "Bearer", "Basic"} {
		if strings.Contains(text, mine) {
			t.Errorf("%q went along: %s", mine, text)
		}
	}
	if !resp.Reused || resp.Request.Header.Get("X-Key") != "" {
		t.Errorf("reused %v, sent %v", resp.Reused, resp.Request.Header)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Way(); runtime.AsError(err).Kind != runtime.KindInvalidArgument {
		t.Errorf("of a closed session: %v", err)
	}
}

// TestAuthSeesWhatHooksLeft checks that credentials are chosen and made for
// the request as a hook sends it on.
func TestAuthSeesWhatHooksLeft(t *testing.T) {
	url := serve(t, echo)
	elsewhere := strings.Replace(url, "127.0.0.1", "localhost", 1)
	s := newSession(t, Settings{Credentials: fixed{}, Hooks: &runtime.Hooks{Before: func(_ context.Context, r *runtime.Request) error {
		r.URL = elsewhere
		return nil
	}}})
	if text := string(must(t, s, get(url)).Content); strings.Contains(text, "Basic") {
		t.Errorf("the credentials of 127.0.0.1 went to localhost: %s", text)
	}
	var signed string
	s = newSession(t, Settings{
		Hooks: &runtime.Hooks{Before: func(_ context.Context, r *runtime.Request) error {
			r.Method, r.Body = http.MethodPost, &runtime.Bytes{Data: []byte("{}"), Type: "application/json"}
			return nil
		}},
		Auth: signer(func(r *runtime.Request) { signed = r.Method + " " + r.Header.Get("Content-Type") }),
	})
	must(t, s, get(url))
	wantText(t, "what was signed", signed, "POST application/json")
}

// signer is an Auth that looks at what it signs.
type signer func(*runtime.Request)

func (s signer) Authorize(_ context.Context, prepared *runtime.Request) error {
	s(prepared)
	return nil
}

func TestHooksOf(t *testing.T) {
	session, mount := &runtime.Hooks{}, &runtime.Hooks{}
	s := newSession(t, Settings{Hooks: session, Mounts: []Mount{{Prefix: "http://m.test", Settings: Settings{Hooks: mount}}}})
	if got := s.HooksOf(get("http://x.test/")); len(got) != 1 {
		t.Errorf("the session has %d", len(got))
	}
	if got := s.HooksOf(get("http://m.test/")); len(got) != 2 {
		t.Errorf("below the mount there are %d", len(got))
	}
	if got := newClient(t, Config{}).HooksOf(get("http://x.test/")); len(got) != 0 {
		t.Errorf("a client has %d", len(got))
	}
}
