package run

import (
	"bufio"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/secret"
)

// shownBody bounds the body of a planned request in text, in bytes.
const shownBody = 2000

// WriteText shows a plan to people: counts, hosts, and the first requests.
// What secrets holds is masked.
func (p *Plan) WriteText(w io.Writer, secrets *secret.Set) error {
	out := bufio.NewWriter(w)
	line := func(format string, args ...any) {
		out.WriteString(secrets.Mask(fmt.Sprintf(format, args...)) + "\n") //nolint:errcheck // Flush tells
	}
	requests := "requests"
	if p.Total == 1 {
		requests = "request"
	}
	line("%s %s%s", about(p.Total, p.Exact, p.More), requests, named(p.Name))
	for i := range p.Steps {
		s := &p.Steps[i]
		text := fmt.Sprintf("  %-8s  %-20s %s", s.List, runtime.Escape(s.Label), about(s.Count-s.Skipped, s.Exact, s.More))
		if s.Rows != "" {
			text += " from " + s.Rows
		}
		if s.Skipped > 0 {
			text += fmt.Sprintf(", %d skipped", s.Skipped)
		}
		line("%s", text)
	}
	for _, h := range p.Hosts {
		host := runtime.Escape(h.Host)
		if host == "" {
			host = "not known yet"
		}
		line("  host      %-20s %s", host, about(h.Count, p.Exact, p.More))
	}
	for i := range p.Requests {
		line("\n%s", p.Requests[i].text())
	}
	return out.Flush()
}

func about(n int, exact, more bool) string {
	switch {
	case more:
		return fmt.Sprintf("more than %d", n)
	case exact:
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("about %d", n)
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return " of " + runtime.Escape(name)
}

// text shows a request as HTTP is written, with its parameters apart.
func (p *Planned) text() string {
	r := p.Request
	if r.Invalid != nil {
		return r.Method + " " + runtime.Escape(r.URL) + "\n  cannot be made yet: " + r.Invalid.Message
	}
	text := r.Method + " " + runtime.Escape(runtime.MaskURL(r.URL))
	if r.Options != nil {
		for _, f := range r.Options.Params.Fields {
			text += "\n  ? " + runtime.Escape(f.Name+"="+f.Value)
		}
		if r.Options.Params.IsRaw {
			text += "\n  ? " + runtime.Escape(r.Options.Params.Raw)
		}
	}
	for _, f := range r.Header {
		text += "\n  " + runtime.Escape(f.Name+": "+f.Value)
	}
	if body := bodyText(r.Body); body != "" {
		text += "\n  " + runtime.Escape(body)
	}
	return text
}

// bodyText is a body of text in memory; of others it says what they are.
func bodyText(b runtime.Body) string {
	switch b := b.(type) {
	case nil:
		return ""
	case *runtime.Bytes:
		if !utf8.Valid(b.Data) {
			return fmt.Sprintf("(%d bytes)", len(b.Data))
		}
		if len(b.Data) > shownBody {
			return string(b.Data[:shownBody]) + "…"
		}
		return string(b.Data)
	default:
		return "(" + b.ContentType() + ")"
	}
}

// WriteCurl shows the first requests as curl commands, one a line.
func (p *Plan) WriteCurl(w io.Writer, secrets *secret.Set) error {
	out := bufio.NewWriter(w)
	for i := range p.Requests {
		r := &p.Requests[i]
		text := r.curl()
		if r.Request.Invalid != nil {
			text = "# " + runtime.Escape(r.text())
		}
		out.WriteString(secrets.Mask(text) + "\n") //nolint:errcheck // Flush tells
	}
	return out.Flush()
}

// planJSON is a Plan for programs.
type planJSON struct {
	File     string        `json:"file"`
	Name     string        `json:"name,omitzero"`
	Total    int           `json:"total"`
	Exact    bool          `json:"exact"`
	More     bool          `json:"more,omitzero"`
	Steps    []stepJSON    `json:"steps"`
	Hosts    []hostJSON    `json:"hosts"`
	Requests []plannedJSON `json:"requests"`
}

type stepJSON struct {
	List    string `json:"list"`
	Name    string `json:"name"`
	Rows    string `json:"rows,omitzero"`
	Count   int    `json:"count"`
	Skipped int    `json:"skipped"`
	Exact   bool   `json:"exact"`
	More    bool   `json:"more,omitzero"`
}

type hostJSON struct {
	Host  string `json:"host"`
	Count int    `json:"count"`
}

type plannedJSON struct {
	Name    string      `json:"name"`
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Params  [][2]string `json:"params,omitzero"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body,omitzero"`
	Error   string      `json:"error,omitzero"`
}

// WriteJSON writes a plan as one JSON object.
func (p *Plan) WriteJSON(w io.Writer, secrets *secret.Set) error {
	out := planJSON{File: p.File, Name: p.Name, Total: p.Total, Exact: p.Exact && !p.More, More: p.More}
	for _, s := range p.Steps {
		out.Steps = append(out.Steps, stepJSON{s.List, s.Label, s.Rows, s.Count - s.Skipped, s.Skipped, s.Exact && !s.More, s.More})
	}
	for _, h := range p.Hosts {
		out.Hosts = append(out.Hosts, hostJSON(h))
	}
	for i := range p.Requests {
		out.Requests = append(out.Requests, p.Requests[i].json(p.Steps[p.Requests[i].Step].Label, secrets))
	}
	text, err := json.Marshal(out, jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// json masks each text before it is quoted.
func (p *Planned) json(label string, secrets *secret.Set) plannedJSON {
	r := p.Request
	out := plannedJSON{Name: label, Method: r.Method, URL: secrets.Mask(runtime.MaskURL(r.URL)), Headers: [][2]string{}}
	for _, f := range r.Header {
		out.Headers = append(out.Headers, [2]string{f.Name, secrets.Mask(f.Value)})
	}
	if r.Options != nil {
		for _, f := range r.Options.Params.Fields {
			out.Params = append(out.Params, [2]string{f.Name, secrets.Mask(f.Value)})
		}
	}
	out.Body = secrets.Mask(bodyText(r.Body))
	if r.Invalid != nil {
		out.Error = secrets.Mask(r.Invalid.Message)
	}
	return out
}
