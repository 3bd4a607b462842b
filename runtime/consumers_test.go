package runtime_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// Two threads share a Batch: while one is inside the Source, the other takes
// what becomes ready, and both see the end.
func TestTwoThreadsShareABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		l := newLoop()
		list := runtime.List(gets(5))
		b := e.Batch(l, func() (*runtime.Request, error) {
			if err := l.current.sleep(10 * time.Second); err != nil {
				return nil, err
			}
			return list()
		}, runtime.BatchOptions{Size: 3})
		start := time.Now()
		seen, ends := map[int]time.Duration{}, 0
		for range 2 {
			l.spawn(func(th *thread) {
				for {
					r, err := b.Next(th)
					if err != nil {
						ends++
						return
					}
					seen[r.Index] += time.Since(start)
				}
			})
		}
		l.run(t)
		want := map[int]time.Duration{
			1: 11 * time.Second, 2: 21 * time.Second, 3: 31 * time.Second, 4: 41 * time.Second, 5: 51 * time.Second,
		}
		if diff := cmp.Diff(want, seen); diff != "" || ends != 2 {
			t.Errorf("%d threads saw the end (-want +got):\n%s", ends, diff)
		}
	})
}

// The thread that pulls last learns that there was nothing more; the one that
// waited meanwhile, with nothing in flight, must learn it too.
func TestTheEndWakesEveryThread(t *testing.T) {
	for _, end := range []error{io.EOF, errors.New("broken")} {
		synctest.Test(t, func(t *testing.T) {
			e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
			defer done()
			l := newLoop()
			b := e.Batch(l, func() (*runtime.Request, error) {
				if err := l.current.sleep(time.Second); err != nil {
					return nil, err
				}
				return nil, end
			}, runtime.BatchOptions{})
			ends := 0
			for range 3 {
				l.spawn(func(th *thread) {
					if _, err := b.Next(th); errors.Is(err, end) {
						ends++
					}
				})
			}
			l.run(t)
			if ends != 3 {
				t.Errorf("%d of 3 threads saw %v", ends, end)
			}
		})
	}
}

// A Source that answers later is not waited for after the deadline.
func TestDeadlineAbandonsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Hour)})
		defer done()
		l := newLoop()
		start := time.Now()
		abandoned := 0
		l.spawn(func(th *thread) {
			list := runtime.List(gets(1))
			var b *runtime.Batch
			b = e.Batch(l, func() (*runtime.Request, error) {
				if req, err := list(); err == nil {
					return req, nil
				}
				return nil, runtime.ErrLater
			}, runtime.BatchOptions{Timeout: 2 * time.Second, Abandon: func() {
				abandoned++
				b.Offer(nil, errors.New("killed"))
			}})
			rs, err := all(b, th)
			if err != nil || len(rs) != 1 || rs[0].Err.Kind != runtime.KindBatchTimeout {
				t.Errorf("%v, %v", kinds(rs), err)
			}
		})
		l.run(t)
		if time.Since(start) != 2*time.Second || abandoned != 1 {
			t.Errorf("took %v, abandoned %d times", time.Since(start), abandoned)
		}
	})
}

// Results are handed out while a Source has not answered yet, and its answer
// is taken when it comes.
func TestASourceThatAnswersLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		l := newLoop()
		start := time.Now()
		asked, broken := 0, errors.New("broken")
		l.spawn(func(th *thread) {
			var b *runtime.Batch
			b = e.Batch(l, func() (*runtime.Request, error) {
				asked++
				n := asked
				time.AfterFunc(time.Duration(n*n)*time.Second, func() {
					l.Deliver(func() {
						if n == 3 {
							b.Offer(nil, broken)
							return
						}
						b.Offer(gets(1)[0], nil)
					})
				})
				return nil, runtime.ErrLater
			}, runtime.BatchOptions{Size: 4})
			for i, want := range []time.Duration{2 * time.Second, 6 * time.Second} {
				if _, err := b.Next(th); err != nil || time.Since(start) != want {
					t.Errorf("result %d after %v: %v", i+1, time.Since(start), err)
				}
			}
			if _, err := b.Next(th); !errors.Is(err, broken) || time.Since(start) != 14*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
		l.run(t)
		if asked != 3 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// A thread that is told to give up while it waits must not be woken for the
// Batch afterwards: that wake would end some other wait of its.
func TestAThreadThatGaveUpIsNotWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(5 * time.Second)})
		defer done()
		l := newLoop()
		b := e.Batch(l, runtime.List(gets(1)), runtime.BatchOptions{})
		enough := errors.New("killed")
		quitter := l.spawn(func(th *thread) {
			if _, err := b.Next(th); !errors.Is(err, enough) {
				t.Errorf("got %v", err)
			}
			th.wakes = 0
			if err := th.Park(); err == nil || th.wakes != 1 {
				t.Errorf("woken %d times, %v", th.wakes, err)
			}
		})
		l.spawn(func(th *thread) {
			if err := th.sleep(time.Second); err != nil {
				t.Error(err)
			}
			quitter.Interrupt(enough)
			if rs, err := all(b, th); err != nil || len(rs) != 1 {
				t.Errorf("%d results, %v", len(rs), err)
			}
			quitter.Interrupt(enough)
		})
		l.run(t)
	})
}

// A thread that is ended inside the Source leaves pulling to the others.
func TestASourceThatNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		var inbox runtime.Inbox
		list, dead := runtime.List(gets(3)), true
		b := e.Batch(&inbox, func() (*runtime.Request, error) {
			if dead {
				panic("killed")
			}
			return list()
		}, runtime.BatchOptions{})
		func() {
			defer func() { _ = recover() }()
			_, _ = b.Next(&inbox)
		}()
		dead = false
		if rs, err := all(b, &inbox); err != nil || len(rs) != 3 {
			t.Errorf("%d results, %v", len(rs), err)
		}
	})
}

func TestHoldKeepsTheSlotOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := 0
		exec := runtime.ExecutorFunc(func(context.Context, *runtime.Request) (*runtime.Response, error) {
			return &runtime.Response{Stream: &stream{left: 1}}, nil
		})
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
		defer done()
		l := newLoop()
		pulled, waiting := 0, 0
		list := runtime.List(gets(12))
		b := e.Batch(l, func() (*runtime.Request, error) {
			if waiting+open >= 2 {
				t.Errorf("pulled with %d waiting and %d streams open", waiting, open)
			}
			pulled++
			req, err := list()
			if err == nil {
				waiting++
			}
			return req, err
		}, runtime.BatchOptions{Size: 2})
		// Two readers at size 2: with both streams open nothing is pulled.
		reader := func(th *thread) {
			var last *stream
			for {
				r, err := b.Next(th)
				if last != nil && last.closes != 1 {
					t.Errorf("the stream before was closed %d times", last.closes)
				}
				if err != nil {
					return
				}
				b.Hold(r)
				waiting--
				open++
				last = r.Response.Stream.(*stream)
				if last.closes != 0 {
					t.Error("a stream was handed out closed")
				}
				if err := th.sleep(time.Second); err != nil {
					t.Error(err)
				}
				if last.closes != 0 {
					t.Error("a stream was closed while it was read")
				}
				open--
			}
		}
		l.spawn(reader)
		l.spawn(reader)
		l.run(t)
		if pulled != 13 || e.OpenBatches() != 0 {
			t.Errorf("%d pulls, %d batches open", pulled, e.OpenBatches())
		}
	})
}

func TestCloseEndsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []*stream
		for range 4 {
			bodies = append(bodies, &stream{left: 1})
		}
		exec := runtime.ExecutorFunc(func(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
			i := req.Meta.(int)
			if err := rest(ctx, time.Duration(i)*time.Second); i < 3 && err != nil {
				return nil, err
			}
			return &runtime.Response{Stream: bodies[i]}, nil // the last one comes in spite of the end
		})
		e, done := newEngine(t, runtime.EngineOptions{Executor: exec})
		defer done()
		reqs := gets(4)
		for i := range reqs {
			reqs[i].Meta = i
		}
		var inbox runtime.Inbox
		b := e.Batch(&inbox, runtime.List(reqs), runtime.BatchOptions{Size: 4})
		r, err := b.Next(&inbox)
		if err != nil {
			t.Fatal(err)
		}
		b.Hold(r)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		e.CloseBatches()
		if rs, err := all(b, &inbox); err != nil || len(rs) != 0 {
			t.Errorf("%d results, %v", len(rs), err)
		}
		for i, s := range bodies {
			if s.closes != 1 {
				t.Errorf("stream %d was closed %d times", i, s.closes)
			}
		}
		if e.OpenBatches() != 0 {
			t.Errorf("%d batches open", e.OpenBatches())
		}
	})
}

// Finish that keeps a slot lets nothing take its place.
func TestFinishKeepsTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second)})
		defer done()
		var inbox runtime.Inbox
		var b *runtime.Batch
		b = e.Batch(&inbox, runtime.List(gets(4)), runtime.BatchOptions{Size: 2, Finish: func(r *runtime.Result) bool {
			if r.Index%2 == 0 {
				return false
			}
			time.AfterFunc(4*time.Second, func() {
				inbox.Deliver(func() { r.Value = "kept"; b.Finished(r) })
			})
			return true
		}})
		start := time.Now()
		got := map[int]string{}
		for {
			r, err := b.Next(&inbox)
			if err != nil {
				break
			}
			v, _ := r.Value.(string)
			got[r.Index] = v + " " + time.Since(start).String()
		}
		// 1 keeps its slot until 5 s, so 3 starts when 2 is done, at 1 s.
		want := map[int]string{1: "kept 5s", 2: " 1s", 3: "kept 6s", 4: " 6s"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestFinishedAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorded := 0
		e, done := newEngine(t, runtime.EngineOptions{Executor: answers(time.Second), Record: func(*runtime.Result) { recorded++ }})
		defer done()
		var inbox runtime.Inbox
		var kept *runtime.Result
		reqs := gets(3)
		reqs[0].Session = answers(time.Second / 2)
		reqs[2].Session = answers(time.Hour)
		closed := false
		b := e.Batch(&inbox, runtime.List(reqs), runtime.BatchOptions{Finish: func(r *runtime.Result) bool {
			if closed {
				t.Errorf("Finish was called for slot %d after Close", r.Index)
			}
			if r.Index == 1 {
				kept = r
			}
			return r.Index == 1
		}})
		if _, err := b.Next(&inbox); err != nil {
			t.Fatal(err)
		}
		closed = true
		b.Close()
		if e.OpenBatches() != 1 {
			t.Error("the batch ended before Finish did")
		}
		b.Finished(kept)
		if rs, err := all(b, &inbox); err != nil || len(rs) != 0 {
			t.Errorf("%d results after Close, %v", len(rs), err)
		}
		if recorded != 2 || e.OpenBatches() != 0 {
			t.Errorf("%d recorded, %d batches open", recorded, e.OpenBatches())
		}
	})
}
