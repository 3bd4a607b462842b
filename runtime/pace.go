package runtime

import (
	"slices"
	"sync"
	"time"
)

// A pace spaces the attempts that go to one host. Who must wait long stands in
// a queue without a slot of its Batch, and is let out of it shortly before the
// turn, in time to get one; the turn itself is taken with the slot in hand. So
// few slots are held by those who wait, and no two attempts come closer than
// the rate allows, however late they got theirs.
type pace struct {
	auto *adaptive // nil: the rate is fixed

	mu    sync.Mutex
	every time.Duration // 0: no limit
	next  time.Time     // the next turn that is free
	queue []chan struct{}
	ahead int // let out of the queue, without a turn yet
	timer *time.Timer
}

func newPace(host PerHost) *pace {
	p := &pace{}
	if host.Rate > 0 {
		p.every = spacing(float64(host.Rate))
	}
	if host.Auto {
		p.auto = &adaptive{most: float64(host.Rate)}
	}
	return p
}

// spacing is the time between turns at a rate, which may be the slowest there
// is.
func spacing(rate float64) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	every := float64(time.Second) / rate
	if every > float64(century) {
		return century
	}
	return max(time.Duration(every), 1)
}

// pass waits for the next turn and takes it.
func (p *pace) pass(s *stay) *Error {
	at, queued := p.ask()
	if queued != nil {
		err := p.inLine(s, queued)
		if err != nil {
			return err
		}
		at = p.turn()
	}
	if err := s.batch.sleep(time.Until(at)); err != nil {
		p.giveBack(at)
		return err
	}
	return nil
}

// ask returns a turn that is soon, or a place in the queue.
func (p *pace) ask() (time.Time, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.queue)+p.ahead == 0 && p.next.Sub(now) <= patience {
		return p.reserve(now), nil
	}
	place := make(chan struct{}, 1)
	p.queue = append(p.queue, place)
	p.callUp(now)
	return time.Time{}, place
}

// inLine waits in the queue and then for a slot.
func (p *pace) inLine(s *stay, place chan struct{}) *Error {
	s.leave()
	err := s.batch.await(place)
	if err == nil {
		err = s.regain()
	}
	if err != nil {
		p.withdraw(place)
	}
	return err
}

func (p *pace) withdraw(place chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.queue, place); i >= 0 {
		p.queue = slices.Delete(p.queue, i, i+1)
	} else {
		p.ahead--
	}
	p.callUp(time.Now())
}

// turn takes the turn of one that was called up.
func (p *pace) turn() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.ahead--
	at := p.reserve(now)
	p.callUp(now)
	return at
}

func (p *pace) reserve(now time.Time) time.Time {
	at := now
	if p.next.After(at) {
		at = p.next
	}
	if p.every > 0 {
		p.next = at.Add(p.every)
	}
	if p.auto != nil {
		p.auto.sent.count(now)
	}
	return at
}

// giveBack returns a turn that nobody took a later one after.
func (p *pace) giveBack(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.Equal(at.Add(p.every)) {
		p.next = at
		p.callUp(time.Now())
	}
}

// callUp lets those out of the queue whose turn is near, and sees to it that
// the next one will be.
func (p *pace) callUp(now time.Time) {
	if p.timer != nil {
		p.timer.Stop()
	}
	for len(p.queue) > 0 && (p.every == 0 || p.ahead <= int(patience/p.every)) {
		due := p.next.Add(time.Duration(p.ahead)*p.every - patience)
		if d := due.Sub(now); d > 0 {
			p.callUpIn(d)
			return
		}
		p.queue[0] <- struct{}{}
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.ahead++
	}
}

func (p *pace) callUpIn(d time.Duration) {
	if p.timer != nil {
		p.timer.Reset(d)
		return
	}
	p.timer = time.AfterFunc(d, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.callUp(time.Now())
	})
}
