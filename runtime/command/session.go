package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
	"volley/runtime/report"
	"volley/runtime/secret"
	"volley/runtime/transport"
)

// distinctPanics bounds how many different faults of volley itself are told.
const distinctPanics = 20

// bodyBudget bounds the bodies that are read at one time, unless the process
// may use little memory.
const bodyBudget = 1 << 30

// closeGrace is how long the end of a session waits for its workers.
const closeGrace = 5 * time.Second

// session is what every command shares that sends: one client, engine and
// policy, the account of what was done, and the way it is stopped and told.
// The command makes it with newSession, and calls open, watch and close.
type session struct {
	common commonSettings
	env    *environment
	job    job
	id     string
	began  time.Time
	strict bool // a failure that no handler saw fails the run

	policy   *policy.Policy // of hosts; a script has one of its own for files
	client   *client.Client
	engine   *runtime.Engine
	tally    report.Tally
	checks   report.Checks
	secrets  secret.Set
	sinks    []runtime.Sink // of the whole run
	own      []runtime.Sink // of the file that runs now
	sinkMu   sync.Mutex     // results are written by consumers, and flushed now and then
	flushing func()         // ends the flushing; nil: there is none

	unfinished policy.Unfinished // files that scripts and specs write
	background sync.WaitGroup
	overtime   chan time.Duration // deadlines that a spec sets, when they pass
	progress   *report.Progress
	stdout     *guardedStdout
	stderr     io.Writer
	masked     []*secret.Writer // between them and the streams

	panics  map[string]struct{} // by message, those that were told
	notes   []string            // for the summary
	total   atomic.Int64        // requests announced; negative: not known
	outcome outcome
}

func newSession(common commonSettings, env *environment, j job) *session {
	s := &session{common: common, env: env, job: j, id: uuid.NewString(), began: time.Now(), overtime: make(chan time.Duration, 1)}
	s.tally.Secrets = &s.secrets
	return s
}

// open makes the client, the engine and the progress.
func (s *session) open(ctx context.Context, allowed policy.Config) error {
	var err error
	if s.policy, err = policy.New(allowed); err != nil {
		return err
	}
	memory := debug.SetMemoryLimit(-1) // what is set, near 2^63 for none
	s.client, err = client.New(client.Config{
		Version:   Version,
		Insecure:  s.common.insecure,
		Proxy:     s.common.proxy,
		CA:        s.common.ca,
		AllowHost: s.policy.Host,
		// What is read at one time is to leave room for what scripts keep.
		MaxInFlightBytes: min(bodyBudget, memory/8),
		MaxMemory:        memory,
		Transport:        transport.Config{Control: s.policy.Address, Sockets: s.env.sockets, IdlePerOrigin: max(s.common.size, runtime.DefaultSize)},
	})
	if err != nil {
		return err
	}
	if allowed.DenyPrivate {
		exemptProxies(s.policy, s.client.UserProxies())
	}
	s.engine = runtime.NewEngine(context.WithoutCancel(ctx), runtime.EngineOptions{
		Executor: s.client,
		Size:     s.common.size,
		Rate:     s.common.rate,
		PerHost:  s.common.host,
		Retry:    s.common.retry,
		Record:   s.record,
		Warn:     s.warn,
	})
	s.startProgress()
	if s.common.insecure {
		fmt.Fprintln(s.stderr, "warning: --insecure: certificates are not checked") //nolint:errcheck // there is nowhere to report that stderr is gone
	}
	if allowed.DenyPrivate && slices.ContainsFunc(s.client.UserProxies(), func(p client.UserProxy) bool { return p.Resolves }) {
		fmt.Fprintln(s.stderr, "warning: --deny-private: the proxy resolves names itself, so where they lead is not checked") //nolint:errcheck // as above
	}
	return nil
}

// warn tells a person what they should know.
func (s *session) warn(text string) {
	fmt.Fprintln(s.stderr, "warning: "+text) //nolint:errcheck // there is nowhere to report that stderr is gone
}

// note tells a person what the summary says again, for it tells of what is in
// no output. Consumer's goroutine only.
func (s *session) note(text string) {
	s.warn(text)
	s.notes = append(s.notes, text)
}

// mask returns w for text that may hold secrets.
func (s *session) mask(w io.Writer) io.Writer {
	m := s.secrets.Writer(w)
	s.masked = append(s.masked, m)
	return m
}

// exemptProxies opens the addresses of the user's own proxies. A name other
// than localhost opens nothing, for its owner decides where it leads.
func exemptProxies(from *policy.Policy, proxies []client.UserProxy) {
	for _, p := range proxies {
		hosts := []string{p.Host}
		if p.Host == "localhost" {
			hosts = []string{"127.0.0.1", "::1"}
		}
		for _, host := range hosts {
			from.Exempt(net.JoinHostPort(host, p.Port))
		}
	}
}

func (s *session) startProgress() {
	config := report.ProgressConfig{
		Out: s.env.Err, Color: report.Color(s.env.Err),
		Width: func() int { return report.Width(s.env.Err) },
		State: func() report.State {
			return report.State{Snapshot: s.tally.Snapshot(), Total: max(0, s.total.Load()), InFlight: int64(s.engine.InFlight())}
		},
	}
	switch {
	case s.common.quiet || s.common.progress == "none":
	case s.common.progress == "auto" && report.Terminal(s.env.Err):
		config.Mode = report.Live
	default:
		config.Mode = report.Plain
	}
	s.progress = report.StartProgress(config)
	s.stderr = s.mask(s.progress.Writer(s.env.Err))
	s.stdout = &guardedStdout{w: s.env.Out, broken: s.stdoutBroken}
	if report.Terminal(s.env.Out) {
		s.stdout.w = s.progress.Writer(s.env.Out)
	}
}

// guardedStdout notices that nobody reads standard output any more.
type guardedStdout struct {
	w      io.Writer
	once   sync.Once
	broken func(error)
}

// Write implements io.Writer.
func (g *guardedStdout) Write(p []byte) (int, error) {
	n, err := g.w.Write(p)
	if err != nil {
		g.once.Do(func() { g.broken(err) })
	}
	return n, err
}

func (s *session) stdoutBroken(err error) {
	s.outputFailed(fmt.Errorf("standard output: %w", err), "standard output was closed")
}

// outputFailed ends the run: exit 4, without a message when the reader just
// went away, as with | head. Of several failures the first is told.
func (s *session) outputFailed(err error, why string) {
	if s.outcome.output.Swap(true) {
		return
	}
	if !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(s.stderr, "volley: "+err.Error()) //nolint:errcheck // as above
	}
	s.end(why)
}

// announce adds up what is to be done, until something has no known length.
func (s *session) announce(total int) {
	switch now := s.total.Load(); {
	case now < 0:
	case total < 0:
		s.total.Store(-1)
	default:
		s.total.Add(int64(total))
	}
}

// record takes each Result once.
func (s *session) record(res *runtime.Result) {
	if res.Err != nil {
		s.tellFault(res)
	}
	s.tally.Add(res)
	s.write(res)
	if res.OK() || res.Skipped != "" || res.Handled {
		return
	}
	if s.strict {
		s.outcome.failed = true
	}
	if res.Err != nil && res.Err.Kind == runtime.KindDenied {
		s.outcome.denied = true
	}
}

// tellFault shows where volley itself went wrong, if that is why a request
// failed; a panic below a script's own error is of kind internal too.
func (s *session) tellFault(res *runtime.Result) {
	fault := panicOf(res.Err)
	switch {
	case fault == nil && res.Err.Kind == runtime.KindInternal:
		s.tellPanic(res.Err)
	case fault == nil:
	case res.Err.Kind == runtime.KindInternal:
		s.tellPanic(fault)
	default:
		failure := *res.Err
		failure.Kind = runtime.KindInternal
		fault.Request = failure.Request
		s.tellPanic(fault)
		res.Err = &failure
	}
}

// tellPanic shows where volley itself went wrong: once for each place.
func (s *session) tellPanic(err *runtime.Error) {
	if _, told := s.panics[err.Message]; told || len(s.panics) == distinctPanics {
		return
	}
	if s.panics == nil {
		s.panics = map[string]struct{}{}
	}
	s.panics[err.Message] = struct{}{}
	text := "volley: " + report.Escape(err.Error())
	if err.Traceback != "" {
		text += "\n" + report.EscapeText(strings.TrimSuffix(err.Traceback, "\n"))
	}
	fmt.Fprintln(s.stderr, text) //nolint:errcheck // there is nowhere to report that stderr is gone
}

// close ends what is left, completes the outputs and prints the summary.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	if err := s.engine.Close(ctx); err != nil {
		fmt.Fprintln(s.stderr, "warning: some requests did not end in time") //nolint:errcheck // as above
	}
	if s.flushing != nil {
		s.flushing()
	}
	s.background.Wait()
	s.closeSinks(s.sinks)
	stats := s.client.Stats()
	_ = s.client.Close() // its connections are closed either way
	for _, m := range s.masked {
		_ = m.Close() // its text is on the way to a stream that is gone
	}
	s.progress.Stop()
	summary := s.tally.Summary(time.Since(s.began))
	s.checks.AddTo(summary)
	summary.Notes = s.notes
	if !s.common.quiet && !summary.Empty() {
		summary.Connections = report.Connections{Opened: stats.Dialled, Exchanges: stats.Requests, Reused: stats.Reused}
		summary.Write(s.env.Err, report.Color(s.env.Err))
	}
	s.tellBroken(summary)
}

// tellBroken tells which thresholds the run broke.
func (s *session) tellBroken(summary *report.Summary) {
	for _, broken := range s.checks.Broken(summary, s.tally.Percentile) {
		s.outcome.threshold = true
		fmt.Fprintln(s.env.Err, "threshold broken: "+broken) //nolint:errcheck // as above
	}
}
