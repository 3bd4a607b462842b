package client

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

func fields(pairs ...string) []runtime.Field {
	var out []runtime.Field
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, runtime.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func TestEncodeForm(t *testing.T) {
	got := EncodeForm(fields("a b", "c&d", "~", "é", "e", "", "p", "1+1=2/3"))
	if want := "a+b=c%26d&~=%C3%A9&e=&p=1%2B1%3D2%2F3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMergeParams(t *testing.T) {
	pairs := func(p ...string) runtime.Params { return runtime.Params{Fields: fields(p...)} }
	raw := runtime.Params{IsRaw: true, Raw: "z=1"}
	dropping := pairs("q", "1")
	dropping.Drop = []string{"a"}
	for name, c := range map[string]struct{ under, over, want runtime.Params }{
		"keeps place":       {pairs("a", "1", "b", "2"), pairs("a", "3", "c", "4"), pairs("a", "3", "b", "2", "c", "4")},
		"repeats":           {pairs("a", "1", "b", "2", "a", "3"), pairs("a", "x", "a", "y"), pairs("a", "x", "a", "y", "b", "2")},
		"drops":             {pairs("a", "1", "b", "2"), dropping, pairs("b", "2", "q", "1")},
		"case is kept":      {pairs("A", "1"), pairs("a", "2"), pairs("A", "1", "a", "2")},
		"raw wins":          {pairs("a", "1"), raw, raw},
		"raw below":         {raw, pairs("q", "1"), pairs("q", "1")},
		"raw below nothing": {raw, runtime.Params{}, raw},
	} {
		if got := mergeParams(c.under, c.over); !cmp.Equal(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestParamsOnTheURL(t *testing.T) {
	s := newSession(t, Settings{Params: runtime.Params{Fields: fields("key", "s")}})
	plain := newSession(t, Settings{})
	for _, c := range []struct {
		session *Session
		url     string
		params  runtime.Params
		want    string
	}{
		{plain, "http://h/x?a=1#f", runtime.Params{Fields: fields("b", "2")}, "http://h/x?a=1&b=2#f"},
		{plain, "http://h/x?a=1&", runtime.Params{Fields: fields("b", "2")}, "http://h/x?a=1&&b=2"},
		{plain, "http://h", runtime.Params{Fields: fields("b", "")}, "http://h/?b="},
		{plain, "http://h/", runtime.Params{IsRaw: true, Raw: "a b=ü&%zz"}, "http://h/?a%20b=%C3%BC&%25zz"},
		{plain, "http://h/", runtime.Params{IsRaw: true}, "http://h/"},
		{s, "http://h/", runtime.Params{}, "http://h/?key=s"},
		{s, "http://h/", runtime.Params{Fields: fields("key", "r")}, "http://h/?key=r"},
		{s, "http://h/", runtime.Params{Drop: []string{"key"}}, "http://h/"},
		{s, "http://h/", runtime.Params{IsRaw: true, Raw: "z=1"}, "http://h/?z=1"},
	} {
		req := get(c.url)
		req.Options = &runtime.Options{Params: c.params}
		got, err := c.session.Prepare(t.Context(), req)
		if err != nil || got.URL != c.want {
			t.Errorf("%s with %+v: got %v %v, want %s", c.url, c.params, got, err, c.want)
		}
	}
}
