package client

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"volley/runtime"
)

// Part is one file of a multipart body.
type Part struct {
	Name string
	// Filename is sent when Named is true, even if it is empty; without it
	// the part is an ordinary field.
	Filename string
	Named    bool
	Type     string         // Content-Type; "": none
	Header   runtime.Header // after Content-Type
	Content  runtime.Body   // nil: empty
}

// FilePart returns a part with the file at path, under its base name.
func FilePart(name, path string) Part {
	return Part{Name: name, Filename: filepath.Base(path), Named: true, Content: File(path)}
}

// MultipartBody is a multipart/form-data body (RFC 7578): fields, then files,
// in order. It is put together while it is sent; its length is known when all
// parts know theirs.
type MultipartBody struct {
	boundary string
	subtype  string
	parts    []Part
}

// Multipart returns a body of fields and files with a random boundary. The
// error is invalid_argument: a header that could not go out.
func Multipart(fields []runtime.Field, files []Part) (*MultipartBody, error) {
	m := &MultipartBody{boundary: newBoundary(), subtype: "form-data"}
	for _, f := range fields {
		m.parts = append(m.parts, Part{Name: f.Name, Content: &runtime.Bytes{Data: []byte(f.Value)}})
	}
	m.parts = append(m.parts, files...)
	for i, p := range files {
		if err := checkPart(p); err != nil {
			return nil, runtime.Errorf(runtime.KindInvalidArgument, "file %d (%q): %s", i+1, p.Name, err.Message)
		}
	}
	return m, nil
}

func checkPart(p Part) *runtime.Error {
	if err := checkField("Content-Type", p.Type, 1); err != nil {
		return err
	}
	for i, f := range p.Header {
		if err := checkField(f.Name, f.Value, i+1); err != nil {
			return err
		}
	}
	return nil
}

func newBoundary() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// under fits the body to a Content-Type that the caller gave: a multipart type
// without a boundary gets ours, one with a boundary is used, any other is an
// error.
func (m *MultipartBody) under(h *runtime.Header) (*MultipartBody, *runtime.Error) {
	given, ok := h.Lookup("Content-Type")
	if !ok {
		h.Add("Content-Type", m.ContentType())
		return m, nil
	}
	kind, _, _ := strings.Cut(given, ";")
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "multipart/") {
		return nil, runtime.Errorf(runtime.KindInvalidArgument,
			"the Content-Type header says %q but files are sent as multipart/form-data: leave the header out", given)
	}
	if boundary := parameter(given, "boundary"); boundary != "" {
		if len(boundary) > 70 || strings.ContainsAny(boundary, "\"\\") {
			return nil, runtime.Errorf(runtime.KindInvalidArgument, "the boundary %q is no boundary (RFC 2046 section 5.1.1): leave it out", boundary)
		}
		c := *m
		c.boundary = boundary
		return &c, nil
	}
	h.Set("Content-Type", strings.TrimRight(given, "; ")+"; boundary="+m.boundary)
	return m, nil
}

// ContentType implements runtime.Body.
func (m *MultipartBody) ContentType() string {
	return "multipart/" + m.subtype + "; boundary=" + m.boundary
}

// Replayable implements runtime.Body: when all parts are.
func (m *MultipartBody) Replayable() bool {
	for _, p := range m.parts {
		if p.Content != nil && !p.Content.Replayable() {
			return false
		}
	}
	return true
}

// Size implements Sized.
func (m *MultipartBody) Size() (int64, error) {
	total := int64(len(m.trailer()))
	for i := range m.parts {
		n, err := m.parts[i].size()
		if err != nil {
			return 0, err
		}
		if n < 0 {
			return -1, nil
		}
		total += int64(len(m.head(i))) + n
	}
	return total, nil
}

func (p *Part) size() (int64, error) {
	switch b := p.Content.(type) {
	case nil:
		return 0, nil
	case *runtime.Bytes:
		return int64(len(b.Data)), nil
	default:
		if !b.Replayable() {
			return -1, nil
		}
		n, err := bodyLength(b)
		if err != nil {
			return 0, err
		}
		return n, nil
	}
}

// Open implements runtime.Body. Each part is opened when its turn comes.
func (m *MultipartBody) Open() (io.ReadCloser, int64, error) {
	size, err := m.Size()
	if err != nil {
		return nil, 0, err
	}
	return &multipartReader{body: m}, size, nil
}

// head returns what comes before the content of part i.
func (m *MultipartBody) head(i int) string {
	p := &m.parts[i]
	var b strings.Builder
	if i > 0 {
		b.WriteString("\r\n")
	}
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", m.boundary, escapeName(p.Name))
	if p.Named {
		fmt.Fprintf(&b, "; filename=\"%s\"", escapeName(p.Filename))
	}
	b.WriteString("\r\n")
	if p.Type != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", p.Type)
	}
	for _, f := range p.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	b.WriteString("\r\n")
	return b.String()
}

func (m *MultipartBody) trailer() string {
	if len(m.parts) == 0 {
		return "--" + m.boundary + "--\r\n"
	}
	return "\r\n--" + m.boundary + "--\r\n"
}

// escapeName writes a name as browsers do (RFC 7578 section 4.2, WHATWG form
// submission): UTF-8 as it is, quotes and line breaks escaped. Other control
// characters are escaped too, for many servers refuse a field that holds one.
func escapeName(s string) string {
	if !strings.ContainsFunc(s, escaped) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; escaped(rune(c)) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escaped(r rune) bool { return r == '"' || r < ' ' && r != '\t' || r == 0x7f }

// multipartReader reads the parts one after the other.
type multipartReader struct {
	body    *MultipartBody
	part    int       // the next to open
	current io.Reader // nil: open the next
	closer  io.Closer
	ended   bool
}

// Read implements io.Reader.
func (r *multipartReader) Read(p []byte) (int, error) {
	for {
		if r.current == nil {
			if r.ended {
				return 0, io.EOF
			}
			if err := r.advance(); err != nil {
				return 0, err
			}
		}
		n, err := r.current.Read(p)
		if errors.Is(err, io.EOF) {
			err = r.Close()
			r.current = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// advance opens the next part, or what follows the last.
func (r *multipartReader) advance() error {
	if r.part == len(r.body.parts) {
		r.ended = true
		r.current = strings.NewReader(r.body.trailer())
		return nil
	}
	head := r.body.head(r.part)
	content := r.body.parts[r.part].Content
	r.part++
	switch b := content.(type) {
	case nil:
		r.current = strings.NewReader(head)
	case *runtime.Bytes:
		r.current = io.MultiReader(strings.NewReader(head), bytes.NewReader(b.Data))
	default:
		opened, _, err := b.Open()
		if err != nil {
			return ioError(err)
		}
		r.current, r.closer = io.MultiReader(strings.NewReader(head), opened), opened
	}
	return nil
}

// Close implements io.Closer: it closes the part being read.
func (r *multipartReader) Close() error {
	if r.closer == nil {
		return nil
	}
	err := r.closer.Close()
	r.closer = nil
	return err
}
