package faults_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/runtimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// patience is the connect and the read timeout of a case that wants one of
	// them to end the request.
	patience = 300 * time.Millisecond
	// calm is those of every other case: longer than the case may take, so that
	// what ended it in time was not a timeout, and a busy machine makes none.
	calm = 4 * most
	// lag is what a busy machine may add to the time of a case.
	lag = 2 * time.Second
	// most is how long a case may take that does not say so itself.
	most = 5 * time.Second
	// growth is how much memory a case may take that does not say so itself.
	growth = 64 << 20
	// uncollected is what may lie about beside it before the collector wakes.
	uncollected = 4 << 20
)

// fault is one case: rows of the table that it proves, a server, a request,
// and what must come of it.
type fault struct {
	rows string // "36", "45-47": of the table
	name string
	// serve starts the server and returns the URL to ask for; hits, which may
	// be nil, counts what reached it.
	serve func(t *testing.T) (url string, hits func() int)
	// arrange completes the case with what exists only while it runs. nil:
	// nothing does.
	arrange func(t *testing.T, c *fault)
	// ask changes the request before it is sent. nil: a GET of the URL.
	ask      func(req *runtime.Request)
	settings client.Settings
	config   client.Config
	engine   runtime.EngineOptions
	want     want
}

// want is what must come of a fault. The zero value wants status 200 at the
// first attempt.
type want struct {
	status  int            // of a good answer, or of the answer an error carries; 0: 200 if there is no kind
	kinds   []runtime.Kind // one of these; none: no error
	phase   runtime.Phase  // "": any
	sent    runtime.Sent   // "": any
	tries   int            // attempts; 0: one
	hits    int            // at most that many; 0: not asked
	exactly int            // hits, no more and no less; 0: not asked
	within  time.Duration  // 0: most
	least   time.Duration  // at least that long
	memory  uint64         // bytes of growth; 0: growth
	partial bool           // the answer, or that of the error, is marked partial
	open    bool           // … is marked end_unmarked
	body    string         // of a good answer; "": not asked
	says    string         // part of the error's text
	check   func(t *testing.T, res *runtime.Result)
}

// patience is how long a request waits for the server of the case.
func (w *want) patience() time.Duration {
	if slices.ContainsFunc(w.kinds, func(k runtime.Kind) bool { return k.Is(runtime.KindTimeout) }) {
		return patience
	}
	return calm
}

func kinds(k ...runtime.Kind) []runtime.Kind { return k }

// provoke runs the cases, one after the other: they count what the process has.
func provoke(t *testing.T, cases []fault) {
	for _, c := range cases {
		t.Run("row "+c.rows+" "+c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			c.run(t)
		})
	}
}

func (c *fault) run(t *testing.T) {
	if c.arrange != nil {
		c.arrange(t, c)
	}
	url, hits := c.serve(t)
	good := tagged(t)
	c.settings.Timeout = c.settings.Timeout.Over(runtime.Timeout{Connect: c.want.patience(), Read: c.want.patience()})
	c.config.Environ = func(string) string { return "" } // no proxy, no CA bundle of whoever runs the tests
	cl, err := client.New(c.config)
	if err != nil {
		t.Fatal(err)
	}
	session, err := cl.NewSession(c.settings)
	if err != nil {
		t.Fatal(err)
	}
	options := c.engine
	options.Executor = session
	engine := runtime.NewEngine(t.Context(), options)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), most)
		defer cancel()
		if err := engine.Close(ctx); err != nil {
			t.Errorf("the engine does not end: %v", err)
		}
		_ = session.Close()
		_ = cl.Close()
	})

	req := &runtime.Request{Method: "GET", URL: url, Session: session}
	if c.ask != nil {
		c.ask(req)
	}
	debug.FreeOSMemory() // what the cases before took and left is not this one's
	before := heap()
	began := time.Now()
	res := one(t, engine, req)
	took := time.Since(began)
	grown := int64(heap()) - int64(before)
	c.want.judge(t, res, took, grown)
	if hits != nil && c.want.hits > 0 && hits() > c.want.hits {
		t.Errorf("%d hits, want at most %d", hits(), c.want.hits)
	}
	if hits != nil && c.want.exactly > 0 && hits() != c.want.exactly {
		t.Errorf("%d hits, want %d", hits(), c.want.exactly)
	}
	for i := range 2 {
		tag := fmt.Sprintf("%s-%d", t.Name(), i)
		later := one(t, engine, &runtime.Request{Method: "POST", URL: good, Body: &runtime.Bytes{Data: []byte(tag)}})
		if later.Err != nil || string(later.Response.Content) != tag {
			t.Errorf("the request after it: %v, %+v; want its own answer", later.Err, later.Response)
		}
	}
}

// one sends a request in a batch of its own. Streams are read to their end.
func one(t *testing.T, engine *runtime.Engine, req *runtime.Request) *runtime.Result {
	t.Helper()
	var inbox runtime.Inbox
	batch := engine.Batch(&inbox, runtime.List([]*runtime.Request{req}), runtime.BatchOptions{List: true})
	defer batch.Close()
	res, err := batch.Next(&inbox)
	if err != nil {
		t.Fatalf("no result: %v", err)
	}
	if res.Response != nil && res.Response.Stream != nil {
		if _, err := io.Copy(io.Discard, res.Response.Stream); err != nil {
			failure := runtime.AsError(err)
			failure.Response, failure.Attempts = res.Response, res.Response.Attempts
			res.Err, res.Response = failure, nil
		}
	}
	if extra, err := batch.Next(&inbox); err == nil {
		t.Errorf("a second result: %+v", extra)
	}
	return res
}

func (w *want) judge(t *testing.T, res *runtime.Result, took time.Duration, grown int64) {
	t.Helper()
	resp := res.Response
	tries := 0
	switch {
	case res.Err != nil:
		resp, tries = res.Err.Response, res.Err.Attempts
		w.judgeError(t, res.Err)
	case len(w.kinds) > 0:
		t.Errorf("no error but status %d, want kind %v", resp.Status, w.kinds)
		tries = resp.Attempts
	default:
		tries = resp.Attempts
		if w.status == 0 {
			w.status = 200
		}
	}
	if resp == nil && w.status != 0 {
		t.Errorf("no answer, want status %d", w.status)
	}
	if resp != nil {
		w.judgeAnswer(t, resp, res.Err == nil)
	}
	if tries != max(1, w.tries) {
		t.Errorf("%d attempts, want %d", tries, max(1, w.tries))
	}
	if limit := or(w.within, most) + lag; took > limit || took < w.least {
		t.Errorf("it took %v, want %v to %v", took, w.least, limit)
	}
	if limit := or(w.memory, growth); grown > int64(limit+uncollected) {
		t.Errorf("%d KiB of memory more, want at most %d", grown>>10, limit>>10)
	}
	if w.check != nil {
		w.check(t, res)
	}
}

func (w *want) judgeError(t *testing.T, err *runtime.Error) {
	t.Helper()
	known := false
	for _, k := range w.kinds {
		known = known || err.Kind.Is(k)
	}
	if !known {
		t.Errorf("kind %s (%s), want %v", err.Kind, err.Message, w.kinds)
	}
	if w.phase != "" && err.Phase != w.phase {
		t.Errorf("phase %q, want %q (%s)", err.Phase, w.phase, err.Message)
	}
	said := or(err.Sent, runtime.SentNo)
	if w.sent != "" && said != w.sent {
		t.Errorf("sent %q, want %q", said, w.sent)
	}
	if !strings.Contains(err.Error(), w.says) {
		t.Errorf("%q does not say %q", err.Error(), w.says)
	}
	if len(err.Message) > 1<<10 || strings.ContainsAny(err.Message, "\x00\x1b\r\n") {
		t.Errorf("its text is longer than 1 KiB or holds control characters: %q", err.Message)
	}
}

func (w *want) judgeAnswer(t *testing.T, resp *runtime.Response, good bool) {
	t.Helper()
	if w.status != 0 && resp.Status != w.status {
		t.Errorf("status %d, want %d", resp.Status, w.status)
	}
	if resp.Partial != w.partial && (good || w.partial) {
		t.Errorf("partial is %v", resp.Partial)
	}
	if resp.EndUnmarked != w.open {
		t.Errorf("end_unmarked is %v", resp.EndUnmarked)
	}
	if w.body != "" && string(resp.Content) != w.body {
		t.Errorf("the body is %.100q, want %.100q", resp.Content, w.body)
	}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// heap is what the heap holds of the system's memory: it keeps its peak for a
// while after what was in it is gone.
func heap() uint64 {
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return m.HeapSys - m.HeapReleased
}

// tagged is a server that answers every request with its body.
func tagged(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/tag"
}

// again sends one more request through the executor of the one before.
func again(t *testing.T, res *runtime.Result, req *runtime.Request) (*runtime.Response, *runtime.Error) {
	t.Helper()
	resp, err := res.Request.Session.Do(t.Context(), req)
	return resp, runtime.AsError(err)
}

// trusting makes the client believe in the certificates of runtimetest.
func trusting(t *testing.T, c *fault) {
	c.config.Transport.TLS = &tls.Config{RootCAs: runtimetest.NewCertificates(t).Roots}
}

// raw serves each connection with a func, byte for byte, and counts requests.
func raw(serve func(p *runtimetest.Peer)) func(t *testing.T) (string, func() int) {
	return func(t *testing.T) (string, func() int) {
		script := runtimetest.Listen(t, serve)
		return "http://" + script.Addr() + "/", func() int { return len(script.Requests()) }
	}
}

// reply answers the first request of each connection with text, and waits for
// the other side to hang up.
func reply(text string) func(t *testing.T) (string, func() int) {
	return raw(func(p *runtimetest.Peer) {
		p.Request()
		p.Write(text)
		p.Hangup()
	})
}
