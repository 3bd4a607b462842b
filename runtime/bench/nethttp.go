package main

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// runNetHTTP sends the same requests with the standard library: goroutines
// over a Transport that keeps as many connections.
func runNetHTTP(ctx context.Context, opt options, early func()) (ok, failed, sockets int, err error) {
	transport := &http.Transport{MaxIdleConnsPerHost: opt.Conns, DisableCompression: true}
	defer transport.CloseIdleConnections()
	var next, good, bad atomic.Int64
	var workers sync.WaitGroup
	for range opt.Conns {
		workers.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(opt.N) {
					return
				}
				if i == int64(opt.N/10) {
					early()
				}
				if get(ctx, transport, opt.URL+"/", i) {
					good.Add(1)
				} else {
					bad.Add(1)
				}
			}
		})
	}
	workers.Wait()
	return int(good.Load()), int(bad.Load()), opt.Conns, nil
}

func get(ctx context.Context, transport *http.Transport, url string, i int64) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", "volley/bench")
	req.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	req.Header.Set("Accept", "*/*")
	req.Header.Set("X-Id", strconv.FormatInt(i, 10))
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return false
	}
	return resp.StatusCode == http.StatusOK
}
