package run

import (
	"time"

	"volley/runtime"
)

// hooks are the functions that go with a step.
type hooks struct {
	response, failure Function // nil: none
}

// finish is the Batch's: it shows a Result to the hooks before it is ready.
// They run in green threads of their own, since they may wait.
func (p *phase) finish(res *runtime.Result) bool {
	u := p.unitOf(res)
	res.Row = u.at.row
	if fault := res.Request.Invalid; fault != nil && p.refused(res) {
		own := *fault // it was at fault before the stop was noticed
		own.Request, own.Index = res.Request, res.Index
		res.Err = &own
	}
	if p.run.config.Hooks == nil || res.Skipped != "" || p.refused(res) {
		return false
	}
	own := u.step.hooks
	if res.Err != nil {
		return p.showFailure(u, res)
	}
	pending := p.run.config.Hooks.Finish(res, func(d runtime.Decision) { p.second(u, res, d) })
	if pending || own.response == nil {
		return pending
	}
	own.response.Finish(res, &u.scope, func(d runtime.Decision) { p.decided(u, res, d) })
	return true
}

// second shows what the handler script made of an answer to the request's own
// hook, if there still is an answer.
func (p *phase) second(u *unit, res *runtime.Result, d runtime.Decision) {
	own := u.step.hooks.response
	if own == nil || d.Action != "" || d.Err != nil {
		p.decided(u, res, d)
		return
	}
	if d.Response != nil {
		res.Response = d.Response
	}
	own.Finish(res, &u.scope, func(last runtime.Decision) {
		if last.Value == nil {
			last.Value = d.Value
		}
		p.decided(u, res, last)
	})
}

// showFailure shows a failure to the one hook that handles it: the request's
// own, else the handler script's. false: there is none.
func (p *phase) showFailure(u *unit, res *runtime.Result) bool {
	done := func(d runtime.Decision) { p.decided(u, res, d) }
	if own := u.step.hooks.failure; own != nil {
		own.Finish(res, &u.scope, done)
		return true
	}
	return p.run.config.Hooks.Finish(res, done)
}

// decided takes the last hook's word. A hook of answers that raised made its
// request a failure, which has a hook of its own.
func (p *phase) decided(u *unit, res *runtime.Result, d runtime.Decision) {
	if d.Err != nil && res.Err == nil {
		fail(res, d.Err)
		if p.showFailure(u, res) {
			return
		}
		d = runtime.Decision{}
	}
	u.decision = d
	p.batch.Finished(res)
}

// decide does what a hook wants. true: the request is sent once more.
func (p *phase) decide(u *unit, res *runtime.Result) bool {
	d := u.decision
	u.decision = runtime.Decision{}
	switch {
	case d.Err != nil:
		fail(res, d.Err)
	case d.Response != nil && res.Err == nil: // what stands for a failure leaves it one
		res.Response = d.Response
	}
	res.Handled = res.Handled || d.Handled
	if d.Value != nil {
		res.Value = d.Value
	}
	switch d.Action {
	case runtime.ActionRetry:
		u.retries++
		p.again(u, res, nil, retryPause(u.retries))
		return true
	case runtime.ActionSkip:
		skipSent(res)
	case runtime.ActionStop:
		p.run.stop("a hook of %s returned \"stop\"", u.step.Label())
	}
	return false
}

// skipSent makes a Result one that a hook skipped after it was sent.
func skipSent(res *runtime.Result) {
	resp := res.Response
	if res.Err != nil {
		resp, res.Attempts = res.Err.Response, res.Err.Attempts
	} else if resp != nil {
		res.Attempts = resp.Attempts
	}
	if resp != nil {
		_ = resp.Close() // a stream that nobody reads
	}
	res.Skipped, res.Err, res.Response = skippedWhen, nil, nil
}

// retryPause is the wait before the n-th retry that hooks ask for: none before
// the first, then 10 ms, doubling up to a second.
func retryPause(n int) time.Duration {
	if n <= 1 {
		return 0
	}
	return min(10*time.Millisecond<<min(n-2, 10), time.Second)
}
