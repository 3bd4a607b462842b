package run

import (
	"fmt"

	"volley/runtime"
	"volley/specs/expect"
	"volley/specs/template"
)

// The reasons why a unit is skipped.
const (
	skippedWhen = "when"
	skippedNeed = "need"
	skippedStop = "stop"
)

// took takes a Result that the Batch handed out: it is asked for once more,
// or judged and recorded.
func (p *phase) took(res *runtime.Result) {
	u := p.unitOf(res)
	if p.refused(res) {
		if p.putOff(u) {
			delete(p.flying, res.Request)
			return // it has another Result
		}
		res.Err, res.Skipped, u.skip = nil, skippedStop, skippedStop
	} else {
		p.sent, u.at.begun = true, true
	}
	if p.decide(u, res) || res.Err == nil && res.Skipped == "" && p.polls(u, res) {
		return
	}
	delete(p.flying, res.Request)
	var next *runtime.Request
	if res.Err == nil && res.Skipped == "" {
		p.judge(u, res)
		if res.OK() {
			next = p.nextPage(u, res)
		}
	}
	p.record(u, res)
	if next != nil {
		u.next, u.page = next, u.page+1
		p.ready = append(p.ready, item{unit: u})
		return
	}
	u.conclude(res)
	p.ended(u, res.OK())
}

// unitOf finds whose a Result is.
func (p *phase) unitOf(res *runtime.Result) *unit { return p.flying[res.Request] }

// refused reports a request that a stop kept from being sent.
func (p *phase) refused(res *runtime.Result) bool {
	return res.Err != nil && res.Err.Kind == runtime.KindCancelled && res.Err.Attempts == 0 && p.run.stopping()
}

// judge holds the answer against what is expected, and takes captures from a
// good one.
func (p *phase) judge(u *unit, res *runtime.Result) {
	answer := expect.NewAnswer(res.Response)
	if u.step.answers {
		u.answer = answer
		p.run.answers[u.step.Name] = answer
	}
	u.scope.res = answer
	defer func() { u.scope.res = nil }()
	held, err := u.step.Expect.Run(answer, &u.scope, (*others)(u))
	res.Expect = append(res.Expect, held...)
	if err != nil {
		fail(res, err)
		return
	}
	if res.Broken() == nil {
		p.capture(u, res, answer)
	}
}

// capture takes what is to be captured; what is not there and has no default
// breaks an expectation.
func (p *phase) capture(u *unit, res *runtime.Result, answer *expect.Answer) {
	for _, c := range u.step.Capture {
		v, found, err := c.Take(answer, &u.scope, (*others)(u))
		if err != nil {
			fail(res, err)
			return
		}
		if !found {
			res.Expect = append(res.Expect, runtime.Expectation{
				Subject: "capture " + c.Name, Operator: "exists", Want: true,
				Message: fmt.Sprintf("capture %s: the answer has no such value; give it a default if it may be missing", c.Name),
			})
			continue
		}
		if c.Secret {
			p.run.hide(v)
		}
		res.Captures = append(res.Captures, runtime.Capture{Name: c.Name, Value: v, Secret: c.Secret})
		p.run.store(u, c, v)
	}
}

// store puts a value where its scope says: with append into a list.
func (r *Run) store(u *unit, c *expect.Capture, v any) {
	place := c.Scope
	if place == "" {
		if c.Append || u.step.shared {
			place = "run"
		} else {
			place = "request"
		}
	}
	switch {
	case place == "run":
		putIn(r.captures, c, v)
	case place == "row":
		if u.at.captures == nil {
			u.at.captures = map[string]any{}
		}
		putIn(u.at.captures, c, v)
	case c.Append:
		u.keep(capture{name: c.Name, value: appended(u.value(c.Name), v)})
	default:
		u.keep(capture{name: c.Name, value: v})
	}
}

func putIn(into map[string]any, c *expect.Capture, v any) {
	if c.Append {
		v = appended(into[c.Name], v)
	}
	into[c.Name] = v
}

// value returns what the unit itself captured.
func (u *unit) value(name string) any {
	for i := range u.captures {
		if u.captures[i].name == name {
			return u.captures[i].value
		}
	}
	return nil
}

// fail makes a Result a failure that keeps its response.
func fail(res *runtime.Result, err error) {
	failure := *runtime.AsError(err)
	failure.Request, failure.Index = res.Request, res.Index
	if resp := res.Response; resp != nil {
		failure.Response, failure.Attempts, failure.Sent = resp, resp.Attempts, runtime.SentYes
		failure.Start, failure.Timings = resp.Start, resp.Timings
	} else if was := res.Err; was != nil {
		failure.Response, failure.Attempts, failure.Sent = was.Response, was.Attempts, was.Sent
		failure.Start, failure.Timings, failure.Cause = was.Start, was.Timings, was
	}
	res.Err, res.Response = &failure, nil
}

// skip records a unit that is not sent.
func (p *phase) skip(u *unit) {
	res := p.batch.Skip(u.step.draft.unsentFor(u), u.skip)
	res.Spared = u.spared
	p.record(u, res)
	u.conclude(res)
	p.ended(u, res.OK())
}

// record hands a Result that will not change any more to the run's record,
// and counts it.
func (p *phase) record(u *unit, res *runtime.Result) {
	res.Row = u.at.row
	p.run.engine.Record(res)
	resp := res.Response
	if res.Err != nil {
		resp = res.Err.Response
	}
	if resp != nil {
		_ = resp.Close() // a stream that nobody reads
	}
	p.run.count(res)
	if p.failed == nil && !res.OK() && res.Skipped != skippedWhen {
		p.failed = res
		p.halt = p.halt || p.strict
	}
	if b := res.Broken(); b != nil && b.Severity == runtime.SeverityStop {
		p.run.stop("%s: %s (severity: stop)", u.step.Label(), b.Message)
	}
}

// others is a unit as its expectations and captures see the rest of the run.
type others unit

// Answer implements expect.Others: the unit's own lineage goes first, then
// the last answer of the run.
func (o *others) Answer(request string) *expect.Answer {
	u := (*unit)(o)
	for _, p := range u.parents {
		if a := p.answered(request); a != nil {
			return a
		}
	}
	for s, units := range u.at.done {
		if s.Name == request && len(units) > 0 {
			return units[len(units)-1].answer
		}
	}
	if u.at.row != nil {
		return nil // another row's says nothing
	}
	return u.scope.run.answers[request]
}

func (u *unit) answered(request string) *expect.Answer {
	if u.answer != nil && u.step.Name == request {
		return u.answer
	}
	for _, p := range u.parents {
		if a := p.answered(request); a != nil {
			return a
		}
	}
	return nil
}

// Call implements expect.Others.
func (o *others) Call(function string, in template.Scope, a *expect.Answer) (any, error) {
	f := o.scope.run.functions[function]
	if f == nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "there is no function %s: a handler script defines it (handlers.script)", function)
	}
	return f.Call(in, a)
}
