package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"
)

// options of one run of a client of Go code.
type options struct {
	URL      string // of the server; a path is added
	N        int
	Conns    int
	Scenario string
	Dir      string // with the files of a comparison; "": none
}

// outcome is what such a client prints at its end.
type outcome struct {
	Client   string
	OK       int
	Failed   int
	Elapsed  time.Duration
	CPU      time.Duration // user and system
	RSS      int64         // peak, bytes
	RSSEarly int64         // peak after a tenth of the requests
	Sockets  int           // most connections open at once
}

// The clients of Go code.
const (
	luaClient    = "volley (Lua, imap)"
	engineClient = "volley (Go engine)"
	netClient    = "net/http"
)

// clients by name; each sends opt.N requests, opt.Conns at a time.
var clients = map[string]func(ctx context.Context, opt options, early func()) (ok, failed, sockets int, err error){
	luaClient:    runVolley,
	engineClient: runEngine,
	netClient:    runNetHTTP,
}

// tenthDone is the line by which a client says that a tenth of its requests is
// answered, so that its memory is looked at.
const tenthDone = "a tenth is done"

// runAs runs one client and prints its outcome as JSON.
func runAs(name string, opt options) error {
	run := clients[name]
	if run == nil {
		return fmt.Errorf("no client %q", name)
	}
	var early int64
	start := time.Now()
	ok, failed, sockets, err := run(context.Background(), opt, func() {
		_, early = usage()
		fmt.Fprintln(os.Stderr, tenthDone)
	})
	if err != nil {
		return err
	}
	cpu, rss := usage()
	return json.NewEncoder(os.Stdout).Encode(outcome{
		Client: name, OK: ok, Failed: failed, Elapsed: time.Since(start), CPU: cpu, RSS: rss, RSSEarly: early, Sockets: sockets,
	})
}

// profiled runs f, under the CPU profiler when a file is named.
func profiled(file string, f func() error) error {
	if file == "" {
		return f()
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // a profile that is cut short shows
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}

func usage() (cpu time.Duration, rss int64) {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0, 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), r.Maxrss * 1024
}

// errand is a scenario's work as the clients of Go code do it.
type errand struct {
	url      string
	body     []byte // of a POST; nil: GET
	header   bool   // one of its own for each request
	protocol string // expected; "" any
	length   int64  // of a body that is looked at; 0: it is not
	decode   bool   // the body is JSON
	save     string // the file that bodies are streamed to
}

func (opt options) errand() (errand, error) {
	s := scenarioNamed(opt.Scenario)
	if s == nil {
		return errand{}, fmt.Errorf("no scenario %q", opt.Scenario)
	}
	e := errand{url: opt.URL + s.Path}
	switch s.Name {
	case scripted, million:
		e.header = true
	case post:
		e.body = []byte(postBody())
	case document:
		e.decode = true
	case body:
		e.length = s.Length
	case file:
		e.length, e.save = s.Length, filepath.Join(opt.Dir, "out")
	case tlsGet:
		e.protocol = "HTTP/1.1"
	case h2:
		e.protocol = "HTTP/2.0"
	}
	return e, nil
}
