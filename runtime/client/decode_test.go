package client

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	goruntime "runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"volley/runtime"
)

func encode(t testing.TB, coding string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip", "x-gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw":
		w, _ = flate.NewWriter(&b, 6)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b)
	default:
		t.Fatalf("no coding %s", coding)
	}
	_, err := w.Write(data)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// serveCoded answers with body and that Content-Encoding, with a length.
func serveCoded(t *testing.T, coding string, body []byte) string {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body)
	})
}

func streamed(req *runtime.Request) *runtime.Request {
	if req.Options == nil {
		req.Options = &runtime.Options{}
	}
	req.Options.Stream = runtime.Yes
	return req
}

func TestDecoding(t *testing.T) {
	text := []byte(strings.Repeat("the quick brown fox ", 5000))
	for name, c := range map[string]struct {
		header string
		body   []byte
		want   []byte
	}{
		"gzip":           {"gzip", encode(t, "gzip", text), text},
		"x-gzip":         {"X-GZip", encode(t, "gzip", text), text},
		"two members":    {"gzip", append(encode(t, "gzip", text), encode(t, "gzip", []byte("more"))...), append(text[:len(text):len(text)], "more"...)},
		"deflate":        {"deflate", encode(t, "deflate", text), text},
		"raw deflate":    {"deflate", encode(t, "raw", text), text},
		"br":             {"br", encode(t, "br", text), text},
		"zstd":           {"zstd", encode(t, "zstd", text), text},
		"chain":          {"deflate, gzip", encode(t, "gzip", encode(t, "deflate", text)), text},
		"chain of five":  {"br,zstd, gzip ,deflate,gzip", encode(t, "gzip", encode(t, "deflate", encode(t, "gzip", encode(t, "zstd", encode(t, "br", text))))), text},
		"identity":       {"identity", text, text},
		"empty name":     {" , identity", text, text},
		"no body, gzip":  {"gzip", nil, nil},
		"no body, chain": {"zstd, br", nil, nil},
		"empty gzip":     {"gzip", encode(t, "gzip", nil), nil},
		"short":          {"gzip", encode(t, "gzip", []byte("x")), []byte("x")},
	} {
		t.Run(name, func(t *testing.T) {
			url := serveCoded(t, c.header, c.body)
			s := newSession(t, Settings{})
			for range 2 { // the second time with decoders from the pool
				resp := must(t, s, get(url))
				if !bytes.Equal(resp.Content, c.want) {
					t.Errorf("got %d bytes, want %d", len(resp.Content), len(c.want))
				}
				if resp.Size.Body != int64(len(c.want)) || resp.Size.Wire != int64(len(c.body)) {
					t.Errorf("sizes are %+v, want %d and %d", resp.Size, len(c.want), len(c.body))
				}
				if resp.Header.Get("Content-Encoding") != strings.TrimSpace(c.header) || resp.Header.Get("Content-Length") != fmt.Sprint(len(c.body)) {
					t.Error("the header was changed")
				}
				resp = must(t, s, streamed(get(url)))
				if got, err := io.ReadAll(resp.Stream); err != nil || !bytes.Equal(got, c.want) {
					t.Errorf("streamed: got %d bytes, %v", len(got), err)
				}
			}
			head := must(t, s, &runtime.Request{Method: "HEAD", URL: url})
			if head.Content != nil {
				t.Errorf("HEAD has content %q", head.Content)
			}
		})
	}
}

func TestBrokenCodings(t *testing.T) {
	text := []byte(strings.Repeat("some text that can be compressed a little; ", 50))
	flipped := encode(t, "gzip", text)
	flipped[len(flipped)-6] ^= 0xff // the checksum
	many := "gzip"
	for range 50 {
		many += ", gzip"
	}
	for name, c := range map[string]struct {
		header string
		body   []byte
		text   string
	}{
		"cut gzip":         {"gzip", cut(encode(t, "gzip", text), 5), "cut short"},
		"cut gzip header":  {"gzip", encode(t, "gzip", text)[:5], "cut short"},
		"cut deflate":      {"deflate", cut(encode(t, "deflate", text), 2), "cut short"},
		"cut raw":          {"deflate", cut(encode(t, "raw", text), 2), "cut short"},
		"cut br":           {"br", cut(encode(t, "br", text), 2), "cut short"},
		"cut zstd":         {"zstd", cut(encode(t, "zstd", text), 2), "cut short"},
		"checksum":         {"gzip", flipped, "checksum"},
		"not gzip":         {"gzip", text, "gzip"},
		"not br":           {"br", []byte("\xff\xff\xff\xffnonsense"), "br"},
		"not zstd":         {"zstd", text, "zstd"},
		"not deflate":      {"deflate", []byte("\xff\xff\xff"), "deflate"},
		"more behind gzip": {"gzip", append(encode(t, "gzip", text), "junk junk junk"...), "gzip"},
		"more behind zlib": {"deflate", append(encode(t, "deflate", text), "junk"...), "more follows"},
		"more behind br":   {"br", append(encode(t, "br", text), "junk"...), "br"},
		"more behind zstd": {"zstd", append(encode(t, "zstd", text), "junk"...), "zstd"},
		"unknown":          {"gzip, compress", text, `"compress"`},
		"fifty":            {many, text, "more than 5"},
		"zstd window":      {"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x01, 0, 0}, "window"},
	} {
		t.Run(name, func(t *testing.T) {
			url := serveCoded(t, c.header, c.body)
			client := newClient(t, Config{})
			err := failure(t, client, get(url), runtime.KindDecode)
			wantText(t, "the message", err.Message, c.text)
			if err.Phase != runtime.PhaseDecode || err.Response == nil || !bytes.Equal(err.Response.Content, c.body) {
				t.Errorf("phase %s, response %+v: want the raw bytes", err.Phase, err.Response)
			}
			resp, failed := client.Do(t.Context(), streamed(get(url)))
			if failed == nil {
				_, failed = io.ReadAll(resp.Stream)
			}
			if e := runtime.AsError(failed); e == nil || e.Kind != runtime.KindDecode || e.Request == nil {
				t.Errorf("streamed: got %v", failed)
			}
		})
	}
}

func cut(b []byte, n int) []byte { return b[:len(b)-n] }

func TestBombs(t *testing.T) {
	flat := bytes.Repeat([]byte{'a'}, 20<<20)
	for _, coding := range []string{"gzip", "br", "zstd", "deflate"} {
		body := encode(t, coding, flat)
		header := coding
		if coding == "gzip" { // and once more
			body = encode(t, coding, body)
			header = "gzip, gzip"
		}
		url := serveCoded(t, header, body)
		err := failure(t, newClient(t, Config{}), get(url), runtime.KindBodyTooLarge)
		wantText(t, coding, err.Message, "200 times", "bomb")
		if err.Response == nil || len(err.Response.Content) > 0 {
			t.Errorf("%s: the error's response is %v", coding, err.Response)
		}
	}
	small := encode(t, "gzip", flat[:1<<20])
	if resp := must(t, newClient(t, Config{}), get(serveCoded(t, "gzip", small))); len(resp.Content) != 1<<20 {
		t.Errorf("a body of 1 MiB that expands well: got %d bytes", len(resp.Content))
	}
}

func TestBodyLimits(t *testing.T) {
	body := []byte(strings.Repeat("0123456789", 100))
	chunked := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(body[:500])
		w.(http.Flusher).Flush()
		_, _ = w.Write(body[500:])
	})
	c := newClient(t, Config{})
	for name, url := range map[string]string{"length": serveCoded(t, "", body), "chunked": chunked, "gzip": serveCoded(t, "gzip", encode(t, "gzip", body))} {
		for limit, ok := range map[int64]bool{999: false, 1000: true, -1: true, 0: true, 1: false} {
			req := get(url)
			req.Options = &runtime.Options{MaxBody: limit}
			if ok {
				if resp := must(t, c, req); len(resp.Content) != 1000 || cap(resp.Content) > 1250 {
					t.Errorf("%s limit %d: got %d bytes in %d", name, limit, len(resp.Content), cap(resp.Content))
				}
			} else {
				wantText(t, name, failure(t, c, req, runtime.KindBodyTooLarge).Message, "max_body")
			}
			resp, err := c.Do(t.Context(), streamed(req))
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.ReadAll(resp.Stream)
			if e := runtime.AsError(err); ok != (e == nil) || !ok && e.Kind != runtime.KindBodyTooLarge {
				t.Errorf("%s limit %d, streamed: %v", name, limit, err)
			}
		}
	}
	raw, _ := serveRaw(t, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nx")
	fails(t, c, get(raw), runtime.KindBodyTooLarge)
}

func TestBodyCutShort(t *testing.T) {
	zipped := string(encode(t, "gzip", []byte(strings.Repeat("abc", 1000))))
	for name, answer := range map[string]string{
		"length":  "Content-Length: 10\r\n\r\n01234",
		"chunked": "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
		"gzip":    fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(zipped)+5, zipped[:len(zipped)-3]),
	} {
		url, _ := serveRaw(t, "HTTP/1.1 200 OK\r\n"+answer)
		err := failure(t, newClient(t, Config{}), get(url), runtime.KindIncompleteBody)
		if err.Response == nil || !err.Response.Partial || len(err.Response.Content) == 0 || err.Response.Status != 200 {
			t.Errorf("%s: response %+v", name, err.Response)
		}
	}
}

func TestBudget(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 100<<10)
	url := serveCoded(t, "", body)
	c := newClient(t, Config{MaxInFlightBytes: 150 << 10})
	done := make(chan error)
	for range 8 {
		go func() {
			for range 5 {
				if resp, err := c.Do(context.Background(), get(url)); err != nil || len(resp.Content) != len(body) {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if c.budget.used != 0 || c.budget.holders != 0 {
		t.Errorf("left over: %d bytes of %d", c.budget.used, c.budget.holders)
	}
}

// TestMemoryLimit (row 162): near the limit of the process a body is refused,
// after a while in which others may go; what is small or a stream is not.
func TestMemoryLimit(t *testing.T) {
	url := serveCoded(t, "", bytes.Repeat([]byte("x"), 100<<10))
	goruntime.GC()
	c := newClient(t, Config{MaxMemory: 100})
	if err := failure(t, c, get(url), runtime.KindBodyTooLarge); !strings.Contains(err.Message, "no memory left") {
		t.Errorf("it says %q", err.Message)
	}
	small := serveCoded(t, "", []byte("small"))
	if resp, err := c.Do(t.Context(), get(small)); err != nil || string(resp.Content) != "small" {
		t.Errorf("%+v, %v", resp, err)
	}
	resp, err := c.Do(t.Context(), streamed(get(url)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Stream); err != nil || n != 100<<10 {
		t.Errorf("the stream has %d bytes, %v", n, err)
	}
	if c.budget.used != 0 || c.budget.holders != 0 {
		t.Errorf("left over: %d bytes of %d", c.budget.used, c.budget.holders)
	}
}

// TestMemoryFreed: what was in use only for a while makes nobody fail.
func TestMemoryFreed(t *testing.T) {
	kept := bytes.Repeat([]byte("x"), 64<<20)
	goruntime.GC()
	var m memory
	m.limit = alive() - 32<<20
	done := make(chan *runtime.Error)
	go func() { done <- m.room(context.Background()) }()
	goruntime.KeepAlive(kept) // until here
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestBudgetWaits(t *testing.T) {
	var b budget
	b.init(100)
	first, second := hold{budget: &b}, hold{budget: &b}
	if err := first.take(t.Context(), 80); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := second.take(ctx, 50); err == nil || err.Kind != runtime.KindCancelled {
		t.Fatalf("over the budget: got %v", err)
	}
	got := make(chan *runtime.Error)
	go func() { got <- second.take(context.Background(), 50) }()
	first.give()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if err := second.take(t.Context(), 1000); err != nil {
		t.Fatalf("the only holder has to go on: %v", err)
	}
	second.give()
	if b.used != 0 || b.holders != 0 {
		t.Errorf("left over: %+v", b.used)
	}
}
