package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/secret"
	"volley/specs"
	"volley/specs/expect"
)

// Config says what a Run works with. Engine and Client are required; a spec
// that needs Lua needs Consumer, Waiter and Hooks too.
type Config struct {
	Engine *runtime.Engine
	Client *client.Client
	// Consumer and Waiter are the event loop of a script and its green thread.
	// nil: the calling goroutine waits for its requests itself.
	Consumer runtime.Consumer
	Waiter   runtime.Waiter
	Hooks    Hooks       // nil: none
	Secrets  *secret.Set // learns the secrets of the spec; nil: nobody asks

	ID string // of the run
	// Given is what Spec.Resolve returned. nil: nothing is given.
	Given *specs.Given
	// Base is the folder that relative paths of data sources start at; "" is
	// that of the file the path is written in.
	Base string
	// OpenFile, Readable and Create are the gates to files. nil: all may be
	// read, and none be written.
	OpenFile func(path string) (*os.File, error)
	Readable func(path string) error
	Socket   func(path string) error
	Create   func(path string) (File, error)
	Stdin    io.Reader

	Warn func(text string) // nil: nobody asks
	// Note is told what the summary of the run is to say too. nil: nobody asks.
	Note func(text string)
	// Unheard reports that nobody takes the record of Results any more, so that
	// a run that was stopped need not tell what it leaves. nil: somebody does.
	Unheard func() bool
	// Announce is told how many requests there will be, -1 when only their
	// end will tell. nil: nobody asks.
	Announce func(total int)
}

// Run is one run of a spec.
type Run struct {
	spec    *specs.Spec
	config  Config
	engine  *runtime.Engine
	started time.Time
	seed    int64

	vars, env, secrets map[string]any
	sessions           map[string]*client.Session
	functions          map[string]Function

	captures map[string]any            // of scope run
	answers  map[string]*expect.Answer // the last to each request that same_as names
	counts   counts
	saved    saved
	aborted  bool   // by abort_on
	text     []byte // for rendering
	// readUntil is when reading rows ends after a stop; zero: there was none.
	readUntil time.Time

	setup, main, teardown *phase
	// placeholders: nothing is sent, and captures are shown by their names.
	placeholders bool
	planned      *planLimit        // of MakePlan; nil: none
	bases        map[string]string // of sessions that are not opened: their base_url
}

type counts struct{ ok, failed, skipped int64 }

// New prepares a run: secrets and vars are read, sessions made, functions
// found, and everything without templates is read. An error means that nothing
// was sent: the caller reports it as a fault of the spec. Like Execute it is
// called on the consumer's goroutine, in the green thread that waits.
func New(spec *specs.Spec, c Config) (*Run, error) {
	r := newRun(spec, c)
	if c.Consumer == nil || c.Waiter == nil {
		inbox := &runtime.Inbox{}
		r.config.Consumer, r.config.Waiter = inbox, inbox
	}
	if err := r.prepare(); err != nil {
		return nil, errors.Join(err, r.closeSessions())
	}
	if c.Hooks != nil {
		if h := c.Hooks.Request(); h != nil {
			c.Engine.SetHooks(h)
		}
	}
	return r, nil
}

func newRun(spec *specs.Spec, c Config) *Run {
	r := &Run{spec: spec, config: c, engine: c.Engine, started: time.Now(), seed: rand.Int64N(1 << 52)}
	r.captures, r.answers = map[string]any{}, map[string]*expect.Answer{}
	if spec.Run.Seed != nil {
		r.seed = *spec.Run.Seed
	}
	return r
}

func (r *Run) prepare() error {
	if err := r.read(); err != nil {
		return err
	}
	if err := r.openSessions(); err != nil {
		return err
	}
	return r.phases()
}

// phases arranges the lists of the spec.
func (r *Run) phases() error {
	var err error
	if r.setup, err = r.phase(r.spec.Setup, true); err != nil {
		return err
	}
	if r.main, err = r.phase(r.spec.Requests, false); err != nil {
		return err
	}
	r.teardown, err = r.phase(r.spec.Teardown, true)
	return err
}

func (r *Run) phase(list []*specs.Request, sequence bool) (*phase, error) {
	steps, groups, err := arrange(list, sequence)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		if err := r.complete(s); err != nil {
			return nil, err
		}
	}
	return &phase{run: r, steps: steps, groups: groups}, nil
}

// Execute sends everything: setup, requests, what was put off, teardown, which
// runs in any case. Every Result goes to the Engine's record once. The error is
// what ended the run early: a setup that failed, a fault of a data source.
// What fails inside one request is that request's Result only. ctx cancels.
func (r *Run) Execute(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		r.engine.Cancel(&runtime.Error{Kind: runtime.KindCancelled, Message: "the run was cancelled", Cause: context.Cause(ctx)})
	})()
	r.announce()
	err := r.begin()
	r.main.halt = err != nil
	if failure := r.main.pump(r.options()); err == nil {
		err = failure
	}
	err = first(err, r.putOff())
	err = first(err, r.end())
	return first(err, r.closeSessions())
}

func first(err, next error) error {
	if err != nil {
		return err
	}
	return next
}

// options are those of each phase's Batch.
func (r *Run) options() runtime.BatchOptions {
	l := r.spec.Limits
	return runtime.BatchOptions{
		Size: l.Size, Rate: l.Rate,
		PerHost: runtime.PerHost{Concurrency: l.PerHost.Concurrency, Rate: l.PerHost.Rate, Auto: l.PerHost.Auto},
	}
}

// begin runs the setup: the script's, then the spec's.
func (r *Run) begin() error {
	var err error
	if r.config.Hooks != nil {
		err = r.config.Hooks.Setup(r.info())
	}
	r.setup.strict, r.setup.halt = true, err != nil
	if err := first(err, r.setup.pump(r.options())); err != nil {
		return err
	}
	if res := r.setup.failed; res != nil && !r.stopping() {
		return fmt.Errorf("setup: %w", why(res))
	}
	return nil
}

// why is what a Result that is not good says.
func why(res *runtime.Result) error {
	switch b := res.Broken(); {
	case res.Err != nil:
		return res.Err
	case b != nil:
		return &runtime.Error{Kind: runtime.KindHTTP, Message: b.Message, Request: res.Request, Response: res.Response}
	default:
		return fmt.Errorf("a request was skipped (%s)", res.Skipped)
	}
}

// putOff runs what had defer and no row, or a row that a stop cut short.
func (r *Run) putOff() error {
	jobs := r.main.deferred
	if len(jobs) == 0 {
		return nil
	}
	byDeclaration(jobs)
	p := &phase{run: r, steps: r.main.steps, jobs: jobs, last: true, halt: !r.main.sent}
	o := r.options()
	o.Last = true
	return p.pump(o)
}

// end runs the teardown: the spec's, then the script's. An entry of the spec
// that fails is a failed request like any other (exit 1), since all the others
// run nevertheless; of the setup it is the error that ends the run (exit 3),
// since nothing else is sent. A hook that raises is that in both.
func (r *Run) end() error {
	o := r.options()
	o.Last = true
	r.teardown.last = true
	err := r.teardown.pump(o)
	if r.config.Hooks != nil {
		err = first(err, r.config.Hooks.Teardown(r.info()))
	}
	return err
}

func (r *Run) info() Info {
	return Info{
		ID: r.config.ID, Name: r.spec.Name, Started: r.started, Elapsed: time.Since(r.started),
		OK: r.counts.ok, Failed: r.counts.failed, Skipped: r.counts.skipped,
	}
}

func (r *Run) warn(text string) {
	if r.config.Warn != nil {
		r.config.Warn(text)
	}
}

// announce tells how much there is to do where that is known beforehand.
func (r *Run) announce() {
	if r.config.Announce == nil {
		return
	}
	total := 0
	for _, p := range []*phase{r.setup, r.main, r.teardown} {
		for _, s := range p.steps {
			n, known := s.count()
			if !known {
				r.config.Announce(-1)
				return
			}
			total += n
		}
	}
	r.config.Announce(total)
}

// count is how many units a step has, if that is known beforehand.
func (s *step) count() (int, bool) {
	if s.group.source != "" || s.group.list != nil && !s.group.list.List.Static() || s.Paginate != nil || s.Matrix != nil && s.fixed == nil {
		return 0, false
	}
	n := 1
	if s.group.list != nil {
		v, err := s.group.list.List.Any(nil)
		list, _ := v.([]any)
		if n = len(list); err != nil {
			return 0, false
		}
	}
	for _, p := range s.perUnit {
		theirs, known := p.count()
		if !known || len(s.perUnit) > 1 && theirs != 1 {
			return 0, false
		}
		n = theirs
	}
	if s.fixed != nil {
		n *= s.fixed.count()
	}
	if s.Repeat != nil {
		if !s.Repeat.Static() {
			return 0, false
		}
		times, err := s.times(nil)
		if err != nil {
			return 0, false
		}
		n *= times
	}
	return n, true
}
