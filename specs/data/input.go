package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"volley/runtime"
	"volley/specs/template"
	"volley/specs/tree"
)

// maxRecord bounds a line or a row of a file, in bytes.
const maxRecord = 64 << 20

// file names the text that a source reads.
type file struct {
	path     *template.Value
	stdin    bool
	encoding string
}

// input is an open text. Its reader yields UTF-8 without a byte order mark.
type input struct {
	name   string
	file   *os.File // nil: the standard input
	reader *bufio.Reader
	number int // of the line read last, from 1
	long   []byte
}

func (f file) open(o *opening) (*input, error) {
	if f.stdin {
		if o.Stdin == nil {
			return nil, runtime.Errorf(runtime.KindIO, "reading the data source %s: there is no standard input", o.source.Name)
		}
		return newInput("stdin", nil, o.Stdin, f.encoding)
	}
	return openFile(o, o.name, o.path, f.encoding)
}

// oneText is an origin that reads one text.
type oneText interface{ text() file }

// locate renders the path of the one text that the source reads, if it does,
// since expressions belong to the consumer's goroutine. waits: it is read when
// somebody writes it, as standard input, pipes and devices are.
func (o *opening) locate() (waits bool, err error) {
	one, ok := o.source.origin.(oneText)
	if !ok {
		return false, nil
	}
	f := one.text()
	if f.stdin {
		o.name = "stdin"
		return true, nil
	}
	if f.path == nil {
		return false, runtime.Errorf(runtime.KindInvalidArgument, "the data source %s has no file", o.source.Name)
	}
	if o.name, err = f.path.Text(o.scope()); err != nil {
		return false, err
	}
	o.path = o.resolve(o.name, f.path.Node())
	info, err := os.Stat(o.path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir(), nil // opening tells what is wrong
}

// openFile opens a file that messages call name.
func openFile(o *opening, name, path, encoding string) (*input, error) {
	open := o.OpenFile
	if open == nil {
		open = os.Open
	}
	f, err := open(path)
	if err != nil {
		return nil, openFault(name, err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder; give a file, or use glob")
	}
	if err != nil {
		_ = f.Close() // nothing was read
		return nil, openFault(name, err)
	}
	in, err := newInput(name, f, &watched{file: f, regular: info.Mode().IsRegular(), size: info.Size(), modified: info.ModTime()}, encoding)
	if err != nil {
		_ = f.Close()
	}
	return in, err
}

// openFault keeps what a policy says, and names the file otherwise.
func openFault(name string, err error) error {
	var known *runtime.Error
	if errors.As(err, &known) {
		return known
	}
	return runtime.Errorf(runtime.KindIO, "opening %s: %w", name, bare(err))
}

// bare drops the path that the system's errors repeat.
func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// resolve returns a path below the folder that relative ones start at.
func (o *opening) resolve(path string, n *tree.Node) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(o.base(n), filepath.FromSlash(path))
}

func (o *opening) base(n *tree.Node) string {
	if o.Base != "" {
		return o.Base
	}
	return filepath.Dir(n.Pos.File)
}

// newInput decodes r. A text without a named encoding is UTF-8, or UTF-16 if
// it begins with its mark.
func newInput(name string, f *os.File, r io.Reader, charset string) (*input, error) {
	in := &input{name: name, file: f, reader: bufio.NewReaderSize(r, 64<<10)}
	from := encodings[charset]
	if from == nil {
		mark, err := in.reader.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, in.fault(err)
		}
		if bytes.Equal(mark, []byte{0xFF, 0xFE}) || bytes.Equal(mark, []byte{0xFE, 0xFF}) {
			from = encodings["utf-16"]
		}
	}
	if from != nil {
		in.reader = bufio.NewReaderSize(transform.NewReader(in.reader, from.NewDecoder()), 64<<10)
	}
	mark, err := in.reader.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, in.fault(err)
	}
	if string(mark) == "\uFEFF" {
		_, _ = in.reader.Discard(3) // peeked at: they are there
	}
	return in, nil
}

// encodings by name; utf-8 is not among them, for it needs no decoding.
var encodings = map[string]encoding.Encoding{
	"latin1":       charmap.ISO8859_1,
	"iso-8859-1":   charmap.ISO8859_1,
	"windows-1252": charmap.Windows1252,
	"utf-16":       unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
}

// line returns the next line without its end, valid until the next call.
func (in *input) line() ([]byte, error) {
	line, err := in.rawLine()
	return trimEnd(line), err
}

// rawLine returns the next line with its end, valid until the next call.
func (in *input) rawLine() ([]byte, error) {
	piece, err := in.reader.ReadSlice('\n')
	if err == nil {
		in.number++
		return piece, nil
	}
	in.long = in.long[:0]
	for {
		in.long = append(in.long, piece...)
		switch {
		case err == nil || errors.Is(err, io.EOF) && len(in.long) > 0:
			in.number++
			return in.long, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, in.fault(err)
		case len(in.long) > maxRecord:
			return nil, in.invalid(in.number+1, "the line is longer than "+strconv.Itoa(maxRecord>>20)+" MiB")
		}
		piece, err = in.reader.ReadSlice('\n')
	}
}

// trimEnd takes the line end off; the last line may have a lone \r.
func trimEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\r'})
}

func (in *input) close() {
	if in.file != nil {
		_ = in.file.Close() // opened for reading: nothing can be lost
	}
}

func (in *input) place() string { return in.name + ":" + strconv.Itoa(in.number) }

// fault is an error of reading, not of what was read.
func (in *input) fault(err error) error {
	if errors.Is(err, errChanged) {
		return runtime.Errorf(runtime.KindIO, "%s: %w", in.place(), errChanged)
	}
	return runtime.Errorf(runtime.KindIO, "reading %s: %w", in.name, bare(err))
}

// invalid is an error in the content of the file.
func (in *input) invalid(line int, reason string) error {
	return &runtime.Error{Kind: runtime.KindIO, Message: fmt.Sprintf("%s:%d: %s", in.name, line, reason)}
}

var errChanged = errors.New("the file was changed while it was read; read from a copy that nobody writes to")

// watched is a file that must be at its end what it was at its beginning.
type watched struct {
	file     *os.File
	regular  bool
	size     int64
	modified time.Time
	read     int64
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.file.Read(p)
	w.read += int64(n)
	if !errors.Is(err, io.EOF) || !w.regular {
		return n, err
	}
	info, fault := w.file.Stat()
	switch {
	case fault != nil:
		return n, fault
	case w.read != w.size || info.Size() != w.size || !info.ModTime().Equal(w.modified):
		return n, errChanged
	}
	return n, err
}
