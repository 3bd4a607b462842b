package transport

import (
	"io"

	"volley/runtime"
)

const (
	// firstPiece bounds what is allocated before any of a body has come: an
	// announced length is only a promise.
	firstPiece   = 1 << 20
	unknownPiece = 512
)

// ReadBody reads b to its end and closes it. length is what the response
// announced (-1: unknown); with limit > 0 a body of more bytes is an error of
// kind body_too_large, before anything is read if it was announced. Whatever
// came before an error is returned with it.
func ReadBody(b Body, length, limit int64) ([]byte, error) {
	if limit > 0 && length > limit {
		_ = b.Close()
		return nil, tooLarge("the response announces a body of %d bytes; the limit is %d (max_body)", length, limit)
	}
	if length == 0 {
		return nil, drained(b)
	}
	size := int64(unknownPiece)
	if length > 0 {
		size = min(length, firstPiece)
	}
	buf := make([]byte, 0, size)
	for {
		n, err := b.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF: //nolint:errorlint // a Body returns it bare
			return buf, nil
		case err != nil:
			return buf, err
		case limit > 0 && int64(len(buf)) > limit:
			_ = b.Close()
			return buf[:limit], tooLarge("the response body is over %d bytes (max_body)", limit)
		case int64(len(buf)) == length:
			return buf, drained(b)
		case len(buf) == cap(buf):
			buf = grow(buf, length)
		}
	}
}

func tooLarge(format string, args ...any) *runtime.Error {
	e := runtime.Errorf(runtime.KindBodyTooLarge, format, args...)
	e.Phase, e.Sent = runtime.PhaseBody, runtime.SentYes
	return e
}

// drained takes the end of a body of which all bytes came.
func drained(b Body) error {
	if own, ok := b.(*body); ok && own.conn == nil {
		return own.failure()
	}
	var one [1]byte
	if _, err := b.Read(one[:]); err != nil && err != io.EOF { //nolint:errorlint // a Body returns it bare
		return err
	}
	return b.Close()
}

// grow doubles buf's capacity, up to the length that was announced.
func grow(buf []byte, length int64) []byte {
	size := 2 * int64(cap(buf))
	if length > int64(len(buf)) {
		size = min(size, length)
	}
	grown := make([]byte, len(buf), size)
	copy(grown, buf)
	return grown
}
