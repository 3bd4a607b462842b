package run

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/specs/template"
)

// maxRefused bounds what is kept in memory of an answer that is not saved.
const maxRefused = 1 << 20

// File is a file being written: it appears, whole, when Close succeeds.
// Discard drops it, and does nothing after Close.
type File interface {
	io.Writer
	Close() error
	Discard()
}

// saving executes requests whose bodies go to files.
type saving struct {
	*client.Session
	path   *template.Value
	create func(path string) (File, error)
	saved  *saved
}

// to returns the executor that saves the answer of a unit.
func (s *saving) to(u *unit) (runtime.Executor, error) {
	path, err := s.path.Text(&u.scope)
	if err != nil {
		return nil, err
	}
	folder, err := below(s.trusted(&u.scope), path)
	if err != nil {
		return nil, at(s.path.Node().Pos, err)
	}
	return &savingTo{saving: s, path: path, folder: folder, by: s.saved.next(u)}, nil
}

// trusted is the beginning of the path that no data decides: text, vars and
// env.
func (s *saving) trusted(sc *scope) string {
	text := s.path.Node().Text
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${{")
		out.WriteString(before)
		name, after, closed := strings.Cut(rest, "}}")
		if !found || !closed {
			return out.String()
		}
		root, member, dotted := strings.Cut(strings.TrimSpace(name), ".")
		if !dotted || root != "vars" && root != "env" {
			return out.String()
		}
		values, _ := sc.Lookup(root)
		known, _ := values.(map[string]any)
		value, ok := known[member].(string)
		if !ok {
			return out.String()
		}
		out.WriteString(value)
		text = after
	}
}

// below refuses a path that data led out of the folder the spec names, and
// returns that folder, "" for the working directory.
func below(trusted, path string) (string, error) {
	if path == trusted && !strings.HasSuffix(path, "/") {
		return path[:strings.LastIndexAny(path, `/`)+1], nil
	}
	folder := trusted[:strings.LastIndexAny(trusted, `/`)+1]
	rel := strings.TrimPrefix(path, folder)
	if folder == "" || strings.HasPrefix(path, folder) {
		if clean := filepath.Clean(rel); rel != "" && filepath.IsLocal(rel) && clean != "." && !strings.HasSuffix(path, "/") {
			return folder, nil
		}
	}
	if folder == "" {
		folder = "the working directory"
	}
	return "", runtime.Errorf(runtime.KindDenied, "save: %s leads out of %s: what data says may only name files below it", path, folder)
}

// savingTo is a saving with the path of one unit.
type savingTo struct {
	*saving
	path   string
	folder string // that it begins with and that the spec names
	by     saver
}

// Do implements runtime.Executor. A status of 400 and above leaves the file as
// it is; the answer then keeps its body.
func (s *savingTo) Do(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
	asked := *req
	options := runtime.Options{}
	if req.Options != nil {
		options = *req.Options
	}
	options.Stream = runtime.Yes
	asked.Options = &options
	resp, err := s.Session.Do(ctx, &asked)
	if err != nil {
		return nil, err
	}
	if err := s.take(resp); err != nil {
		return nil, err
	}
	return resp, nil
}

// take reads the stream of an answer to its end.
func (s *savingTo) take(resp *runtime.Response) error {
	body := resp.Stream
	if body == nil {
		return nil
	}
	defer body.Close() //nolint:errcheck // it was read, or the error says why not
	if resp.OK() {
		if err := s.write(body); err != nil {
			return err
		}
	} else {
		kept, err := io.ReadAll(io.LimitReader(body, maxRefused))
		if err != nil {
			return err
		}
		resp.Content = kept
	}
	resp.Size.Body, resp.Size.Wire = body.Sizes()
	resp.Stream = nil
	resp.Timings.Total = time.Since(resp.Start)
	return nil
}

func (s *savingTo) write(body io.Reader) error {
	if err := s.saved.claim(s.path, s.by); err != nil {
		return err
	}
	if err := noLinks(s.folder, s.path); err != nil {
		return err
	}
	file, err := s.create(s.path)
	if err != nil {
		return err
	}
	defer file.Discard()
	if _, err := io.Copy(file, body); err != nil {
		return err
	}
	return file.Close()
}

// nextPage returns the same for the page that follows.
func (s *savingTo) nextPage() *savingTo {
	next := *s
	next.by.page++
	return &next
}

// noLinks refuses a path that a symbolic link below folder is part of: where it
// leads, the spec did not say.
func noLinks(folder, path string) error {
	at := folder
	for _, part := range strings.Split(strings.TrimPrefix(path, folder), "/") {
		at = filepath.Join(at, part)
		if info, err := os.Lstat(at); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return runtime.Errorf(runtime.KindDenied, "save: %s is a symbolic link, and nothing is written through one", at)
		}
	}
	return nil
}

// saved are the files of a run, so that none overwrites another. Workers share
// it; the zero value is ready.
type saved struct {
	mu   sync.Mutex
	seed maphash.Seed
	by   map[uint64]saver // by hash of the path: there may be millions
	last int              // consumer's goroutine only
}

// saver is what a file is written by.
type saver struct {
	step   *step
	row    int // 0: none
	number int // of the unit, among those that save
	page   int // from 1
}

// next returns what stands for u.
func (s *saved) next(u *unit) saver {
	s.last++
	by := saver{step: u.step, number: s.last, page: u.page}
	if u.at.row != nil {
		by.row = u.at.row.Index
	}
	return by
}

func (s saver) String() string {
	text := s.step.Label()
	if s.row > 0 {
		text += fmt.Sprintf(" for row %d", s.row)
	}
	if s.page > 1 {
		text += fmt.Sprintf(", page %d", s.page)
	}
	return text
}

// claim notes who writes a file. What is sent once more writes it again.
func (s *saved) claim(path string, by saver) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by, s.seed = map[uint64]saver{}, maphash.MakeSeed()
	}
	key := maphash.String(s.seed, filepath.Clean(path))
	if other, taken := s.by[key]; taken && other != by {
		return runtime.Errorf(runtime.KindInvalidArgument, "save: %s was written by %s before, and %s would overwrite it; add to the path what tells them apart",
			path, other, by)
	}
	s.by[key] = by
	return nil
}
