package client

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"volley/runtime"
)

const (
	maxCodings   = 5
	maxWindow    = 8 << 20 // of zstd (RFC 9659)
	maxExpansion = 200     // decoded bytes for each received
	freeOutput   = 1 << 20 // decoded bytes before that counts
)

// coding is a content coding that can be undone.
type coding string

const (
	codingGzip    coding = "gzip"
	codingDeflate coding = "deflate"
	codingBrotli  coding = "br"
	codingZstd    coding = "zstd"
)

// codings returns the content codings of a body in the order in which they
// were applied. The error is decode: one that is unknown, or too many.
func codings(h runtime.Header) ([]coding, *runtime.Error) {
	line, ok := h.Joined("Content-Encoding")
	if !ok {
		return nil, nil
	}
	var out []coding
	for name := range strings.SplitSeq(line, ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "", "identity":
			continue
		case "x-gzip":
			name = "gzip"
		}
		c := coding(name)
		if _, ok := pools[c]; !ok {
			return nil, decodeError("the body is in the content coding %q, which volley does not know", name)
		}
		if out = append(out, c); len(out) > maxCodings {
			return nil, decodeError("the body is in more than %d content codings", maxCodings)
		}
	}
	return out, nil
}

func decodeError(format string, args ...any) *runtime.Error {
	err := runtime.Errorf(runtime.KindDecode, format, args...)
	err.Phase, err.Sent = runtime.PhaseDecode, runtime.SentYes
	return err
}

// resetter undoes one coding; it can be used again. Decoders are pooled, since
// each holds tens of kilobytes.
type resetter interface {
	io.Reader
	reset(src *bufio.Reader) error
}

var pools = map[coding]*sync.Pool{
	codingGzip:    {New: func() any { return &gzipReader{} }},
	codingDeflate: {New: func() any { return &deflateReader{} }},
	codingBrotli:  {New: func() any { return &brotliReader{} }},
	codingZstd:    {New: func() any { return &zstdReader{} }},
}

var inputPool = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 16<<10) }}

type gzipReader struct{ gzip.Reader }

func (r *gzipReader) reset(src *bufio.Reader) error { return r.Reset(src) }

// deflateReader reads both what the RFC means by deflate, the zlib format,
// and the raw one that some servers send.
type deflateReader struct {
	io.Reader
	zlib, raw io.ReadCloser
}

func (r *deflateReader) reset(src *bufio.Reader) (err error) {
	head, _ := src.Peek(2)
	if len(head) == 2 && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		if r.zlib == nil {
			r.zlib, err = zlib.NewReader(src)
		} else {
			err = r.zlib.(zlib.Resetter).Reset(src, nil)
		}
		r.Reader = r.zlib
		return err
	}
	if r.raw == nil {
		r.raw = flate.NewReader(src)
	} else {
		err = r.raw.(flate.Resetter).Reset(src, nil)
	}
	r.Reader = r.raw
	return err
}

type brotliReader struct{ brotli.Reader }

func (r *brotliReader) reset(src *bufio.Reader) error { return r.Reset(src) }

// zstdReader decodes on the reader's own goroutine.
type zstdReader struct{ decoder *zstd.Decoder }

func (r *zstdReader) Read(p []byte) (int, error) { return r.decoder.Read(p) }

func (r *zstdReader) reset(src *bufio.Reader) (err error) {
	if r.decoder == nil {
		r.decoder, err = zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return err
		}
	}
	return r.decoder.Reset(src)
}

// stage undoes one coding of a chain. It opens with the first read, so that
// an empty body is an empty result, and has to end where its input does.
type stage struct {
	coding coding
	src    *bufio.Reader
	reader resetter
	opened bool
	ended  bool
}

func newStage(c coding, src io.Reader) *stage {
	s := &stage{coding: c, src: inputPool.Get().(*bufio.Reader), reader: pools[c].Get().(resetter)}
	s.src.Reset(src)
	return s
}

// Read implements io.Reader. What is wrong with the coding is a decode error,
// what is wrong with the input stays what it is.
func (s *stage) Read(p []byte) (int, error) {
	if s.ended {
		return 0, io.EOF
	}
	if !s.opened {
		if _, err := s.src.Peek(1); err != nil {
			return 0, err
		}
		if err := s.reader.reset(s.src); err != nil {
			return 0, s.fault(err)
		}
		s.opened = true
	}
	n, err := s.reader.Read(p)
	if errors.Is(err, io.EOF) {
		s.ended = true
		_, err = s.src.Peek(1)
		if err == nil {
			return n, s.fault(errors.New("more follows behind its end"))
		}
		if errors.Is(err, io.EOF) && n > 0 {
			return n, nil
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, s.fault(err)
	}
	return n, err
}

func (s *stage) fault(err error) error {
	var e *runtime.Error
	if errors.As(err, &e) {
		return e
	}
	why := strings.TrimPrefix(err.Error(), string(s.coding)+": ")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		why = "it is cut short"
	}
	return decodeError("the body is no valid %s: %s; the Content-Encoding header promises it", s.coding, why)
}

func (s *stage) release() {
	s.src.Reset(nil)
	if z, ok := s.reader.(*zstdReader); ok && z.decoder != nil {
		_ = z.decoder.Reset(nil)
	}
	inputPool.Put(s.src)
	pools[s.coding].Put(s.reader)
	s.src, s.reader = nil, nil
}
