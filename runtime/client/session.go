package client

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"volley/runtime"
	"volley/runtime/transport"
)

// Session executes requests that share Settings and cookies. It is safe for
// use by many goroutines.
type Session struct {
	client    *Client
	transport *transport.Transport
	env       environment
	jar       *Jar // nil: each request has cookies of its own

	update sync.Mutex               // held by Update and Close
	state  atomic.Pointer[snapshot] // nil: closed
}

// snapshot is one state of a session's settings; it does not change.
type snapshot struct {
	settings Settings
	base     pieces // of BaseURL
	profile  *profile
	mounts   []mounted // longest prefix first
}

func (c *Client) newSession(settings Settings, jar *Jar) (*Session, error) {
	s := &Session{client: c, transport: c.transport, jar: jar}
	s.env = readEnvironment(c.environOf())
	settings = settings.clone()
	if settings.Pool != (Pool{}) {
		own, err := c.newTransport(settings.Pool)
		if err != nil {
			return nil, err
		}
		s.transport = own
	}
	snap, err := s.compile(settings)
	if err != nil {
		_ = c.closeTransport(s.transport)
		return nil, err
	}
	s.state.Store(snap)
	return s, nil
}

func (s *Session) compile(settings Settings) (*snapshot, *runtime.Error) {
	snap := &snapshot{settings: settings}
	if settings.BaseURL != "" {
		base, err := splitURL(settings.BaseURL)
		if err != nil {
			return nil, inSetting("base_url", err)
		}
		if _, err = base.locate(settings.BaseURL); err != nil {
			return nil, inSetting("base_url", err)
		}
		snap.base = base
	}
	var err *runtime.Error
	if snap.profile, err = s.newProfile(settings, nil); err != nil {
		return nil, err
	}
	for i := range settings.Mounts {
		m, err := s.newMounted(settings, &settings.Mounts[i])
		if err != nil {
			return nil, err
		}
		snap.mounts = append(snap.mounts, m)
	}
	sortMounts(snap.mounts)
	return snap, nil
}

// inSetting makes a fault of one setting the caller's.
func inSetting(name string, err *runtime.Error) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument, "%s: %s", name, err.Message)
}

// Settings returns a copy of the current settings.
func (s *Session) Settings() Settings {
	if snap := s.state.Load(); snap != nil {
		return snap.settings.clone()
	}
	return Settings{}
}

// Update changes the settings as a whole: requests that are on their way keep
// the old ones. The error is invalid_argument, and nothing has changed then.
func (s *Session) Update(change func(*Settings)) error {
	s.update.Lock()
	defer s.update.Unlock()
	snap := s.state.Load()
	if snap == nil {
		return errClosed()
	}
	settings := snap.settings.clone()
	change(&settings)
	if settings.Pool != snap.settings.Pool {
		return runtime.Errorf(runtime.KindInvalidArgument, "pool is fixed when a session is made: make another session")
	}
	next, err := s.compile(settings.clone())
	if err != nil {
		return err
	}
	s.state.Store(next)
	return nil
}

// Jar returns the session's cookies.
func (s *Session) Jar() *Jar { return s.jar }

// Close ends the session; requests that are on their way go on unless the
// session has a pool of its own.
func (s *Session) Close() error {
	s.update.Lock()
	defer s.update.Unlock()
	if s.state.Swap(nil) == nil {
		return nil
	}
	return s.client.closeTransport(s.transport)
}

func errClosed() *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument, "the session is closed: make another one")
}

// Limits returns the session's own limits, or nil; with Host it makes the
// session a runtime.Gated.
func (s *Session) Limits() *runtime.Limits {
	if snap := s.state.Load(); snap != nil {
		return snap.settings.Limits
	}
	return nil
}

// Host returns the host that req goes to; a relative URL goes to base_url's.
func (s *Session) Host(req *runtime.Request) string {
	if host := runtime.HostOf(req.URL); host != "" {
		return host
	}
	if snap := s.state.Load(); snap != nil {
		return runtime.HostOf(snap.settings.BaseURL)
	}
	return ""
}

// RetryPolicy implements runtime.Governor: the request's policy, else its
// mount's, else the session's, else nil.
func (s *Session) RetryPolicy(req *runtime.Request) *runtime.Retry {
	if req.Options != nil && req.Options.Retry != nil {
		return req.Options.Retry
	}
	if p := s.profileOf(req); p != nil {
		return p.Retry
	}
	return nil
}

// TotalTimeout implements runtime.Governor.
func (s *Session) TotalTimeout(req *runtime.Request) time.Duration {
	p := s.profileOf(req)
	if p == nil {
		return 0
	}
	total := p.Timeout.Total
	if req.Options != nil && req.Options.Timeout != nil {
		total = orValue(req.Options.Timeout.Total, total)
	}
	return max(total, 0)
}

// HooksOf implements runtime.Governor: the session's hooks and those of the
// request's mount.
func (s *Session) HooksOf(req *runtime.Request) []*runtime.Hooks {
	if p := s.profileOf(req); p != nil {
		return p.hooks
	}
	return nil
}

// SecretHeaders returns the names of the fields, of req and of its answer, that
// nobody else is to see.
func (s *Session) SecretHeaders(req *runtime.Request) []string {
	if p := s.profileOf(req); p != nil {
		return p.SecretHeaders
	}
	return nil
}

// profileOf returns the profile that req begins with, nil when closed.
func (s *Session) profileOf(req *runtime.Request) *profile {
	snap := s.state.Load()
	if snap == nil {
		return nil
	}
	if len(snap.mounts) == 0 {
		return snap.profile
	}
	l, err := snap.locate(req.URL)
	if err != nil {
		return snap.profile
	}
	return snap.profileFor(&l)
}

// Do implements runtime.Executor: one attempt, with its redirects.
func (s *Session) Do(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
	// Not on the stack, which stays small that way for the thousands that wait.
	f := s.client.flights.Get().(*flight)
	defer func() {
		*f = flight{}
		s.client.flights.Put(f)
	}()
	err := f.begin(ctx, s, req)
	if err == nil {
		var resp *runtime.Response
		if resp, err = f.run(); err == nil {
			return resp, nil
		}
	}
	return nil, f.failed(err)
}

// Prepare returns req as its first hop would be sent, signed; hooks are not
// run. The error is the one that Do would return.
func (s *Session) Prepare(ctx context.Context, req *runtime.Request) (*runtime.Request, error) {
	var f flight
	err := f.begin(ctx, s, req)
	if err == nil {
		h := f.newHop()
		if err = f.prepare(h, false); err == nil {
			return &h.req, nil
		}
	}
	return nil, f.failed(err)
}
