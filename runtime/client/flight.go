package client

import (
	"context"
	"strings"
	"time"

	"volley/runtime"
	"volley/runtime/transport"
)

// flight is one request on its way: what its settings came to, where it is
// now, and what must survive from hop to hop.
type flight struct {
	ctx     context.Context
	session *Session
	snap    *snapshot
	asked   *runtime.Request // as the caller built it; read only
	options *runtime.Options // the caller's, never nil
	jar     *Jar             // nil: none yet

	// Of the current hop.
	profile *profile
	at      location
	method  string
	body    runtime.Body
	bare    bool // the body was dropped on the way, and its fields with it

	left       bool            // another origin was entered: the session's credentials stay behind
	leftOwn    bool            // so do the request's own
	secrets    []string        // names of fields that count as credentials, of the places left
	cookies    []runtime.Field // the request's own, while at home
	userinfo   *Basic          // of the URL
	challenged bool            // this hop has answered a challenge

	timeout runtime.Timeout
	start   time.Time     // of the first exchange
	paused  time.Duration // spent in hooks since then
	history []*runtime.Response

	exchange transport.Exchange // of the current hop
}

// hop is what one exchange leaves behind: the request as sent, the response.
type hop struct {
	req   runtime.Request
	resp  runtime.Response
	start time.Time
}

var noOptions = &runtime.Options{}

// begin merges the settings that the first hop needs.
func (f *flight) begin(ctx context.Context, s *Session, req *runtime.Request) *runtime.Error {
	f.ctx, f.session, f.asked, f.jar = ctx, s, req, s.jar
	f.options = req.Options
	if f.options == nil {
		f.options = noOptions
	}
	if f.snap = s.state.Load(); f.snap == nil {
		return errClosed()
	}
	if req.Invalid != nil {
		invalid := *req.Invalid
		return &invalid
	}
	if err := checkOptions(f.options); err != nil {
		return err
	}
	at, err := f.snap.locate(req.URL)
	if err != nil {
		return err
	}
	f.profile = f.snap.profileFor(&at)
	if len(f.profile.Params.Fields) > 0 || f.profile.Params.IsRaw || len(f.options.Params.Fields) > 0 || f.options.Params.IsRaw {
		at.addQuery(encodeParams(mergeParams(f.profile.Params, f.options.Params)))
	}
	f.enter(at)
	if f.method, err = canonicalMethod(req.Method); err != nil {
		return err
	}
	f.body, f.cookies, f.left = req.Body, f.options.Cookies, f.options.Detached
	f.timeout = f.profile.Timeout
	if f.options.Timeout != nil {
		f.timeout = f.options.Timeout.Over(f.timeout)
	}
	return nil
}

// enter makes l the place of the current hop.
func (f *flight) enter(l location) {
	f.at, f.challenged = l, false
	f.profile = f.snap.profileFor(&f.at)
	if l.credentials {
		f.userinfo = &Basic{User: l.user, Password: l.password}
	}
}

func canonicalMethod(method string) (string, *runtime.Error) {
	if method == "" {
		return "GET", nil
	}
	upper := strings.ToUpper(method)
	if !isToken(upper) {
		return "", runtime.Errorf(runtime.KindInvalidArgument, "invalid method %q: it is a word such as GET", method)
	}
	return upper, nil
}

// run makes exchanges until one is the result.
func (f *flight) run() (*runtime.Response, *runtime.Error) {
	for {
		h := f.newHop()
		if err := f.prepare(h, true); err != nil {
			return nil, err
		}
		reply, err := f.send(h)
		if err != nil {
			return nil, err
		}
		resp, again, err := f.answer(h, reply)
		if err != nil || !again {
			return resp, err
		}
	}
}

func (f *flight) newHop() *hop { return &hop{} }

// send puts the prepared hop on the wire.
func (f *flight) send(h *hop) (*transport.Reply, *runtime.Error) {
	if allow := f.profile.client.config.AllowHost; allow != nil {
		if err := allow(f.at.host, f.at.effectivePort()); err != nil {
			return nil, runtime.AsError(err)
		}
	}
	route, err := f.profile.route(f)
	if err != nil {
		return nil, runtime.AsError(err)
	}
	x := &f.exchange
	x.Route = route
	x.ConnectTimeout = max(f.timeout.Connect, 0)
	x.ReadTimeout = max(f.timeout.Read, 0)
	h.start = time.Now()
	if f.start.IsZero() {
		f.start = h.start
	}
	if f.timeout.Total > 0 {
		x.Deadline = f.start.Add(f.timeout.Total + f.paused)
	}
	reply, err := f.profile.transport.Do(f.ctx, x)
	if err != nil {
		return nil, runtime.AsError(err)
	}
	return reply, nil
}

// answer decides what a reply means: another exchange, or the result.
func (f *flight) answer(h *hop, reply *transport.Reply) (*runtime.Response, bool, *runtime.Error) {
	resp := f.head(h, reply)
	f.learn(resp)
	if again, err := f.challenge(h, reply); again || err != nil {
		return nil, again, err
	}
	next, err := f.redirection(h, resp)
	follow := f.follows()
	if follow && err != nil {
		_ = reply.Body.Close()
		err.Response = resp
		return nil, false, err
	}
	if follow && next != nil {
		return f.follow(h, reply, next)
	}
	if next != nil {
		resp.Next = f.nextRequest(next)
	}
	if err := f.fill(h, reply); err != nil {
		return nil, false, err
	}
	resp, err = f.finish(resp)
	return resp, false, err
}

// head makes the Response of a reply whose body has not been read.
func (f *flight) head(h *hop, reply *transport.Reply) *runtime.Response {
	r := &h.resp
	r.Status, r.Reason, r.Protocol = reply.Status, reply.Reason, reply.Protocol
	r.URL, r.Header, r.Request = f.at.url, reply.Header, &h.req
	r.History = f.history[:len(f.history):len(f.history)]
	r.Start, r.Timings, r.Elapsed = f.start, reply.Timings, reply.Elapsed
	r.RemoteAddr, r.Reused, r.TLS = reply.RemoteAddr, reply.Reused, reply.TLS
	r.Size.Headers = reply.HeaderBytes
	return r
}

// finish runs the hooks for the result and raises for its status.
func (f *flight) finish(resp *runtime.Response) (*runtime.Response, *runtime.Error) {
	resp, err := f.onResponse(resp)
	if err != nil {
		return nil, err
	}
	if f.raises(resp.Status) {
		err := RaiseForStatus(resp)
		return resp, err
	}
	return resp, nil
}

func (f *flight) raises(status int) bool {
	return status >= 400 && status < 600 && orValue(f.options.RaiseForStatus, f.profile.RaiseForStatus) == runtime.Yes
}

// active is the time since the first exchange began, without hooks.
func (f *flight) active() time.Duration { return time.Since(f.start) - f.paused }

// failed completes an error with what it belongs to.
func (f *flight) failed(err *runtime.Error) error {
	if err.Request == nil {
		err.Request = f.asked
	}
	err.Start = f.start
	if err.Timings.Total == 0 && !f.start.IsZero() {
		err.Timings.Total = f.active()
	}
	return err
}
