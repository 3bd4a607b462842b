package main

import (
	"context"
	"errors"
	"io"
	"strconv"

	"volley/runtime"
	"volley/runtime/client"
)

// runEngine is the same work without Lua: what scripting costs is the
// difference.
func runEngine(ctx context.Context, opt options, early func()) (ok, failed, sockets int, err error) {
	c, err := client.New(client.Config{Version: "bench"})
	if err != nil {
		return 0, 0, 0, err
	}
	defer c.Close() //nolint:errcheck // the process ends
	engine := runtime.NewEngine(ctx, runtime.EngineOptions{Executor: c})
	i := 0
	source := func() (*runtime.Request, error) {
		if i == opt.N {
			return nil, io.EOF
		}
		i++
		return &runtime.Request{Method: "GET", URL: opt.URL + "/", Header: runtime.Header{{Name: "X-Id", Value: strconv.Itoa(i)}}}, nil
	}
	var inbox runtime.Inbox
	batch := engine.Batch(&inbox, source, runtime.BatchOptions{Size: opt.Conns})
	for {
		r, err := batch.Next(&inbox)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, 0, err
		}
		if r.Err == nil && r.Response.Status == 200 {
			ok++
		}
		if r.Index == opt.N/10 {
			early()
		}
	}
	return ok, opt.N - ok, int(c.Stats().Dialled), engine.Close(ctx)
}
