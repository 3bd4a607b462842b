package luaapi

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"volley/luaapi/vm"
	"volley/runtime"
)

func TestPoolRefusesWhatCannotCross(t *testing.T) {
	for name, c := range map[string]struct{ handlers, code, want string }{
		"meta":   {`return {response = function() end}`, `{meta = {f = {print}}}`, "value.f[1]: a function is no plain value"},
		"before": {`return {request = function() end}`, `{meta = {f = {print}}}`, "value.f[1]: a function is no plain value"},
		"value":  {`return {response = function() return {a = {b = print}} end}`, `{}`, "value.a.b: a function is no plain value"},
		"follow": {`return {response = function() return volley.get(base .. "/b", {callback = print}) end}`, `{}`, "request 1 has a callback"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandled(t, 2)
			err := h.run(t, c.handlers, `local _, err = volley.get(base .. "/a", `+c.code+`):send()
				assert(err and err.kind == "callback" and err.message:find("`+c.want+`", 1, true), err)`)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPoolSharesTheLoad has hooks wait for each other across VMs.
func TestPoolSharesTheLoad(t *testing.T) {
	h := newHandled(t, 4)
	err := h.run(t, `
		local mine = 0
		return {
			request = function(req) volley.shared.incr("requests") end,
			response = function(resp)
				mine = mine + 1
				volley.shared.incr("begun")
				while volley.shared.get("begun") < 2 do volley.sleep(0.002) end -- another is wanted for the second
				volley.shared.incr("responses")
				volley.shared.append("vm" .. tostring(mine), resp.text)
				return {path = resp.text}
			end}`, `
		local urls = {}
		for i = 1, 300 do urls[i] = volley.get(base .. "/" .. i, {meta = {i = i}}) end
		local r = volley.map(urls, {size = 50})
		for i = 1, 300 do assert(r[i].path == "/" .. i) end
		assert(volley.shared.get("requests") == 300 and volley.shared.get("responses") == 300)
		assert(#volley.shared.get("vm1") > 1, "one VM did everything")`)
	if err != nil {
		t.Fatalf("%v\n%s", err, h.stderr.String())
	}
}

func TestHooksThatWaitHoldUpNoOther(t *testing.T) {
	for _, vms := range []int{0, 1} {
		h := newHandled(t, vms)
		err := h.run(t, `return {response = function(resp)
				if resp.text == "/first" then
					while not volley.shared.get("second") do volley.sleep(0.002) end
				else
					volley.shared.set("second", true)
				end
			end}`, `
			local r = volley.map{base .. "/first", base .. "/second"}
			assert(r[1].ok and r[2].ok)`)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestBusyHookIsStoppable(t *testing.T) {
	everyWay(t, func(t *testing.T, h *handled) {
		h.config.Shared = NewShared()
		var stopped atomic.Bool
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for ctx.Err() == nil {
				if _, busy := h.config.Shared.get("busy"); busy && h.script != nil {
					stopped.Store(true)
					h.engine.Cancel(&runtime.Error{Kind: runtime.KindCancelled, Message: "enough"})
					h.script.Interrupt(errors.New("enough"))
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
		err := h.run(t, `return {response = function() volley.shared.set("busy", true) while true do end end}`, `volley.get(base .. "/a"):send()`)
		if err == nil || !stopped.Load() {
			t.Errorf("got %v", err)
		}
		if len(h.record) != 1 || h.record[0].Err == nil {
			t.Errorf("recorded: %v", h.record)
		}
	})
}

func TestPoolKeepsTheInstructionLimit(t *testing.T) {
	h := newHandled(t, 2)
	h.config.MaxInstructions = 100_000
	err := h.run(t, `return {response = function() while true do end end}`, `volley.get(base .. "/a"):send()`)
	var limit *vm.LimitError
	if !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}

// TestPoolKeepsTheMemoryLimit: the VMs of a script are one account, and the
// request whose hook was stopped says why.
func TestPoolKeepsTheMemoryLimit(t *testing.T) {
	h := newHandled(t, 2)
	h.config.MaxMemory = 64 << 20
	err := h.run(t, `return {response = function() local t = {} while true do pcall(function() while true do t[#t + 1] = {} end end) end end}`,
		`volley.get(base .. "/a"):send()`)
	var limit *vm.MemoryError
	if !errors.As(err, &limit) || LimitKind(err) != runtime.KindScriptMemory {
		t.Errorf("got %v", err)
	}
	if len(h.record) != 1 || h.record[0].Err == nil || h.record[0].Err.Kind != runtime.KindScriptMemory {
		t.Errorf("recorded: %v", h.record[0].Err)
	}
}

func TestExitInAPoolVM(t *testing.T) {
	h := newHandled(t, 2)
	err := h.run(t, `return {response = function() volley.exit(7) end}`, `volley.get(base .. "/a"):send() volley.sleep(60)`)
	var exit *Exit
	if !errors.As(err, &exit) || exit.Code != 7 {
		t.Errorf("got %v", err)
	}
}
