package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"volley/runtime"
)

// A plan is what one request of a world does; it travels as the request's Meta.
type plan struct {
	index    int
	takes    time.Duration
	outcome  string // "ok", "fail", "panic", "stream", "flaky", "limit"
	attempts int
	bodies   []*stream
	repeats  int // how often the consumer wants it sent again
	first    bool
}

// A world is one random run with the invariants of the pump, checked as it
// goes: the fake Executor, the Source, the consumer and the record all report
// to it.
type world struct {
	t     *testing.T
	seed  uint64
	rnd   *rand.Rand
	inbox runtime.Inbox
	e     *runtime.Engine
	b     *runtime.Batch

	size     int
	n        int
	list     bool
	ordered  bool
	slow     bool
	blocking bool // the Source sleeps
	pending  bool // Finish keeps slots
	most     int  // pulled and not taken
	perHost  runtime.PerHost
	end      string
	after    int           // results until the end
	timeout  time.Duration // of the Batch

	reqs   []*runtime.Request
	pulled int
	taken  int
	open   int
	got    map[int]int // by index: recorded, whoever did it
	byHand map[int]int // by index: handed out by Next
	last   int

	mu     sync.Mutex
	busy   int
	unread int  // executed to the end, and not yet taken
	ended  bool // nothing may start any more
}

func newWorld(t *testing.T, seed uint64) *world {
	rnd := rand.New(rand.NewPCG(seed, 1))
	w := &world{
		t: t, seed: seed, rnd: rnd,
		size: 1 + rnd.IntN(20), n: rnd.IntN(201),
		list: rnd.IntN(2) == 0, ordered: rnd.IntN(3) == 0, slow: rnd.IntN(3) == 0,
		blocking: rnd.IntN(4) == 0, pending: rnd.IntN(4) == 0,
		got: map[int]int{}, byHand: map[int]int{},
	}
	ends := []string{"", "", "close", "stop", "cancel", "closeBatches", "timeout", "error"}
	w.most = max(1000, 10*w.size)
	if w.ordered {
		w.most = w.size
	}
	w.perHost = []runtime.PerHost{{}, {}, {Concurrency: 3}, {Rate: 3}, {Concurrency: 2, Rate: 30}, {Auto: true}}[rnd.IntN(6)]
	w.end = ends[rnd.IntN(len(ends))]
	w.after = rnd.IntN(w.n + 1)
	if w.end == "timeout" {
		w.timeout = time.Duration(1+rnd.IntN(5000)) * time.Millisecond
	}
	outcomes := []string{"ok", "ok", "ok", "ok", "fail", "panic", "flaky", "limit", "stream"}
	if w.ordered && w.perHost.Concurrency > 0 {
		outcomes = outcomes[:len(outcomes)-1] // an early stream would have the slot that its turn to be read waits for
	}
	for i := range w.n {
		req := get([]string{"http://a.test/", "http://b.test/", "http://c.test/"}[rnd.IntN(3)])
		req.Meta = &plan{
			index: i + 1, takes: time.Duration(rnd.IntN(1000)) * time.Millisecond, first: true,
			outcome: outcomes[rnd.IntN(len(outcomes))], repeats: max(0, rnd.IntN(8)-5),
		}
		w.reqs = append(w.reqs, req)
	}
	return w
}

func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d (size %d, n %d, end %q): %s", w.seed, w.size, w.n, w.end, fmt.Sprintf(format, args...))
}

// Do implements runtime.Executor.
func (w *world) Do(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
	p := req.Meta.(*plan)
	w.mu.Lock()
	w.busy++
	p.attempts++
	if w.busy+w.unread+w.open > w.size {
		w.errorf("%d in flight, %d finished and unread, %d streams open", w.busy, w.unread, w.open)
	}
	if w.ended {
		w.errorf("request %d started after the end", p.index)
	}
	attempt := p.attempts
	w.mu.Unlock()
	resp, err := w.answer(ctx, p, attempt)
	w.mu.Lock()
	w.busy--
	if p.outcome != "flaky" || attempt >= 3 {
		w.unread++
	}
	w.mu.Unlock()
	if p.outcome == "panic" && err == nil {
		panic("on purpose")
	}
	return resp, err
}

func (w *world) answer(ctx context.Context, p *plan, attempt int) (*runtime.Response, error) {
	if err := rest(ctx, p.takes); err != nil {
		return nil, err
	}
	switch p.outcome {
	case "fail":
		return nil, runtime.Errorf(runtime.KindInvalidResponse, "garbage")
	case "stream":
		body := &stream{left: 1}
		p.bodies = append(p.bodies, body)
		return &runtime.Response{Status: 200, Stream: body}, nil
	case "limit":
		return &runtime.Response{Status: 200, Header: runtime.Header{{Name: "RateLimit", Value: `"x";r=0;t=2`}}}, nil
	case "flaky":
		if attempt < 3 {
			return &runtime.Response{Status: 503}, nil
		}
	}
	return &runtime.Response{Status: 200}, nil
}

// wasTaken counts what p's last attempt left unread as read.
func (w *world) wasTaken(p *plan) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unread > 0 && p.attempts > 0 && (p.outcome != "flaky" || p.attempts >= 3) {
		w.unread--
	}
}

var errBroken = errors.New("the source broke")

func (w *world) source() (*runtime.Request, error) {
	w.mu.Lock()
	if w.occupied() >= w.most || w.busy+w.unread+w.open >= w.size {
		w.errorf("pulled with %d under way, %d busy, %d unread", w.occupied(), w.busy, w.unread)
	}
	w.mu.Unlock()
	if w.ended && !w.list {
		w.errorf("pulled after the end")
	}
	if w.blocking && w.rnd.IntN(3) == 0 {
		if err := pause(&w.inbox, &w.inbox, time.Duration(w.rnd.IntN(500))*time.Millisecond); err != nil {
			w.errorf("the source was woken with %v", err)
		}
	}
	if w.end == "error" && w.pulled == w.after {
		return nil, errBroken
	}
	if w.pulled == w.n {
		return nil, io.EOF
	}
	w.pulled++
	return w.reqs[w.pulled-1], nil
}

func (w *world) occupied() int { return w.pulled - w.taken + w.open }

func (w *world) record(r *runtime.Result) {
	w.got[r.Index]++
	w.check(r)
}

func (w *world) finish(r *runtime.Result) bool {
	if r.Index%3 != 0 {
		return false
	}
	time.AfterFunc(time.Duration(r.Index)*time.Millisecond, func() {
		w.inbox.Deliver(func() {
			if !w.again(r) {
				w.b.Finished(r)
			}
		})
	})
	return true
}

// again sends r once more if its plan says so, as it is or as another request.
func (w *world) again(r *runtime.Result) bool {
	p := r.Request.Meta.(*plan)
	if p.repeats == 0 || p.attempts == 0 {
		return false
	}
	p.repeats--
	var req *runtime.Request
	if p.repeats > 0 {
		c := *r.Request
		req = &c
	}
	w.wasTaken(p)
	w.b.Again(r, req, time.Duration(w.rnd.IntN(3000))*time.Millisecond)
	return true
}

// check compares a Result with what its plan says, or with the end.
func (w *world) check(r *runtime.Result) {
	p := r.Request.Meta.(*plan)
	if p.index != r.Index || r.Batch != 1 || (r.Response == nil) == (r.Err == nil) {
		w.errorf("slot %d of batch %d holds request %d: %v, %v", r.Index, r.Batch, p.index, r.Response, r.Err)
		return
	}
	if r.Err != nil && (r.Err.Index != r.Index || r.Err.Request != r.Request || r.Err.Attempts != p.attempts) {
		w.errorf("slot %d: error of slot %d after %d attempts, want %d", r.Index, r.Err.Index, r.Err.Attempts, p.attempts)
	}
	switch {
	case r.Err != nil && w.end != "" && (r.Err.Kind == runtime.KindCancelled || r.Err.Kind == runtime.KindBatchTimeout):
	case p.outcome == "fail" && r.Err != nil && r.Err.Kind == runtime.KindInvalidResponse:
	case p.outcome == "panic" && r.Err != nil && r.Err.Kind == runtime.KindInternal && r.Err.Traceback != "":
	case r.Response != nil && r.Response.Attempts != p.attempts:
		w.errorf("slot %d: %d attempts, want %d", r.Index, r.Response.Attempts, p.attempts)
	case p.outcome == "flaky" && r.Response != nil && (r.Response.Status == 200) == (r.Response.Attempts >= 3):
		if r.Response.Status != 200 && w.end == "" {
			w.errorf("slot %d was given up after %d attempts", r.Index, p.attempts)
		}
	case (p.outcome == "ok" || p.outcome == "stream" || p.outcome == "limit") && r.Response != nil:
	default:
		w.errorf("slot %d, planned %q: %v, %v", r.Index, p.outcome, r.Response, r.Err)
	}
}

// finale ends the run the seed's way, after which nothing starts.
func (w *world) finale() {
	cause := &runtime.Error{Kind: runtime.KindCancelled, Message: "enough"}
	switch w.end {
	case "close":
		w.b.Close()
	case "closeBatches":
		w.e.CloseBatches()
	case "stop":
		w.e.Stop(cause)
	case "cancel":
		w.e.Cancel(cause)
	default:
		return
	}
	synctest.Wait() // who was on the way in is in
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
}

func (w *world) hold(streams int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = streams
}

// take is one step of the consumer; false is the end.
func (w *world) take() bool {
	w.hold(0) // Next closes what the step before held
	r, err := w.b.Next(&w.inbox)
	if err != nil {
		want := io.EOF
		if w.end == "error" {
			want = errBroken
		}
		if !errors.Is(err, want) {
			w.errorf("ended with %v", err)
		}
		return false
	}
	p := r.Request.Meta.(*plan)
	w.wasTaken(p)
	if p.first {
		w.taken++
		if w.ordered && r.Index <= w.last {
			w.errorf("slot %d after slot %d", r.Index, w.last)
		}
		w.last = r.Index
	}
	p.first = false
	if w.again(r) {
		return true
	}
	w.byHand[r.Index]++
	if r.Response != nil && r.Response.Stream != nil {
		w.b.Hold(r)
		w.hold(1)
	}
	w.e.Record(r)
	if w.slow {
		time.Sleep(time.Duration(w.rnd.IntN(300)) * time.Millisecond)
	}
	return true
}

func (w *world) run() {
	w.e = runtime.NewEngine(context.Background(), runtime.EngineOptions{
		Executor: w, Record: w.record, PerHost: w.perHost, Retry: &runtime.Retry{Total: 5, Backoff: 100 * time.Millisecond},
	})
	opts := runtime.BatchOptions{Size: w.size, Ordered: w.ordered, Timeout: w.timeout, List: w.list}
	if w.pending {
		opts.Finish = w.finish
	}
	w.b = w.e.Batch(&w.inbox, w.source, opts)
	for i := 0; ; i++ {
		if i == w.after {
			w.finale()
		}
		if !w.take() {
			break
		}
	}
	if err := w.e.Close(context.Background()); err != nil {
		w.errorf("closing: %v", err)
	}
	w.settled()
}

// settled checks what must hold when all is over.
func (w *world) settled() {
	slots, _ := w.b.Counts()
	if slots != w.pulled && (w.end != "close" && w.end != "closeBatches") {
		w.errorf("%d pulled, %d slots", w.pulled, slots)
	}
	complete := w.end == "" || w.list && (w.end == "stop" || w.end == "cancel" || w.end == "timeout")
	if complete && slots != w.n {
		w.errorf("%d slots of %d", slots, w.n)
	}
	for i := 1; i <= slots; i++ {
		if w.got[i] != 1 || w.byHand[i] > 1 {
			w.errorf("slot %d: recorded %d times, handed out %d times", i, w.got[i], w.byHand[i])
		}
	}
	if len(w.got) != slots || w.e.InFlight() != 0 || w.e.OpenBatches() != 0 || w.busy != 0 {
		w.errorf("%d recorded of %d, %d in flight, %d batches open", len(w.got), slots, w.e.InFlight(), w.e.OpenBatches())
	}
	for _, req := range w.reqs {
		for _, body := range req.Meta.(*plan).bodies {
			if body.closes > 1 {
				w.errorf("a stream of slot %d was closed %d times", req.Meta.(*plan).index, body.closes)
			}
		}
	}
}

func TestPumpOverManySeeds(t *testing.T) {
	for seed := range uint64(400) {
		synctest.Test(t, func(t *testing.T) { newWorld(t, seed).run() })
		if t.Failed() {
			return
		}
	}
}
