package sink

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"volley/runtime"
	"volley/runtime/secret"
	"volley/runtime/spell"
)

// column is one field of a CSV: its path, and what it is of a Result.
type column struct {
	name   string
	append func(b []byte, r *runtime.Result, o *Options) []byte
}

type appendField = func(b []byte, r *runtime.Result, o *Options) []byte

// parseColumns returns nil for no fields.
func parseColumns(fields []string) ([]column, error) {
	var out []column
	for _, name := range fields {
		if err := CheckField(name); err != nil {
			return nil, err
		}
		out = append(out, column{name, fieldOf(name)})
	}
	return out, nil
}

// CheckField reports a name that no column of a CSV can have: an error of kind
// invalid_argument that says which was probably meant.
func CheckField(name string) error {
	if fieldOf(name) != nil {
		return nil
	}
	known := append(slices.Collect(maps.Keys(fixedFields)), "row.NAME", "captures.NAME", "headers.NAME", "tags.NAME", "meta.NAME")
	hint := spell.Hint(name, known)
	if hint == "" {
		hint = "; fields are those of a record, such as status, row.id, captures.token, headers.Location or timings.ttfb"
	}
	return runtime.Errorf(runtime.KindInvalidArgument, "unknown field %q%s", name, hint)
}

// rowColumns are all columns of a row.
func rowColumns(row *runtime.Row) []column {
	names := row.Names
	if names == nil {
		names = []string{"value"}
	}
	var out []column
	for _, name := range names {
		out = append(out, column{"row." + name, ofRow(name)})
	}
	return out
}

// fieldOf finds a field by its path, nil if there is none.
func fieldOf(path string) appendField {
	if f := fixedFields[path]; f != nil {
		return f
	}
	root, rest, _ := strings.Cut(path, ".")
	if rest == "" {
		return nil
	}
	switch root {
	case "row":
		return ofRow(rest)
	case "captures":
		return ofCaptures(rest)
	case "headers":
		return ofHeaders(rest)
	case "tags":
		return func(b []byte, r *runtime.Result, o *Options) []byte {
			if req := sent(r, answer(r)); req != nil {
				b = append(b, o.Secrets.Mask(req.Tags[rest])...)
			}
			return b
		}
	case "meta":
		names := strings.Split(rest, ".")
		return func(b []byte, r *runtime.Result, o *Options) []byte {
			return appendPlain(b, lookup(metaOf(r, o), names), o.Secrets)
		}
	}
	return nil
}

func ofRow(name string) appendField {
	root, rest, nested := strings.Cut(name, ".")
	return func(b []byte, r *runtime.Result, o *Options) []byte {
		if r.Row == nil {
			return b
		}
		if v, ok := r.Row.Lookup(name); ok {
			return appendPlain(b, v, o.Secrets)
		}
		if !nested {
			return b
		}
		v, _ := r.Row.Lookup(root)
		return appendPlain(b, lookup(v, strings.Split(rest, ".")), o.Secrets)
	}
}

func ofCaptures(name string) appendField {
	root, rest, nested := strings.Cut(name, ".")
	return func(b []byte, r *runtime.Result, o *Options) []byte {
		for i := range r.Captures {
			switch c := &r.Captures[i]; {
			case c.Name != root && c.Name != name:
			case c.Secret:
				return append(b, "***"...)
			case c.Name == root && nested:
				return appendPlain(b, lookup(c.Value, strings.Split(rest, ".")), o.Secrets)
			default:
				return appendPlain(b, c.Value, o.Secrets)
			}
		}
		return b
	}
}

func ofHeaders(name string) appendField {
	return func(b []byte, r *runtime.Result, o *Options) []byte {
		if resp := answer(r); resp != nil {
			if v, ok := resp.Header.Joined(name); ok {
				b = append(b, o.Secrets.Mask(shown(name, v, secretHeaders(r)))...)
			}
		}
		return b
	}
}

// lookup goes into a plain value by names.
func lookup(v any, names []string) any {
	for _, name := range names {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func metaOf(r *runtime.Result, o *Options) any {
	req := sent(r, answer(r))
	if req == nil {
		return nil
	}
	if req.Meta != nil && o.Plain != nil {
		return o.Plain(req.Meta)
	}
	return req.Meta
}

// appendPlain appends a plain value as a cell has it: nothing for nil, texts
// and numbers as they are, lists and maps as JSON.
func appendPlain(b []byte, v any, secrets *secret.Set) []byte {
	switch v := v.(type) {
	case nil:
		return b
	case string:
		return append(b, secrets.Mask(v)...)
	case bool:
		return strconv.AppendBool(b, v)
	case map[string]any, []any:
		return encoder{secrets}.value(b, v)
	}
	return appendUnquoted(b, encoder{secrets}.value(nil, v))
}

// appendUnquoted drops the quotes that a masked number has.
func appendUnquoted(b, json []byte) []byte {
	if len(json) > 1 && json[0] == '"' {
		json = json[1 : len(json)-1]
	}
	return append(b, json...)
}

// fixedFields are the fields without a name of the user's behind them.
var fixedFields = map[string]appendField{
	"batch": func(b []byte, r *runtime.Result, _ *Options) []byte { return strconv.AppendInt(b, int64(r.Batch), 10) },
	"index": func(b []byte, r *runtime.Result, _ *Options) []byte { return strconv.AppendInt(b, int64(r.Index), 10) },
	"ok":    func(b []byte, r *runtime.Result, _ *Options) []byte { return strconv.AppendBool(b, r.OK()) },
	"handled": func(b []byte, r *runtime.Result, _ *Options) []byte {
		return strconv.AppendBool(b, r.Handled && !r.OK())
	},
	"skipped": func(b []byte, r *runtime.Result, _ *Options) []byte { return append(b, r.Skipped...) },
	"attempts": func(b []byte, r *runtime.Result, _ *Options) []byte {
		return strconv.AppendInt(b, int64(attempts(r)), 10)
	},
	"id":          ofRequest(func(req *runtime.Request) string { return req.ID }),
	"name":        ofRequest(func(req *runtime.Request) string { return req.Name }),
	"method":      ofRequest(func(req *runtime.Request) string { return req.Method }),
	"url":         ofRequest(func(req *runtime.Request) string { return runtime.MaskURL(req.URL) }),
	"status":      ofAnswer(func(b []byte, resp *runtime.Response) []byte { return strconv.AppendInt(b, int64(resp.Status), 10) }),
	"reason":      ofAnswer(func(b []byte, resp *runtime.Response) []byte { return append(b, resp.Reason...) }),
	"protocol":    ofAnswer(func(b []byte, resp *runtime.Response) []byte { return append(b, resp.Protocol...) }),
	"remote_addr": ofAnswer(func(b []byte, resp *runtime.Response) []byte { return append(b, resp.RemoteAddr...) }),
	"partial":     ofAnswer(func(b []byte, resp *runtime.Response) []byte { return strconv.AppendBool(b, resp.Partial) }),
	"elapsed":     ofAnswer(func(b []byte, resp *runtime.Response) []byte { return appendSeconds(b, resp.Elapsed) }),
	"size.headers": ofAnswer(func(b []byte, resp *runtime.Response) []byte {
		return strconv.AppendInt(b, resp.Size.Headers, 10)
	}),
	"size.body": ofAnswer(func(b []byte, resp *runtime.Response) []byte { return strconv.AppendInt(b, resp.Size.Body, 10) }),
	"size.wire": ofAnswer(func(b []byte, resp *runtime.Response) []byte { return strconv.AppendInt(b, resp.Size.Wire, 10) }),
	"error": func(b []byte, r *runtime.Result, o *Options) []byte {
		return append(b, o.Secrets.Mask(errorText(r))...)
	},
	"kind":      ofError(func(e *runtime.Error) string { return string(e.Kind) }),
	"phase":     ofError(func(e *runtime.Error) string { return string(e.Phase) }),
	"sent":      ofError(func(e *runtime.Error) string { return string(e.Sent) }),
	"retryable": ofError(func(e *runtime.Error) string { return strconv.FormatBool(e.Retryable) }),
	"start":     appendStart,
	"timings.dns": ofTimings(func(t runtime.Timings) time.Duration {
		return t.DNS
	}),
	"timings.connect": ofTimings(func(t runtime.Timings) time.Duration { return t.Connect }),
	"timings.tls":     ofTimings(func(t runtime.Timings) time.Duration { return t.TLS }),
	"timings.ttfb":    ofTimings(func(t runtime.Timings) time.Duration { return t.TTFB }),
	"timings.total":   ofTimings(func(t runtime.Timings) time.Duration { return t.Total }),
	"body":            appendBodyCell,
	"meta": func(b []byte, r *runtime.Result, o *Options) []byte {
		return appendPlain(b, metaOf(r, o), o.Secrets)
	},
	"row": func(b []byte, r *runtime.Result, o *Options) []byte {
		if r.Row == nil {
			return b
		}
		if r.Row.Names == nil && len(r.Row.Values) == 1 {
			return appendPlain(b, r.Row.Values[0], o.Secrets)
		}
		return encoder{o.Secrets}.row(b, r.Row)
	},
	"captures": func(b []byte, r *runtime.Result, o *Options) []byte {
		if len(r.Captures) == 0 {
			return b
		}
		return encoder{o.Secrets}.captures(b, r.Captures)
	},
}

func ofRequest(text func(*runtime.Request) string) appendField {
	return func(b []byte, r *runtime.Result, o *Options) []byte {
		if req := sent(r, answer(r)); req != nil {
			b = append(b, o.Secrets.Mask(text(req))...)
		}
		return b
	}
}

func ofAnswer(f func([]byte, *runtime.Response) []byte) appendField {
	return func(b []byte, r *runtime.Result, _ *Options) []byte {
		if resp := answer(r); resp != nil {
			b = f(b, resp)
		}
		return b
	}
}

func ofError(text func(*runtime.Error) string) appendField {
	return func(b []byte, r *runtime.Result, _ *Options) []byte {
		if r.Err != nil {
			b = append(b, text(r.Err)...)
		}
		return b
	}
}

func ofTimings(part func(runtime.Timings) time.Duration) appendField {
	return func(b []byte, r *runtime.Result, _ *Options) []byte {
		start, t := exchange(r)
		if start.IsZero() {
			return b
		}
		return appendSeconds(b, part(t))
	}
}

// errorText is why a request failed: its error, or the expectation that it
// broke.
func errorText(r *runtime.Result) string {
	if r.Err != nil {
		return r.Err.Message
	}
	if x := r.Broken(); x != nil {
		return x.Message
	}
	return ""
}

func appendStart(b []byte, r *runtime.Result, _ *Options) []byte {
	start, _ := exchange(r)
	if start.IsZero() {
		return b
	}
	return start.UTC().AppendFormat(b, time.RFC3339Nano)
}

// appendBodyCell appends text as it is and other bytes as base64.
func appendBodyCell(b []byte, r *runtime.Result, o *Options) []byte {
	resp := answer(r)
	if resp == nil || resp.Stream != nil {
		return b
	}
	if utf8.Valid(resp.Content) {
		return o.Secrets.MaskBytes(b, resp.Content)
	}
	return base64.StdEncoding.AppendEncode(b, o.Secrets.MaskBytes(nil, resp.Content))
}
