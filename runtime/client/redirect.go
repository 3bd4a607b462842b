package client

import (
	"errors"
	"io"
	"strings"
	"time"

	"volley/runtime"
	"volley/runtime/transport"
)

const (
	maxLocation = 8 << 10  // bytes of a URL that a server sends us to
	maxDrained  = 64 << 10 // bytes of a hop's body that are read to keep the connection
)

// step is where a redirect leads and what goes there.
type step struct {
	at     location
	method string
	body   runtime.Body
	bare   bool
	leaves bool // another origin, or https → http
}

// IsRedirect reports whether resp is a redirect that a session would follow.
func IsRedirect(resp *runtime.Response) bool {
	return redirects(resp.Status) && resp.Header.Get("Location") != ""
}

// IsPermanentRedirect reports whether it is one for good.
func IsPermanentRedirect(resp *runtime.Response) bool {
	return (resp.Status == 301 || resp.Status == 308) && resp.Header.Get("Location") != ""
}

// redirects reports whether a status is followed: 300, 304 and 305 are not.
func redirects(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// follows reports whether the caller wants redirects followed. HEAD does not
// unless that is said.
func (f *flight) follows() bool {
	return orValue(f.options.AllowRedirects, f.profile.AllowRedirects).On(f.asked.Method != "HEAD")
}

// redirection returns where resp leads; nil: nowhere. The error is
// invalid_redirect.
func (f *flight) redirection(h *hop, resp *runtime.Response) (*step, *runtime.Error) {
	if !redirects(resp.Status) {
		return nil, nil
	}
	target := resp.Header.Get("Location")
	if target == "" {
		return nil, nil
	}
	for _, other := range resp.Header.Values("Location") {
		if other != target {
			return nil, badLocation(target, "the response has another one, "+clip(other))
		}
	}
	if len(target) > maxLocation {
		return nil, badLocation(target, "it is longer than 8 KiB")
	}
	at, err := f.resolve(target)
	if err != nil {
		return nil, badLocation(target, err.Message)
	}
	if len(at.url) > maxLocation {
		return nil, badLocation(target, "the URL is longer than 8 KiB")
	}
	next := &step{at: at, leaves: !at.sameOrigin(&f.at)}
	next.method, next.bare = redirectMethod(resp.Status, h.req.Method)
	if !next.bare {
		next.body, next.bare = h.req.Body, f.bare
	}
	return next, nil
}

func badLocation(target, why string) *runtime.Error {
	err := runtime.Errorf(runtime.KindInvalidRedirect, "the server redirects to %q: %s", clip(runtime.MaskURL(target)), why)
	err.Sent, err.Phase = runtime.SentYes, runtime.PhaseHeaders
	return err
}

func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// resolve reads a Location relative to the current hop (RFC 9110 section
// 10.2.2): the fragment is inherited when it has none.
func (f *flight) resolve(target string) (location, *runtime.Error) {
	ref, err := splitURL(target)
	if err != nil {
		return location{}, err
	}
	at, err := split(f.at.url).resolve(ref).locate(target)
	if err != nil {
		return at, err
	}
	if at.fragment == "" && f.at.fragment != "" && strings.IndexByte(target, '#') < 0 {
		at.fragment = f.at.fragment
		at.compose()
	}
	return at, nil
}

// redirectMethod returns the method behind a redirect, and whether it goes
// without a body. A 301 keeps method and body of all but POST: an emptied PUT
// would destroy what it should have written.
func redirectMethod(status int, method string) (next string, bare bool) {
	switch {
	case status == 307 || status == 308:
		return method, false
	case method == "HEAD":
		return method, true
	case status == 301 && method != "POST":
		return method, false
	}
	return "GET", true
}

func unrewindable(why string) *runtime.Error {
	return runtime.Errorf(runtime.KindUnrewindableBody,
		"the body can be read only once and would have to be sent again %s: use a string or a file, or do not follow redirects", why)
}

// follow goes where a redirect leads, unless a hook or a limit stops it.
func (f *flight) follow(h *hop, reply *transport.Reply, next *step) (*runtime.Response, bool, *runtime.Error) {
	if err := f.mayFollow(h, next); err != nil {
		f.drain(h, reply)
		return nil, false, err
	}
	resp, err := &h.resp, (*runtime.Error)(nil)
	asks := f.asksRedirect()
	var unread *runtime.Error // why the body could not be read, if this hop is the result
	if asks {
		unread = f.fill(h, reply)
	} else {
		f.drain(h, reply)
	}
	if resp, err = f.onResponse(resp); err != nil {
		return nil, false, err
	}
	if resp != &h.resp { // a hook put another response in place
		if next, err = f.redirection(h, resp); err != nil || next == nil {
			return resp, false, err
		}
	}
	if asks {
		ahead := f.nextRequest(next)
		goOn, err := f.onRedirect(resp, ahead)
		if err != nil || !goOn {
			_ = closeIf(err != nil, resp)
			resp.Next = ahead
			return resp, false, firstError(err, unread)
		}
		_ = resp.Close()
	}
	f.history = append(f.history, resp)
	f.take(next)
	return nil, true, nil
}

func closeIf(yes bool, resp *runtime.Response) error {
	if yes {
		return resp.Close()
	}
	return nil
}

func firstError(errs ...*runtime.Error) *runtime.Error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// mayFollow applies the limit on hops and that on one-shot bodies.
func (f *flight) mayFollow(h *hop, next *step) *runtime.Error {
	limit := f.profile.maxRedirects
	if f.options.MaxRedirects != nil {
		limit = *f.options.MaxRedirects
	}
	var err *runtime.Error
	switch {
	case f.hops() >= limit:
		err = runtime.Errorf(runtime.KindTooManyRedirects, "exceeded %d redirects; raise max_redirects if that is right", limit)
	case next.body != nil && !next.body.Replayable():
		err = unrewindable("to follow a redirect")
	default:
		return nil
	}
	err.Response, err.Sent = &h.resp, runtime.SentYes
	return err
}

// hops counts the redirects followed so far; challenges are not redirects.
func (f *flight) hops() int {
	n := 0
	for _, r := range f.history {
		if redirects(r.Status) {
			n++
		}
	}
	return n
}

// take makes the step the current hop. Once the first origin is left its
// credentials stay off, whatever follows.
func (f *flight) take(next *step) {
	f.method, f.body, f.bare = next.method, next.body, next.bare
	if next.leaves {
		f.left, f.leftOwn, f.cookies, f.userinfo = true, true, nil, nil
		f.secrets = append(f.secrets[:len(f.secrets):len(f.secrets)], f.profile.SecretHeaders...)
	}
	f.enter(next.at)
}

// nextRequest returns the request that a redirect asks for, ready to be sent
// through the same session: what goes along is what would have gone along had
// the redirect been followed.
func (f *flight) nextRequest(next *step) *runtime.Request {
	ahead := *f
	ahead.take(next)
	req := *f.asked
	req.Method, req.URL, req.Body = next.method, next.at.urlWith(ahead.userinfo), next.body
	options := *f.options
	options.Params = runtime.Params{IsRaw: true} // they are in the URL
	options.Cookies, options.Detached = ahead.cookies, ahead.left
	if ahead.leftOwn {
		options.Auth, options.Cert = nil, nil
	}
	req.Options = &options
	req.Header = nil
	for _, field := range f.asked.Header {
		if !ahead.staysBehind(field.Name, ahead.leftOwn) {
			req.Header = append(req.Header, field)
		}
	}
	if ahead.left {
		options.Unset = append(options.Unset[:len(options.Unset):len(options.Unset)], ahead.secrets...)
	}
	return &req
}

// drain reads the body of a hop that leads on, undecoded, so that its
// connection serves again. A long one costs the connection instead. What was
// read is the response's content unless it is in a content coding.
func (f *flight) drain(h *hop, reply *transport.Reply) {
	defer func() { _ = reply.Body.Close() }()
	r := &h.resp
	scratch := scratchPool.Get().(*[]byte)
	defer scratchPool.Put(scratch)
	var content []byte
	for !bodyless(h.req.Method, r.Status) && reply.Length <= maxDrained {
		n, err := reply.Body.Read(*scratch)
		content = append(content, (*scratch)[:n]...)
		if errors.Is(err, io.EOF) && !r.Header.Has("Content-Encoding") {
			r.Content = content
		}
		if err != nil || len(content) > maxDrained {
			break
		}
	}
	r.Size.Body, r.Size.Wire = int64(len(r.Content)), reply.Body.Wire()
	r.Timings.Total = time.Since(h.start)
}
