package command

import (
	"io"
	"testing"

	"volley/runtime"
)

// TestKeptBody: a record holds a body that fits, and of one that is too large
// or that nobody wants nothing at all.
func TestKeptBody(t *testing.T) {
	for name, c := range map[string]struct {
		kept   keptBody
		pieces []string
		holds  bool
	}{
		"fits":     {keptBody{room: 6}, []string{"abc", "def"}, true},
		"empty":    {keptBody{room: 6}, nil, true},
		"larger":   {keptBody{room: 5}, []string{"abc", "def", "g"}, false},
		"unwanted": {keptBody{room: 6, over: true}, []string{"abc"}, false},
	} {
		whole := ""
		for _, piece := range c.pieces {
			whole += piece
			if n, err := c.kept.Write([]byte(piece)); n != len(piece) || err != nil {
				t.Errorf("%s: it takes %d bytes of %q: %v", name, n, piece, err)
			}
		}
		resp := &runtime.Response{Stream: unread{}}
		c.kept.give(resp)
		if holds := resp.Stream == nil; holds != c.holds || holds && string(resp.Content) != whole || !holds && len(resp.Content)+len(c.kept.data) > 0 {
			t.Errorf("%s: the response holds %q, streamed %v", name, resp.Content, resp.Stream != nil)
		}
	}
}

// unread is a stream that nobody reads.
type unread struct{}

func (unread) Read([]byte) (int, error)  { return 0, io.EOF }
func (unread) Close() error              { return nil }
func (unread) Sizes() (body, wire int64) { return 0, 0 }
func (unread) Done() bool                { return false }
