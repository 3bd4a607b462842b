package run

import (
	"context"
	"io"
	"path/filepath"
	"strings"
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
}

// to returns the executor that saves the answer of a unit.
func (s *saving) to(u *unit) (runtime.Executor, error) {
	path, err := s.path.Text(&u.scope)
	if err != nil {
		return nil, err
	}
	if err := below(s.trusted(&u.scope), path); err != nil {
		return nil, at(s.path.Node().Pos, err)
	}
	return &savingTo{s, path}, nil
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

// below refuses a path that data led out of the folder the spec names.
func below(trusted, path string) error {
	if path == trusted && !strings.HasSuffix(path, "/") {
		return nil
	}
	folder := trusted[:strings.LastIndexAny(trusted, `/`)+1]
	rel := strings.TrimPrefix(path, folder)
	if folder == "" || strings.HasPrefix(path, folder) {
		if clean := filepath.Clean(rel); rel != "" && filepath.IsLocal(rel) && clean != "." && !strings.HasSuffix(path, "/") {
			return nil
		}
	}
	if folder == "" {
		folder = "the working directory"
	}
	return runtime.Errorf(runtime.KindDenied, "save: %s leads out of %s: what data says may only name files below it", path, folder)
}

// savingTo is a saving with the path of one unit.
type savingTo struct {
	*saving
	path string
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
