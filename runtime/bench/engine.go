package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strconv"

	"volley/runtime"
	"volley/runtime/client"
)

// runEngine is the same work without Lua: what scripting costs is the
// difference.
func runEngine(ctx context.Context, opt options, early func()) (ok, failed, sockets int, err error) {
	work, err := opt.errand()
	if err != nil {
		return 0, 0, 0, err
	}
	config := client.Config{Version: "bench"}
	if opt.Dir != "" {
		config.CA = filepath.Join(opt.Dir, certificate)
	}
	c, err := client.New(config)
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
		return work.request(i), nil
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
		if r.Err == nil && work.right(r.Response) {
			ok++
		}
		if r.Index == opt.N/10 {
			early()
		}
	}
	return ok, opt.N - ok, int(c.Stats().Dialled), engine.Close(ctx)
}

func (e errand) request(i int) *runtime.Request {
	req := &runtime.Request{Method: "GET", URL: e.url}
	if e.header {
		req.Header = runtime.Header{{Name: "X-Id", Value: strconv.Itoa(i)}}
	}
	if e.body != nil {
		req.Method, req.Body = "POST", &runtime.Bytes{Data: e.body, Type: "application/json"}
	}
	switch e.protocol {
	case "HTTP/1.1":
		req.Options = &runtime.Options{HTTPVersion: "1.1"}
	case "HTTP/2.0":
		req.Options = &runtime.Options{HTTPVersion: "2"}
	}
	return req
}

func (e errand) right(resp *runtime.Response) bool {
	return resp.Status == 200 && (e.protocol == "" || resp.Protocol == e.protocol) &&
		(e.length == 0 || int64(len(resp.Content)) == e.length)
}
