package policy

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"volley/runtime"
)

// place is a file that may be touched: a folder to hold on to, and a local
// path below it.
type place struct {
	dir, rel string
}

// access is what a file is wanted for, with the words of its refusal.
type access struct {
	verb, flag, none string
}

var (
	reading = access{"reading", "--allow-read", "it is outside the script's folder and the working directory"}
	writing = access{"writing", "--allow-write", "no --allow-write folder holds it"}
)

// Readable reports whether a path may be read, by an error of kind denied if
// not. It says nothing about whether there is a file.
func (p *Policy) Readable(path string) error {
	_, err := p.locate(path, reading, p.read)
	return err
}

// Socket reports whether a Unix socket may be connected to: one that may be
// written.
func (p *Policy) Socket(path string) error {
	// Names without a file, and paths that the system reads otherwise.
	odd := path == "" || path[0] == '@' || strings.IndexByte(path, 0) >= 0 || slices.Contains(strings.Split(path, "/"), "..")
	if odd && !p.unsafe {
		return denied("%q is no path of a Unix socket that can be judged: give it without \"..\", a leading \"@\" and NUL", path)
	}
	_, err := p.locate(path, writing, p.write)
	return err
}

// Open opens a regular file for reading. A relative path starts at the
// working directory.
func (p *Policy) Open(path string) (*os.File, error) {
	at, err := p.locate(path, reading, p.read)
	if err != nil {
		return nil, err
	}
	if p.unsafe {
		f, err := os.Open(filepath.Join(at.dir, at.rel))
		if err != nil {
			return nil, ioError(reading, path, err)
		}
		return f, nil
	}
	root, err := os.OpenRoot(at.dir)
	if err != nil {
		return nil, ioError(reading, path, err)
	}
	defer func() { _ = root.Close() }()
	// Asked before opening: to open a pipe is to wait for its writer.
	info, err := root.Stat(at.rel)
	if err != nil {
		return nil, ioError(reading, path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, notRegular(reading, path)
	}
	f, err := root.Open(at.rel)
	if err != nil {
		return nil, ioError(reading, path, err)
	}
	return f, nil
}

// ReadFile returns the whole of a file that Open opens.
func (p *Policy) ReadFile(path string) ([]byte, error) {
	f, err := p.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, ioError(reading, path, err)
	}
	return data, nil
}

// locate finds the grant that covers a path, or says what is missing.
func (p *Policy) locate(path string, a access, grants []string) (place, error) {
	target := p.target(path)
	if p.unsafe {
		return place{filepath.Dir(target), filepath.Base(target)}, nil
	}
	inside := false
	for _, grant := range grants {
		rel, err := filepath.Rel(grant, target)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		inside = true
		if rel == "." {
			return place{filepath.Dir(target), filepath.Base(target)}, nil
		}
		if !hidden(rel) && (!kernels(target) || kernels(grant)) {
			return place{grant, rel}, nil
		}
	}
	subject := path
	if clean := filepath.Clean(path); clean != target && p.absolute(clean) != target {
		subject = path + " (which leads to " + target + ")"
	}
	switch {
	case !inside:
		return place{}, denied("%s %s is denied: %s; %s %s allows it", a.verb, subject, a.none, a.flag, filepath.Dir(target))
	case kernels(target):
		return place{}, denied("%s %s is denied: it belongs to the kernel; %s %s allows it", a.verb, subject, a.flag, target)
	default:
		return place{}, denied("%s %s is denied: names that begin with a dot are left out; %s %s allows it", a.verb, subject, a.flag, target)
	}
}

// target returns where a path leads: absolute, symbolic links resolved.
func (p *Policy) target(path string) string { return resolve(p.absolute(path)) }

func (p *Policy) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(p.workDir, path)
}

// resolve follows the links of the part of an absolute path that exists.
func resolve(abs string) string {
	rest := ""
	for dir := abs; ; dir = filepath.Dir(dir) {
		if found, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(found, rest)
		}
		if dir == filepath.Dir(dir) {
			return abs
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// hidden reports a local path with an element that begins with a dot.
func hidden(rel string) bool {
	for element := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if strings.HasPrefix(element, ".") {
			return true
		}
	}
	return false
}

// kernels reports a path in the folders that are no files but the machine's
// state: /proc/self/environ is the environment, /proc/self/mem the process.
func kernels(path string) bool {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}

// ioError names the path as the caller wrote it; the system's error alone
// would show the name inside the os.Root.
func ioError(a access, path string, err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	return runtime.Errorf(runtime.KindIO, "%s %s: %w", a.verb, path, err)
}

func notRegular(a access, path string) error {
	return runtime.Errorf(runtime.KindIO, "%s %s: it is no regular file", a.verb, path)
}
