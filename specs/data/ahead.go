package data

import (
	"io"
	"sync"

	"volley/runtime"
)

// maxAhead is how many rows are read before they are asked for.
const maxAhead = 64

// ahead reads a text that may be silent for long on a goroutine of its own, so
// that whoever asks does not wait. A read that nothing ends, as of the standard
// input, keeps the goroutine until the process ends. It implements stream.
type ahead struct {
	later func()

	mu      sync.Mutex
	room    sync.Cond
	queue   []readRow
	from    reader // nil: not open yet
	asked   bool   // next said later; later has to be called
	stopped bool   // nothing more is read
	closed  bool
	last    string // place of the row handed out last
}

// readRow is what one call of next returned, and where it was read.
type readRow struct {
	row   *runtime.Row
	err   error
	place string
}

// readAhead opens and reads a text, which messages call name.
func readAhead(name string, open func() (reader, error), later func()) *ahead {
	a := &ahead{later: later, last: name}
	a.room.L = &a.mu
	go a.read(open)
	return a
}

func (a *ahead) read(open func() (reader, error)) {
	from, err := open()
	if err != nil {
		a.push(readRow{err: err, place: a.last})
		return
	}
	if !a.opened(from) {
		from.close()
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

// opened returns false when nobody waits for rows any more.
func (a *ahead) opened(from reader) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.from = from
	return !a.closed
}

// push waits for room. It returns false when nothing more is to be read.
func (a *ahead) push(r readRow) bool {
	a.mu.Lock()
	for len(a.queue) == maxAhead && !a.stopped {
		a.room.Wait()
	}
	a.queue = append(a.queue, r)
	tell := a.asked && !a.closed
	a.asked = false
	open := !a.stopped
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
	switch {
	case len(a.queue) > 0:
	case a.stopped:
		return nil, io.EOF
	default:
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

// stop implements stream: what was taken from a pipe is handed out, for nobody
// else can read it.
func (a *ahead) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	a.room.Broadcast()
}

// close implements reader. It ends a read of a pipe that goes on; one of the
// standard input it leaves alone.
func (a *ahead) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed, a.stopped = true, true
	a.room.Broadcast()
	if a.from != nil {
		a.from.close()
	}
}
