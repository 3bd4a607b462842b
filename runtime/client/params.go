package client

import (
	"slices"
	"strings"

	"volley/runtime"
)

// EncodeForm returns fields as application/x-www-form-urlencoded, in order:
// a space is a plus, everything but unreserved bytes is escaped.
func EncodeForm(fields []runtime.Field) string {
	if len(fields) == 0 {
		return ""
	}
	size := 0
	for _, f := range fields {
		size += len(f.Name) + len(f.Value) + 2
	}
	var b strings.Builder
	b.Grow(size + size/4)
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		formEscape(&b, f.Name)
		b.WriteByte('=')
		formEscape(&b, f.Value)
	}
	return b.String()
}

// encodeParams returns the query that params stand for.
func encodeParams(p runtime.Params) string {
	if p.IsRaw {
		return quote(p.Raw, inPathSet|inQuerySet)
	}
	return EncodeForm(p.Fields)
}

// mergeParams lays over the params of a narrower level over those of a wider
// one: names keep their place, the narrower level's values replace them, new
// names follow. A raw query is not merged: whoever says it last wins whole.
func mergeParams(under, over runtime.Params) runtime.Params {
	switch {
	case over.IsRaw:
		return over
	case len(over.Fields) == 0 && len(over.Drop) == 0:
		return under
	case under.IsRaw:
		if len(over.Fields) == 0 {
			return under
		}
		return over
	case len(under.Fields) == 0:
		return over
	}
	return runtime.Params{Fields: mergeFields(under.Fields, over)}
}

func mergeFields(under []runtime.Field, over runtime.Params) []runtime.Field {
	merged := make([]runtime.Field, 0, len(under)+len(over.Fields))
	placed := map[string]bool{}
	for _, f := range under {
		values := named(over.Fields, f.Name)
		switch {
		case placed[f.Name]:
		case len(values) > 0:
			merged = append(merged, values...)
			placed[f.Name] = true
		case !slices.Contains(over.Drop, f.Name):
			merged = append(merged, f)
		}
	}
	for _, f := range over.Fields {
		if !placed[f.Name] {
			merged = append(merged, f)
		}
	}
	return merged
}

func named(fields []runtime.Field, name string) []runtime.Field {
	var out []runtime.Field
	for _, f := range fields {
		if f.Name == name {
			out = append(out, f)
		}
	}
	return out
}
