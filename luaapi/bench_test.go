package luaapi_test

import (
	"context"
	"fmt"
	"testing"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
)

// BenchmarkPump is the scripted path without a network: what building a
// request, imap and a status check cost.
func BenchmarkPump(b *testing.B) {
	for name, opts := range map[string]string{"plain": "", "header": `, {headers = {["X-Id"] = i}}`} {
		b.Run(name, func(b *testing.B) {
			c, err := client.New(client.Config{})
			if err != nil {
				b.Fatal(err)
			}
			answer := runtime.ExecutorFunc(func(_ context.Context, req *runtime.Request) (*runtime.Response, error) {
				return &runtime.Response{Status: 200, Request: req}, nil
			})
			engine := runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: answer})
			pol, err := policy.New(policy.Config{})
			if err != nil {
				b.Fatal(err)
			}
			s := luaapi.New(luaapi.Config{Engine: engine, Client: c, Policy: pol})
			chunk, err := vm.Compile("bench.lua", fmt.Appendf(nil, `
local i, ok = 0, 0
local function requests()
  if i == %d then return nil end
  i = i + 1
  return volley.get("http://localhost/"%s)
end
for resp in volley.imap(requests, {size = 64}) do
  if resp.status_code == 200 then ok = ok + 1 end
end
assert(ok == %d)
`, b.N, opts, b.N))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			if err := s.Run(context.Background(), chunk); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			_ = engine.Close(context.Background())
			s.Close()
			_ = c.Close()
		})
	}
}
