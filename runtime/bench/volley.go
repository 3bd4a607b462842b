package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"volley/luaapi"
	"volley/luaapi/vm"
	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
	"volley/runtime/report"
	"volley/runtime/transport"
)

// runVolley runs the script of scenario scripted on an engine set up as
// `volley run` does: the real program under a profiler. The comparison measures
// the program itself.
func runVolley(ctx context.Context, opt options, early func()) (ok, failed, sockets int, err error) {
	pol, err := policy.New(policy.Config{})
	if err != nil {
		return 0, 0, 0, err
	}
	c, err := client.New(client.Config{
		Version: "bench", AllowHost: pol.Host,
		Transport: transport.Config{Control: pol.Address},
	})
	if err != nil {
		return 0, 0, 0, err
	}
	defer c.Close() //nolint:errcheck // the process ends
	var tally report.Tally
	done := 0
	engine := runtime.NewEngine(ctx, runtime.EngineOptions{Executor: c, Record: func(r *runtime.Result) {
		tally.Add(r)
		if done++; done == opt.N/10 {
			early()
		}
	}})
	var out strings.Builder
	s := luaapi.New(luaapi.Config{
		Engine: engine, Client: c, Policy: pol, Version: "bench", Stdout: &out, Stderr: os.Stderr,
		Vars: map[string]string{"url": opt.URL + "/", "n": strconv.Itoa(opt.N), "size": strconv.Itoa(opt.Conns)},
	})
	defer s.Close()
	script, err := scripts.ReadFile("scripts/scripted.lua")
	if err != nil {
		return 0, 0, 0, err
	}
	chunk, err := vm.Compile("scripted.lua", script)
	if err != nil {
		return 0, 0, 0, err
	}
	err = s.Run(ctx, chunk)
	sockets = int(c.Stats().Dialled)
	if cerr := engine.Close(ctx); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, 0, 0, err
	}
	if _, err := fmt.Sscan(out.String(), &ok, &failed); err != nil {
		return 0, 0, 0, err
	}
	return ok, opt.N - ok, sockets, nil
}
