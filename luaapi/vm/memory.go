package vm

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// memoryWatch measures the memory of the process while its hosts run, and
// interrupts them all when it is over the limit. Go cannot tell what belongs
// to a script: the heap and the stacks of everything count.
type memoryWatch struct {
	limit uint64

	// gate is held while the live memory is found out: scripts wait there at
	// their next instruction, so that they do not grow meanwhile.
	gate sync.RWMutex

	mu    sync.Mutex
	hosts map[*Host]struct{} // that run
	stop  chan struct{}      // ends the watch of them
	ended chan struct{}
}

const (
	// fillRate is how fast a script can fill memory, in bytes per second; it
	// decides when to look again.
	fillRate   = 4 << 30
	minLook    = 2 * time.Millisecond
	maxLook    = 50 * time.Millisecond
	headroom   = 16 // what is live may take all but a 16th: else the collector runs for ever
	heapMetric = "/memory/classes/heap/objects:bytes"
	stacks     = "/memory/classes/heap/stacks:bytes"
)

func newMemoryWatch(limit uint64) *memoryWatch {
	return &memoryWatch{limit: limit, hosts: map[*Host]struct{}{}}
}

// memoryUsed is the size of the heap's objects, dead ones included until they
// are swept, and of all stacks.
func memoryUsed() uint64 {
	samples := [2]metrics.Sample{{Name: heapMetric}, {Name: stacks}}
	metrics.Read(samples[:])
	return samples[0].Value.Uint64() + samples[1].Value.Uint64()
}

// enter begins to watch h, which runs.
func (m *memoryWatch) enter(h *Host) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts[h] = struct{}{}
	if m.stop == nil {
		m.stop, m.ended = make(chan struct{}), make(chan struct{})
		go m.watch(m.stop, m.ended)
	}
}

// leave ends what enter began.
func (m *memoryWatch) leave(h *Host) {
	m.mu.Lock()
	delete(m.hosts, h)
	var ended chan struct{}
	if len(m.hosts) == 0 {
		close(m.stop)
		ended = m.ended
		m.stop, m.ended = nil, nil
	}
	m.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// watch looks the more often the nearer the limit is.
func (m *memoryWatch) watch(stop, ended chan struct{}) {
	defer close(ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		wait := maxLook
		if m.reserve(0) == nil {
			left := m.limit - min(memoryUsed(), m.limit)
			wait = min(max(time.Duration(left)*time.Second/fillRate, minLook), maxLook)
		}
		timer.Reset(wait)
	}
}

// reserve asks for size bytes more. If they are not there, not even after a
// collection, it interrupts all hosts and returns why.
func (m *memoryWatch) reserve(size uint64) error {
	if memoryUsed()+size <= m.limit {
		return nil
	}
	m.gate.Lock()
	defer m.gate.Unlock()
	used := memoryUsed() + size
	if used <= m.limit {
		return nil // somebody else has just collected
	}
	m.each(func(h *Host) { h.guard.alarm.Store(true) })
	runtime.GC()
	if memoryUsed()+size <= m.limit-m.limit/headroom {
		return nil
	}
	err := &MemoryError{Limit: m.limit, Used: used}
	m.each(func(h *Host) { h.Interrupt(err) })
	return err
}

func (m *memoryWatch) each(f func(*Host)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for h := range m.hosts {
		f(h)
	}
}

// wait lets a measurement end.
func (m *memoryWatch) wait() {
	m.gate.RLock()
	m.gate.RUnlock() //nolint:staticcheck // to have passed is all
}
