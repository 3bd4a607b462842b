package runtime

import "strings"

// A Field is one name and value: a header line, a parameter, a form field.
type Field struct {
	Name, Value string
}

// Header is an ordered list of fields. It keeps the order, the case and the
// repeats it was given; look-ups ignore case. The zero value is empty.
type Header []Field

// Get returns the first value of name, or "".
func (h Header) Get(name string) string {
	v, _ := h.Lookup(name)
	return v
}

// Lookup returns the first value of name and whether there is one.
func (h Header) Lookup(name string) (string, bool) {
	for i := range h {
		if EqualFold(h[i].Name, name) {
			return h[i].Value, true
		}
	}
	return "", false
}

// Has reports whether a field of that name exists.
func (h Header) Has(name string) bool {
	_, ok := h.Lookup(name)
	return ok
}

// Values returns every value of name, in order.
func (h Header) Values(name string) []string {
	var out []string
	for i := range h {
		if EqualFold(h[i].Name, name) {
			out = append(out, h[i].Value)
		}
	}
	return out
}

// Joined returns the values of name joined with ", ", and whether there are
// any: the form in which requests shows a repeated header.
func (h Header) Joined(name string) (string, bool) {
	first, ok := h.Lookup(name)
	if !ok {
		return "", false
	}
	vs := h.Values(name)
	if len(vs) == 1 {
		return first, true
	}
	return strings.Join(vs, ", "), true
}

// Add appends a field.
func (h *Header) Add(name, value string) {
	*h = append(*h, Field{name, value})
}

// Set replaces the first field of that name in place, drops the others, and
// appends when there is none.
func (h *Header) Set(name, value string) {
	set := false
	out := (*h)[:0]
	for _, f := range *h {
		if !EqualFold(f.Name, name) {
			out = append(out, f)
			continue
		}
		if !set {
			out = append(out, Field{name, value})
			set = true
		}
	}
	if !set {
		out = append(out, Field{name, value})
	}
	*h = out
}

// Del removes every field of that name.
func (h *Header) Del(name string) {
	out := (*h)[:0]
	for _, f := range *h {
		if !EqualFold(f.Name, name) {
			out = append(out, f)
		}
	}
	*h = out
}

// Clone returns a copy that shares nothing with h.
func (h Header) Clone() Header {
	if h == nil {
		return nil
	}
	return append(make(Header, 0, len(h)+4), h...)
}

// EqualFold compares two field names as RFC 9110 does: ASCII letters of
// either case are equal, every other byte only to itself.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		if 'A' <= y && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			return false
		}
	}
	return true
}
