package runtime

import (
	"errors"
	"io"
)

// ErrLater is what a Source returns that cannot answer at once, such as a
// generator in a script that may block: it answers with Batch.Offer, on the
// consumer's goroutine, and is not asked again before.
var ErrLater = errors.New("the source answers later")

// List returns a Source over reqs, in order.
func List(reqs []*Request) Source {
	next := 0
	return func() (*Request, error) {
		if next == len(reqs) {
			return nil, io.EOF
		}
		next++
		return reqs[next-1], nil
	}
}
