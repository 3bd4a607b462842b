package client

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"volley/runtime"
)

// FormBody returns fields as an application/x-www-form-urlencoded body.
func FormBody(fields []runtime.Field) *runtime.Bytes {
	return &runtime.Bytes{Data: []byte(EncodeForm(fields)), Type: "application/x-www-form-urlencoded"}
}

// Sized is a Body that knows its length without being opened.
type Sized interface {
	// Size returns the length in bytes; -1 is unknown.
	Size() (int64, error)
}

// FileBody is a regular file as a Body. It is streamed; its length is fixed
// when it is opened, and a file that turns out shorter fails the request.
type FileBody struct {
	Path string
	// OpenFile opens Path. nil: os.Open.
	OpenFile func(path string) (*os.File, error)
	Type     string // content type; "": none is sent
}

// File returns the file at path as a Body.
func File(path string) *FileBody { return &FileBody{Path: path} }

// Open implements runtime.Body. The error is of kind io, or invalid_argument
// for what is no regular file.
func (b *FileBody) Open() (io.ReadCloser, int64, error) {
	file, size, err := b.open()
	if err != nil {
		return nil, 0, err
	}
	return &exactly{ReadCloser: file, left: size, name: b.Path}, size, nil
}

// Size implements Sized.
func (b *FileBody) Size() (int64, error) {
	file, size, err := b.open()
	if err != nil {
		return 0, err
	}
	_ = file.Close()
	return size, nil
}

func (b *FileBody) open() (*os.File, int64, error) {
	open := b.OpenFile
	if open == nil {
		// A FIFO would block the open itself.
		if info, err := os.Stat(b.Path); err == nil && !info.Mode().IsRegular() {
			return nil, 0, notRegular(b.Path, info)
		}
		open = os.Open
	}
	file, err := open(b.Path)
	if err != nil {
		return nil, 0, ioError(err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular(b.Path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, ioError(err)
	}
	return file, info.Size(), nil
}

// Replayable implements runtime.Body: always.
func (b *FileBody) Replayable() bool { return true }

// ContentType implements runtime.Body.
func (b *FileBody) ContentType() string { return b.Type }

func notRegular(path string, info fs.FileInfo) *runtime.Error {
	what := "is no regular file"
	if info.IsDir() {
		what = "is a directory"
	}
	return runtime.Errorf(runtime.KindInvalidArgument, "%s %s: only a regular file can be sent", path, what)
}

// ioError classifies a fault of a file unless that has been done.
func ioError(err error) *runtime.Error {
	var e *runtime.Error
	if errors.As(err, &e) {
		return e
	}
	return runtime.Errorf(runtime.KindIO, "%w", err)
}

// exactly reads as many bytes as were announced; fewer is an error.
type exactly struct {
	io.ReadCloser
	left   int64
	name   string
	strict bool // more is an error too
}

// Read implements io.Reader.
func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.ReadCloser.Read(p)
	e.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && e.left > 0:
		return n, runtime.Errorf(runtime.KindIO, "%s is shorter than announced: %d bytes are missing", e.name, e.left)
	case err != nil && !errors.Is(err, io.EOF):
		return n, ioError(err)
	case err == nil && e.left == 0 && e.strict:
		return n, e.ends()
	}
	return n, err
}

// ends checks that nothing follows. The last bytes have not gone out yet, so
// the server does not take the request for whole.
func (e *exactly) ends() error {
	var one [1]byte
	if n, err := io.ReadFull(e.ReadCloser, one[:]); n > 0 {
		return runtime.Errorf(runtime.KindInvalidArgument, "%s is longer than the Content-Length header says: leave the header out", e.name)
	} else if !errors.Is(err, io.EOF) {
		return ioError(err)
	}
	return io.EOF
}

// ReaderBody is a Body that can be read once; it is sent chunked, a chunk for
// each piece, unless a Content-Length field says how long it is.
type ReaderBody struct {
	next   func() ([]byte, error)
	opened atomic.Bool
}

// Reader returns a one-shot body of the pieces that next yields until io.EOF.
// Empty pieces are passed over; another error fails the request.
func Reader(next func() ([]byte, error)) *ReaderBody { return &ReaderBody{next: next} }

// Open implements runtime.Body; a second time is unrewindable_body.
func (b *ReaderBody) Open() (io.ReadCloser, int64, error) {
	if b.opened.Swap(true) {
		return nil, 0, unrewindable("for another attempt")
	}
	return io.NopCloser(&pieceReader{next: b.next}), -1, nil
}

// Replayable implements runtime.Body: never.
func (b *ReaderBody) Replayable() bool { return false }

// ContentType implements runtime.Body: none.
func (b *ReaderBody) ContentType() string { return "" }

// pieceReader reads a sequence of pieces.
type pieceReader struct {
	next func() ([]byte, error)
	rest []byte
	err  error
}

// Read implements io.Reader: one piece, or what is left of it.
func (r *pieceReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.rest, r.err = r.next()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// bodyLength returns the length of a body that can be opened again.
func bodyLength(b runtime.Body) (int64, *runtime.Error) {
	if s, ok := b.(Sized); ok {
		n, err := s.Size()
		if err != nil {
			return 0, ioError(err)
		}
		return n, nil
	}
	r, n, err := b.Open()
	if err != nil {
		return 0, ioError(err)
	}
	_ = r.Close()
	return n, nil
}

// opener returns what transport opens for each try: a body of the length
// that was announced, -1 for chunked.
func opener(b runtime.Body, length int64) func() (io.ReadCloser, int64, error) {
	return func() (io.ReadCloser, int64, error) {
		r, n, err := b.Open()
		switch {
		case err != nil:
			return nil, 0, ioError(err)
		case length < 0:
			return r, -1, nil
		case n < 0:
			return &exactly{ReadCloser: r, left: length, name: "the body", strict: true}, length, nil
		case n != length:
			_ = r.Close()
			return nil, 0, runtime.Errorf(runtime.KindIO, "the body changed from %d to %d bytes before it was sent", length, n)
		}
		return r, n, nil
	}
}
