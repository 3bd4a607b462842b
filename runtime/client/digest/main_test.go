package digest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"volley/runtime"
	"volley/runtime/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ client.Challenger = (*Auth)(nil)

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// newSession returns a session whose requests are authorized by auth.
func newSession(t *testing.T, auth runtime.Auth) *client.Session {
	t.Helper()
	c, err := client.New(client.Config{Environ: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := c.NewSession(client.Settings{Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s *client.Session, method, url string, body runtime.Body) (*runtime.Response, *runtime.Error) {
	t.Helper()
	resp, err := s.Do(context.Background(), &runtime.Request{Method: method, URL: url, Body: body})
	if err != nil {
		return nil, runtime.AsError(err)
	}
	return resp, nil
}

// expect sends a request and checks its status and how many refusals it took.
func expect(t *testing.T, s *client.Session, url string, status, refusals int) *runtime.Response {
	t.Helper()
	resp, err := send(t, s, "GET", url, nil)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	if resp.Status != status || len(resp.History) != refusals {
		t.Fatalf("%s: got %d after %d refusals, want %d after %d", url, resp.Status, len(resp.History), status, refusals)
	}
	return resp
}
