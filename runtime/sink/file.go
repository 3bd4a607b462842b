package sink

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"volley/runtime"
)

// memberTime is how long a member of a compressed file may grow before a flush
// ends it. Only ended members are read in full when a run is killed.
const memberTime = time.Second

// File is an output's file. It takes the place of an older one with the first
// bytes that are written, in one step: whoever reads the older one, such as
// this run its data, reads on. Until then there is no trace of it, so that a
// process that ends at once leaves none.
type File struct {
	path   string      // as the caller wrote it
	name   string      // its place
	f      *os.File    // nil until it is in its place, and when it is closed
	older  fs.FileInfo // whose mode is kept; nil: there is none
	fresh  bool        // it is made when it appears
	closed bool
	// overwrite says that f is the older file, which is emptied first.
	overwrite bool

	packer  packer // nil: not compressed
	member  bool   // the packer has taken bytes since its last end
	began   time.Time
	written bool
}

// packer writes members that can be read one after the other.
type packer interface {
	io.WriteCloser
	Reset(io.Writer)
}

// CreateFile makes the file at path, and the folders above it. Its end says
// whether it is compressed. The error is of kind io.
func CreateFile(path string) (*File, error) {
	f := &File{path: path, name: path}
	if err := f.open(); err != nil {
		f.Discard()
		return nil, runtime.Errorf(runtime.KindIO, "writing %s: %w", path, bare(err))
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		f.packer = gzip.NewWriter(nil)
	case ".zst":
		packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))
		if err != nil {
			f.Discard()
			return nil, runtime.Errorf(runtime.KindIO, "writing %s: %w", path, err)
		}
		f.packer = packer
	}
	return f, nil
}

// open opens what is no regular file, such as a pipe, as it is, and sees whether
// a new file can be made beside the place of any other.
func (f *File) open() error {
	f.name = followed(f.name)
	info, err := os.Stat(f.name)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder")
	case err == nil && !info.Mode().IsRegular():
		f.f, err = os.OpenFile(f.name, os.O_WRONLY, 0)
		return err
	case err == nil:
		f.older = info
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
		return err
	}
	trial, err := f.beside()
	switch {
	case err == nil:
		f.fresh = true
		_ = trial.Close() // it is empty
		return os.Remove(trial.Name())
	case info == nil:
		return err
	}
	f.overwrite = true // the folder is closed, the file may not be
	f.f, err = os.OpenFile(f.name, os.O_WRONLY, 0)
	return err
}

// followed is where path leads, though nothing may be there yet.
func followed(path string) string {
	for range 40 { // as many links as Linux follows
		if target, err := filepath.EvalSymlinks(path); err == nil {
			return target
		}
		link, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return path
}

// beside makes a new file in the folder that f is in.
func (f *File) beside() (*os.File, error) {
	name := filepath.Join(filepath.Dir(f.name), ".volley-"+strconv.FormatUint(rand.Uint64(), 36)+".tmp")
	made, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil || f.older == nil {
		return made, err
	}
	if err := made.Chmod(f.older.Mode().Perm()); err != nil {
		_ = made.Close()
		_ = os.Remove(name)
		return nil, err
	}
	return made, nil
}

// bare takes the path off an error, which names another file than the user did.
func bare(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) {
	if err := f.appear(); err != nil {
		return 0, err
	}
	f.written = true
	var w io.Writer = f.f
	if f.packer != nil {
		if !f.member {
			f.packer.Reset(f.f)
			f.member, f.began = true, time.Now()
		}
		w = f.packer
	}
	n, err := w.Write(p)
	return n, bare(err)
}

// appear puts the file in its place. Where that cannot be, as with a file that
// is mounted by itself, the older one is overwritten.
func (f *File) appear() error {
	if f.overwrite {
		f.overwrite = false
		return bare(f.f.Truncate(0))
	}
	if !f.fresh {
		return nil
	}
	made, err := f.beside()
	if err != nil {
		return bare(err)
	}
	f.fresh = false
	refused := os.Rename(made.Name(), f.name)
	if refused == nil {
		f.f = made
		return nil
	}
	_ = made.Close() // it is empty
	_ = os.Remove(made.Name())
	if f.f, err = os.OpenFile(f.name, os.O_WRONLY|os.O_TRUNC, 0); err != nil {
		f.f = nil
		return bare(refused)
	}
	return nil
}

// flush ends the current member when it is old enough: many small ones would
// hardly be compressed.
func (f *File) flush() error {
	if !f.member || time.Since(f.began) < memberTime {
		return nil
	}
	return f.endMember()
}

func (f *File) endMember() error {
	f.member = false
	return bare(f.packer.Close())
}

// Close completes the file, also one that is empty. A second call does nothing.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	err := f.appear()
	if f.packer != nil && err == nil && (f.member || !f.written) {
		if !f.member {
			f.packer.Reset(f.f)
		}
		err = f.endMember()
	}
	if f.f == nil {
		return err
	}
	if closed := bare(f.f.Close()); err == nil {
		err = closed
	}
	f.f = nil
	return err
}

// Discard closes the file; one that has not appeared never will. After Close it
// does nothing.
func (f *File) Discard() {
	if f.closed {
		return
	}
	f.closed = true
	if f.f != nil {
		_ = f.f.Close()
		f.f = nil
	}
}
