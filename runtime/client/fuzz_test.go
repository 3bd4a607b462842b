package client

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	goruntime "runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"volley/runtime"
)

// FuzzCookieDate: a date that is read is one that exists, and one that
// net/http reads too means the same.
func FuzzCookieDate(f *testing.F) {
	for _, seed := range []string{
		"Wed, 09 Jun 2021 10:18:14 GMT", "Wednesday, 09-Jun-21 10:18:14 GMT", "Wed Jun  9 10:18:14 2021", "1 jan 1 ::1", "09-jun-99x 1:2:3z", "31 feb 2020 1:1:1",
		"29 feb 2100 00:00:60", "\t9//jun//1601 23:59:59", "00:00:00 31 dec 9999",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := parseCookieDate(text)
		if !ok {
			return
		}
		if at.Year() < 1601 || at.Year() > 9999 || at.Location() != time.UTC {
			t.Fatalf("%q is %v", text, at)
		}
		if again, ok := parseCookieDate(at.Format(http.TimeFormat)); !ok || !again.Equal(at) {
			t.Fatalf("%q is %v, which reads as %v, %v", text, at, again, ok)
		}
		if std, err := time.Parse(http.TimeFormat, text); err == nil && std.Year() >= 1601 && !std.Equal(at) {
			t.Fatalf("%q is %v, net/http says %v", text, at, std)
		}
	})
}

// FuzzNetrc: words come from the text alone, and an entry is found under its
// machine only.
func FuzzNetrc(f *testing.F) {
	for _, seed := range []string{
		"machine a.test login ada password #1", "default login x password y", "machine a login b\nmacdef m\nmachine z login q\n\nmachine c password \"a b\"",
		"machine \"\" login", "# machine a login b", "machine a machine b login c", "login a password b", "machine\ta\tlogin\tb \"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := ParseNetrc(text)
		for host, login := range n.machines {
			for _, word := range []string{login.User, login.Password} {
				if !strings.Contains(text, word) {
					t.Fatalf("%q: %q is not in the text", text, word)
				}
			}
			if got, ok := n.Credentials(host, ""); !ok || got != login {
				t.Fatalf("%q: %q has %v, %v", text, host, got, ok)
			}
		}
		if got, ok := n.Credentials("\x00nowhere", ""); ok && got != *n.fallback {
			t.Fatalf("%q: a host that is not in it gets %v", text, got)
		}
	})
}

// FuzzNetscape: whatever a server sets, a saved jar can be loaded, and holds
// what it held. Any text is read or refused with its line.
func FuzzNetscape(f *testing.F) {
	for _, seed := range []string{
		"a=b; Path=/x y; Domain=h.test; Secure; HttpOnly", "a b=\"c\td\"; Path=/\t", "#HttpOnly_=1", "a=#; Path=/#", "ü=ü; Max-Age=9", "a=; path=/;expires=Wed, 09 Jun 2121 10:18:14 GMT",
		"h.test\tTRUE\t/\tFALSE\t0\tn\tv", "#HttpOnly_.h.test\tTRUE\t/\tTRUE\t4102444800\tn\tv=\tw", "h\tFALSE\t/\tFALSE\tx\tn\tv",
	} {
		f.Add(seed)
	}
	here, _ := parseURL("https://www.h.test/a/b")
	f.Fuzz(func(t *testing.T, text string) {
		j, loaded := NewJar(), NewJar()
		j.learn(&here, text, time.Now())
		var saved bytes.Buffer
		if err := j.Write(&saved); err != nil {
			t.Fatal(err)
		}
		if err := loaded.Read(&saved); err != nil {
			t.Fatalf("%q: the saved jar cannot be loaded: %v", text, err)
		}
		if sent, again := j.line(&here, nil, true), loaded.line(&here, nil, true); sent != again && !strings.Contains(text, "\t") {
			t.Fatalf("%q is sent as %q, and when it was loaded as %q", text, sent, again)
		}
		if err := NewJar().Read(strings.NewReader(text)); err != nil && runtime.AsError(err).Kind != runtime.KindInvalidArgument && len(text) < 1<<16 {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// FuzzText: whatever the bytes and what they say of themselves, the text is
// valid UTF-8, and valid UTF-8 that says nothing is left as it is.
func FuzzText(f *testing.F) {
	for _, seed := range []struct{ content, contentType, override string }{
		{"plain", "", ""},
		{"\xff\xfeh\x00i\x00", "", ""},
		{"\xef\xbb\xbfhi", "text/plain; charset=utf-16", ""},
		{`<meta charset="shift_jis">\x83\x41`, "text/html", ""},
		{`<?xml version="1.0" encoding='iso-8859-2'?>\xb1`, "", ""},
		{"\x1b$B", "text/html;charset=\"iso-2022-jp\"", ""},
		{"\xe4", "", "latin1"},
		{"\xe4", "a;charset=\"\\\"", "gb18030"},
		{`<meta http-equiv=content-type content="text/html;charset=replacement">x`, "", ""},
		{"<meta charset=utf-16le>h", "", ""},
		{"x", "charset=utf-7", "x-user-defined"},
	} {
		f.Add([]byte(seed.content), seed.contentType, seed.override)
	}
	f.Fuzz(func(t *testing.T, content []byte, contentType, override string) {
		before := bytes.Clone(content)
		text, used := Text(content, contentType, override)
		if !utf8.ValidString(text) || used == "" {
			t.Fatalf("%q, %q, %q: %q in %q", content, contentType, override, text, used)
		}
		if used == utf8Name && utf8.Valid(content) && strings.TrimPrefix(string(content), "\ufeff") != text {
			t.Fatalf("%q became %q", content, text)
		}
		if len(text) > 4*len(content)+8 {
			t.Fatalf("%d bytes became %d", len(content), len(text))
		}
		if !bytes.Equal(content, before) {
			t.Fatalf("the content was changed: %q, it was %q", content, before)
		}
	})
}

// FuzzResolve: a reference is resolved as net/url does it, or refused; what
// comes of it is a URL of its own.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"", "x", "../../g?y#s", "//h:8/x", "?q", "#f", "http:g", "/a/./b/../c", ";x", "g;x=1/../y", "//u:p@h/", "\\\\h", "/%2e%2e/a", "javascript:x", "//[::1]/", "./:x", " //h/x"} {
		f.Add(seed)
	}
	base, err := parseURL("http://a.test/b/c/d;p?q")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, failed := splitURL(text)
		if failed != nil {
			return
		}
		at, failed := split(base.url).resolve(ref).locate(text)
		if failed != nil {
			return
		}
		again, failed := parseURL(at.url)
		if failed != nil || again.url != at.url {
			t.Fatalf("%q: %q is not stable: %q, %v", text, at.url, again.url, failed)
		}
		std, err := url.Parse("http://a.test/b/c/d;p?q")
		if err != nil {
			t.Fatal(err)
		}
		// White space in front is no part of a reference for us (requests takes
		// it off too), and begins a path for net/url.
		if other, err := std.Parse(strings.TrimLeft(text, " ")); err == nil && other.Host != "" && plainHost(other.Hostname()) && other.Opaque == "" {
			if host := strings.ToLower(other.Hostname()); host != at.host {
				t.Fatalf("%q leads to host %q, net/url says %q", text, at.host, host)
			}
		}
	})
}

// pieced is a body of a server that sends it in pieces.
type pieced struct {
	rest  []byte
	piece int
	wire  int64
}

func (b *pieced) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), b.piece)], b.rest)
	b.rest = b.rest[n:]
	b.wire += int64(n)
	return n, nil
}

func (b *pieced) Close() error            { return nil }
func (b *pieced) Abort()                  {}
func (b *pieced) Wire() int64             { return b.wire }
func (b *pieced) EndUnmarked() bool       { return false }
func (b *pieced) Trailer() runtime.Header { return nil }

// decodeWork is what decoding may allocate: windows of five codings, and
// buffers.
const decodeWork = 192 << 20

// FuzzDecode: any bytes under any list of codings end within the limits, with
// a whole body or an error that says why; and the decoders, which are pooled,
// are as good as new afterwards.
func FuzzDecode(f *testing.F) {
	hello := []byte("hello, hello, hello")
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		f.Add(coding, encode(f, coding, hello), uint16(3))
		f.Add(coding+", gzip", encode(f, "gzip", encode(f, coding, hello)), uint16(1000))
		f.Add(coding, encode(f, coding, bytes.Repeat([]byte{0}, 4<<20)), uint16(4096))
	}
	f.Add("deflate", encode(f, "raw", hello), uint16(1))
	f.Add("gzip, gzip, gzip, gzip, gzip", []byte{0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 3}, uint16(9))
	f.Add("zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00}, uint16(9))
	f.Add("x-gzip,identity,,BR", []byte{}, uint16(0))
	f.Add("sdch", hello, uint16(5))
	const limit = 1 << 20
	sound := map[coding][]byte{}
	for c := range pools {
		sound[c] = encode(f, string(c), hello)
	}
	f.Fuzz(func(t *testing.T, list string, data []byte, piece uint16) {
		cs, failed := codings(runtime.Header{{Name: "Content-Encoding", Value: list}})
		if failed != nil {
			if failed.Kind != runtime.KindDecode {
				t.Fatalf("%q: %v", list, failed)
			}
			return
		}
		var before, after goruntime.MemStats
		goruntime.ReadMemStats(&before)
		n, err := io.Copy(io.Discard, newContent(&pieced{rest: data, piece: 1 + int(piece)}, cs, limit))
		goruntime.ReadMemStats(&after)
		if n > limit {
			t.Fatalf("%q: %d bytes came through", list, n)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > decodeWork {
			t.Fatalf("%q, %s: %d MiB were allocated", list, base64.StdEncoding.EncodeToString(data), used>>20)
		}
		if err != nil && !errors.Is(err, &runtime.Error{Kind: runtime.KindDecode}) && !errors.Is(err, &runtime.Error{Kind: runtime.KindTooLarge}) {
			t.Fatalf("%q: %v", list, err)
		}
		for c, body := range sound {
			got, err := io.ReadAll(newContent(&pieced{rest: body, piece: 7}, []coding{c}, limit))
			if err != nil || !bytes.Equal(got, hello) {
				t.Fatalf("after %q, %s: a sound %s body reads as %q, %v", list, base64.StdEncoding.EncodeToString(data), c, got, err)
			}
		}
	})
}

// FuzzMultipart: mime/multipart reads what is written, part by part, and its
// length is the one that was announced.
func FuzzMultipart(f *testing.F) {
	f.Add("name", "value", "file", "a.txt", "text/plain", "content")
	f.Add("", "", "", "", "", "")
	f.Add(`a"b`, "\r\n--x", "ü\r\n", "a\"\\\r\nb;c=d", "a/b; c=\"d\"", "\r\n\r\n--")
	f.Add("a%22", "x", "n\x00", "\x7f../..", "x\r\nInjected: 1", "--")
	f.Fuzz(func(t *testing.T, field, value, name, filename, kind, content string) {
		body, err := Multipart([]runtime.Field{{Name: field, Value: value}}, []Part{
			{Name: name, Filename: filename, Named: true, Type: kind, Content: &runtime.Bytes{Data: []byte(content)}},
		})
		if err != nil {
			if runtime.AsError(err).Kind != runtime.KindInvalidArgument {
				t.Fatal(err)
			}
			return
		}
		_, parameters, err := mime.ParseMediaType(body.ContentType())
		if err != nil {
			t.Fatalf("%q: %v", body.ContentType(), err)
		}
		opened, size, err := body.Open()
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(opened)
		if err = errors.Join(err, opened.Close()); err != nil || int64(len(whole)) != size {
			t.Fatalf("%d bytes, %d were announced, %v", len(whole), size, err)
		}
		parts := multipart.NewReader(bytes.NewReader(whole), parameters["boundary"])
		for _, want := range []string{value, content} {
			p, err := parts.NextRawPart()
			if err != nil {
				t.Fatalf("%q: %v", whole, err)
			}
			got, err := io.ReadAll(p)
			if err != nil || string(got) != want {
				t.Fatalf("%q: a part holds %q, %v; want %q", whole, got, err, want)
			}
			if len(p.Header) > 2 || p.Header.Get("Injected") != "" {
				t.Fatalf("%q: a part has the fields %v", whole, p.Header)
			}
		}
		if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
			t.Fatalf("%q: a further part, %v", whole, err)
		}
	})
}
