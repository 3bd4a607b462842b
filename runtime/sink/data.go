package sink

import (
	"strconv"

	"volley/runtime"
)

// data tells what a request was made from, what was taken from its answer and
// what was wanted of it.
func (e encoder) data(b []byte, r *runtime.Result) []byte {
	if r.Row != nil {
		b = e.row(append(b, `,"row":`...), r.Row)
	}
	if len(r.Captures) > 0 {
		b = e.captures(append(b, `,"captures":`...), r.Captures)
	}
	if n := recorded(r.Expect); n > 0 {
		b = e.expect(append(b, `,"expect":`...), r.Expect)
	}
	return b
}

// row appends the columns of a row as an object, and a plain value as it is.
func (e encoder) row(b []byte, row *runtime.Row) []byte {
	if row.Names == nil {
		if len(row.Values) == 0 {
			return append(b, "null"...)
		}
		return e.value(b, row.Values[0])
	}
	b = append(b, '{')
	for i, name := range row.Names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(e.text(b, name), ':')
		b = e.value(b, row.Values[i])
	}
	return append(b, '}')
}

func (e encoder) captures(b []byte, captures []runtime.Capture) []byte {
	b = append(b, '{')
	for i := range captures {
		c := &captures[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(e.text(b, c.Name), ':')
		if c.Secret {
			b = append(b, `"***"`...)
		} else {
			b = e.value(b, c.Value)
		}
	}
	return append(b, '}')
}

// recorded counts the expectations that a record has.
func recorded(all []runtime.Expectation) (n int) {
	for i := range all {
		if told(&all[i]) {
			n++
		}
	}
	return n
}

// told leaves out the default expectation, which nobody wrote, as long as it
// holds.
func told(x *runtime.Expectation) bool { return !x.Default || !x.OK }

func (e encoder) expect(b []byte, all []runtime.Expectation) []byte {
	open := byte('[')
	for i := range all {
		x := &all[i]
		if !told(x) {
			continue
		}
		b = append(b, open)
		open = ','
		b = e.text(append(b, `{"subject":`...), x.Subject)
		b = e.text(append(b, `,"operator":`...), x.Operator)
		b = e.value(append(b, `,"want":`...), x.Want)
		b = e.value(append(b, `,"got":`...), x.Got)
		b = strconv.AppendBool(append(b, `,"ok":`...), x.OK)
		severity := x.Severity
		if severity == "" {
			severity = runtime.SeverityFail
		}
		b = appendText(append(b, `,"severity":`...), string(severity))
		if x.Message != "" {
			b = e.text(append(b, `,"message":`...), x.Message)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}
