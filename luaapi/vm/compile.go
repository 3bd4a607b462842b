package vm

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

const (
	flushItems     = 50       // lua.FieldsPerFlush
	maxSource      = 16 << 20 // bytes of a script file
	maxLoadString  = 1 << 20  // bytes given to load and loadstring
	maxPositional  = 25_000   // gopher-lua drops what follows the 25 550th silently
	maxConstants   = 20_000   // compile time is quadratic in them
	bigLiteralHint = "keep the data in a file and read it, or build the table in a loop"
)

// Chunk is a compiled script. It belongs to no host and may be loaded into
// several, also at the same time.
type Chunk struct {
	name  string
	src   []byte
	proto *lua.FunctionProto
}

// Name returns the chunk name, as in error messages.
func (c *Chunk) Name() string { return c.name }

// line returns the text of a line, from 1.
func (c *Chunk) line(n int) string { return sourceLine(c.src, n) }

// SyntaxError says why a script does not compile.
type SyntaxError struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in bytes; that of the first word of the line if nothing better is known
	Message string
	Source  string // the text of the line
	Hint    string // what to do, if anything is known
}

// Error returns "file:line: message (hint)".
func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Compile turns source text into a Chunk. A UTF-8 byte order mark and a first
// line that begins with # are skipped. It is safe on any input: what would
// exhaust the parser's stack is refused first. The error is a *SyntaxError.
func Compile(chunkname string, src []byte) (*Chunk, error) {
	chunk, failure := compile(chunkname, src)
	if failure != nil {
		failure.File = chunkname
		if failure.Column < 1 {
			failure.Column = tokenColumn(skipPreamble(src), failure.Line)
		}
		if failure.Source == "" {
			failure.Source = sourceLine(src, failure.Line)
		}
		return nil, failure
	}
	return chunk, nil
}

func compile(name string, src []byte) (chunk *Chunk, failure *SyntaxError) {
	if len(src) > maxSource {
		return nil, &SyntaxError{Line: 1, Message: fmt.Sprintf("source of %d bytes is larger than %d", len(src), maxSource), Hint: bigLiteralHint}
	}
	text := skipPreamble(src)
	open, tooDeep := scanNesting(text)
	if tooDeep != nil {
		return nil, tooDeep
	}
	defer func() {
		if r := recover(); r != nil {
			chunk, failure = nil, &SyntaxError{Line: 1, Message: fmt.Sprintf("the compiler does not accept this: %v", r)}
		}
	}()
	stmts, err := parse.Parse(bytes.NewReader(text), name)
	if err != nil {
		return nil, parseFailure(err, text, open)
	}
	if failure := repair(stmts); failure != nil {
		return nil, failure
	}
	proto, err := lua.Compile(stmts, name)
	if err != nil {
		return nil, compileFailure(err, text)
	}
	return &Chunk{name: name, src: src, proto: proto}, nil
}

// skipPreamble drops a byte order mark and blanks out a #! line.
func skipPreamble(src []byte) []byte {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if !bytes.HasPrefix(src, []byte("#")) {
		return src
	}
	if i := bytes.IndexByte(src, '\n'); i >= 0 {
		return src[i:] // the newline stays: line numbers do
	}
	return nil
}

// parseFailure words an error of the parser. open is the innermost block that
// the source leaves open.
func parseFailure(err error, text []byte, open opener) *SyntaxError {
	pe := (*parse.Error)(nil)
	if !errors.As(err, &pe) {
		return &SyntaxError{Line: 1, Message: err.Error()}
	}
	if pe.Pos.Line == parse.EOF {
		e := &SyntaxError{Message: "unexpected end of file"}
		e.Line, e.Column = endOf(text)
		if open.word != "" {
			e.Hint = fmt.Sprintf("'%s' of line %d is not closed", open.word, open.line)
		}
		return e
	}
	e := &SyntaxError{Line: pe.Pos.Line, Column: pe.Pos.Column, Message: strings.TrimSpace(pe.Message)}
	switch {
	case e.Message == "syntax error" && !strings.Contains(pe.Token, "\n"):
		e.Column = max(pe.Pos.Column-len(pe.Token)+1, 1) // the parser stands at the token's end
	case e.Message == "unterminated string":
		e.Line, e.Column = lastToken(text, pe.Pos.Line-1) // and here behind the line's end
	}
	if token := shorten(pe.Token); token != "" {
		e.Message += " near '" + token + "'"
	}
	if strings.HasPrefix(pe.Token, "!") || strings.HasPrefix(pe.Token, "&") || strings.HasPrefix(pe.Token, "|") {
		e.Hint = "Lua writes not, ~=, and, or"
	}
	return e
}

func shorten(token string) string {
	const most = 40
	if len(token) > most {
		return token[:most] + "…"
	}
	return token
}

func compileFailure(err error, text []byte) *SyntaxError {
	ce := (*lua.CompileError)(nil)
	if !errors.As(err, &ce) {
		return &SyntaxError{Line: 1, Message: err.Error()}
	}
	e := &SyntaxError{Line: max(ce.Line, 1), Message: ce.Message}
	e.Column = tokenColumn(text, e.Line, e.blamed()...)
	if strings.Contains(ce.Message, "overflow") || strings.Contains(ce.Message, "too many local") {
		e.Hint = "a function holds 200 local variables and values of one expression at most; split it"
	}
	return e
}

var (
	wrongGoto = regexp.MustCompile(`(?:^no visible label '(\w+)' for <goto>|^<goto (\w+)>) at line (\d+)`)
	twoLabels = regexp.MustCompile(`^label '(\w+)' already`)
)

// blamed returns the words that a message of the compiler is about, and puts
// its line right: of a goto it gives that where the function ends, of a label
// the one behind it.
func (e *SyntaxError) blamed() []string {
	if m := wrongGoto.FindStringSubmatch(e.Message); m != nil {
		if line, err := strconv.Atoi(m[3]); err == nil {
			e.Line = line
		}
		return []string{"goto", m[1] + m[2]}
	}
	if m := twoLabels.FindStringSubmatch(e.Message); m != nil {
		e.Line = max(e.Line-1, 1)
		return []string{"::", m[1]}
	}
	switch {
	case strings.HasSuffix(e.Message, "to break"):
		return []string{"break"}
	case strings.Contains(e.Message, "'...'"):
		return []string{"..."}
	}
	return nil
}

// endOf returns the line and the column behind the last character of text, line
// ends aside.
func endOf(text []byte) (line, column int) {
	text = bytes.TrimRight(text, "\r\n")
	return 1 + bytes.Count(text, []byte("\n")), len(text) - bytes.LastIndexByte(text, '\n')
}

// sourceLine returns line n of src without its end, shortened if very long.
func sourceLine(src []byte, n int) string {
	for i := 1; i < n; i++ {
		end := bytes.IndexByte(src, '\n')
		if end < 0 {
			return ""
		}
		src = src[end+1:]
	}
	if n < 1 {
		return ""
	}
	if end := bytes.IndexByte(src, '\n'); end >= 0 {
		src = src[:end]
	}
	const most = 200
	line := strings.TrimRight(strings.TrimPrefix(string(src[:min(len(src), most)]), "\xef\xbb\xbf"), "\r")
	return strings.ToValidUTF8(line, "?")
}

// repair walks the syntax tree and puts right what gopher-lua's compiler gets
// wrong; it refuses literals that it would compile wrongly or for ever.
func repair(stmts []ast.Stmt) *SyntaxError {
	r := &repairer{}
	r.function(stmts)
	return r.failure
}
