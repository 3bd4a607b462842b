package luaapi

import (
	"errors"
	"testing"

	"volley/luaapi/vm"
	"volley/runtime"
)

// TestLimitKinds: what a script does too much of is told by a kind, to itself
// where it may be caught.
func TestLimitKinds(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
		local function kind(f)
			local ok, err = volley.spawn(f):get()
			assert(ok == nil, ok)
			return err.kind
		end
		local function deep() return 1 + deep() end
		local s = ("x"):rep(2^25)
		assert(kind(deep) == "script_stack", kind(deep))
		assert(kind(function() return s .. s .. s end) == "script_memory")
		assert(kind(function() return s:rep(3) end) == "script_memory")
		assert(kind(function() return table.concat{s, s, s} end) == "script_memory")`)
}

func TestLargeFieldsAreRefused(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
		local s, fields = ("x"):rep(2^23), {}
		for i = 1, 9 do fields["f" .. i] = s end
		for _, option in ipairs{"data", "params"} do
			local ok, err = pcall(volley.post, "http://127.0.0.1:9/", {[option] = fields})
			if ok then local resp; resp, err = err:send() end
			assert(err.kind == "invalid_argument" and err.message:find("longer than 64 MiB together", 1, true), err)
		end`)
}

// TestDecodingIsStopped: a short text becomes a large table in one call.
func TestDecodingIsStopped(t *testing.T) {
	l := newLibrary(t)
	l.config.MaxMemory = 64 << 20
	err := l.run(t, `while true do pcall(volley.json.decode, "[" .. ("[],"):rep(4e6) .. "[]]") end`)
	var limit *vm.MemoryError
	if !errors.As(err, &limit) || LimitKind(err) != runtime.KindScriptMemory {
		t.Errorf("got %v", err)
	}
}
