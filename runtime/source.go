package runtime

import "io"

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
