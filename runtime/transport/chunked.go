package transport

import (
	"bytes"
	"io"
	"strings"
	"time"

	"volley/runtime"
)

const (
	maxChunkLine = 4 << 10
	maxTrailer   = 64 << 10
	// A chunk may cost 16 bytes beyond its data, twice the data is allowed on
	// top, and 16 KiB once: more is padding meant to keep us busy.
	chunkCost      = 16
	maxChunkExcess = 16 << 10
)

// chunkReader decodes the chunked coding (RFC 9112 section 7.1). It takes
// strict CRLF: a bare LF in a chunk line is how responses get smuggled.
type chunkReader struct {
	left   int64 // of the present chunk
	inside bool  // a chunk's data is due, or the CRLF behind it
	excess int64
}

// readChunked fills p with the data of as many chunks as have arrived.
func (b *body) readChunked(p []byte) (int, error) {
	total := 0
	for total < len(p) {
		if total > 0 && !b.chunkReady() {
			break
		}
		if b.chunks.left == 0 {
			if err := b.nextChunk(); err != nil {
				if total > 0 && b.err == io.EOF { //nolint:errorlint // ours, as is
					break
				}
				return total, err
			}
		}
		n, err := b.conn.readData(p[total:min(int64(len(p)), int64(total)+b.chunks.left)])
		if err != nil {
			return total, b.fail(err)
		}
		total += n
		b.chunks.left -= int64(n)
		b.chunks.excess = max(0, b.chunks.excess-2*int64(n))
		if err := b.took(n); err != nil {
			return total, err
		}
	}
	return total, nil
}

// chunkReady reports whether more can be read without waiting.
func (b *body) chunkReady() bool {
	c := b.conn
	if b.chunks.left > 0 {
		return c.w > c.r
	}
	// The CRLF behind the data and the whole next size line.
	rest := c.buf[c.r:c.w]
	return len(rest) > 2 && bytes.IndexByte(rest[2:], '\n') >= 0
}

// nextChunk reads up to the data of the next chunk; after the last one it
// reads the trailer and returns io.EOF.
func (b *body) nextChunk() error {
	if b.chunks.inside {
		if err := b.expectCRLF(); err != nil {
			return err
		}
	}
	line, err := b.chunkLine()
	if err != nil {
		return err
	}
	size, bad := chunkSize(line)
	if bad != nil {
		return b.fail(bad)
	}
	b.chunks.excess += int64(len(line)) + 2 - chunkCost
	b.chunks.excess = max(0, b.chunks.excess)
	if b.chunks.excess > maxChunkExcess {
		return b.fail(malformed("the chunks carry more overhead than data"))
	}
	if size == 0 {
		return b.readTrailer()
	}
	b.chunks.left, b.chunks.inside = size, true
	return nil
}

func (b *body) expectCRLF() error {
	for b.conn.w-b.conn.r < 2 {
		if err := b.fillMore(maxChunkLine); err != nil {
			return err
		}
	}
	c := b.conn
	if c.buf[c.r] != '\r' || c.buf[c.r+1] != '\n' {
		return b.fail(malformed("no CRLF after a chunk but %s", quote(c.buf[c.r:c.w])))
	}
	c.r += 2
	b.chunks.inside = false
	return nil
}

// chunkLine takes one line, without its CRLF. It is valid until more is read.
func (b *body) chunkLine() ([]byte, error) {
	c := b.conn
	for {
		rest := c.buf[c.r:c.w]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			if i == 0 || rest[i-1] != '\r' {
				return nil, b.fail(malformed("a chunk line ends without CRLF: %s", quote(rest[:i])))
			}
			c.r += i + 1
			return rest[:i-1], nil
		}
		if len(rest) >= maxChunkLine {
			return nil, b.fail(malformed("a chunk line is over %d bytes: %s", maxChunkLine, quote(rest)))
		}
		if err := b.fillMore(maxChunkLine + 2); err != nil {
			return nil, err
		}
	}
}

// fillMore reads more into the connection's buffer.
func (b *body) fillMore(limit int) error {
	c := b.conn
	c.lastRead = time.Now()
	n, err := c.fill(c.lastRead, limit)
	if err != nil {
		return b.fail(err)
	}
	c.pace.bytes += int64(n)
	if c.pace.slow(c.lastRead, c.clock.read) && !b.framing.events {
		return b.fail(c.pace.fault(runtime.PhaseBody))
	}
	return nil
}

// chunkSize parses "1a2b" or "1a2b ;extension": hexadecimal digits, no sign.
func chunkSize(line []byte) (int64, *runtime.Error) {
	digits := line
	if i := bytes.IndexByte(digits, ';'); i >= 0 {
		digits = digits[:i]
	}
	digits = bytes.TrimRight(digits, " \t")
	if len(digits) == 0 || len(digits) > 15 || bytes.IndexByte(line, '\r') >= 0 {
		return 0, malformed("bad chunk size %s", quote(line))
	}
	var n int64
	for _, d := range digits {
		switch {
		case digit(d):
			n = n<<4 | int64(d-'0')
		case 'a' <= d|0x20 && d|0x20 <= 'f':
			n = n<<4 | int64(d|0x20-'a'+10)
		default:
			return 0, malformed("bad chunk size %s", quote(line))
		}
	}
	return n, nil
}

// readTrailer reads the lines behind the last chunk and ends the body. They
// are kept apart from the header: nothing in a trailer has any effect.
func (b *body) readTrailer() error {
	c := b.conn
	var scan blockScan
	for {
		if end := scan.more(c.buf[c.r:c.w]); end > 0 {
			block := string(c.buf[c.r : c.r+end])
			if scan.lines > c.transport.config.MaxLines {
				return b.fail(errTrailerTooLarge())
			}
			if bareLF(block) {
				return b.fail(malformed("a trailer line ends without CRLF: %s", quote(block)))
			}
			trailer, err := parseFields(block, scan.lines)
			if err != nil {
				return b.fail(err)
			}
			c.r += end
			if len(trailer) > 0 {
				b.trailer = trailer
			}
			b.end(io.EOF)
			return io.EOF
		}
		if c.w-c.r > maxTrailer {
			return b.fail(errTrailerTooLarge())
		}
		if err := b.fillMore(maxTrailer + readSize); err != nil {
			return err
		}
	}
}

// bareLF reports a line end that is not CRLF.
func bareLF(block string) bool { return strings.Count(block, "\n") != strings.Count(block, "\r\n") }

func errTrailerTooLarge() *runtime.Error {
	return runtime.Errorf(runtime.KindHeadersTooLarge, "the trailer is over %d bytes", maxTrailer)
}
