package luaapi

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
)

// fileObject is a file to be sent: opened when the request is.
type fileObject struct {
	path        string
	filename    string // in multipart forms
	contentType string // "": none
	size        int64  // when it was named
}

func (*fileObject) className() string { return "File" }

func fileOf(ud *lua.LUserData) *fileObject {
	if f, ok := ud.Value.(*fileObject); ok {
		return f
	}
	return &fileObject{}
}

func fileClass() Class {
	return Class{
		Name: "File",
		Doc:  "A file to send, as `data` or in `files`: streamed from disk, its length announced, read again for a retry.",
		Fields: []Field{
			{Name: "path", Type: "string", Doc: "As given.", get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				return lua.LString(fileOf(ud).path)
			}},
			{Name: "name", Type: "string", Doc: "The name a multipart form shows.", get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				return lua.LString(fileOf(ud).filename)
			}},
			{Name: "type", Type: "string?", Doc: "Its content type, when one was given.", get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				return textOrNil(fileOf(ud).contentType)
			}},
			{Name: "size", Type: "integer", Doc: "In bytes, when it was named.", get: func(_ *Script, _ *lua.LState, ud *lua.LUserData) lua.LValue {
				return lua.LNumber(fileOf(ud).size)
			}},
		},
		tostring: func(_ *Script, ud *lua.LUserData) string { return "<File [" + fileOf(ud).path + "]>" },
	}
}

// fileBody is the file as a request's body; every opening asks the policy.
func (s *Script) fileBody(f *fileObject) (runtime.Body, error) {
	if err := s.config.Policy.Readable(f.path); err != nil {
		return nil, err
	}
	return &client.FileBody{Path: f.path, OpenFile: s.config.Policy.Open, Type: f.contentType}, nil
}

// readFile returns the whole of a file that the script may read.
func (s *Script) readFile(path string) ([]byte, error) { return s.config.Policy.ReadFile(path) }

func fileFunctions() []Function {
	path := Param{"path", "string", "A relative path starts at the working directory."}
	return []Function{
		{
			Name: "file", Params: []Param{path, {"opts", "{type?: string, filename?: string}?", "Its content type, and its name in forms (default: the path's last part)."}},
			Returns: "volley.File",
			Doc:     "Names a file to send. It must be there; it is opened when the request is sent.",
			Example: `volley.write("note.txt", "hello")
local req = volley.post(base .. "/post", {files = {note = volley.file("note.txt", {type = "text/plain"})}})
assert(req:send():json().files.note[1] == "hello")`,
			call: func(c call) int { return c.push(c.s.wrap(namedFile(c))) },
		},
		{
			Name: "lines", Params: []Param{path}, Returns: "fun(): string?, integer?",
			Doc: "An iterator of a file's lines, without their ends (`\\n`, `\\r\\n`), and their numbers. However long the file is, it holds one line, " +
				"of at most 64 MiB. A byte order mark is skipped. The file is closed at its end or with the task.",
			Example: `volley.write("urls.txt", "a\nb\r\nc")
local got = {}
for line in volley.lines("urls.txt") do got[#got + 1] = line end
assert(table.concat(got, ",") == "a,b,c")`,
			call: func(c call) int {
				in := c.input(1)
				return c.push(c.s.iterator(in, func(*lua.LState) (lua.LValue, error) {
					line, err := in.line()
					return lua.LString(line), err
				}))
			},
		},
		{
			Name: "glob", Params: []Param{{"pattern", "string", "`*`, `?`, `[a-z]`, `{a,b}`, and `**` for any folders."}}, Returns: "string[]",
			Doc:     "The paths that match and may be read, sorted.",
			Example: `for _, path in ipairs(volley.glob("data/**/*.json")) do print(path) end`,
			call: func(c call) int {
				pattern := c.text(1)
				found, err := vm.Await(c.s.host, c.L, func(ctx context.Context) ([]string, error) { return c.s.glob(ctx, pattern) })
				if err != nil {
					c.raise(err)
				}
				return c.push(textList(c.L, found))
			},
		},
		{
			Name: "write", Params: []Param{path, {"s", "string", "The whole content."}},
			Doc:     "Writes a file, all or nothing: until it is complete the old one stays. Needs --allow-write.",
			Example: `volley.write("out.txt", "done\n")`,
			call:    func(c call) int { return writeFile(c, false) },
		},
		{
			Name: "append", Params: []Param{path, {"s", "string", "What goes to the end, in one write."}},
			Doc: "Adds to a file, or begins it. Needs --allow-write.",
			Example: `volley.append("log.txt", "one\n")
volley.append("log.txt", "two\n")`,
			call: func(c call) int { return writeFile(c, true) },
		},
	}
}

var fileOptionTable = index([]option[fileObject]{
	{Option: Option{Name: "type", Type: "string"}, set: func(_ call, f *fileObject, v lua.LValue) (err error) {
		f.contentType, err = text(v)
		return err
	}},
	{Option: Option{Name: "filename", Type: "string"}, set: func(_ call, f *fileObject, v lua.LValue) (err error) {
		f.filename, err = text(v)
		return err
	}},
})

func namedFile(c call) *fileObject {
	f := &fileObject{path: c.text(1)}
	f.filename = filepath.Base(f.path)
	if opts := c.tableOr(2); opts != nil {
		apply(c, "file options", fileOptionTable, opts, f)
	}
	file, err := c.s.config.Policy.Open(f.path)
	if err != nil {
		c.raise(err)
	}
	info, err := file.Stat()
	_ = file.Close()
	if err != nil {
		c.raise(runtime.Errorf(runtime.KindIO, "reading %s: %w", f.path, err))
	}
	f.size = info.Size()
	return f
}

func writeFile(c call, appending bool) int {
	path, data := c.text(1), []byte(c.text(2))
	_, err := vm.Await(c.s.host, c.L, func(context.Context) (struct{}, error) {
		return struct{}{}, c.s.config.Policy.WriteFile(path, data, appending)
	})
	if err != nil {
		c.raise(err)
	}
	return 0
}

func textList(L *lua.LState, list []string) *lua.LTable {
	t := L.CreateTable(len(list), 0)
	for _, item := range list {
		t.Append(lua.LString(item))
	}
	vm.SetArray(L, t)
	return t
}

// glob walks from the part of the pattern that is plain. What may not be read
// is left out of the result; that the walk begins there is an error.
func (s *Script) glob(ctx context.Context, pattern string) ([]string, error) {
	base, rest := doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(pattern)))
	if err := s.config.Policy.Readable(base); err != nil {
		return nil, err
	}
	var found []string
	err := doublestar.GlobWalk(os.DirFS(base), rest, func(path string, _ os.DirEntry) error {
		full := filepath.Join(base, path)
		if s.config.Policy.Readable(full) == nil {
			found = append(found, full)
		}
		return ctx.Err()
	})
	switch {
	case errors.Is(err, doublestar.ErrBadPattern):
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "volley.glob: the pattern %q has an unclosed bracket or brace, or ends in a backslash", pattern)
	case err != nil:
		return nil, runtime.Errorf(runtime.KindIO, "volley.glob: %w", err)
	}
	slices.Sort(found)
	return found, nil
}
