package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"volley/runtime"
)

func TestHooksRunPerHop(t *testing.T) {
	url := serve(t, redirecting)
	var order []string
	hooks := func(name string) *runtime.Hooks {
		return &runtime.Hooks{
			Before: func(_ context.Context, r *runtime.Request) error {
				order = append(order, name+" before "+r.URL[len(url):])
				r.Header.Set("X-Secret", name)
				return nil
			},
			Response: func(_ context.Context, r *runtime.Response) (*runtime.Response, error) {
				order = append(order, fmt.Sprint(name, " response ", r.Status, " ", len(r.History)))
				return nil, nil
			},
			Redirect: func(_ context.Context, r *runtime.Response, next *runtime.Request) (bool, error) {
				order = append(order, fmt.Sprint(name, " redirect ", r.Status, " ", next.URL[len(url):]))
				return true, nil
			},
		}
	}
	s := newSession(t, Settings{Hooks: hooks("S")})
	req := get(url + "/302?to=/end")
	req.Hooks = hooks("R")
	resp := must(t, s, req)
	want := []string{
		"S before /302?to=/end", "R before /302?to=/end", "S response 302 0", "R response 302 0", "S redirect 302 /end", "R redirect 302 /end",
		"S before /end", "R before /end", "S response 200 1", "R response 200 1",
	}
	if !slices.Equal(order, want) {
		t.Errorf("got %q\nwant %q", order, want)
	}
	wantText(t, "the header", resp.Header.Get("X-Seen"), ",R,")
	order = nil
	run := *req
	run.RunHooks = hooks("E")
	must(t, s, &run)
	if len(order) != 15 || !slices.Equal(order[:3], []string{"E before /302?to=/end", "S before /302?to=/end", "R before /302?to=/end"}) {
		t.Errorf("with the run's: %q", order)
	}
	if resp.History[0].Request.URL != url+"/302?to=/end" || resp.Request.URL != url+"/end" {
		t.Error("a history entry has another hop's request")
	}
}

func TestHooksDecide(t *testing.T) {
	url := serve(t, redirecting)
	c := newClient(t, Config{})
	stop := get(url + "/302?to=/end")
	stop.Hooks = &runtime.Hooks{Redirect: func(context.Context, *runtime.Response, *runtime.Request) (bool, error) { return false, nil }}
	if resp := must(t, c, stop); resp.Status != 302 || string(resp.Content) != "moved" || resp.Next == nil {
		t.Errorf("stopped: %+v", resp)
	}
	replace := get(url + "/end")
	other := &runtime.Response{Status: 299}
	replace.Hooks = &runtime.Hooks{Response: func(context.Context, *runtime.Response) (*runtime.Response, error) { return other, nil }}
	if resp := must(t, c, replace); resp != other {
		t.Errorf("replaced: %+v", resp)
	}
	change := get(url + "/302?to=/end")
	change.Hooks = &runtime.Hooks{Before: func(_ context.Context, r *runtime.Request) error {
		r.Method, r.URL, r.Body = "put", url+"/changed", &runtime.Bytes{Data: []byte("new"), Type: "text/new"}
		return nil
	}}
	if resp := must(t, c, change); string(resp.Content) != `PUT /changed text/new "new"` || resp.URL != url+"/changed" {
		t.Errorf("changed: %s at %s", resp.Content, resp.URL)
	}
	for name, hooks := range map[string]*runtime.Hooks{
		"before": {Before: func(context.Context, *runtime.Request) error { return runtime.Errorf(runtime.KindCallback, "no") }},
		"response": {Response: func(context.Context, *runtime.Response) (*runtime.Response, error) {
			return nil, runtime.Errorf(runtime.KindCallback, "no")
		}},
		"redirect": {Redirect: func(context.Context, *runtime.Response, *runtime.Request) (bool, error) {
			return true, runtime.Errorf(runtime.KindCallback, "no")
		}},
	} {
		req := get(url + "/302?to=/end")
		req.Hooks = hooks
		t.Run(name, func(t *testing.T) { fails(t, c, req, runtime.KindCallback) })
	}
	bad := get(url)
	bad.Hooks = &runtime.Hooks{Before: func(_ context.Context, r *runtime.Request) error { r.Header.Add("X", "a\r\nb"); return nil }}
	fails(t, c, bad, runtime.KindInvalidArgument)
}

// challenger answers one 401 with a token.
type challenger struct{ token string }

func (c *challenger) Authorize(_ context.Context, r *runtime.Request) error {
	if c.token != "" {
		r.Header.Set("Authorization", c.token)
	}
	return nil
}

func (c *challenger) Challenged(_ context.Context, resp *runtime.Response, _ *runtime.Request) (bool, error) {
	if resp.Status != 401 {
		return false, nil
	}
	c.token = "answer to " + resp.Header.Get("WWW-Authenticate")
	return true, nil
}

func TestChallenge(t *testing.T) {
	hits := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits++
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") == "answer to me" && r.URL.Path != "/never" {
			_, _ = w.Write(body)
			return
		}
		w.Header().Set("WWW-Authenticate", "me")
		w.WriteHeader(401)
		_, _ = io.WriteString(w, "who are you")
	})
	c := newClient(t, Config{})
	ask := func(path string, body runtime.Body) *runtime.Request {
		return &runtime.Request{Method: "POST", URL: url + path, Body: body, Options: &runtime.Options{Auth: &challenger{}}}
	}
	resp := must(t, c, ask("/", &runtime.Bytes{Data: []byte("hi")}))
	if resp.Status != 200 || string(resp.Content) != "hi" || hits != 2 || len(resp.History) != 1 || resp.History[0].Status != 401 || !resp.Reused {
		t.Errorf("got %+v after %d requests", resp, hits)
	}
	hits = 0
	if resp = must(t, c, ask("/never", nil)); resp.Status != 401 || hits != 2 || string(resp.Content) != "who are you" {
		t.Errorf("got %d %q after %d requests", resp.Status, resp.Content, hits)
	}
	fails(t, c, ask("/", Reader(func() ([]byte, error) { return nil, io.EOF })), runtime.KindUnrewindableBody)
}

func TestBeforeHookReplacesTheHeader(t *testing.T) {
	url, seen := serveRaw(t, plainOK)
	req := get(url)
	req.Hooks = &runtime.Hooks{Before: func(_ context.Context, r *runtime.Request) error {
		r.Header = fields("X-A", "1", "Host", "other.test")
		return nil
	}}
	must(t, newClient(t, Config{}), req)
	if got, want := seen()[0], "GET / HTTP/1.1\r\nHost: other.test\r\nX-A: 1\r\n\r\n"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestAuthMayChangeTheBody(t *testing.T) {
	url, seen := serveRaw(t, plainOK)
	req := &runtime.Request{Method: "POST", URL: url, Body: &runtime.Bytes{Data: []byte("a")}, Options: &runtime.Options{Auth: rewriting{}}}
	must(t, newClient(t, Config{}), req)
	wantText(t, "the request", seen()[0], "Content-Length: 9\r\n\r\nrewritten")
}

type rewriting struct{}

func (rewriting) Authorize(_ context.Context, r *runtime.Request) error {
	r.Body = &runtime.Bytes{Data: []byte("rewritten")}
	return nil
}
