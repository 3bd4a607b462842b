package client

import (
	"bytes"
	"strings"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"volley/runtime"
)

const (
	utf8Name    = "utf-8"
	defaultName = "windows-1252" // what browsers assume; every byte means something in it
	sniffed     = 1024           // bytes in which a document may declare its charset
)

// Encoding returns the charset that a response's header declares, as written:
// its charset parameter, else utf-8 for JSON, else "".
func Encoding(resp *runtime.Response) string {
	contentType := resp.Header.Get("Content-Type")
	if name := parameter(contentType, "charset"); name != "" {
		return name
	}
	if strings.Contains(strings.ToLower(contentType), "json") {
		return utf8Name
	}
	return ""
}

// ApparentEncoding tells the charset from the content alone: a byte order
// mark, what a document declares, utf-8 if it is valid, else windows-1252.
func ApparentEncoding(content []byte) string {
	if name, _ := cutBOM(content); name != "" {
		return name
	}
	if name := declared(content); name != "" {
		return name
	}
	if utf8.Valid(content) {
		return utf8Name
	}
	return defaultName
}

// Text returns content as UTF-8, and the charset that it was read in:
// override, else the charset parameter of contentType, else what
// ApparentEncoding says. A charset nobody knows counts as utf-8 in override
// and as not given in contentType. Byte order marks are left out; bytes that
// mean nothing become U+FFFD. Valid UTF-8 is not copied: content must not
// change afterwards.
func Text(content []byte, contentType, override string) (text, used string) {
	if override != "" {
		used = utf8Name
		if e, name := charset.Lookup(override); e != nil {
			used = name
		}
	} else if e, name := charset.Lookup(parameter(contentType, "charset")); e != nil {
		used = name
	} else {
		used = ApparentEncoding(content)
	}
	if name, rest := cutBOM(content); name == used {
		content = rest
	}
	if used == utf8Name {
		return validText(content), used
	}
	e, _ := charset.Lookup(used)
	decoded, err := e.NewDecoder().Bytes(content)
	if err != nil {
		return validText(content), utf8Name
	}
	return validText(decoded), used
}

// validText shares content's memory when it is valid UTF-8.
func validText(content []byte) string {
	if !utf8.Valid(content) {
		return strings.ToValidUTF8(string(content), "\uFFFD")
	}
	return unsafe.String(unsafe.SliceData(content), len(content))
}

// cutBOM returns the charset of a byte order mark and what follows it.
func cutBOM(content []byte) (name string, rest []byte) {
	for _, mark := range []struct{ bytes, name string }{
		{"\xef\xbb\xbf", utf8Name}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"},
	} {
		if len(content) >= len(mark.bytes) && string(content[:len(mark.bytes)]) == mark.bytes {
			return mark.name, content[len(mark.bytes):]
		}
	}
	return "", content
}

// declared returns the charset that an XML declaration or an HTML meta
// element names, "" for none.
func declared(content []byte) string {
	head := bytes.TrimLeft(content[:min(len(content), sniffed)], " \t\r\n")
	if len(head) == 0 || head[0] != '<' {
		return ""
	}
	if declaration, ok := bytes.CutPrefix(head, []byte("<?xml")); ok {
		declaration, _, _ = bytes.Cut(declaration, []byte("?>"))
		if e, name := charset.Lookup(xmlEncoding(string(declaration))); e != nil {
			return asciiSuperset(name)
		}
	}
	return metaCharset(head)
}

// metaCharset returns what a meta element in the beginning of an HTML document
// declares: <meta charset=…>, or the content type in its older form.
func metaCharset(head []byte) string {
	tokens := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		token := tokens.Token()
		if token.DataAtom != atom.Meta {
			continue
		}
		attributes := map[string]string{}
		for _, a := range token.Attr {
			attributes[a.Key] = a.Val
		}
		name := attributes["charset"]
		if name == "" && strings.EqualFold(attributes["http-equiv"], "content-type") {
			name = parameter(attributes["content"], "charset")
		}
		if e, canonical := charset.Lookup(name); e != nil {
			return asciiSuperset(canonical)
		}
	}
}

// asciiSuperset replaces a charset in which the declaration itself could not
// have been read.
func asciiSuperset(name string) string {
	if strings.HasPrefix(name, "utf-16") {
		return utf8Name
	}
	return name
}

// xmlEncoding reads encoding="…" of an XML declaration.
func xmlEncoding(declaration string) string {
	_, rest, ok := strings.Cut(declaration, "encoding")
	rest = strings.TrimLeft(rest, " \t\r\n=")
	if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	name, _, _ := strings.Cut(rest[1:], rest[:1])
	return name
}

// parameter returns a parameter of a field such as Content-Type (RFC 9110
// section 5.6.6), without quotes; leniently, since servers write it so.
func parameter(field, name string) string {
	_, rest, _ := strings.Cut(field, ";")
	for rest != "" {
		var part string
		part, rest = runtime.CutUnquoted(rest, ';')
		key, value, _ := strings.Cut(part, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return unquoteString(strings.TrimSpace(value))
		}
	}
	return ""
}

// unquoteString undoes a quoted string; single quotes are taken off too.
func unquoteString(s string) string {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return s[1 : len(s)-1]
	}
	s, quoted := strings.CutPrefix(s, `"`)
	if !quoted {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
