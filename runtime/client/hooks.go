package client

import (
	"iter"
	"time"

	"volley/runtime"
)

// eachHooks are the hooks that apply: the run's, the session's, the mount's,
// the request's.
func (f *flight) eachHooks() iter.Seq[*runtime.Hooks] { return f.asked.EachHooks(f.profile.hooks) }

// pause takes the time that a hook needed out of the request's.
func (f *flight) pause(since time.Time) {
	if !f.start.IsZero() {
		f.paused += time.Since(since)
	}
}

// beforeSend runs the Before hooks and reports whether there were any.
func (f *flight) beforeSend(prepared *runtime.Request) (bool, *runtime.Error) {
	ran := false
	for h := range f.eachHooks() {
		if h.Before == nil {
			continue
		}
		ran = true
		since := time.Now()
		err := h.Before(f.ctx, prepared)
		f.pause(since)
		if err != nil {
			return ran, runtime.AsError(err)
		}
	}
	return ran, nil
}

// onResponse runs the Response hooks, each over what the one before left.
func (f *flight) onResponse(resp *runtime.Response) (*runtime.Response, *runtime.Error) {
	for h := range f.eachHooks() {
		if h.Response == nil {
			continue
		}
		since := time.Now()
		replaced, err := h.Response(f.ctx, resp)
		f.pause(since)
		if err != nil {
			_ = resp.Close()
			return nil, runtime.AsError(err)
		}
		if replaced != nil && replaced != resp {
			_ = resp.Close()
			resp = replaced
		}
	}
	return resp, nil
}

// asksRedirect reports whether a hook wants a say on redirects.
func (f *flight) asksRedirect() bool {
	for h := range f.eachHooks() {
		if h.Redirect != nil {
			return true
		}
	}
	return false
}

// onRedirect asks the Redirect hooks; one no is enough.
func (f *flight) onRedirect(resp *runtime.Response, next *runtime.Request) (bool, *runtime.Error) {
	for h := range f.eachHooks() {
		if h.Redirect == nil {
			continue
		}
		since := time.Now()
		follow, err := h.Redirect(f.ctx, resp, next)
		f.pause(since)
		if err != nil {
			return false, runtime.AsError(err)
		}
		if !follow {
			return false, nil
		}
	}
	return true, nil
}
