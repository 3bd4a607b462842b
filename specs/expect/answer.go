package expect

import (
	"errors"
	"fmt"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/spell"
)

// Answer is a response as expressions and expectations see it; in expressions
// it is called res. What costs something, such as decoding the body, is done
// when it is first asked for. It belongs to the consumer's goroutine.
type Answer struct {
	resp      *runtime.Response
	text      string
	hasText   bool
	json      any
	jsonErr   error
	hasJSON   bool
	cookies   []client.Cookie
	asked     bool // for cookies
	documents documents
}

// NewAnswer returns resp as an Answer.
func NewAnswer(resp *runtime.Response) *Answer { return &Answer{resp: resp} }

// Response returns what the answer was made from.
func (a *Answer) Response() *runtime.Response { return a.resp }

var memberNames = []string{"status", "reason", "headers", "cookies", "text", "body", "json", "elapsed", "url", "timings"}

// Names implements template.Namespace.
func (a *Answer) Names() []string { return memberNames }

// Member implements template.Namespace: status (a number), reason, headers,
// cookies, text (in UTF-8), body (the bytes), json (nil if the body is none),
// elapsed and timings (in seconds), url.
func (a *Answer) Member(name string) (any, error) {
	switch name {
	case "status":
		return float64(a.resp.Status), nil
	case "reason":
		return a.resp.Reason, nil
	case "headers":
		return headerNames(a.resp.Header), nil
	case "cookies":
		return cookieNames{a}, nil
	case "text":
		return plainText(a.Text())
	case "body":
		return plainText(a.Body())
	case "json":
		return a.jsonOrNil()
	case "elapsed":
		return a.resp.Elapsed.Seconds(), nil
	case "url":
		return a.resp.URL, nil
	case "timings":
		return timings(a.resp.Timings), nil
	}
	return nil, fmt.Errorf("res has no %q%s", name, spell.Hint(name, memberNames))
}

func plainText(text string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return text, nil
}

func timings(t runtime.Timings) map[string]any {
	out := map[string]any{}
	for _, phase := range []struct {
		name string
		took time.Duration
	}{{"dns", t.DNS}, {"connect", t.Connect}, {"tls", t.TLS}, {"ttfb", t.TTFB}, {"total", t.Total}} {
		out[phase.name] = phase.took.Seconds()
	}
	return out
}

// What keeps a subject from being read.
var (
	errStreamed = errors.New("the body was not kept: it was streamed or saved")
	errPlain    = errors.New("the connection has no TLS")
)

// Body returns the bytes of the decoded body. It is an error to ask for those
// of a body that was streamed.
func (a *Answer) Body() (string, error) {
	if a.resp.Stream != nil {
		return "", errStreamed
	}
	return string(a.resp.Content), nil
}

// Text returns the body as UTF-8.
func (a *Answer) Text() (string, error) {
	if a.resp.Stream != nil {
		return "", errStreamed
	}
	if !a.hasText {
		a.text, _ = client.Text(a.resp.Content, a.resp.Header.Get("Content-Type"), "")
		a.hasText = true
	}
	return a.text, nil
}

// JSON returns the body decoded: numbers are float64, or json.Number where
// that would lose digits of a whole number.
func (a *Answer) JSON() (any, error) {
	if !a.hasJSON {
		a.hasJSON = true
		var text string
		if text, a.jsonErr = a.Text(); a.jsonErr == nil {
			a.json, a.jsonErr = decodeJSON(text)
		}
	}
	return a.json, a.jsonErr
}

func (a *Answer) jsonOrNil() (any, error) {
	v, err := a.JSON()
	if errors.Is(err, errStreamed) {
		return nil, err
	}
	if err != nil {
		return nil, nil //nolint:nilerr // res.json is nil for what is no JSON
	}
	return v, nil
}

// cookie returns the value that the answer gives a cookie; the last one counts.
func (a *Answer) cookie(name string) (string, bool) {
	list := a.cookieList()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Name == name {
			return list[i].Value, true
		}
	}
	return "", false
}

func (a *Answer) cookieList() []client.Cookie {
	if !a.asked {
		a.asked, a.cookies = true, client.Cookies(a.resp)
	}
	return a.cookies
}

// headerNames is res.headers.
type headerNames runtime.Header

// Member implements template.Namespace: repeats are joined with ", ", nil is
// no such header.
func (h headerNames) Member(name string) (any, error) {
	if v, ok := runtime.Header(h).Joined(name); ok {
		return v, nil
	}
	return nil, nil
}

// Names implements template.Namespace.
func (h headerNames) Names() []string {
	var names []string
	for i, f := range h {
		if !runtime.Header(h[:i]).Has(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// cookieNames is res.cookies.
type cookieNames struct{ a *Answer }

// Member implements template.Namespace.
func (c cookieNames) Member(name string) (any, error) {
	if v, ok := c.a.cookie(name); ok {
		return v, nil
	}
	return nil, nil
}

// Names implements template.Namespace.
func (c cookieNames) Names() []string {
	var names []string
	for _, cookie := range c.a.cookieList() {
		names = append(names, cookie.Name)
	}
	return names
}
