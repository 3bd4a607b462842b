package runtime

import "sync"

// A Consumer is the one goroutine that owns Batches: it calls their Sources
// and takes their Results.
type Consumer interface {
	// Deliver queues f to run on the consumer's goroutine. Any goroutine may
	// call it; it never blocks.
	Deliver(f func())
}

// A Waiter suspends whoever called Batch.Next until there may be something.
type Waiter interface {
	// Park returns after Wake, or with the reason why the caller must give up.
	Park() error
	// Wake ends a Park, or the next one; the consumer's goroutine calls it.
	// It only marks: what was parked goes on after Wake returned.
	Wake()
}

// An Expecter is a Consumer that counts what will still be delivered to it, so
// that it can tell waiting from being stuck. It is called on its goroutine.
type Expecter interface {
	Expect(delta int)
}

// Inbox is the Consumer and Waiter of a plain goroutine, for use without a
// script. The zero value works.
type Inbox struct {
	mu    sync.Mutex
	queue []func()
	room  []func() // an earlier queue, empty, to be filled again
	poke  chan struct{}
	once  sync.Once
	woken bool // consumer's goroutine only
}

func (b *Inbox) init() { b.once.Do(func() { b.poke = make(chan struct{}, 1) }) }

// Deliver implements Consumer.
func (b *Inbox) Deliver(f func()) {
	b.init()
	b.mu.Lock()
	b.queue = append(b.queue, f)
	b.mu.Unlock()
	select {
	case b.poke <- struct{}{}:
	default:
	}
}

// Park implements Waiter: it runs what is delivered until one of it wakes.
func (b *Inbox) Park() error {
	b.init()
	for !b.woken {
		<-b.poke
		b.mu.Lock()
		queue := b.queue
		b.queue, b.room = b.room, nil
		b.mu.Unlock()
		for _, f := range queue {
			f()
		}
		clear(queue)
		b.room = queue[:0]
	}
	b.woken = false
	return nil
}

// Wake implements Waiter.
func (b *Inbox) Wake() { b.woken = true }
