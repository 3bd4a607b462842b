package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"volley/runtime"
	"volley/runtime/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var suite = Config{
	AccessKey: "AKIDEXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Region: "us-east-1", Service: "service",
	Now: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) },
}

const scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="

// TestSuite is part of AWS's Signature Version 4 test suite.
func TestSuite(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		header       runtime.Header
		body         string
		signed, want string
	}{
		"get-vanilla":                     {"GET", "/", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"get-vanilla-query":               {"GET", "/", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"get-vanilla-empty-query-key":     {"GET", "/?Param1=value1", nil, "", "host;x-amz-date", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
		"get-vanilla-query-order-key":     {"GET", "/?Param2=value2&Param1=value1", nil, "", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		"get-vanilla-query-order-value":   {"GET", "/?Param1=value2&Param1=value1", nil, "", "host;x-amz-date", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
		"get-slash":                       {"GET", "//", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"get-relative":                    {"GET", "/example/..", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"post-vanilla":                    {"POST", "/", nil, "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		"post-header-key-sort":            {"POST", "/", runtime.Header{{Name: "My-Header1", Value: "value1"}}, "", "host;my-header1;x-amz-date", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
		"post-x-www-form-urlencoded":      {"POST", "/", runtime.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}, "Param1=value1", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
		"get-header-value-trim, repeated": {"GET", "/", runtime.Header{{Name: "My-Header1", Value: "value1"}, {Name: "My-Header2", Value: `"a   b   c"`}}, "", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	} {
		req := &runtime.Request{Method: c.method, URL: "https://example.amazonaws.com" + c.path, Header: runtime.Header{{Name: "Host", Value: "example.amazonaws.com"}}}
		req.Header = append(req.Header, c.header...)
		if c.body != "" {
			req.Body = &runtime.Bytes{Data: []byte(c.body)}
		}
		if err := New(suite).Authorize(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if got, want := req.Header.Get("Authorization"), scope+c.signed+", Signature="+c.want; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func TestSessionToken(t *testing.T) {
	config := suite
	config.SessionToken = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd" +
		"QrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	req := &runtime.Request{Method: "POST", URL: "https://example.amazonaws.com/", Header: runtime.Header{{Name: "Host", Value: "example.amazonaws.com"}}}
	if err := New(config).Authorize(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	// post-sts-header-before of the test suite.
	want := scope + "host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
	if got := req.Header.Get("Authorization"); got != want || req.Header.Get("X-Amz-Security-Token") != config.SessionToken {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// checker recomputes signatures from what arrives, in code of its own.
type checker struct {
	t      *testing.T
	config Config
}

func (c *checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, parameters, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	p := map[string]string{}
	for part := range strings.SplitSeq(parameters, ", ") {
		name, value, _ := strings.Cut(part, "=")
		p[name] = value
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(body))
	if sent := r.Header.Get("X-Amz-Content-Sha256"); sent == unsigned {
		hash = sent
	} else if sent != hash && c.config.Service == "s3" {
		c.t.Errorf("%s %s: the hash of the body is %q, want %s", r.Method, r.RequestURI, sent, hash)
	}
	canonical := r.Method + "\n" + c.path(r.RequestURI) + "\n" + query(r.RequestURI) + "\n"
	for name := range strings.SplitSeq(p["SignedHeaders"], ";") {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		canonical += name + ":" + strings.Join(strings.Fields(value), " ") + "\n"
	}
	canonical += "\n" + p["SignedHeaders"] + "\n" + hash
	date := r.Header.Get("X-Amz-Date")
	credential := strings.Join([]string{date[:8], c.config.Region, c.config.Service, "aws4_request"}, "/")
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", date, credential, sha256.Sum256([]byte(canonical)))
	key := []byte("AWS4" + c.config.SecretKey)
	for part := range strings.SplitSeq(credential, "/") {
		key = mac(key, part)
	}
	if want := hex.EncodeToString(mac(key, text)); p["Signature"] != want || p["Credential"] != c.config.AccessKey+"/"+credential {
		c.t.Errorf("%s %s: refused: %s\ncanonical request:\n%s", r.Method, r.RequestURI, r.Header.Get("Authorization"), canonical)
	}
	for _, name := range []string{"user-agent", "accept-encoding"} {
		if slices.Contains(strings.Split(p["SignedHeaders"], ";"), name) {
			c.t.Errorf("%s is signed", name)
		}
	}
	w.Header().Set("X-Signed", p["SignedHeaders"])
	_, _ = w.Write(body)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)
}

// path escapes what arrived once more, but for S3.
func (c *checker) path(target string) string {
	path, _, _ := strings.Cut(target, "?")
	if c.config.Service == "s3" {
		return path
	}
	return strings.ReplaceAll(path, "%", "%25")
}

// query sorts what arrived; it is in the canonical spelling already.
func query(target string) string {
	_, raw, ok := strings.Cut(target, "?")
	if !ok {
		return ""
	}
	list := strings.Split(raw, "&")
	for i := range list {
		if !strings.Contains(list[i], "=") {
			list[i] += "="
		}
	}
	slices.Sort(list)
	return strings.Join(list, "&")
}

func serve(t *testing.T, handler http.Handler) (string, *client.Client) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	c, err := client.New(client.Config{Insecure: true, Environ: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return server.URL, c
}

func oneShot(pieces ...string) runtime.Body {
	return client.Reader(func() ([]byte, error) {
		if len(pieces) == 0 {
			return nil, io.EOF
		}
		piece := pieces[0]
		pieces = pieces[1:]
		return []byte(piece), nil
	})
}

// TestOverTheWire signs requests that a server then checks as they arrive.
func TestOverTheWire(t *testing.T) {
	for _, service := range []string{"s3", "execute-api"} {
		config := Config{AccessKey: "AK", SecretKey: "secret", SessionToken: "token", Region: "eu-central-1", Service: service}
		check := &checker{t: t, config: config}
		url, c := serve(t, check)
		bodies := map[string]func() runtime.Body{
			"":    func() runtime.Body { return nil },
			"{}":  func() runtime.Body { return &runtime.Bytes{Data: []byte("{}"), Type: "application/json"} },
			"a/b": func() runtime.Body { return client.File(file(t, "a/b")) },
			"xyz": func() runtime.Body { return oneShot("x", "yz") },
		}
		for text, body := range bodies {
			for _, path := range []string{"/", "/a%20b/c%2Fd/%C3%A4?b=2&a=1&a=%2F&a=-&flag&s=a+b", "/x?q=1;2#fragment"} {
				req := &runtime.Request{
					Method: "PUT", URL: url + path, Body: body(), Options: &runtime.Options{Auth: New(config)},
					Header: runtime.Header{{Name: "X-Amz-Meta-A", Value: "one  two"}, {Name: "X-Twice", Value: "1"}, {Name: "x-twice", Value: "2"}},
				}
				resp, err := c.Do(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				if string(resp.Content) != text {
					t.Errorf("%s: got %q, want %q", path, resp.Content, text)
				}
				signed := resp.Header.Get("X-Signed")
				for _, name := range []string{"host", "x-amz-date", "x-amz-security-token", "x-amz-meta-a", "x-twice"} {
					if !slices.Contains(strings.Split(signed, ";"), name) {
						t.Errorf("%s: %s is not signed: %s", path, name, signed)
					}
				}
			}
		}
	}
}

// TestEachHopIsSigned follows a redirect on one origin: the second signature
// is that of the second URL.
func TestEachHopIsSigned(t *testing.T) {
	config := Config{AccessKey: "AK", SecretKey: "secret", Region: "r", Service: "s3"}
	check := &checker{t: t, config: config}
	url, c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check.ServeHTTP(httptest.NewRecorder(), r)
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new?x=1", http.StatusTemporaryRedirect)
		}
	}))
	resp, err := c.Do(t.Context(), &runtime.Request{Method: "PUT", URL: url + "/old", Body: &runtime.Bytes{Data: []byte("b")}, Options: &runtime.Options{Auth: New(config)}})
	if err != nil || len(resp.History) != 1 {
		t.Fatalf("%+v, %v", resp, err)
	}
}

func TestOneShotBodyNeedsTLS(t *testing.T) {
	req := &runtime.Request{Method: "PUT", URL: "http://h.test/", Header: runtime.Header{{Name: "Host", Value: "h.test"}}, Body: oneShot("x")}
	if err := New(suite).Authorize(t.Context(), req); err == nil || runtime.AsError(err).Kind != runtime.KindUnrewindableBody {
		t.Errorf("got %v", err)
	}
	if req.Header.Has("Authorization") {
		t.Error("it is signed all the same")
	}
}

func TestPathAsSigned(t *testing.T) {
	for sent, want := range map[string][2]string{ // of S3, of others
		"":                {"", "/"},
		"/":               {"/", "/"},
		"/a//b/./c/../":   {"/a//b/./c/../", "/a/b/"},
		"/a+b:c@d/%c3%a4": {"/a%2Bb%3Ac%40d/%C3%A4", "/a+b:c@d/%c3%a4"},
	} {
		s3, other := New(Config{Service: "s3"}).path(sent), New(Config{Service: "sqs"}).path(sent)
		if s3 != want[0] || other != want[1] {
			t.Errorf("%s: got %s and %s, want %s", sent, s3, other, want)
		}
	}
}

func TestUnambiguous(t *testing.T) {
	for raw, want := range map[string]string{
		"https://h.test/a+b;c":         "https://h.test/a+b;c",
		"https://h.test/a+b?c=d":       "https://h.test/a+b?c=d",
		"https://h.test/a+?b+c;d#e+f;": "https://h.test/a+?b%20c%3Bd#e+f;",
		"https://h.test/#?a+b":         "https://h.test/#?a+b",
	} {
		if got := unambiguous(raw); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}
