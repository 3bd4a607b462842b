package faults_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"volley/runtime"
)

// coded is an answer with that content coding and body.
func coded(coding string, body []byte) string {
	return fmt.Sprintf("%sContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", okLine, coding, len(body), body)
}

func gzipped(data []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return out.Bytes()
}

// bomb writes n bytes of nothing through a compressor.
func bomb(t *testing.T, n int64, open func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var out bytes.Buffer
	w := open(&out)
	if _, err := io.CopyN(w, zeros{}, n); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBodies(t *testing.T) {
	tooLarge := want{kinds: kinds(runtime.KindBodyTooLarge), status: 200, memory: 160 << 20}
	provoke(t, []fault{
		{rows: "102", name: "200 MiB announced", serve: endless(okLine+"Content-Length: 209715200\r\n\r\n", strings.Repeat("x", 1<<10)), want: want{kinds: kinds(runtime.KindBodyTooLarge), memory: 8 << 20, within: time.Second}},
		{rows: "103", name: "endless body", serve: endless(okLine+"\r\n", strings.Repeat("x", 64<<10)), want: want{kinds: kinds(runtime.KindBodyTooLarge), memory: 200 << 20}},
		{rows: "103", name: "endless chunks", serve: endless(chunked(""), "10000\r\n"+strings.Repeat("x", 64<<10)+"\r\n"), want: tooLarge},
		{rows: "103", name: "a limit of the request", serve: endless(okLine+"\r\n", strings.Repeat("x", 64<<10)), ask: func(r *runtime.Request) {
			r.Options = &runtime.Options{MaxBody: 1 << 20}
		}, want: want{kinds: kinds(runtime.KindBodyTooLarge), memory: 4 << 20}},
		{rows: "104", name: "drip", serve: dripping(okLine+"Content-Length: 1000\r\n\r\n", "x", 50*time.Millisecond), ask: total(time.Second), want: want{kinds: kinds(runtime.KindTotalTimeout), status: 200, partial: true, within: 2 * time.Second}},
	})
}

func TestBombs(t *testing.T) {
	gz := bomb(t, 256<<20, func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, 9); return z })
	br := bomb(t, 256<<20, func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) })
	zs := bomb(t, 1<<30, func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z })
	exploded := want{kinds: kinds(runtime.KindTooLarge), status: 200, memory: 200 << 20}
	redirected := "HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s"
	provoke(t, []fault{
		{rows: "105", name: "gzip", serve: reply(coded("gzip", gz)), want: exploded},
		{rows: "105", name: "br", serve: reply(coded("br", br)), want: exploded},
		{rows: "105", name: "zstd", serve: reply(coded("zstd", zs)), want: exploded},
		{rows: "105", name: "streamed, with a limit", serve: reply(coded("gzip", gz)), ask: func(r *runtime.Request) {
			r.Options = &runtime.Options{Stream: runtime.Yes, MaxBody: 10 << 20}
		}, want: want{kinds: kinds(runtime.KindBodyTooLarge), memory: 8 << 20}},
		{rows: "111", name: "bomb behind a redirect", serve: byPath(map[string]string{
			"/": fmt.Sprintf(redirected, len(gz), gz), "/end": okLine + "Content-Length: 3\r\n\r\nend",
		}), want: want{body: "end", memory: 16 << 20}},
	})
}

func TestCodings(t *testing.T) {
	hello := gzipped([]byte("hello"))
	var raw bytes.Buffer
	fw, _ := flate.NewWriter(&raw, 9)
	_, _ = fw.Write([]byte("hello"))
	_ = fw.Close()
	broken := func(says string) want {
		return want{kinds: kinds(runtime.KindDecode), phase: runtime.PhaseDecode, status: 200, sent: runtime.SentYes, says: says}
	}
	window := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00} // a frame whose window is terabytes
	wide := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x80, 0x01, 0x00, 0x00}   // an empty frame whose window is 64 MiB
	framed := func(exponent byte) []byte {                                 // "hello" in a frame whose window is 2^(10+exponent) bytes
		return append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, exponent << 3, 5<<3 | 1, 0, 0}, "hello"...)
	}
	kept := func(body []byte) want {
		return want{kinds: kinds(runtime.KindDecode), status: 200, check: func(t *testing.T, res *runtime.Result) {
			if !bytes.Equal(res.Err.Response.Content, body) {
				t.Errorf("the raw bytes are lost: %q", res.Err.Response.Content)
			}
		}}
	}
	comment := append([]byte{0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 3}, bytes.Repeat([]byte("c"), 8<<20)...)
	unknown := kept([]byte("hello"))
	unknown.says = "sdch"
	corrupt := bytes.Clone(hello)
	corrupt[len(corrupt)-6] ^= 0xff // of the checksum
	provoke(t, []fault{
		{rows: "106", name: "zstd window of terabytes", serve: reply(coded("zstd", window)), want: want{kinds: kinds(runtime.KindDecode), status: 200}},
		{rows: "106", name: "zstd window of 64 MiB", serve: reply(coded("zstd", wide)), want: want{kinds: kinds(runtime.KindDecode), status: 200}},
		{rows: "106", name: "zstd window of 16 MiB", serve: reply(coded("zstd", framed(14))), want: broken("window")},
		{rows: "106", name: "zstd window of 8 MiB", serve: reply(coded("zstd", framed(13))), want: want{body: "hello"}},
		{rows: "106", name: "8 MiB gzip comment", serve: reply(coded("gzip", comment)), want: want{kinds: kinds(runtime.KindDecode), status: 200}},
		{rows: "107", name: "50 codings", serve: reply(coded(strings.TrimSuffix(strings.Repeat("gzip, ", 50), ", "), hello)), want: broken("more than 5")},
		{rows: "108", name: "cut", serve: reply(coded("gzip", hello[:len(hello)-9])), want: kept(hello[:len(hello)-9])},
		{rows: "108", name: "corrupt", serve: reply(coded("gzip", corrupt)), want: kept(corrupt)},
		{rows: "108", name: "not gzip at all", serve: reply(coded("gzip", []byte("hello"))), want: kept([]byte("hello"))},
		{rows: "109", name: "two members", serve: reply(coded("gzip", append(bytes.Clone(hello), hello...))), want: want{body: "hellohello"}},
		{rows: "109", name: "raw deflate", serve: reply(coded("deflate", raw.Bytes())), want: want{body: "hello"}},
		{rows: "109", name: "x-gzip in capitals", serve: reply(coded("X-GZIP", hello)), want: want{body: "hello"}},
		{rows: "109", name: "empty", serve: reply(coded("gzip", nil)), want: want{}},
		{rows: "110", name: "unknown", serve: reply(coded("sdch", []byte("hello"))), want: unknown},
	})
}
