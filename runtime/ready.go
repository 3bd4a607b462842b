package runtime

// ready holds the Results that nobody has taken yet, in order of completion.
type ready struct {
	items []*Result
	head  int // of items: what is before it was handed out
	next  int // index to hand out next, when in the Source's order
}

func (q *ready) len() int { return len(q.items) - q.head }

// push appends r. A queue that is never empty must not grow for ever, so the
// part already handed out is used again once it is half of the whole.
func (q *ready) push(r *Result) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, r)
}

// take removes the Result to hand out, or returns nil.
func (q *ready) take(ordered bool) *Result {
	at := q.head
	if ordered {
		// One that was handed out before and sent again is in order any time.
		for at < len(q.items) && q.items[at].Index > q.next {
			at++
		}
	}
	if at == len(q.items) {
		return nil
	}
	r := q.items[at]
	copy(q.items[q.head+1:at+1], q.items[q.head:at])
	q.items[q.head] = nil
	q.head++
	if r.Index == q.next {
		q.next++
	}
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return r
}

// empty removes and returns all of it.
func (q *ready) empty() []*Result {
	rest := q.items[q.head:]
	q.items, q.head = nil, 0
	return rest
}
