package client

import (
	"strings"
	"testing"
	"unsafe"

	"volley/runtime"
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ content, contentType, override, want, used string }{
		"utf-8":                  {"grüße", "text/plain; charset=UTF-8", "", "grüße", "utf-8"},
		"latin-1":                {"gr\xfc\xdfe", "text/plain; charset=ISO-8859-1", "", "grüße", "windows-1252"},
		"quoted, odd case":       {"gr\xfc\xdfe", `text/html; foo="a;charset=x"; Charset="latin1"`, "", "grüße", "windows-1252"},
		"override":               {"\xcf\xf0\xe8", "text/plain; charset=utf-8", "windows-1251", "При", "windows-1251"},
		"unknown override":       {"a\xff", "", "klingon", "a\uFFFD", "utf-8"},
		"unknown parameter":      {"grüße", "text/plain; charset=klingon", "", "grüße", "utf-8"},
		"nothing said, valid":    {"grüße", "text/plain", "", "grüße", "utf-8"},
		"nothing said, invalid":  {"gr\xfc\xdfe \x80", "text/plain", "", "grüße €", "windows-1252"},
		"bom":                    {"\xef\xbb\xbfx", "", "", "x", "utf-8"},
		"bom with parameter":     {"\xef\xbb\xbfx", "a/b; charset=utf-8", "", "x", "utf-8"},
		"utf-16le bom":           {"\xff\xfea\x00b\x00", "", "", "ab", "utf-16le"},
		"utf-16be bom":           {"\xfe\xff\x00a", "", "", "a", "utf-16be"},
		"utf-16 by parameter":    {"a\x00b\x00", "text/plain; charset=utf-16le", "", "ab", "utf-16le"},
		"meta":                   {"<html><meta charset=\"windows-1251\">\xcf", "text/html", "", "<html><meta charset=\"windows-1251\">П", "windows-1251"},
		"meta http-equiv":        {"<meta http-equiv=content-type content='text/html; charset=koi8-r'>\xf0", "", "", "<meta http-equiv=content-type content='text/html; charset=koi8-r'>П", "koi8-r"},
		"xml":                    {"<?xml version='1.0' encoding='iso-8859-2'?><a>\xb1</a>", "", "", "<?xml version='1.0' encoding='iso-8859-2'?><a>ą</a>", "iso-8859-2"},
		"meta in a JSON string":  {`{"a":"<meta charset=koi8-r>ü"}`, "application/json", "", `{"a":"<meta charset=koi8-r>ü"}`, "utf-8"},
		"invalid where promised": {"a\xffb", "text/plain; charset=utf-8", "", "a\uFFFDb", "utf-8"},
		"shift_jis":              {"\x83n", "text/plain; charset=Shift_JIS", "", "ハ", "shift_jis"},
		"empty":                  {"", "", "", "", "utf-8"},
	} {
		text, used := Text([]byte(c.content), c.contentType, c.override)
		if text != c.want || used != c.used {
			t.Errorf("%s: got %q in %s, want %q in %s", name, text, used, c.want, c.used)
		}
	}
	content := []byte("plain and valid")
	text, _ := Text(content, "", "")
	if unsafe.StringData(text) != unsafe.SliceData(content) {
		t.Error("valid UTF-8 was copied")
	}
}

func TestEncoding(t *testing.T) {
	for contentType, want := range map[string]string{
		"text/html; charset=\"ISO-8859-1\"": "ISO-8859-1", "text/html; charset='utf-8'": "utf-8", "application/json": "utf-8",
		"text/html": "", "": "", "a/b;x=1;CHARSET = gbk ;": "gbk", "text/html; charset=\"a\\\"b": `a"b`,
	} {
		resp := &runtime.Response{Header: fields("content-type", contentType)}
		if got := Encoding(resp); got != want {
			t.Errorf("%q: got %q, want %q", contentType, got, want)
		}
	}
	if got := ApparentEncoding([]byte("\xfc")); got != "windows-1252" {
		t.Errorf("got %s", got)
	}
}

func TestLinks(t *testing.T) {
	h := fields("Link", `<https://h/2?a=,b>; rel="next"; title="a, \"b\"; c", </last>; rel=last`,
		"X", "y", "link", `<1>; rel="Prev first"; rel=ignored, <none>,, <two>;REL = up ; x`)
	var got []string
	for _, l := range Links(h) {
		text := l.Rel + "=" + l.URL
		for _, p := range l.Params {
			text += " " + p.Name + ":" + p.Value
		}
		got = append(got, text)
	}
	want := []string{
		`next=https://h/2?a=,b rel:next title:a, "b"; c`, "last=/last rel:last", "prev=1 rel:Prev first rel:ignored",
		"first=1 rel:Prev first rel:ignored", "=none", "up=two rel:up x:",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if Links(nil) != nil {
		t.Error("no header has links")
	}
}

func FuzzLinks(f *testing.F) {
	for _, seed := range []string{`<a>; rel="b c", <d>`, `<`, `<>;"`, `<a>;rel=";<b>,`, `x<y>z;=,;`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		links := Links(fields("Link", line))
		if len(links) > len(line) {
			t.Fatalf("%q gives %d links", line, len(links))
		}
		for _, l := range links {
			if strings.ContainsRune(l.URL, '>') || strings.ContainsAny(l.Rel, " \t") {
				t.Fatalf("%q gives %+v", line, l)
			}
		}
	})
}
