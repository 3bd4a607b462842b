package client

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"volley/runtime"
)

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// length shows a request's framing and body.
func length(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%d %v %q %q %v", r.ContentLength, r.TransferEncoding, r.Header.Get("Content-Type"), body, err)
}

func post(url string, body runtime.Body, header ...string) *runtime.Request {
	return &runtime.Request{Method: "POST", URL: url, Body: body, Header: fields(header...)}
}

func oneShot(list ...string) *ReaderBody {
	return Reader(func() ([]byte, error) {
		if len(list) == 0 {
			return nil, io.EOF
		}
		p := list[0]
		list = list[1:]
		return []byte(p), nil
	})
}

func TestBodiesOnTheWire(t *testing.T) {
	url := serve(t, length)
	c := newClient(t, Config{})
	for name, x := range map[string]struct {
		req  *runtime.Request
		want string
	}{
		"file":           {post(url, File(writeFile(t, "f", "content"))), `7 [] "" "content" <nil>`},
		"empty file":     {post(url, File(writeFile(t, "f", ""))), `0 [] "" "" <nil>`},
		"file, chunked":  {post(url, File(writeFile(t, "f", "content")), "Transfer-Encoding", "chunked"), `-1 [chunked] "" "content" <nil>`},
		"pieces":         {post(url, oneShot("a", "", "bc")), `-1 [chunked] "" "abc" <nil>`},
		"pieces, length": {post(url, oneShot("a", "bc"), "Content-Length", "3"), `3 [] "" "abc" <nil>`},
		"no pieces":      {post(url, oneShot()), `-1 [chunked] "" "" <nil>`},
		"bytes, chunked": {post(url, &runtime.Bytes{Data: []byte("abc")}, "Transfer-Encoding", "Chunked"), `-1 [chunked] "" "abc" <nil>`},
		"empty bytes":    {post(url, &runtime.Bytes{}), `0 [] "" "" <nil>`},
		"form":           {post(url, FormBody(fields("a", "1", "a", "é"))), `12 [] "application/x-www-form-urlencoded" "a=1&a=%C3%A9" <nil>`},
		"json":           {post(url, &runtime.Bytes{Data: []byte("[]"), Type: "application/json"}), `2 [] "application/json" "[]" <nil>`},
		"a typed file":   {post(url, &FileBody{Path: writeFile(t, "f", "x"), Type: "a/b"}), `1 [] "a/b" "x" <nil>`},
		"big file":       {post(url+"/big", File(writeFile(t, "f", strings.Repeat("x", 300<<10)))), fmt.Sprintf(`%d [] "" %q <nil>`, 300<<10, strings.Repeat("x", 300<<10))},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(must(t, c, x.req).Content); got != x.want {
				t.Errorf("got %.200s, want %.200s", got, x.want)
			}
		})
	}
}

func TestBodyFaults(t *testing.T) {
	url := serve(t, length)
	c := newClient(t, Config{})
	dir := t.TempDir()
	wantText(t, "a missing file", failure(t, c, post(url, File(filepath.Join(dir, "none"))), runtime.KindIO).Message, "none", "no such file")
	wantText(t, "a directory", failure(t, c, post(url, File(dir)), runtime.KindInvalidArgument).Message, "is a directory")
	wantText(t, "a device", failure(t, c, post(url, File("/dev/null")), runtime.KindInvalidArgument).Message, "regular")
	wantText(t, "too few", failure(t, c, post(url, oneShot("ab"), "Content-Length", "3"), runtime.KindIO).Message, "1 bytes are missing")
	wantText(t, "too many", failure(t, c, post(url, oneShot("abcd"), "Content-Length", "3"), runtime.KindInvalidArgument).Message, "longer")
	broken := Reader(func() ([]byte, error) { return nil, runtime.Errorf(runtime.KindCallback, "the iterator raised") })
	fails(t, c, post(url, broken), runtime.KindCallback)
	denied := &FileBody{Path: "x", OpenFile: func(string) (*os.File, error) { return nil, runtime.Errorf(runtime.KindDenied, "not yours") }}
	fails(t, c, post(url, denied), runtime.KindDenied)

	once := oneShot("a")
	must(t, c, post(url, once))
	fails(t, c, post(url, once), runtime.KindUnrewindableBody)
}

func TestMultipart(t *testing.T) {
	path := writeFile(t, "note.txt", "from a file")
	parts := []Part{
		{Name: "f1", Filename: "f1", Named: true, Content: &runtime.Bytes{Data: []byte("one")}},
		{Name: "f2", Filename: "n.txt", Named: true, Type: "text/plain", Header: fields("X-Part", "1"), Content: &runtime.Bytes{Data: []byte("two")}},
		{Name: "f3", Content: &runtime.Bytes{Data: []byte("field")}},
		{Name: "f4", Named: true, Content: nil},
		FilePart("f5", path),
		{Name: "f\"\r\nü", Filename: "a\"\\b\r\n.txt", Named: true},
	}
	body, err := Multipart(fields("a", "1", "a", "2"), parts)
	if err != nil {
		t.Fatal(err)
	}
	url, seen := serveRaw(t, plainOK)
	must(t, newClient(t, Config{}), post(url, body))
	b := body.boundary
	want := strings.ReplaceAll("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"+
		"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n2\r\n"+
		"--B\r\nContent-Disposition: form-data; name=\"f1\"; filename=\"f1\"\r\n\r\none\r\n"+
		"--B\r\nContent-Disposition: form-data; name=\"f2\"; filename=\"n.txt\"\r\nContent-Type: text/plain\r\nX-Part: 1\r\n\r\ntwo\r\n"+
		"--B\r\nContent-Disposition: form-data; name=\"f3\"\r\n\r\nfield\r\n"+
		"--B\r\nContent-Disposition: form-data; name=\"f4\"; filename=\"\"\r\n\r\n\r\n"+
		"--B\r\nContent-Disposition: form-data; name=\"f5\"; filename=\"note.txt\"\r\n\r\nfrom a file\r\n"+
		"--B\r\nContent-Disposition: form-data; name=\"f%22%0D%0Aü\"; filename=\"a%22\\b%0D%0A.txt\"\r\n\r\n\r\n--B--\r\n", "B", b)
	head, got, _ := strings.Cut(seen()[0], "\r\n\r\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	wantText(t, "the head", head, "Content-Type: multipart/form-data; boundary="+b, fmt.Sprintf("Content-Length: %d", len(want)))
}

func TestMultipartStreams(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		form, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		_, _ = fmt.Fprint(w, r.ContentLength < 0, form.Value)
	})
	c := newClient(t, Config{})
	body, err := Multipart(fields("a", "1"), []Part{{Name: "p", Content: oneShot("x", "y")}})
	if err != nil || body.Replayable() {
		t.Fatalf("replayable, or %v", err)
	}
	wantText(t, "a part of unknown length", string(must(t, c, post(url, body)).Content), "true map[a:[1] p:[xy]]")

	again, _ := Multipart(fields("a", "1"), nil)
	wantText(t, "a type without boundary", string(must(t, c, post(url, again, "Content-Type", "multipart/form-data")).Content), "false map[a:[1]]")
	wantText(t, "a boundary given", string(must(t, c, post(url, again, "Content-Type", "multipart/form-data; boundary=mine")).Content), "map[a:[1]]")
	fails(t, c, post(url, again, "Content-Type", "application/json"), runtime.KindInvalidArgument)
	if _, err := Multipart(nil, []Part{{Name: "a", Type: "x\r\ny"}}); err == nil {
		t.Error("a line break in a part's type was taken")
	}
	gone, _ := Multipart(nil, []Part{FilePart("f", filepath.Join(t.TempDir(), "none"))})
	fails(t, c, post(url, gone), runtime.KindIO)
}

func TestCurl(t *testing.T) {
	form, _ := Multipart(fields("a", "it's"), []Part{FilePart("f", "/tmp/x.txt")})
	for want, req := range map[string]*runtime.Request{
		"curl https://h/x":                   {Method: "GET", URL: "https://h/x"},
		"curl --head 'https://h/?a=1&b=2#f'": {Method: "HEAD", URL: "https://h/?a=1#f", Options: &runtime.Options{Params: runtime.Params{Fields: fields("b", "2")}}},
		`curl -X POST -H 'X-A: it'\''s' -H 'E;' -H 'Content-Type: application/json' --data-raw '{"a": 1}' https://h/`: {
			Method: "POST", URL: "https://h/", Header: fields("X-A", "it's", "E", ""), Body: &runtime.Bytes{Data: []byte(`{"a": 1}`), Type: "application/json"},
		},
		`curl -X PUT --data-raw $'\x00\'\xFF' https://h/`:                            {Method: "PUT", URL: "https://h/", Body: &runtime.Bytes{Data: []byte("\x00'\xff")}},
		"curl -X PUT --data-binary @/tmp/f https://h/":                               {Method: "PUT", URL: "https://h/", Body: File("/tmp/f")},
		"curl -X POST --data-binary @- https://h/":                                   {Method: "POST", URL: "https://h/", Body: oneShot()},
		`curl -X POST -F 'a="it'\''s"' -F 'f=@/tmp/x.txt;filename=x.txt' https://h/`: {Method: "POST", URL: "https://h/", Body: form},
		"curl -u 'u:p w' -b 'a=1; b=2' -k -L https://h/": {Method: "GET", URL: "https://h/", Options: &runtime.Options{
			Auth: &Basic{User: "u", Password: "p w"}, Cookies: fields("a", "1", "b", "2"), Verify: &runtime.Verify{Off: true}, AllowRedirects: runtime.Yes,
		}},
	} {
		if got := Curl(req); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestShellQuote lets a shell read the words back.
func TestShellQuote(t *testing.T) {
	for _, word := range []string{"", "plain", "it's", `"$HOME" \ !`, "a\nb", "tab\there", "\x01\xff'\\", "ü", "-n", "*?[]~", "a;b|c&d"} {
		out, err := exec.CommandContext(t.Context(), "bash", "-c", "printf %s. "+shellQuote(word)).Output()
		if err != nil || string(out) != word+"." {
			t.Errorf("%q: the shell reads %q, %v", word, out, err)
		}
	}
}

func TestStatusCodes(t *testing.T) {
	for name, want := range map[string]int{"ok": 200, "not_found": 404, "teapot": 418, "too_many_requests": 429, "permanent_redirect": 308} {
		if StatusCodes[name] != want {
			t.Errorf("%s is %d", name, StatusCodes[name])
		}
	}
}
