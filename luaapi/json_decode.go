package luaapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"volley/luaapi/vm"
)

// maxExact is the largest integer below which every integer is a float64.
const maxExact = 1 << 53

// jsonError is a fault in a JSON text.
type jsonError struct {
	data   []byte // UTF-8, without byte order mark
	offset int    // in data
	reason string
}

// Error names the place by line and column, and shows what stands there.
func (e *jsonError) Error() string {
	line, column := e.position()
	return fmt.Sprintf("line %d, column %d (offset %d): %s%s", line, column, e.offset, e.reason, e.near())
}

// position counts lines and characters from 1.
func (e *jsonError) position() (line, column int) {
	before := e.data[:e.offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1
}

// near shows up to 40 characters around the fault.
func (e *jsonError) near() string {
	const side = 20
	from, to := e.offset, e.offset
	for i := 0; i < side && from > 0; i++ {
		_, n := utf8.DecodeLastRune(e.data[:from])
		from -= n
	}
	for i := 0; i < side && to < len(e.data); i++ {
		_, n := utf8.DecodeRune(e.data[to:])
		to += n
	}
	if from == to {
		return ""
	}
	return fmt.Sprintf(" near %q", e.data[from:to])
}

// decodeJSON reads one document straight into Lua values. Escapes of lone
// surrogates, which no text can hold, become U+FFFD. Every error is a
// *jsonError.
func decodeJSON(L *lua.LState, data []byte, opts jsonOptions) (lua.LValue, error) {
	data, fault := jsonSource(L, data)
	if fault != nil {
		return nil, fault
	}
	d := jsonDecoder{
		data:    data,
		dec:     jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		L:       L,
		bigText: opts.BigInt == "string",
	}
	v, err := d.document()
	if err != nil {
		return nil, d.fault(data, err)
	}
	return v, nil
}

// jsonSource is data as UTF-8.
func jsonSource(L *lua.LState, data []byte) ([]byte, error) {
	return apart(call{L: L}, len(data) >= longText, func() ([]byte, error) {
		data := jsonText(data)
		if !utf8.Valid(data) {
			return nil, &jsonError{data, invalidUTF8(string(data)), "the text is not UTF-8"}
		}
		return data, nil
	})
}

// jsonText returns data as UTF-8 without a byte order mark. UTF-16 and UTF-32
// are told by their mark or by where the zeros of an ASCII start stand.
func jsonText(data []byte) []byte {
	if from := jsonEncoding(data); from != nil {
		if out, err := from.NewDecoder().Bytes(data); err == nil {
			data = out
		}
	}
	return bytes.TrimPrefix(data, []byte("\uFEFF"))
}

func jsonEncoding(data []byte) encoding.Encoding {
	if len(data) < 4 {
		return nil
	}
	zero := [4]bool{data[0] == 0, data[1] == 0, data[2] == 0, data[3] == 0}
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE, 0, 0}), zero == [4]bool{false, true, true, true}:
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	case bytes.HasPrefix(data, []byte{0, 0, 0xFE, 0xFF}), zero == [4]bool{true, true, true, false}:
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), zero == [4]bool{false, true, false, true}:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}), zero == [4]bool{true, false, true, false}:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// invalidUTF8 returns where s stops being UTF-8, or -1.
func invalidUTF8(s string) int {
	for i, r := range s {
		if r != utf8.RuneError {
			continue
		}
		if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
			return i
		}
	}
	return -1
}

var (
	errJSONDepth = fmt.Errorf("nested more than %d deep", maxJSONDepth)
	errJSONRange = errors.New("the number is out of range")
	errJSONLong  = fmt.Errorf("the number is longer than %d KiB", longText>>10)
	errJSONMore  = errors.New("something follows the document")
	errJSONEmpty = errors.New("there is no JSON: the text is empty")
)

// jsonDecoder turns tokens into Lua values. The members of open lists and
// objects wait on its stacks until their number is known, so that each table
// is made in its size.
type jsonDecoder struct {
	data    []byte
	dec     *jsontext.Decoder
	L       *lua.LState
	bigText bool
	depth   int
	steps   vm.Steps // a text becomes many times its size
	values  []lua.LValue
	names   []string
	mark    lua.LValue // the metatable of lists
}

// token is the next one. A long one is read apart.
func (d *jsonDecoder) token() (jsontext.Token, error) {
	if !longToken(d.data[d.dec.InputOffset():]) {
		return d.dec.ReadToken()
	}
	return vm.Apart(d.L, func(context.Context) (jsontext.Token, error) {
		token, err := d.dec.ReadToken()
		switch {
		case err != nil:
			return token, err
		case token.Kind() == '"':
			return jsontext.String(token.String()), nil
		case token.Kind() == '0' && len(token.String()) >= longText:
			return token, errJSONLong
		}
		return token, nil
	})
}

// longToken reports whether what stands before the next token, or the token
// itself, is long.
func longToken(text []byte) bool {
	if len(text) < longText {
		return false
	}
	i := 0
	for i < longText && strings.IndexByte(" \t\r\n,:", text[i]) >= 0 {
		i++
	}
	if i < longText && text[i] == '"' {
		i++
		for i < longText && (text[i] != '"' || text[i-1] == '\\') {
			i++
		}
		return i >= longText
	}
	for i < longText && ('0' <= text[i] && text[i] <= '9' || text[i] == '.') {
		i++
	}
	return i >= longText
}

func (d *jsonDecoder) document() (lua.LValue, error) {
	token, err := d.token()
	if errors.Is(err, io.EOF) {
		return nil, errJSONEmpty
	}
	if err != nil {
		return nil, err
	}
	v, err := d.value(token)
	if err != nil {
		return nil, err
	}
	if _, err := d.dec.ReadToken(); err == nil {
		return nil, errJSONMore
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return v, nil
}

func (d *jsonDecoder) value(token jsontext.Token) (lua.LValue, error) {
	if err := d.steps.Next(d.L); err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '"':
		return lua.LString(token.String()), nil
	case '0':
		return d.number(token)
	case 't':
		return lua.LTrue, nil
	case 'f':
		return lua.LFalse, nil
	case '[':
		return d.nested(d.list)
	case '{':
		return d.nested(d.object)
	default: // the decoder lets nothing but null be left
		return vm.Null(d.L), nil
	}
}

func (d *jsonDecoder) nested(read func() (lua.LValue, error)) (lua.LValue, error) {
	if d.depth == maxJSONDepth {
		return nil, errJSONDepth
	}
	d.depth++
	v, err := read()
	d.depth--
	return v, err
}

func (d *jsonDecoder) number(token jsontext.Token) (lua.LValue, error) {
	f, err := token.Float()
	if err != nil {
		return nil, errJSONRange
	}
	if d.bigText && (f >= maxExact || f <= -maxExact) {
		if text := token.String(); inexact(text) {
			return lua.LString(text), nil
		}
	}
	return lua.LNumber(f), nil
}

// inexact reports an integer beyond ±2^53.
func inexact(text string) bool {
	digits := text
	if digits[0] == '-' {
		digits = digits[1:]
	}
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	const limit = "9007199254740992"
	return len(digits) > len(limit) || len(digits) == len(limit) && digits > limit
}

func (d *jsonDecoder) list() (lua.LValue, error) {
	base := len(d.values)
	for {
		token, err := d.token()
		if err != nil {
			return nil, err
		}
		if token.Kind() == ']' {
			break
		}
		v, err := d.value(token)
		if err != nil {
			return nil, err
		}
		d.values = append(d.values, v)
	}
	members := d.values[base:]
	t := d.L.CreateTable(len(members), 0)
	for _, v := range members {
		if err := d.steps.Next(d.L); err != nil {
			return nil, err
		}
		t.Append(v)
	}
	d.values = d.values[:base]
	d.markArray(t)
	return t, nil
}

// markArray keeps a list a list, should the script empty it.
func (d *jsonDecoder) markArray(t *lua.LTable) {
	if d.mark == nil {
		vm.SetArray(d.L, t)
		d.mark = t.Metatable
	}
	t.Metatable = d.mark
}

func (d *jsonDecoder) object() (lua.LValue, error) {
	base, first := len(d.values), len(d.names)
	for {
		token, err := d.token()
		if err != nil {
			return nil, err
		}
		if token.Kind() == '}' {
			break
		}
		d.names = append(d.names, token.String())
		if token, err = d.token(); err != nil {
			return nil, err
		}
		v, err := d.value(token)
		if err != nil {
			return nil, err
		}
		d.values = append(d.values, v)
	}
	t := d.L.CreateTable(0, len(d.values)-base)
	for i, v := range d.values[base:] {
		if err := d.steps.Next(d.L); err != nil {
			return nil, err
		}
		t.RawSetString(d.names[first+i], v)
	}
	d.values, d.names = d.values[:base], d.names[:first]
	return t, nil
}

// fault gives an error its place.
func (d *jsonDecoder) fault(data []byte, err error) *jsonError {
	e := &jsonError{data: data, offset: int(d.dec.InputOffset()), reason: err.Error()}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		e.offset, e.reason = int(syntactic.ByteOffset), syntactic.Err.Error()
		if errors.Is(err, io.ErrUnexpectedEOF) {
			e.offset, e.reason = len(data), "the text ends too early"
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.offset, e.reason = len(data), "the text ends too early"
	}
	e.offset = min(e.offset, len(data))
	return e
}
