package luaapi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// maxRecord bounds a line or a row of a file, in bytes.
const maxRecord = 64 << 20

// input is a file that an iterator reads. Reading goes on the loop's own
// goroutine: a regular file lets nobody wait for a peer.
type input struct {
	path   string
	file   *os.File // nil: closed
	reader *bufio.Reader
	ended  bool // read to its end, or to an error
	number int  // of the line or row read last, from 1
	long   []byte
}

// input opens the file that parameter i names, skips a byte order mark, and
// ties the file to the running task.
func (c call) input(i int) *input {
	path := c.text(i)
	file, err := c.s.config.Policy.Open(path)
	if err != nil {
		c.raise(err)
	}
	in := &input{path: path, file: file, reader: bufio.NewReaderSize(file, 64<<10)}
	if mark, _ := in.reader.Peek(3); string(mark) == "\uFEFF" {
		_, _ = in.reader.Discard(3) // peeked at: they are there
	}
	if t := c.s.host.Current(); t != nil {
		t.OnEnd(in.close)
	}
	return in
}

func (in *input) close() {
	if in.file == nil {
		return
	}
	_ = in.file.Close() // opened for reading: nothing can be lost
	in.file, in.reader, in.long = nil, nil, nil
}

// iterator is a Lua function that returns next's values with their numbers
// until io.EOF, then nil. Another error is raised, and ends it too.
func (s *Script) iterator(in *input, next func(L *lua.LState) (lua.LValue, error)) *lua.LFunction {
	return s.L.NewFunction(func(L *lua.LState) int {
		if in.ended {
			L.Push(lua.LNil)
			return 1
		}
		if in.file == nil {
			vm.Raise(L, runtime.Errorf(runtime.KindIO, "reading %s: it was closed when the task that opened it ended", in.path))
		}
		v, err := next(L)
		if err == nil {
			L.Push(v)
			L.Push(lua.LNumber(in.number))
			return 2
		}
		in.ended = true
		in.close()
		if !errors.Is(err, io.EOF) {
			vm.Raise(L, err)
		}
		L.Push(lua.LNil)
		return 1
	})
}

// line returns the next line without its end, valid until the next call.
func (in *input) line() ([]byte, error) {
	in.long = in.long[:0]
	for {
		piece, err := in.reader.ReadSlice('\n')
		switch {
		case err == nil && len(in.long) == 0:
			return in.ending(piece), nil
		case errors.Is(err, io.EOF) && len(piece) == 0 && len(in.long) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
			return nil, in.fault(err)
		}
		in.long = append(in.long, piece...)
		if err == nil || errors.Is(err, io.EOF) {
			return in.ending(in.long), nil
		}
		if len(in.long) > maxRecord {
			return nil, runtime.Errorf(runtime.KindIO, "reading %s: line %d is longer than %d MiB", in.path, in.number+1, maxRecord>>20)
		}
	}
}

// ending counts a line and takes its end off.
func (in *input) ending(line []byte) []byte {
	in.number++
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = bytes.TrimSuffix(line[:n-1], []byte{'\r'})
	}
	return line
}

func (in *input) fault(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return runtime.Errorf(runtime.KindIO, "reading %s: %w", in.path, err)
}

// invalid is an error in the content of the file.
func (in *input) invalid(line int, reason string) error {
	return &runtime.Error{Kind: runtime.KindIO, Message: fmt.Sprintf("reading %s: line %d: %s", in.path, line, reason)}
}
