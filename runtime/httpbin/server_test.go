package httpbin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"volley/runtime"
	"volley/runtime/httpbin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, addr string) *httpbin.Server {
	t.Helper()
	s, err := httpbin.Start(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func client(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func get(ctx context.Context, c *http.Client, url string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestServesOnLoopback(t *testing.T) {
	s := start(t, "")
	host, _, err := net.SplitHostPort(s.Addr())
	if err != nil || host != "127.0.0.1" {
		t.Fatalf("Addr() = %q, want 127.0.0.1 and a port", s.Addr())
	}
	if s.URL() != "http://"+s.Addr() {
		t.Errorf("URL() = %q, want http://%s", s.URL(), s.Addr())
	}
	status, body, err := get(t.Context(), client(t), s.URL()+"/get?a=1&a=2")
	if err != nil || status != 200 {
		t.Fatalf("GET /get: %d, %v", status, err)
	}
	var got struct{ Args map[string][]string }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got.Args["a"], ",") != "1,2" {
		t.Errorf("args = %v, want a = 1, 2", got.Args)
	}
}

func TestURLOfEveryInterfaceIsLoopback(t *testing.T) {
	s := start(t, "0.0.0.0:0")
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") && !strings.HasPrefix(s.URL(), "http://[::1]:") {
		t.Errorf("URL() = %q, want a loopback address", s.URL())
	}
	if status, _, err := get(t.Context(), client(t), s.URL()+"/status/204"); err != nil || status != 204 {
		t.Errorf("GET /status/204: %d, %v", status, err)
	}
}

func TestTakenAddressIsIO(t *testing.T) {
	s := start(t, "")
	_, err := httpbin.Start(t.Context(), s.Addr())
	if !errors.Is(err, &runtime.Error{Kind: runtime.KindIO}) || !strings.Contains(err.Error(), "--addr") {
		t.Errorf("error = %v, want kind io naming --addr", err)
	}
}

func TestLimits(t *testing.T) {
	s := start(t, "")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/post",
		io.LimitReader(zeros{}, 17<<20))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client(t).Do(req)
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode < 400 {
			t.Errorf("17 MiB upload: status %d, want a refusal", resp.StatusCode)
		}
	}
	status, _, err := get(t.Context(), client(t), s.URL()+"/delay/3600")
	if err != nil || status != http.StatusBadRequest {
		t.Errorf("GET /delay/3600: %d, %v; want 400", status, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestCloseCutsWhatIsInFlight(t *testing.T) {
	s, err := httpbin.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	c := client(t)
	first := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/drip?duration=9s&numbytes=9&delay=0", nil)
		if err != nil {
			ended <- err
			return
		}
		resp, err := c.Do(req)
		close(first)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		ended <- err
	}()
	<-first
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Close took %v: it waited for the slow answer", took)
	}
	if err := <-ended; err == nil {
		t.Error("the slow answer came whole, want it cut")
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, _, err := get(t.Context(), c, s.URL()+"/get"); err == nil {
		t.Error("a closed server answered")
	}
}

func TestCloseEndsWebSockets(t *testing.T) {
	s, err := httpbin.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "GET /websocket/echo HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	if err != nil || !strings.Contains(line, "101") {
		t.Fatalf("status line %q, %v; want 101", line, err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Error("the WebSocket stayed open after Close")
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
