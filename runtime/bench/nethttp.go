package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
)

// runNetHTTP sends the same requests with the standard library: goroutines
// over a Transport that keeps as many connections.
func runNetHTTP(ctx context.Context, opt options, early func()) (ok, failed, sockets int, err error) {
	work, err := opt.errand()
	if err != nil {
		return 0, 0, 0, err
	}
	transport, err := newTransport(opt, work)
	if err != nil {
		return 0, 0, 0, err
	}
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
				if work.send(ctx, transport, i) {
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

func newTransport(opt options, work errand) (*http.Transport, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: opt.Conns, DisableCompression: true}
	if work.protocol == "" {
		return transport, nil
	}
	data, err := os.ReadFile(filepath.Join(opt.Dir, certificate))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data)
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.ForceAttemptHTTP2 = work.protocol == "HTTP/2.0"
	return transport, nil
}

// send sends request i and reports whether its answer is right.
func (e errand) send(ctx context.Context, transport *http.Transport, i int64) bool {
	method, given := http.MethodGet, io.Reader(nil)
	if e.body != nil {
		method, given = http.MethodPost, bytes.NewReader(e.body)
	}
	req, err := http.NewRequestWithContext(ctx, method, e.url, given)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", "volley/bench")
	req.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	req.Header.Set("Accept", "*/*")
	if e.header {
		req.Header.Set("X-Id", strconv.FormatInt(i, 10))
	}
	if e.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	return e.read(resp) == nil && resp.StatusCode == http.StatusOK && (e.protocol == "" || resp.Proto == e.protocol)
}

// read reads the body as the scenario has it.
func (e errand) read(resp *http.Response) error {
	switch {
	case e.save != "":
		return e.keep(resp.Body)
	case e.decode:
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		var v any
		return json.Unmarshal(data, &v)
	case e.length > 0:
		data, err := io.ReadAll(resp.Body)
		if err == nil && int64(len(data)) != e.length {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	_, err := io.Copy(io.Discard, resp.Body)
	return err
}

// keep streams a body to the file.
func (e errand) keep(body io.Reader) error {
	out, err := os.Create(e.save)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // after an error; else it was closed
	n, err := io.Copy(out, body)
	if err != nil {
		return err
	}
	if n != e.length {
		return io.ErrUnexpectedEOF
	}
	return out.Close()
}
