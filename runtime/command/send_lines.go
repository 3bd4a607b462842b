package command

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"sync"

	"volley/runtime"
)

const (
	maxAhead = 64       // lines read before they are asked for
	maxLine  = 64 << 20 // bytes of one line
)

// lineSource makes a request of each line of an input. A goroutine of its own
// reads, a few lines ahead, so that an input that is slow to come keeps no
// result waiting.
type lineSource struct {
	in       *bufio.Reader
	template *template
	inbox    *runtime.Inbox
	offer    func(*runtime.Request, error) // Batch.Offer
	long     []byte                        // a line that the reader's own buffer could not hold
	maxLine  int

	mu    sync.Mutex
	room  *sync.Cond // the queue has become shorter, or ended
	queue []offered
	asked bool // the consumer found the queue empty
	ended bool // nothing more is wanted
}

// offered is what a Source answers.
type offered struct {
	req *runtime.Request
	err error
}

func newLineSource(in io.Reader, t *template, inbox *runtime.Inbox) *lineSource {
	l := &lineSource{in: bufio.NewReaderSize(in, 64<<10), template: t, inbox: inbox, maxLine: maxLine}
	l.room = sync.NewCond(&l.mu)
	return l
}

// begin starts to read. What next could not answer goes to offer later, on
// the consumer's goroutine. The reading goroutine ends with the input, or
// after halt with the line that it is waiting for.
func (l *lineSource) begin(offer func(*runtime.Request, error)) {
	l.offer = offer
	go l.read()
}

// next is a runtime.Source.
func (l *lineSource) next() (*runtime.Request, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ended:
		return nil, io.EOF
	case len(l.queue) == 0:
		l.asked = true
		return nil, runtime.ErrLater
	}
	first := l.queue[0]
	n := copy(l.queue, l.queue[1:])
	l.queue[n] = offered{}
	l.queue = l.queue[:n]
	l.room.Signal()
	return first.req, first.err
}

// push leaves an answer for the consumer; false means that no more is wanted.
func (l *lineSource) push(o offered) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == maxAhead && !l.ended {
		l.room.Wait()
	}
	switch {
	case l.ended:
		return false
	case l.asked:
		l.answer(o)
	default:
		l.queue = append(l.queue, o)
	}
	return true
}

// answer is for a consumer that asked before.
func (l *lineSource) answer(o offered) {
	l.asked = false
	l.inbox.Deliver(func() { l.offer(o.req, o.err) })
}

// halt ends the source; a second call does nothing.
func (l *lineSource) halt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.room.Broadcast()
	if l.asked {
		l.answer(offered{err: io.EOF})
	}
}

func (l *lineSource) read() {
	for number := 1; ; number++ {
		text, err := l.line()
		if number == 1 {
			text = bytes.TrimPrefix(text, []byte("\uFEFF"))
		}
		var o offered
		switch text = bytes.TrimSpace(text); {
		case errors.Is(err, errLongLine):
			o.req = &runtime.Request{Invalid: runtime.Errorf(runtime.KindInvalidArgument, "the line is longer than %d bytes", l.maxLine)}
			err = nil
		case len(text) > 0:
			o.req = l.template.parse(text)
		}
		if o.req != nil {
			o.req.Owner = lineNumber(number)
			if !l.push(o) {
				return
			}
		}
		if err != nil {
			l.push(offered{err: err})
			return
		}
	}
}

var errLongLine = errors.New("line too long")

// line returns the next line with its end. It is valid until the next call.
// The last one may come with an error; one that is too long is passed over.
func (l *lineSource) line() ([]byte, error) {
	text, err := l.in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return text, err
	}
	l.long = append(l.long[:0], text...)
	tooLong := false
	for errors.Is(err, bufio.ErrBufferFull) {
		text, err = l.in.ReadSlice('\n')
		if tooLong = tooLong || len(l.long)+len(text) > l.maxLine; !tooLong {
			l.long = append(l.long, text...)
		}
	}
	if tooLong {
		l.long = nil
		return nil, errLongLine // the input's own error, if any, comes again
	}
	return l.long, err
}

// lineNumber is the Owner of a request that was read from a line.
type lineNumber int

// nameLine tells of a request that could not be sent which line it was.
func nameLine(r *runtime.Result) {
	number, ok := r.Request.Owner.(lineNumber)
	if !ok || r.Err == nil {
		return
	}
	if k := r.Err.Kind; k.Is(runtime.KindInvalidArgument) || k.Is(runtime.KindInvalidURL) {
		r.Err.Message = "line " + strconv.Itoa(int(number)) + ": " + r.Err.Message
	}
}
