package policy

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file being written. It appears under its name, whole, when Close
// succeeds; until then, and after Discard, what stood there before stays.
type File struct {
	path string // as the caller wrote it, for errors
	name string // below root
	temp string // below root
	root *os.Root
	file *os.File
	err  error // the first failed Write
	done bool

	private bool // the user's alone, whatever stood there before

	unfinished *Unfinished
	tempPath   string // where temp is, for unfinished
}

// Create begins a file, new or in place of an old one whose mode it takes
// over. One of Close and Discard must follow; Discard after Close does nothing.
func (p *Policy) Create(path string) (*File, error) { return p.create(path, false) }

func (p *Policy) create(path string, private bool) (*File, error) {
	root, name, err := p.writable(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, name: name, root: root, private: private, unfinished: p.unfinished}
	mode := fs.FileMode(0o666)
	if private {
		mode = 0o600
	}
	// In the same folder, since a rename does not cross file systems.
	f.temp = filepath.Join(filepath.Dir(name), ".volley-"+rand.Text()+".tmp")
	f.file, err = root.OpenFile(f.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		_ = root.Close()
		return nil, ioError(writing, path, err)
	}
	f.tempPath = filepath.Join(root.Name(), f.temp)
	f.unfinished.add(f.tempPath)
	return f, nil
}

// Write appends to the file. An error makes the later Close fail too.
func (f *File) Write(data []byte) (int, error) {
	n, err := f.file.Write(data)
	if err != nil {
		err = ioError(writing, f.path, err)
		if f.err == nil {
			f.err = err
		}
	}
	return n, err
}

// Close puts the file in its place. When it fails nothing was changed.
func (f *File) Close() error {
	if f.done {
		return f.err
	}
	err := f.err
	if err == nil {
		err = f.commit()
	}
	f.Discard()
	f.err = err
	return err
}

func (f *File) commit() error {
	err := f.takeMode()
	if err == nil {
		err = f.file.Close()
	}
	if err == nil {
		err = f.root.Rename(f.temp, f.name)
	}
	if err != nil {
		return ioError(writing, f.path, err)
	}
	f.temp = ""
	return nil
}

// takeMode gives the file the mode of the one it replaces.
func (f *File) takeMode() error {
	if f.private {
		return nil
	}
	old, err := f.root.Lstat(f.name)
	switch {
	case err == nil:
		return f.file.Chmod(old.Mode().Perm())
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// Discard drops what was written.
func (f *File) Discard() {
	if f.done {
		return
	}
	f.done = true
	_ = f.file.Close() // of a committed file: closed before
	if f.temp != "" {
		_ = f.root.Remove(f.temp)
	}
	_ = f.root.Close()
	f.unfinished.done(f.tempPath)
}

// WriteFile writes data to a file. In place of an old one it is all or
// nothing; with appending set, data goes to the end in one write, and a new
// file is made if there is none.
func (p *Policy) WriteFile(path string, data []byte, appending bool) error {
	if appending {
		return p.appendFile(path, data)
	}
	return p.replace(path, data, false)
}

// WriteSecret writes data to a file that only the user may read, all or
// nothing, whoever might have read what stood there before.
func (p *Policy) WriteSecret(path string, data []byte) error {
	return p.replace(path, data, true)
}

func (p *Policy) replace(path string, data []byte, private bool) error {
	f, err := p.create(path, private)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Close()
}

func (p *Policy) appendFile(path string, data []byte) error {
	root, name, err := p.writable(path)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return ioError(writing, path, err)
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return ioError(writing, path, err)
	}
	return nil
}

// writable finds a file's folder and refuses what is there but no file.
func (p *Policy) writable(path string) (*os.Root, string, error) {
	at, err := p.locate(path, writing, p.write)
	if err != nil {
		return nil, "", err
	}
	root, err := os.OpenRoot(at.dir)
	if err != nil {
		return nil, "", ioError(writing, path, err)
	}
	info, err := root.Lstat(at.rel)
	switch {
	case err == nil && !info.Mode().IsRegular():
		err = notRegular(writing, path)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return root, at.rel, nil
	default:
		err = ioError(writing, path, err)
	}
	_ = root.Close()
	return nil, "", err
}
