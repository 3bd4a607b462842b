package luaapi

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
)

// multipart makes a form of data's fields and the files.
func (b *requestBuilder) multipart(c call) {
	var fields []runtime.Field
	if b.data != nil {
		if _, isText := b.data.(lua.LString); isText {
			c.raisef(`option "data": must be a table when files are given: its fields go into the same form`)
		}
		if _, isTable := b.data.(*lua.LTable); !isTable {
			c.raisef(`option "data": a streamed body and files exclude each other`)
		}
		var err error
		if fields, err = fieldsOf(b.data); err != nil {
			c.raisef("option %q: %s", "data", err.Error())
		}
	}
	parts, err := b.s.partsOf(b.file)
	if err != nil {
		c.raisef("option %q: %s", "files", err.Error())
	}
	body, err := client.Multipart(fields, parts)
	if err != nil {
		b.o.r.Invalid = runtime.AsError(err)
		return
	}
	b.o.r.Body = body
}

// partsOf reads name → file, or an array of pairs for repeats.
func (s *Script) partsOf(v lua.LValue) ([]client.Part, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("must be a table of names and files, got %s", typeName(v))
	}
	var parts []client.Part
	add := func(name string, item lua.LValue) error {
		if item == lua.LNil || vm.IsNull(item) {
			return nil
		}
		part, err := s.partOf(name, item)
		if err != nil {
			return fmt.Errorf("%q %w", name, err)
		}
		parts = append(parts, part)
		return nil
	}
	if t.Len() == 0 {
		for _, name := range keysOf(t) {
			if err := add(name, t.RawGetString(name)); err != nil {
				return nil, err
			}
		}
		return parts, nil
	}
	for i := 1; i <= t.Len(); i++ {
		pair, ok := t.RawGetInt(i).(*lua.LTable)
		if !ok {
			return nil, fmt.Errorf("item %d must be a pair {name, file}, got %s", i, typeName(t.RawGetInt(i)))
		}
		name, ok := plainText(pair.RawGetInt(1))
		if !ok {
			return nil, fmt.Errorf("item %d must be a pair {name, file}", i)
		}
		if err := add(name, pair.RawGetInt(2)); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// partOf is one file: its text, volley.file(path), or a table that says more.
func (s *Script) partOf(name string, v lua.LValue) (client.Part, error) {
	part := client.Part{Name: name, Filename: name, Named: true}
	if t, ok := v.(*lua.LTable); ok {
		return s.partTable(part, t)
	}
	return part, s.partContent(&part, v)
}

func (s *Script) partContent(part *client.Part, v lua.LValue) error {
	if text, ok := fieldText(v); ok {
		part.Content = &runtime.Bytes{Data: []byte(text)}
		return nil
	}
	if ud, ok := v.(*lua.LUserData); ok {
		if f, ok := ud.Value.(*fileObject); ok {
			body, err := s.fileBody(f)
			if err != nil {
				return err
			}
			part.Content, part.Filename, part.Type = body, f.filename, f.contentType
			return nil
		}
	}
	return fmt.Errorf("must be a string, volley.file(path) or {filename=, content=, type=, headers=}, got %s", typeName(v))
}

func (s *Script) partTable(part client.Part, t *lua.LTable) (client.Part, error) {
	if content := t.RawGetString("content"); content != lua.LNil {
		if err := s.partContent(&part, content); err != nil {
			return part, fmt.Errorf("content %w", err)
		}
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		var err error
		switch k.String() {
		case "content":
		case "filename":
			if v == lua.LFalse {
				part.Named, part.Filename = false, ""
				continue
			}
			part.Filename, err = text(v)
		case "type":
			part.Type, err = text(v)
		case "headers":
			err = fieldList(v, fieldSink{add: part.Header.Add})
		default:
			err = fmt.Errorf("takes filename, content, type and headers, got %q", k.String())
		}
		if err != nil {
			return part, fmt.Errorf("%s %w", k.String(), err)
		}
	}
	return part, nil
}

// iteratorBody is a Lua function that yields the body's pieces, sent chunked.
// It runs on the event loop, a piece each time the connection takes one.
func (s *Script) iteratorBody(fn *lua.LFunction) runtime.Body {
	return client.Reader(func() ([]byte, error) {
		var piece []byte
		err := s.onLoop(s.config.Engine.Context(), fn, func() []lua.LValue { return nil }, func(results []lua.LValue, err error) error {
			if err != nil {
				failure := scriptFailure("the body's iterator", err)
				s.logFailure(failure)
				return failure
			}
			if len(results) == 0 || results[0] == lua.LNil {
				return errEOF
			}
			text, ok := plainText(results[0])
			if !ok {
				return runtime.Errorf(runtime.KindInvalidArgument, "the body's iterator must return strings, got %s", typeName(results[0]))
			}
			piece = []byte(text)
			return nil
		})
		return piece, err
	})
}
