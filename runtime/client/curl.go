package client

import (
	"strings"
	"unicode/utf8"

	"volley/runtime"
)

// Curl returns a shell command that sends req, prepared or not, with curl. A
// body that can be read only once becomes "@-": the command's standard input.
func Curl(req *runtime.Request) string {
	var b strings.Builder
	b.WriteString("curl")
	word := func(words ...string) {
		for _, w := range words {
			b.WriteByte(' ')
			b.WriteString(shellQuote(w))
		}
	}
	switch {
	case req.Method == "HEAD":
		word("--head")
	case req.Method != "GET" || req.Body != nil:
		word("-X", orValue(req.Method, "GET"))
	}
	url := req.URL
	if o := req.Options; o != nil {
		curlOptions(word, o)
		if query := encodeParams(o.Params); query != "" {
			url = withQuery(url, query)
		}
	}
	for _, f := range req.Header {
		switch {
		case framed(f.Name):
		case f.Value == "":
			word("-H", f.Name+";")
		default:
			word("-H", f.Name+": "+f.Value)
		}
	}
	if req.Body != nil {
		if t := req.Body.ContentType(); t != "" && !req.Header.Has("Content-Type") && !isMultipart(req.Body) {
			word("-H", "Content-Type: "+t)
		}
		curlBody(word, req.Body)
	}
	word(url)
	return b.String()
}

func isMultipart(b runtime.Body) bool {
	_, ok := b.(*MultipartBody)
	return ok
}

func withQuery(url, query string) string {
	url, fragment, found := strings.Cut(url, "#")
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	url += separator + query
	if found {
		url += "#" + fragment
	}
	return url
}

func curlOptions(word func(...string), o *runtime.Options) {
	if basic, ok := o.Auth.(*Basic); ok {
		word("-u", basic.User+":"+basic.Password)
	}
	if bearer, ok := o.Auth.(*Bearer); ok {
		word("-H", "Authorization: Bearer "+bearer.Token)
	}
	if len(o.Cookies) > 0 {
		word("-b", (*Jar)(nil).line(&location{}, o.Cookies, true))
	}
	if o.Verify != nil && o.Verify.Off {
		word("-k")
	}
	if o.AllowRedirects == runtime.Yes {
		word("-L")
	}
}

func curlBody(word func(...string), body runtime.Body) {
	switch b := body.(type) {
	case *runtime.Bytes:
		word("--data-raw", string(b.Data))
	case *FileBody:
		word("--data-binary", "@"+b.Path)
	case *MultipartBody:
		for _, p := range b.parts {
			word("-F", curlPart(p))
		}
	default:
		word("--data-binary", "@-")
	}
}

func curlPart(p Part) string {
	text := p.Name + "="
	switch b := p.Content.(type) {
	case nil:
	case *FileBody:
		text += "@" + b.Path
	case *runtime.Bytes:
		text += `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(b.Data)) + `"`
	default:
		text += "@-"
	}
	if p.Named {
		text += ";filename=" + p.Filename
	}
	if p.Type != "" {
		text += ";type=" + p.Type
	}
	return text
}

// shellQuote quotes a word for a POSIX shell; what is not printable is written
// as ANSI-C quoting has it.
func shellQuote(s string) string {
	plain := s != "" && utf8.ValidString(s)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' && c != '\n' && c != '\t' || c == 0x7f:
			return ansiQuote(s)
		case byteClass[c]&unreserved == 0 && strings.IndexByte("/:=@%+,", c) < 0:
			plain = false
		}
	}
	switch {
	case plain:
		return s
	case !utf8.ValidString(s):
		return ansiQuote(s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func ansiQuote(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			b.WriteString(`\x`)
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
