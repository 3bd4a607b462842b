package luaapi

import "testing"

// TestCallbackTimeIsItsOwn (row 141 of the fault table): what a callback takes
// counts against none of its request's limits, nor as its elapsed time.
func TestCallbackTimeIsItsOwn(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.pass(t, `
		local url = "`+serveHTTPBin(t)+`/get"
		local limit, pause = 1.5, 2
		local calls = 0
		local function slow(resp)
			calls = calls + 1
			if calls == 1 then
				volley.sleep(pause)
			else
				local began = volley.time.now()
				while volley.time.now() - began < pause do end
			end
			return resp
		end
		local function request() return volley.get(url, {timeout = {total = limit, read = limit, connect = limit}, callback = slow}) end
		local responses, errors = volley.map({request(), request()}, {size = 2})
		for i = 1, 2 do
			assert(responses[i] and responses[i].ok, tostring(errors[i]))
			assert(responses[i].elapsed < pause, responses[i].elapsed)
			assert(#responses[i].text > 0)
		end
		assert(calls == 2)`)
}

// TestYieldInACallback (row 171): nobody is there to take what is yielded, and
// the error says so.
func TestYieldInACallback(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
		local url = "`+serveHTTPBin(t)+`/get"
		local function reason(f)
			local responses, errors = volley.map{volley.get(url, {callback = f})}
			assert(responses[1] == false or not responses[1], "it went through")
			return errors[1].kind, errors[1].message
		end
		local kind, message = reason(function() coroutine.yield(1) end)
		assert(kind == "callback" and message:find("attempt to yield from outside a coroutine", 1, true), message)
		local kind, message = reason(function() pcall(coroutine.yield, 1) error("later") end)
		assert(kind == "callback" and message:find("later", 1, true), message)
		local ok, message = pcall(coroutine.yield, 1)
		assert(not ok and tostring(message):find("attempt to yield from outside a coroutine", 1, true), message)`)
}
