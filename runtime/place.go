package runtime

import (
	"context"
	"sync"
)

// A Place is what an attempt holds among those in flight to its host. While the
// attempt waits for a hook, what that sends to the same host may use the place,
// one request at a time: it would wait for itself otherwise.
type Place struct {
	within *Place // of the attempt whose hook sent this one

	mu   sync.Mutex
	held []heldSlot
}

// heldSlot is one slot of a limit, and who has it lent.
type heldSlot struct {
	limit chan struct{}
	taken chan struct{} // the limit, or what an outer Place lends of it
	lent  chan struct{}
}

type placeKey struct{}

// PlaceOf returns the Place of the attempt that ctx belongs to; nil for none.
func PlaceOf(ctx context.Context) *Place {
	p, _ := ctx.Value(placeKey{}).(*Place)
	return p
}

// lends returns where a slot of the limit may be borrowed; nil for nowhere.
func (p *Place) lends(limit chan struct{}) chan struct{} {
	for ; p != nil; p = p.within {
		if lent := p.lentOf(limit); lent != nil {
			return lent
		}
	}
	return nil
}

func (p *Place) lentOf(limit chan struct{}) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.held {
		h := &p.held[i]
		if h.limit != limit {
			continue
		}
		if h.lent == nil {
			h.lent = make(chan struct{}, 1)
		}
		return h.lent
	}
	return nil
}

func (p *Place) hold(limit, taken chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = append(p.held, heldSlot{limit: limit, taken: taken})
}

func (p *Place) empty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.held) == 0
}

// release gives the host's slots back; a second call does nothing.
func (p *Place) release() {
	p.mu.Lock()
	held := p.held
	p.held = nil
	p.mu.Unlock()
	for _, h := range held {
		<-h.taken
	}
}
