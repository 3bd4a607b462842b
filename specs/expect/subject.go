package expect

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/antchfx/xpath"

	"volley/runtime/client"
	"volley/specs/expect/jsonpath"
)

// reader takes a subject's value from an answer.
type reader func(a *Answer) found

// plainSubjects are the subjects that are a single word with one value.
var plainSubjects = map[string]struct {
	kind valueKind
	read reader
}{
	"status":    {kindStatus, func(a *Answer) found { return single(float64(a.resp.Status)) }},
	"reason":    {kindText, func(a *Answer) found { return single(a.resp.Reason) }},
	"url":       {kindText, func(a *Answer) found { return single(a.resp.URL) }},
	"elapsed":   {kindDuration, func(a *Answer) found { return single(a.resp.Elapsed.Seconds()) }},
	"ttfb":      {kindDuration, func(a *Answer) found { return single(a.resp.Timings.TTFB.Seconds()) }},
	"size":      {kindSize, readSize},
	"redirects": {kindAny, readRedirects},
	"version":   {kindVersion, func(a *Answer) found { return single(version(a.resp.Protocol)) }},
	"body":      {kindText, func(a *Answer) found { return readable(a.Body()) }},
	"text":      {kindText, func(a *Answer) found { return readable(a.Text()) }},
	"sha256":    {kindText, readSHA256},
}

func readable(text string, err error) found {
	if err != nil {
		return nothing(err)
	}
	return single(text)
}

func readSize(a *Answer) found {
	if a.resp.Stream != nil {
		size, _ := a.resp.Stream.Sizes()
		return single(float64(size))
	}
	return single(float64(len(a.resp.Content)))
}

func readRedirects(a *Answer) found {
	n := 0
	for _, hop := range a.resp.History {
		if client.IsRedirect(hop) {
			n++
		}
	}
	return single(float64(n))
}

func readSHA256(a *Answer) found {
	if a.resp.Stream != nil {
		return nothing(errStreamed)
	}
	sum := sha256.Sum256(a.resp.Content)
	return single(hex.EncodeToString(sum[:]))
}

func readHeader(name string) reader {
	return func(a *Answer) found { return optional(a.resp.Header.Joined(name)) }
}

func readCookie(name string) reader {
	return func(a *Answer) found { return optional(a.cookie(name)) }
}

func readXPath(expr *xpath.Expr) reader {
	return func(a *Answer) found { return a.xpath(expr) }
}

func readCSS(matcher cascadia.Selector, attr string) reader {
	return func(a *Answer) found { return a.css(matcher, attr) }
}

func readJSON(path *jsonpath.Path) reader {
	return func(a *Answer) found {
		root, err := a.JSON()
		if err != nil {
			return nothing(err)
		}
		list, err := path.Select(root)
		switch {
		case err != nil:
			return nothing(err)
		case !path.Singular():
			return several(list)
		case len(list) == 0:
			return found{}
		}
		return single(list[0])
	}
}

func readWholeJSON(a *Answer) found {
	root, err := a.JSON()
	if err != nil {
		return nothing(err)
	}
	return single(root)
}

// jsonPath reads $.a.b, or a.b for short.
func jsonPath(text string) (*jsonpath.Path, error) {
	if strings.HasPrefix(text, "$") {
		return jsonpath.Parse(text)
	}
	return jsonpath.Dotted(text)
}
