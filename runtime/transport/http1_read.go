package transport

import (
	"bytes"
	"strings"
	"time"

	"volley/runtime"
)

// maxInterim bounds the 1xx responses before a final one.
const maxInterim = 100

// head is the parsed head of one response.
type head struct {
	status int
	minor  byte // of HTTP/1.0 or 1.1
	reason string
	header runtime.Header
	size   int64
}

// reading is what has been taken so far of the heads of one exchange.
type reading struct {
	bytes   int64
	lines   int
	interim int
}

// final reads heads until one that is not interim. A 101 that nobody asked
// for is refused at once: what follows it is not HTTP.
func (c *conn) final(trip *trip) (*head, *runtime.Error) {
	for {
		h, err := c.nextHead(trip)
		if err != nil {
			return nil, err
		}
		switch {
		case h.status >= 200:
			return h, nil
		case h.status == 101:
			if asksUpgrade(trip.exchange) {
				return h, nil
			}
			return nil, c.fault(runtime.PhaseHeaders, errSwitched())
		}
		if c.heads.interim++; c.heads.interim > maxInterim {
			return nil, c.fault(runtime.PhaseHeaders, malformed("more than %d interim (1xx) responses", maxInterim))
		}
	}
}

func asksUpgrade(x *Exchange) bool { return x.Header.Has("Upgrade") }

func errSwitched() *runtime.Error {
	return malformed("101 Switching Protocols, which the request did not ask for")
}

// nextHead reads and parses one head, which stays valid until the next.
func (c *conn) nextHead(trip *trip) (*head, *runtime.Error) {
	block, lines, err := c.readHead(trip)
	if err != nil {
		return nil, err
	}
	if c.head, err = parseHead(block, lines); err != nil {
		return nil, c.fault(runtime.PhaseHeaders, err)
	}
	c.r += len(block)
	return &c.head, nil
}

// readHead returns the bytes up to and with the empty line, still in the
// buffer, and how many lines they are.
func (c *conn) readHead(trip *trip) ([]byte, int, *runtime.Error) {
	var scan blockScan
	for {
		if end := scan.more(c.buf[c.r:c.w]); end > 0 {
			c.heads.bytes += int64(end)
			c.heads.lines += scan.lines
			if over := c.headTooLarge(0, 0); over != nil {
				return nil, 0, c.fault(runtime.PhaseHeaders, over)
			}
			return c.buf[c.r : c.r+end], scan.lines, nil
		}
		if over := c.headTooLarge(c.w-c.r, scan.lines); over != nil {
			return nil, 0, c.fault(runtime.PhaseHeaders, over)
		}
		if err := plausible(c.buf[c.r:c.w]); err != nil {
			return nil, 0, c.fault(runtime.PhaseHeaders, err)
		}
		if err := c.fillHead(trip); err != nil {
			return nil, 0, err
		}
	}
}

// fillHead reads more of a head, and notes when its first byte came.
func (c *conn) fillHead(trip *trip) *runtime.Error {
	begun := c.sent == runtime.SentYes
	n, err := c.fill(trip.now, int(c.transport.config.MaxHeader)+readSize)
	now := trip.tick()
	if err == nil && !begun {
		c.sent = runtime.SentYes
		c.timings.TTFB = now.Sub(trip.start)
		c.pace.begin(now)
	}
	if err == nil {
		c.pace.bytes += int64(n)
		if c.pace.slow(now, c.clock.read) {
			return c.fault(runtime.PhaseHeaders, c.pace.fault(runtime.PhaseHeaders))
		}
		return nil
	}
	switch {
	case !begun && c.upload != nil && !c.upload.finished():
		return c.fault(runtime.PhaseSend, err)
	case !begun:
		return c.fault(runtime.PhaseWait, err)
	case isEOF(err):
		return c.fault(runtime.PhaseHeaders, malformed("the connection ended inside the response headers, after %s", quote(c.buf[c.r:c.w])))
	}
	return c.fault(runtime.PhaseHeaders, err)
}

// headTooLarge checks the limits against the heads read before and what is
// there of the present one.
func (c *conn) headTooLarge(bytes, lines int) *runtime.Error {
	config := &c.transport.config
	if c.heads.bytes+int64(bytes) > config.MaxHeader {
		return runtime.Errorf(runtime.KindHeadersTooLarge, "the response headers are over %d bytes", config.MaxHeader)
	}
	if c.heads.lines+lines > config.MaxLines {
		return runtime.Errorf(runtime.KindHeadersTooLarge, "the response headers are over %d lines", config.MaxLines)
	}
	return nil
}

// blockScan looks for the empty line that ends a block of lines, as bytes
// come in.
type blockScan struct {
	scanned int // no line end in sight before this
	start   int // of the line that is not complete
	lines   int // complete, without the empty one
}

// more returns the length of the block with its empty line, 0 when b does not
// hold it yet.
func (s *blockScan) more(b []byte) int {
	for {
		i := bytes.IndexByte(b[s.scanned:], '\n')
		if i < 0 {
			s.scanned = len(b)
			return 0
		}
		end := s.scanned + i
		line := b[s.start:end]
		s.start, s.scanned = end+1, end+1
		if len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return end + 1
		}
		s.lines++
	}
}

// plausible refuses at once what cannot become an HTTP/1 response, so that
// the banner of another protocol is no wait for more.
func plausible(b []byte) *runtime.Error {
	const start = "HTTP/1."
	n := min(len(b), len(start))
	if string(b[:n]) == start[:n] {
		return nil
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = bytes.TrimSuffix(b[:i], []byte("\r"))
	}
	return malformed("no HTTP/1 status line: %s", quote(b))
}

// parseHead parses a whole head (RFC 9112 sections 4 and 5). All text of the
// result is cut from one string.
func parseHead(block []byte, lines int) (head, *runtime.Error) {
	text := string(block)
	line, rest := cutLine(text)
	h := head{size: int64(len(block))}
	err := h.parseStatusLine(line)
	if err != nil {
		return h, err
	}
	h.header, err = parseFields(rest, lines-1)
	return h, err
}

// cutLine cuts text after its first line and takes the line end off.
func cutLine(text string) (line, rest string) {
	i := strings.IndexByte(text, '\n')
	if i < 0 {
		return text, ""
	}
	line, rest = text[:i], text[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

// parseStatusLine parses "HTTP/1.1 200 OK"; the reason may be empty, and the
// space before it missing.
func (h *head) parseStatusLine(line string) *runtime.Error {
	const shortest = len("HTTP/1.1 200")
	if len(line) < shortest || line[:7] != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' ||
		!digit(line[9]) || !digit(line[10]) || !digit(line[11]) ||
		len(line) > shortest && line[shortest] != ' ' {
		return malformed("no HTTP/1 status line: %s", quote(line))
	}
	h.minor = line[7] - '0'
	h.status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	if h.status < 100 {
		return malformed("status below 100: %s", quote(line))
	}
	if len(line) > shortest {
		h.reason = line[shortest+1:]
	}
	if breaksLine(h.reason) {
		return malformed("control byte in the status line: %s", quote(line))
	}
	return nil
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// breaksLine reports bytes that no line may hold (RFC 9112 section 2.2).
func breaksLine(s string) bool {
	return strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, 0) >= 0
}

// parseFields parses field lines up to the empty line.
func parseFields(text string, lines int) (runtime.Header, *runtime.Error) {
	fields := make(runtime.Header, 0, max(lines, 0))
	for {
		var line string
		line, text = cutLine(text)
		if line == "" {
			return fields, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) == 0 {
				return nil, malformed("the first header line is folded: %s", quote(line))
			}
			if !only(line, inValue) {
				return nil, malformed("control byte in a header: %s", quote(line))
			}
			last := &fields[len(fields)-1]
			last.Value = fold(last.Value, trim(line), &text)
			continue
		}
		colon := strings.IndexByte(line, ':')
		if colon <= 0 || !only(line[:colon], inToken) {
			return nil, malformed("no header line: %s", quote(line))
		}
		value := trim(line[colon+1:])
		if !only(value, inValue) {
			return nil, malformed("control byte in a header: %s", quote(line))
		}
		fields = append(fields, runtime.Field{Name: line[:colon], Value: value})
	}
}

// fold joins the folded lines of one field with single spaces (RFC 9112
// section 5.2). It takes all that follow, so that a long fold is copied once.
func fold(first, second string, text *string) string {
	var b strings.Builder
	b.WriteString(first)
	for part := second; ; {
		if part != "" && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(part)
		if *text == "" || (*text)[0] != ' ' && (*text)[0] != '\t' {
			return b.String()
		}
		line, rest := cutLine(*text)
		if !only(line, inValue) {
			return b.String() // left for parseFields to refuse
		}
		*text = rest
		part = trim(line)
	}
}

// trim takes optional whitespace off both ends.
func trim(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// pace ends a drip: a peer that sends under a byte a second for half a minute
// has as good as stalled.
type pace struct {
	from  time.Time
	bytes int64
}

const paceWindow = 30 * time.Second

func (p *pace) begin(now time.Time) { p.from, p.bytes = now, 0 }

// slow is asked after each read, and starts a new window after each full one.
// Without a read timeout the caller wants to wait for ever.
func (p *pace) slow(now time.Time, readTimeout time.Duration) bool {
	age := now.Sub(p.from)
	if age < paceWindow {
		return false
	}
	few := p.bytes < int64(age/time.Second)
	p.begin(now)
	return few && readTimeout > 0
}

func (p *pace) fault(phase runtime.Phase) *runtime.Error {
	return &runtime.Error{
		Kind: runtime.KindReadTimeout, Retryable: true,
		Message: "less than a byte a second came for 30 s " + during(phase),
	}
}
