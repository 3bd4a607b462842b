package runtime

import (
	"context"
	"sync"
)

// job is one slot on its way through a worker.
type job struct {
	batch  *Batch
	result *Result
	turn   turn
	stay   *stay // nil as long as the request has not given its slot up
}

// workers are the goroutines that run requests, kept between requests and
// batches since a goroutine whose stack has grown is worth keeping. There are
// never more than were needed at once.
type workers struct {
	mu   sync.Mutex
	idle []chan job // last in, first out: the warmest stack next
	done bool
	wg   sync.WaitGroup
}

// run hands j to an idle worker or to a new one. After stop, which another
// goroutine may call just now, no worker starts and false is returned.
func (w *workers) run(j job) bool {
	w.mu.Lock()
	if w.done {
		w.mu.Unlock()
		return false
	}
	if n := len(w.idle); n > 0 {
		ch := w.idle[n-1]
		w.idle = w.idle[:n-1]
		w.mu.Unlock()
		ch <- j
		return true
	}
	w.wg.Add(1)
	w.mu.Unlock()
	go w.loop(j)
	return true
}

func (w *workers) loop(j job) {
	defer w.wg.Done()
	ch := make(chan job, 1)
	for {
		j.batch.execute(&j)
		kept := w.rest(ch)
		j.batch.tell(event{j.result, j.stay, finished})
		if !kept {
			return
		}
		var ok bool
		if j, ok = <-ch; !ok {
			return
		}
	}
}

// rest puts a worker on the idle list before its result is delivered, so that
// the consumer's next request finds it.
func (w *workers) rest(ch chan job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return false
	}
	w.idle = append(w.idle, ch)
	return true
}

// stop ends idle workers and waits for the busy ones, or for ctx.
func (w *workers) stop(ctx context.Context) error {
	w.mu.Lock()
	w.done = true
	for _, ch := range w.idle {
		close(ch)
	}
	w.idle = nil
	w.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		w.wg.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
