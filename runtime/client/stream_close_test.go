package client

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"volley/runtime"
)

// trickling sends the beginning of a body for every path below /wait, coded
// and framed as the query says, and then nothing until the client leaves.
// Everything else is answered with its path, over and over, in gzip.
func trickling(w http.ResponseWriter, r *http.Request) {
	var body io.Writer = w
	flush := func() error { return nil }
	if r.URL.Query().Has("gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		body, flush = z, z.Flush
	}
	if r.URL.Query().Has("length") {
		w.Header().Set("Content-Length", strconv.Itoa(1<<20))
	}
	if !strings.HasPrefix(r.URL.Path, "/wait") {
		for range 200 {
			_, _ = fmt.Fprintf(body, "%s|", r.URL.Path)
		}
		if z, ok := body.(*gzip.Writer); ok {
			_ = z.Close()
		}
		return
	}
	for i := range 20 {
		_, _ = body.Write(bytes.Repeat([]byte("slow"), 20+i))
		_ = flush()
		w.(http.Flusher).Flush()
	}
	<-r.Context().Done()
}

// readAndClose reads resp on one goroutine while another closes it after some
// reads, and returns how the reader ended.
func readAndClose(resp *runtime.Response, piece, reads int) error {
	begun := make(chan struct{})
	var closer sync.WaitGroup
	closer.Go(func() {
		<-begun
		_ = resp.Close()
		_, _ = resp.Stream.Sizes()
	})
	defer closer.Wait()
	buf := make([]byte, piece)
	for i := 0; ; i++ {
		if i == reads {
			close(begun)
		}
		if _, err := resp.Stream.Read(buf); err != nil {
			if i < reads {
				close(begun)
			}
			return err
		}
	}
}

func closeWhileReading(t *testing.T, c *Client, url string, rounds int) {
	t.Helper()
	queries := []string{"?plain", "?gzip", "?length", "?gzip&length"}
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			for i := range rounds {
				resp, err := c.Do(t.Context(), streamed(get(url+"/wait"+queries[(worker+i)%len(queries)])))
				if err != nil {
					t.Errorf("round %d: %v", i, err)
					return
				}
				piece, reads := 7, i%6
				if i%3 == 0 {
					piece, reads = 4096, i%2 // the second may wait for ever
				}
				err = readAndClose(resp, piece, reads)
				if e := runtime.AsError(err); e.Kind != runtime.KindClosedResponse || e.Response != resp {
					t.Errorf("the reader got %v, want closed_response", err)
				}
				path := fmt.Sprintf("/own/%d/%d", worker, i)
				own, err := c.Do(t.Context(), get(url+path+queries[i%2]))
				if err != nil || string(own.Content) != strings.Repeat(path+"|", 200) {
					t.Errorf("%s: error %v, or the answer of another", path, err)
					return
				}
			}
		})
	}
	running.Wait()
}

func TestStreamClosedWhileRead(t *testing.T) {
	url := serve(t, trickling)
	c := newClient(t, Config{})
	closeWhileReading(t, c, url, 60)
	if open := c.Stats().Open; open > 4 {
		t.Errorf("%d connections are open after 4 workers", open)
	}
}

func TestStreamClosedWhileReadOverTLS(t *testing.T) {
	url, c := secure(t, trickling)
	closeWhileReading(t, c, url, 15)
	resp := must(t, c, streamed(get(url+"/wait")))
	if resp.Protocol != "HTTP/2.0" {
		t.Errorf("spoke %s", resp.Protocol)
	}
	if err := resp.Close(); err != nil {
		t.Error(err)
	}
	old := streamed(get(url + "/wait?gzip"))
	old.Options.HTTPVersion = "1.1"
	if e := runtime.AsError(readAndClose(must(t, c, old), 4096, 1)); e.Kind != runtime.KindClosedResponse {
		t.Errorf("HTTP/1.1 over TLS: %v", e)
	}
}

// held is a body whose Read waits for Abort.
type held struct {
	nothing
	reading, aborted chan struct{}
}

func (h *held) Read([]byte) (int, error) {
	close(h.reading)
	<-h.aborted
	return 0, io.ErrClosedPipe
}

func (h *held) Abort() { close(h.aborted) }

func TestStreamHasOneReader(t *testing.T) {
	body := &held{reading: make(chan struct{}), aborted: make(chan struct{})}
	s := &stream{content: newContent(body, nil, -1), resp: &runtime.Response{}, asked: get("http://h.test/")}
	first := make(chan error, 1)
	go func() {
		_, err := s.Read(make([]byte, 8))
		first <- err
	}()
	<-body.reading
	_, err := s.Read(make([]byte, 8))
	if e := runtime.AsError(err); e.Kind != runtime.KindStreamConsumed || e.Request != s.asked {
		t.Errorf("the second reader got %v", err)
	}
	if s.Done() {
		t.Error("a refused reader ended the stream")
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if e := runtime.AsError(<-first); e.Kind != runtime.KindClosedResponse {
		t.Errorf("the first reader got %v", e)
	}
}
