package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// sent is what became of one line: its number, what was sent, or the error.
type sent struct {
	Line int
	What string
}

// sendLines sends the lines of in through an engine that answers at once, and
// returns what became of them in the order of the lines.
func sendLines(t *testing.T, in io.Reader, prepare func(*lineSource, *runtime.Engine)) ([]sent, error) {
	t.Helper()
	answer := func(context.Context, *runtime.Request) (*runtime.Response, error) {
		return &runtime.Response{Status: 200}, nil
	}
	engine := runtime.NewEngine(t.Context(), runtime.EngineOptions{Executor: runtime.ExecutorFunc(answer), Size: 4})
	defer func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	var inbox runtime.Inbox
	lines := newLineSource(in, &template{}, &inbox)
	if prepare != nil {
		prepare(lines, engine)
	}
	batch := engine.Batch(&inbox, lines.next, runtime.BatchOptions{Ordered: true})
	defer batch.Close()
	lines.begin(batch.Offer)
	defer lines.halt()
	var out []sent
	for {
		r, err := batch.Next(&inbox)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		nameLine(r)
		what := r.Request.Method + " " + r.Request.URL
		if r.Err != nil {
			what = string(r.Err.Kind) + ": " + r.Err.Message
		}
		out = append(out, sent{int(r.Request.Owner.(lineNumber)), what})
	}
}

func TestLines(t *testing.T) {
	long := "http://a.test/?" + strings.Repeat("x", 200_000)
	for name, c := range map[string]struct {
		in   string
		want []sent
	}{
		"nothing":             {"", nil},
		"blank lines":         {"\n \r\n\t\n\n", nil},
		"one without its end": {"http://a.test/", []sent{{1, "GET http://a.test/"}}},
		"several": {"\uFEFFhttp://a.test/\r\n\n  http://b.test/ \n{\"url\":\"http://c.test/\"}\n", []sent{
			{1, "GET http://a.test/"}, {3, "GET http://b.test/"}, {4, "GET http://c.test/"},
		}},
		"a bad one among good ones": {"http://a.test/\n{\"ulr\":1}\n{\nhttp://b.test/", []sent{
			{1, "GET http://a.test/"},
			{2, `invalid_argument: line 2: unknown field "ulr"; did you mean "url"?`},
			{3, "invalid_argument: line 3: the JSON text is cut short"},
			{4, "GET http://b.test/"},
		}},
		"a long one": {long + "\nhttp://a.test/\n", []sent{{1, "GET " + long}, {2, "GET http://a.test/"}}},
		"one that is too long": {"http://a.test/\n" + long + long + "\nhttp://b.test/\n" + long + long, []sent{
			{1, "GET http://a.test/"},
			{2, "invalid_argument: line 2: the line is longer than 300000 bytes"},
			{3, "GET http://b.test/"},
			{4, "invalid_argument: line 4: the line is longer than 300000 bytes"},
		}},
	} {
		got, err := sendLines(t, strings.NewReader(c.in), func(l *lineSource, _ *runtime.Engine) { l.maxLine = 300_000 })
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// counting is an endless input that knows how many lines were taken.
type counting struct{ lines atomic.Int64 }

func (c *counting) Read(p []byte) (int, error) {
	return copy(p, fmt.Sprintf("http://a.test/%d\n", c.lines.Add(1))), nil
}

// TestLinesAreReadLazily: of an endless input a few lines are taken ahead, and
// all in their order.
func TestLinesAreReadLazily(t *testing.T) {
	in := &counting{}
	taken := 0
	var source *lineSource
	got, err := sendLines(t, in, func(l *lineSource, _ *runtime.Engine) {
		source = l
		l.in.Reset(readerFunc(func(p []byte) (int, error) {
			if taken = int(in.lines.Load()); taken == 1000 {
				go source.halt()
			}
			return in.Read(p)
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range got {
		if want := fmt.Sprintf("GET http://a.test/%d", i+1); s.What != want || s.Line != i+1 {
			t.Fatalf("result %d is %v, want %s", i+1, s, want)
		}
	}
	if ahead := int(in.lines.Load()) - len(got); len(got) < 900 || ahead > 2*maxAhead {
		t.Errorf("%d results, %d lines read beyond them", len(got), ahead)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestHaltedLines: a source that waits for its input ends all the same.
func TestHaltedLines(t *testing.T) {
	for name, stop := range map[string]func(*lineSource, *runtime.Engine){
		"halt": func(l *lineSource, _ *runtime.Engine) { l.halt() },
		"stop": func(l *lineSource, e *runtime.Engine) {
			e.Stop(&runtime.Error{Kind: runtime.KindCancelled})
			l.halt()
		},
		"cancel": func(l *lineSource, e *runtime.Engine) {
			e.Cancel(&runtime.Error{Kind: runtime.KindCancelled})
			l.halt()
		},
	} {
		in, feed := io.Pipe()
		got, err := sendLines(t, in, func(l *lineSource, e *runtime.Engine) {
			go func() {
				if _, err := io.WriteString(feed, "http://a.test/\nhttp://b"); err != nil {
					t.Error(err)
				}
				stop(l, e)
			}()
		})
		if err != nil || len(got) > 1 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if err := feed.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLinesThatCannotBeRead: what was read before is sent.
func TestLinesThatCannotBeRead(t *testing.T) {
	torn := errors.New("torn")
	in, feed := io.Pipe()
	go func() {
		if _, err := io.WriteString(feed, "http://a.test/\nhttp://b.test/\n"); err != nil {
			t.Error(err)
		}
		feed.CloseWithError(torn)
	}()
	got, err := sendLines(t, in, nil)
	if !errors.Is(err, torn) || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}
