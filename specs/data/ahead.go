package data

import (
	"sync"

	"volley/runtime"
)

// maxAhead is how many rows are read before they are asked for.
const maxAhead = 64

// ahead reads a source that may be silent for long on a goroutine of its own,
// so that whoever asks does not wait. A read that never returns keeps the
// goroutine until the process ends.
type ahead struct {
	later func()

	mu     sync.Mutex
	room   sync.Cond
	queue  []readRow
	asked  bool // next said later; later has to be called
	closed bool
	last   string // place of the row handed out last
}

// readRow is what one call of next returned, and where it was read.
type readRow struct {
	row   *runtime.Row
	err   error
	place string
}

// readAhead opens and reads a source.
func readAhead(open func() (reader, error), later func()) *ahead {
	a := &ahead{later: later, last: "stdin"}
	a.room.L = &a.mu
	go a.read(open)
	return a
}

func (a *ahead) read(open func() (reader, error)) {
	from, err := open()
	if err != nil {
		a.push(readRow{err: err, place: "stdin"})
		return
	}
	for err == nil {
		var row *runtime.Row
		row, err = from.next()
		if !a.push(readRow{row: row, err: err, place: from.place()}) {
			return
		}
	}
}

// push waits for room. It returns false when nobody reads any more.
func (a *ahead) push(r readRow) bool {
	a.mu.Lock()
	for len(a.queue) == maxAhead && !a.closed {
		a.room.Wait()
	}
	a.queue = append(a.queue, r)
	tell := a.asked && !a.closed
	a.asked = false
	open := !a.closed
	a.mu.Unlock()
	if tell {
		a.later()
	}
	return open
}

// next implements reader; runtime.ErrLater: there is no row yet.
func (a *ahead) next() (*runtime.Row, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 {
		a.asked = true
		return nil, runtime.ErrLater
	}
	r := a.queue[0]
	a.queue[0] = readRow{}
	a.queue = a.queue[1:]
	a.room.Signal()
	a.last = r.place
	return r.row, r.err
}

// place implements reader.
func (a *ahead) place() string { return a.last }

// close implements reader. The standard input stays open: its reading may be
// going on.
func (a *ahead) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	a.room.Broadcast()
}
