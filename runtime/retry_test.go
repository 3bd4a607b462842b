package runtime_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

// tries is an Executor that plays outcomes in turn, the last one for ever, and
// notes when each attempt began.
type tries struct {
	mu       sync.Mutex
	outcomes []outcome
	began    []time.Time
	sent     []*runtime.Request
}

type outcome struct {
	status int
	header runtime.Header
	body   *stream
	err    *runtime.Error
	takes  time.Duration
}

func (x *tries) Do(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
	x.mu.Lock()
	o := x.outcomes[min(len(x.began), len(x.outcomes)-1)]
	x.began = append(x.began, time.Now())
	x.sent = append(x.sent, req)
	x.mu.Unlock()
	if err := rest(ctx, o.takes); err != nil {
		return nil, err
	}
	if o.err != nil {
		e := *o.err
		e.Timings.Total = o.takes
		return nil, &e
	}
	resp := &runtime.Response{Status: o.status, Header: o.header, Timings: runtime.Timings{Total: o.takes}}
	if o.body != nil {
		resp.Stream = o.body
	}
	return resp, nil
}

// gaps lists the time from the start of each attempt to that of the next.
func (x *tries) gaps() []time.Duration {
	var out []time.Duration
	for i := 1; i < len(x.began); i++ {
		out = append(out, x.began[i].Sub(x.began[i-1]))
	}
	return out
}

// sendOne runs one request through an engine of its own.
func sendOne(t *testing.T, req *runtime.Request, opts runtime.EngineOptions, more ...func(*runtime.Engine)) *runtime.Result {
	t.Helper()
	e, done := newEngine(t, opts)
	defer done()
	for _, f := range more {
		f(e)
	}
	var inbox runtime.Inbox
	r, err := e.Batch(&inbox, runtime.List([]*runtime.Request{req}), runtime.BatchOptions{List: true}).Next(&inbox)
	if err != nil {
		t.Fatalf("no result: %v", err)
	}
	return r
}

// The classes of the retry matrix: repeated for any method, for those that may
// be repeated, or never.
const (
	whatever = "any"
	repeat   = "repeatable"
	never    = "never"
)

func status(n int) outcome { return outcome{status: n} }

func fault(k runtime.Kind, s runtime.Sent) outcome {
	return outcome{err: &runtime.Error{Kind: k, Message: "on purpose", Sent: s, Phase: runtime.PhaseSend}}
}

func raised(n int) outcome {
	o := fault(runtime.KindHTTP, "") // it has an answer, whatever it says of the request
	o.err.Response = &runtime.Response{Status: n}
	return o
}

func goodTLS() outcome {
	o := fault(runtime.KindTLS, runtime.SentNo)
	o.err.Retryable = true
	return o
}

var retryRules = []struct {
	name  string
	on    []string
	class map[string][]outcome
}{
	{"default", nil, map[string][]outcome{
		whatever: {
			fault(runtime.KindDNS, ""), fault(runtime.KindConnect, runtime.SentNo), fault(runtime.KindConnectTimeout, runtime.SentNo),
			fault(runtime.KindProxy, runtime.SentNo), goodTLS(), fault(runtime.KindClosed, runtime.SentNo),
		},
		repeat: {
			status(408), status(429), status(502), status(503), status(504), raised(503), raised(429),
			fault(runtime.KindClosed, runtime.SentMaybe), fault(runtime.KindIncompleteBody, runtime.SentYes),
			fault(runtime.KindReadTimeout, runtime.SentMaybe),
		},
		never: {
			status(200), status(301), status(404), status(500), status(501), status(505), raised(500), raised(404),
			fault(runtime.KindTLS, runtime.SentNo), fault(runtime.KindInvalidResponse, runtime.SentYes),
			fault(runtime.KindDecode, runtime.SentYes), fault(runtime.KindJSON, runtime.SentYes), fault(runtime.KindIO, runtime.SentNo),
			fault(runtime.KindBreaker, runtime.SentNo), fault(runtime.KindInDoubt, runtime.SentMaybe),
		},
	}},
	{"status", []string{"500", "404"}, map[string][]outcome{
		repeat: {status(500), status(404), raised(500)},
		never:  {status(503), status(200), fault(runtime.KindConnect, runtime.SentNo), fault(runtime.KindClosed, runtime.SentNo)},
	}},
	{"class", []string{"5xx"}, map[string][]outcome{
		repeat: {status(500), status(599), raised(501)},
		never:  {status(499), status(600), status(429)},
	}},
	{"range", []string{"400-404"}, map[string][]outcome{
		repeat: {status(400), status(404)},
		never:  {status(399), status(405), status(503)},
	}},
	{"timeout", []string{"timeout"}, map[string][]outcome{
		whatever: {fault(runtime.KindConnectTimeout, runtime.SentNo), fault(runtime.KindReadTimeout, runtime.SentNo)},
		repeat:   {fault(runtime.KindReadTimeout, runtime.SentMaybe)},
		never:    {fault(runtime.KindConnect, runtime.SentNo), status(504), status(408)},
	}},
	{"connect", []string{"connect"}, map[string][]outcome{
		whatever: {
			fault(runtime.KindDNS, ""), fault(runtime.KindConnect, runtime.SentNo), fault(runtime.KindConnectTimeout, runtime.SentNo),
			fault(runtime.KindProxy, runtime.SentNo), goodTLS(),
		},
		never: {fault(runtime.KindTLS, runtime.SentNo), fault(runtime.KindClosed, runtime.SentNo), status(503)},
	}},
	{"kinds", []string{"connection", "decode"}, map[string][]outcome{
		whatever: {fault(runtime.KindDNS, ""), fault(runtime.KindTLS, runtime.SentNo), fault(runtime.KindClosed, runtime.SentNo)},
		repeat:   {fault(runtime.KindClosed, runtime.SentYes), fault(runtime.KindDecode, runtime.SentYes)},
		never:    {fault(runtime.KindReadTimeout, runtime.SentMaybe), fault(runtime.KindInvalidResponse, runtime.SentYes)},
	}},
	{"everything", []string{"request_error", "1xx", "2xx", "3xx", "4xx", "5xx"}, map[string][]outcome{
		repeat: {status(200), status(404), raised(404), fault(runtime.KindInvalidResponse, runtime.SentYes)},
		never: {
			fault(runtime.KindBodyTooLarge, runtime.SentYes), fault(runtime.KindHeadersTooLarge, runtime.SentYes), fault(runtime.KindDenied, ""),
			fault(runtime.KindInvalidArgument, ""), fault(runtime.KindMissingSchema, ""), fault(runtime.KindTooManyRedirects, runtime.SentYes),
			fault(runtime.KindCancelled, ""), fault(runtime.KindBatchTimeout, ""), fault(runtime.KindTotalTimeout, ""),
			fault(runtime.KindCallback, ""), fault(runtime.KindScriptDeadline, ""), fault(runtime.KindInternal, ""),
		},
	}},
}

// retryCallers are requests and the policies' methods: may they be repeated?
var retryCallers = []struct {
	method     string
	key        bool
	methods    []string
	repeatable bool
}{
	{method: "GET", repeatable: true},
	{method: "HEAD", repeatable: true},
	{method: "PUT", repeatable: true},
	{method: "DELETE", repeatable: true},
	{method: "OPTIONS", repeatable: true},
	{method: "TRACE", repeatable: true},
	{method: "POST"},
	{method: "PATCH"},
	{method: "QUERY"},
	{method: "POST", key: true, repeatable: true},
	{method: "POST", methods: []string{"GET", "post"}, repeatable: true},
	{method: "PUT", methods: []string{"POST"}},
	{method: "POST", key: true, methods: []string{"GET"}},
	{method: "PATCH", methods: []string{"*"}, repeatable: true},
}

func TestRetryMatrix(t *testing.T) {
	for _, rule := range retryRules {
		for class, outcomes := range rule.class {
			for _, o := range outcomes {
				for _, c := range retryCallers {
					policy := &runtime.Retry{Total: 2, Methods: c.methods}
					for _, s := range rule.on {
						on, ok := runtime.ParseRetryOn(s)
						if !ok {
							t.Fatalf("%s: %q is no token", rule.name, s)
						}
						policy.On = append(policy.On, on)
					}
					req := &runtime.Request{Method: c.method, URL: "http://a.test/", Options: &runtime.Options{Retry: policy}}
					if c.key {
						req.Header.Add("idempotency-key", "k")
					}
					want := 1
					if class == whatever || class == repeat && c.repeatable {
						want = 3
					}
					exec := &tries{outcomes: []outcome{o}}
					synctest.Test(t, func(t *testing.T) {
						r := sendOne(t, req, runtime.EngineOptions{Executor: exec})
						if len(exec.began) != want || attempts(r) != want {
							t.Errorf("%s, %s %+v, %d %v: %d attempts, %d told, want %d",
								rule.name, c.method, c, o.status, o.err, len(exec.began), attempts(r), want)
						}
					})
				}
			}
		}
	}
}

func attempts(r *runtime.Result) int {
	if r.Err != nil {
		return r.Err.Attempts
	}
	return r.Response.Attempts
}

func TestRetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &stream{left: 1}
		exec := &tries{outcomes: []outcome{{status: 503, body: first}, fault(runtime.KindConnect, ""), status(200), status(500)}}
		req := get("http://a.test/")
		var told []int
		req.Hooks = &runtime.Hooks{Retry: func(_ context.Context, r *runtime.Request, resp *runtime.Response, err *runtime.Error, attempt int) error {
			if r != req || (resp == nil) == (err == nil) || len(exec.began) != attempt-1 {
				t.Errorf("told of attempt %d after %d with %v, %v", attempt, len(exec.began), resp, err)
			}
			told = append(told, attempt)
			return nil
		}}
		r := sendOne(t, req, runtime.EngineOptions{Executor: exec, Retry: &runtime.Retry{Total: 5}})
		if r.Response == nil || r.Response.Status != 200 || attempts(r) != 3 {
			t.Errorf("%v, %v", r.Response, r.Err)
		}
		if diff := cmp.Diff([]int{2, 3}, told); diff != "" || first.closes != 1 {
			t.Errorf("first stream closed %d times; told (-want +got):\n%s", first.closes, diff)
		}
	})
}

func TestRetryHookEndsIt(t *testing.T) {
	for _, c := range []struct {
		name string
		hook func() error
		want runtime.Kind
	}{
		{"error", func() error { return runtime.Errorf(runtime.KindCallback, "no more") }, runtime.KindCallback},
		{"panic", func() error { panic("oops") }, runtime.KindInternal},
	} {
		synctest.Test(t, func(t *testing.T) {
			body := &stream{left: 1}
			exec := &tries{outcomes: []outcome{{status: 503, body: body}}}
			req := get("http://a.test/")
			req.Hooks = &runtime.Hooks{Retry: func(context.Context, *runtime.Request, *runtime.Response, *runtime.Error, int) error {
				return c.hook()
			}}
			r := sendOne(t, req, runtime.EngineOptions{Executor: exec, Retry: &runtime.Retry{Total: 5}})
			if r.Err == nil || r.Err.Kind != c.want || r.Err.Attempts != 1 || body.closes != 1 {
				t.Errorf("%s: %v, stream closed %d times", c.name, r.Err, body.closes)
			}
		})
	}
}

func TestStopEndsThePause(t *testing.T) {
	for _, o := range []outcome{status(503), fault(runtime.KindConnect, ""), {status: 503, body: &stream{left: 1}}} {
		synctest.Test(t, func(t *testing.T) {
			exec := &tries{outcomes: []outcome{o}}
			start := time.Now()
			r := sendOne(t, get("http://a.test/"), runtime.EngineOptions{Executor: exec, Retry: &runtime.Retry{Total: 5, Backoff: time.Minute, NoJitter: true}},
				func(e *runtime.Engine) {
					time.AfterFunc(3*time.Second, func() { e.Stop(&runtime.Error{Kind: runtime.KindCancelled, Message: "enough"}) })
				})
			if time.Since(start) != 3*time.Second || attempts(r) != 1 {
				t.Errorf("after %v and %d attempts", time.Since(start), attempts(r))
			}
			if o.err == nil && r.Response == nil || o.err != nil && r.Err.Kind != o.err.Kind {
				t.Errorf("%d %v became %v, %v", o.status, o.err, r.Response, r.Err)
			}
			if o.body != nil && o.body.closes != 0 {
				t.Error("the stream of the last outcome was closed")
			}
		})
	}
}

// oneShot is a body that cannot be opened twice.
type oneShot struct{}

func (oneShot) Open() (io.ReadCloser, int64, error) { return nil, 0, errors.New("not in this test") }
func (oneShot) Replayable() bool                    { return false }
func (oneShot) ContentType() string                 { return "" }

func TestRetryNeedsABodyToSendAgain(t *testing.T) {
	for _, c := range []struct {
		body runtime.Body
		o    outcome
		want int
	}{
		{oneShot{}, status(503), 1},
		{oneShot{}, fault(runtime.KindClosed, runtime.SentMaybe), 1},
		{oneShot{}, fault(runtime.KindConnect, runtime.SentNo), 3},
		{&runtime.Bytes{}, status(503), 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			exec := &tries{outcomes: []outcome{c.o}}
			req := &runtime.Request{Method: "PUT", URL: "http://a.test/", Body: c.body}
			sendOne(t, req, runtime.EngineOptions{Executor: exec, Retry: &runtime.Retry{Total: 2}})
			if len(exec.began) != c.want {
				t.Errorf("%T, %d %v: %d attempts, want %d", c.body, c.o.status, c.o.err, len(exec.began), c.want)
			}
		})
	}
}
