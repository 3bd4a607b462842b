package luaapi

import (
	"io"

	lua "github.com/yuin/gopher-lua"

	"volley/luaapi/vm"
	"volley/runtime"
)

// followUps are the requests that hooks returned: they go out in a Batch of
// their own, one as long as there are any, whose green thread keeps the run
// from ending.
type followUps struct {
	s     *Script
	queue []*runtime.Request
	run   *batchRun // nil: none is under way
	task  *vm.Task  // that takes its results
	open  int       // pulled and not yet recorded
	asked bool      // the Batch waits for an answer
}

// add queues requests that stand depth hooks below what the run sends by
// itself.
func (f *followUps) add(what string, depth int, reqs []*runtime.Request) *runtime.Error {
	if depth > maxFollowDepth {
		return callbackError("%s returned a request to send next, follow-up depth %d: more than %d may not follow from each other", what, depth, maxFollowDepth)
	}
	for _, r := range reqs {
		if o := ownerOf(r); o != nil {
			o.depth = uint8(depth)
			f.s.handlers.note(o)
		}
	}
	if f.s.config.Announce != nil {
		f.s.config.Announce(len(reqs))
	}
	f.queue = append(f.queue, reqs...)
	switch {
	case f.run == nil:
		f.begin()
	case f.asked:
		f.asked = false
		req, err := f.next()
		f.run.b.Offer(req, err)
	}
	return nil
}

func (f *followUps) begin() {
	f.run = &batchRun{s: f.s, live: true, total: -1}
	f.run.open(batchSource{next: f.next, total: -1, list: true})
	f.task = f.s.host.Spawn(f.s.L.NewFunction(f.take))
	f.task.Trust()
	f.task.OnEnd(func() {
		f.run.b.Close() // ended early: killed or interrupted
		f.run, f.open, f.asked = nil, 0, false
		if _, err := f.task.Result(); err != nil {
			f.queue = nil
		}
	})
}

// next is the Source: the end comes when all was answered and nothing more is
// wanted.
func (f *followUps) next() (*runtime.Request, error) {
	switch {
	case len(f.queue) > 0:
		req := f.queue[0]
		f.queue[0] = nil
		f.queue = f.queue[1:]
		f.open++
		return req, nil
	case f.open == 0:
		return nil, io.EOF
	}
	f.asked = true
	return nil, runtime.ErrLater
}

// take records the results, since nobody else waits for them.
func (f *followUps) take(L *lua.LState) int {
	c := call{s: f.s, L: L, in: "volley.handlers"}
	for {
		res, ok := f.run.next(c)
		if !ok {
			return 0
		}
		f.run.settle(c, res)
		if res.Response != nil {
			_ = res.Response.Close() // a stream that nobody reads
		}
		f.open--
		if f.asked && f.open == 0 && len(f.queue) == 0 {
			f.asked = false
			f.run.b.Offer(nil, io.EOF)
		}
	}
}

// wait parks the running green thread until all have ended; outside any there
// are none left.
func (f *followUps) wait() error {
	for me := f.s.host.Current(); me != nil && f.run != nil; {
		if err := f.task.Join(me); err != nil {
			return err
		}
	}
	return nil
}
