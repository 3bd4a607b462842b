package client

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"volley/runtime"
)

func TestStream(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-release
		_, _ = io.WriteString(w, "second")
		w.Header().Set("X-Sum", "7")
	})
	c := newClient(t, Config{})
	resp := must(t, c, streamed(get(url)))
	buf := make([]byte, 5)
	if _, err := io.ReadFull(resp.Stream, buf); err != nil || string(buf) != "first" || resp.Content != nil {
		t.Fatalf("got %q %v before the end was sent", buf, err)
	}
	if body, _ := resp.Stream.Sizes(); body != 5 || resp.Stream.Done() {
		t.Errorf("size %d, done %v", body, resp.Stream.Done())
	}
	close(release)
	rest, err := io.ReadAll(iotest.OneByteReader(resp.Stream))
	if err != nil || string(rest) != "second" || !resp.Stream.Done() {
		t.Fatalf("got %q %v", rest, err)
	}
	if resp.Trailer.Get("X-Sum") != "7" || resp.Size.Body != 11 {
		t.Errorf("trailer %v, size %+v", resp.Trailer, resp.Size)
	}
	if _, err := resp.Stream.Read(buf); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
	if err := resp.Close(); err != nil {
		t.Error(err)
	}
	if _, err := resp.Stream.Read(buf); !errors.Is(err, io.EOF) {
		t.Errorf("closed after the end: %v", err)
	}
	if again := must(t, c, get(url)); !again.Reused {
		t.Error("a stream that was read did not give its connection back")
	}
}

func TestStreamClosedEarly(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) })
	c := newClient(t, Config{})
	req := streamed(get(url))
	resp := must(t, c, req)
	if _, err := resp.Stream.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := resp.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := resp.Stream.Read(make([]byte, 10))
	if e := runtime.AsError(err); e.Kind != runtime.KindClosedResponse || e.Request != req {
		t.Errorf("got %v", err)
	}
	if err := resp.Close(); err != nil || !resp.Stream.Done() {
		t.Errorf("closing twice: %v", err)
	}
	if open := c.Stats().Open; open != 0 {
		t.Errorf("%d connections are open", open)
	}
}

func TestStreamWithoutBody(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	resp := must(t, newClient(t, Config{}), streamed(get(url)))
	if b, err := io.ReadAll(resp.Stream); err != nil || len(b) != 0 || !resp.Stream.Done() {
		t.Errorf("got %q %v", b, err)
	}
}

func TestRaiseForStatus(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/404":
			http.Error(w, "no such thing", 404)
		case "/503":
			w.WriteHeader(503)
		case "/600":
			w.WriteHeader(600)
		}
	})
	s := newSession(t, Settings{RaiseForStatus: runtime.Yes})
	err := failure(t, s, get(strings.Replace(url, "//", "//u:secret@", 1)+"/404"), runtime.KindHTTP)
	if want := "404 Client Error: Not Found for url: " + url + "/404"; err.Message != want {
		t.Errorf("got %q, want %q", err.Message, want)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the password shows: %s", err)
	}
	if err.Response.Status != 404 || string(err.Response.Content) != "no such thing\n" {
		t.Errorf("response %+v", err.Response)
	}
	wantText(t, "503", failure(t, s, get(url+"/503"), runtime.KindHTTP).Message, "503 Server Error: Service Unavailable")
	must(t, s, get(url+"/600"))
	off := get(url + "/404")
	off.Options = &runtime.Options{RaiseForStatus: runtime.No}
	must(t, s, off)
	err = failure(t, s, streamed(get(url+"/404")), runtime.KindHTTP)
	if err.Response.Stream != nil || string(err.Response.Content) != "no such thing\n" {
		t.Errorf("streamed: response %+v", err.Response)
	}
}
