package luaapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
)

const (
	// chunkSize is what iter_content hands over at most, by default.
	chunkSize = 64 << 10
	// streamedContentLimit bounds a streamed body that is read whole after all.
	streamedContentLimit = 64 << 20
)

func bodyFields() []Field {
	return []Field{
		{
			Name: "content", Type: "string", Doc: "The body's bytes, decoded from its content coding.",
			get: func(s *Script, L *lua.LState, ud *lua.LUserData) lua.LValue {
				return s.contentOf(call{s: s, L: L, in: "Response"}, responseOf(ud))
			},
		},
		{
			Name: "text", Type: "string", Doc: "The body as UTF-8: charset parameter, BOM, <meta> or XML declaration, valid UTF-8, else windows-1252.",
			get: func(s *Script, L *lua.LState, ud *lua.LUserData) lua.LValue {
				return s.textOf(call{s: s, L: L, in: "Response"}, responseOf(ud))
			},
		},
		{
			Name: "encoding", Type: "string?", Doc: "The charset `text` is read with; setting it redoes `text`.",
			get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				o := responseOf(ud)
				if o.encoding != "" {
					return lua.LString(o.encoding)
				}
				return textOrNil(client.Encoding(o.r))
			},
			set: func(c call, ud *lua.LUserData, v lua.LValue) {
				o := responseOf(ud)
				name, err := text(v)
				if err != nil {
					c.raisef("encoding %s", err.Error())
				}
				o.encoding, o.text = name, nil
			},
		},
		{
			Name: "apparent_encoding", Type: "string", Doc: "The charset the bytes look like.",
			get: func(s *Script, L *lua.LState, ud *lua.LUserData) lua.LValue {
				o := responseOf(ud)
				c := call{s: s, L: L, in: "Response"}
				body := s.bytesOf(c, o)
				return lua.LString(apartOn(c, len(body), func() string { return client.ApparentEncoding(body) }))
			},
		},
	}
}

// held returns a body that is in memory, that of a stream which was read whole
// included.
func (o *responseObject) held() ([]byte, bool) {
	if o.r.Stream == nil {
		return o.r.Content, true
	}
	content, ok := o.content.(lua.LString)
	return []byte(content), ok
}

// bytesOf returns the body; a stream that nobody has begun is read whole.
func (s *Script) bytesOf(c call, o *responseObject) []byte {
	if body, ok := o.held(); ok {
		return body
	}
	s.takeStream(c, o)
	data, err := vm.Await(s.host, c.L, func(context.Context) ([]byte, error) {
		return readAll(o.r.Stream)
	})
	s.streamEnded(o.r)
	if err != nil {
		c.raise(err)
	}
	o.content, o.ended = stringOf(data), true
	return data
}

func readAll(r io.ReadCloser) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, streamedContentLimit+1))
	if err == nil && n > streamedContentLimit {
		err = runtime.Errorf(runtime.KindBodyTooLarge, "the streamed body is larger than %d bytes: read it in parts, or save it", streamedContentLimit)
	}
	if err != nil {
		_ = r.Close() // the first error is the one to report
	}
	return b.Bytes(), err
}

// stringOf makes a Lua string of bytes that nobody will change, without a copy.
func stringOf(b []byte) lua.LString {
	return lua.LString(unsafe.String(unsafe.SliceData(b), len(b)))
}

func (s *Script) contentOf(c call, o *responseObject) lua.LValue {
	if o.content == nil {
		b := s.bytesOf(c, o)
		if o.content == nil {
			o.content = stringOf(b)
		}
	}
	return o.content
}

func (s *Script) textOf(c call, o *responseObject) lua.LValue {
	if o.text == nil {
		body := s.bytesOf(c, o)
		read := apartOn(c, len(body), func() (read struct{ text, encoding string }) {
			read.text, read.encoding = client.Text(body, o.r.Header.Get("Content-Type"), o.encoding)
			return read
		})
		o.text = lua.LString(read.text)
		if o.encoding == "" {
			o.encoding = read.encoding
		}
	}
	return o.text
}

// takeStream claims the stream for one reader.
func (s *Script) takeStream(c call, o *responseObject) {
	failure := &runtime.Error{Request: o.r.Request, Response: o.r}
	switch {
	case o.ended:
		failure.Kind, failure.Message = runtime.KindStreamConsumed, "the stream was already read to its end"
	case o.r.Stream.Done():
		failure.Kind, failure.Message = runtime.KindClosedResponse, "the response was closed before its body was read"
	case o.consumed:
		failure.Kind, failure.Message = runtime.KindStreamConsumed, "the stream is already being read"
	default:
		o.consumed = true
		return
	}
	c.raise(failure)
}

func streamMethods() []Function {
	return []Function{
		{
			Name: "iter_content", Params: []Param{{"n", "integer?", "Bytes per piece; without it, pieces of up to 64 KiB as they arrive."}},
			Returns: "fun(): string?",
			Doc:     "Iterates over the body. A streamed one is read as it arrives.",
			Example: `local n = 0
for piece in volley.get(base .. "/bytes/1000", {stream = true}):send():iter_content(300) do n = n + #piece end
assert(n == 1000)`,
			call: iterContent,
		},
		{
			Name: "iter_lines", Returns: "fun(): string?",
			Doc:     "Iterates over the body's lines; they end at \\n, \\r\\n or \\r.",
			Example: `for line in volley.get(base .. "/stream/3", {stream = true}):send():iter_lines() do assert(#line > 0) end`,
			call:    iterLines,
		},
		{
			Name: "save", Params: []Param{{"path", "string", "Needs --allow-write for its folder."}}, Returns: "integer",
			Doc:     "Writes the body to a file, whole or not at all, and returns its size.",
			Example: `assert(volley.get(base .. "/bytes/1000"):send():save("download.bin") == 1000)`,
			call:    saveResponse,
		},
		{
			Name: "close", Doc: "Ends an unread stream and frees its connection.",
			Example: `volley.get(base .. "/bytes/1000", {stream = true}):send():close()`,
			call: func(c call) int {
				o := self[*responseObject](c)
				if o.r.Stream != nil {
					_ = o.r.Close() // closing loses nothing that anyone asked for
					c.s.streamEnded(o.r)
				}
				return 0
			},
		},
	}
}

// pieces returns a func that yields the body in pieces: exactly n bytes but
// for the last, or, with n 0, whatever arrived.
func (s *Script) pieces(c call, o *responseObject, n int) func(c call) ([]byte, bool) {
	if rest, ok := o.held(); ok {
		if n == 0 {
			n = chunkSize
		}
		return func(call) ([]byte, bool) {
			if len(rest) == 0 {
				return nil, false
			}
			k := min(n, len(rest))
			piece := rest[:k:k]
			rest = rest[k:]
			return piece, true
		}
	}
	s.takeStream(c, o)
	done := false
	return func(c call) ([]byte, bool) {
		if done {
			return nil, false
		}
		piece, err := vm.Await(s.host, c.L, func(context.Context) ([]byte, error) { return readPiece(o.r.Stream, n) })
		if err != nil {
			done = true
			s.streamEnded(o.r)
			if !errors.Is(err, io.EOF) {
				c.raise(err)
			}
			o.ended = true
		}
		return piece, len(piece) > 0
	}
}

func readPiece(r io.Reader, n int) ([]byte, error) {
	if n == 0 {
		buf := make([]byte, chunkSize)
		k, err := r.Read(buf)
		for k == 0 && err == nil {
			k, err = r.Read(buf)
		}
		if k > 0 {
			err = nil // an error comes again with the next read
		}
		return buf[:k:k], err
	}
	buf := make([]byte, n)
	k, err := io.ReadFull(r, buf)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return buf[:k:k], err
}

func iterContent(c call) int {
	o := self[*responseObject](c)
	n := 0
	if c.arg(1) != lua.LNil {
		n = c.integer(1, 1, 1<<30)
	}
	next := c.s.pieces(c, o, n)
	return c.push(c.L.NewFunction(func(L *lua.LState) int {
		piece, ok := next(call{s: c.s, L: L, fn: c.fn, in: c.in})
		if !ok {
			return 0
		}
		L.Push(stringOf(piece))
		return 1
	}))
}

func iterLines(c call) int {
	next := c.s.pieces(c, self[*responseObject](c), 0)
	var split lineSplitter
	return c.push(c.L.NewFunction(func(L *lua.LState) int {
		for {
			if line, ok := split.line(); ok {
				L.Push(lua.LString(line))
				return 1
			}
			if split.ended {
				return 0
			}
			piece, ok := next(call{s: c.s, L: L, fn: c.fn, in: c.in})
			if ok {
				split.add(piece)
			} else {
				split.ended = true
			}
		}
	}))
}

// lineSplitter cuts bytes into lines that end at \n, \r\n or \r, whatever the
// pieces they come in.
type lineSplitter struct {
	buf     []byte
	scanned int  // bytes of buf known to hold no end of line
	skipLF  bool // the last line ended with \r: a \n now belongs to it
	ended   bool
}

func (s *lineSplitter) add(piece []byte) { s.buf = append(s.buf, piece...) }

func (s *lineSplitter) line() (string, bool) {
	if s.skipLF && len(s.buf) > 0 {
		if s.buf[0] == '\n' {
			s.buf = s.buf[1:]
		}
		s.skipLF = false
	}
	if i := bytes.IndexAny(s.buf[s.scanned:], "\r\n"); i >= 0 {
		i += s.scanned
		line := string(s.buf[:i])
		s.skipLF = s.buf[i] == '\r'
		s.buf, s.scanned = s.buf[i+1:], 0
		return line, true
	}
	s.scanned = len(s.buf)
	if s.ended && len(s.buf) > 0 {
		line := string(s.buf)
		s.buf, s.scanned = nil, 0
		return line, true
	}
	return "", false
}

func saveResponse(c call) int {
	o, path := self[*responseObject](c), c.text(1)
	file, err := c.s.config.Policy.Create(path)
	if err != nil {
		c.raise(err)
	}
	taken := false
	defer func() {
		if !taken {
			file.Discard()
		}
	}()
	whole, held := o.held()
	if !held {
		c.s.takeStream(c, o)
	}
	taken = true
	n, err := vm.Await(c.s.host, c.L, func(ctx context.Context) (int64, error) {
		if held {
			return saveTo(ctx, file, bytes.NewReader(whole))
		}
		return saveTo(ctx, file, o.r.Stream)
	})
	c.s.streamEnded(o.r)
	if err != nil {
		c.raise(err)
	}
	o.ended = true
	return c.push(lua.LNumber(n))
}

// saveTo copies a body to a file that appears only when it is whole.
func saveTo(ctx context.Context, file *policy.File, body io.Reader) (int64, error) {
	defer file.Discard()
	n, err := io.CopyBuffer(onlyWriter{file}, onlyReader{body}, make([]byte, 256<<10))
	if err == nil && ctx.Err() != nil {
		err = runtime.Cancelled(ctx)
	}
	if err != nil {
		return n, err
	}
	return n, file.Close()
}

// onlyReader and onlyWriter hide WriteTo and ReadFrom, so that the copy uses
// the buffer it is given.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)
