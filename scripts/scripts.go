// Package scripts carries the Lua files that ship with volley, examples and
// handler scripts, which scripts may require without having them on disk.
package scripts

import (
	"embed"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// Examples are the scripts of the README, below examples/.
//
//go:embed examples/*.lua
var Examples embed.FS

// Handlers are the handler scripts of the README, below handlers/.
//
//go:embed handlers/*.lua
var Handlers embed.FS

// Loader finds the source of a module for require: nil source and no error
// mean that it is not there; the name then says where it looked.
type Loader = func(name string) (src []byte, chunkname string, err error)

// Loaders look beside the script, then among the embedded scripts: the examples
// by their names, the handler scripts as handlers.NAME. A dot in a module's name
// is a folder, as in Lua.
func Loaders(dir string, read func(path string) ([]byte, error)) []Loader {
	return []Loader{
		func(name string) ([]byte, string, error) {
			file := filepath.Join(dir, filepath.FromSlash(modulePath(name)))
			src, err := read(file)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, file, nil
			}
			return src, file, err
		},
		func(name string) ([]byte, string, error) { return embedded(modulePath(name)) },
	}
}

func embedded(file string) ([]byte, string, error) {
	from := Handlers
	if path.Dir(file) != "handlers" {
		from, file = Examples, path.Join("examples", file)
	}
	src, err := from.ReadFile(file)
	if err != nil {
		return nil, "embedded:" + file, nil
	}
	return src, "embedded:" + file, nil
}

func modulePath(name string) string {
	return strings.ReplaceAll(name, ".", "/") + ".lua"
}
