package main

import (
	"time"
)

// The scenarios' names, as on the command line.
const (
	get      = "get"
	scripted = "scripted"
	post     = "post"
	document = "json"
	body     = "body"
	tlsGet   = "tls"
	h2       = "h2"
	inflight = "inflight"
	million  = "million"
	spec     = "spec"
	file     = "file"
	startup  = "startup"
	handlers = "handlers"
)

// place is which of the servers a scenario asks.
type place int

const (
	plain  place = iota
	secure       // TLS, HTTP/1.1 or HTTP/2 by ALPN
	slow         // the one whose answers take two seconds
	nowhere
)

// scenario is one piece of work that clients are compared at.
type scenario struct {
	Name, About string
	Place       place
	Path        string
	Length      int64           // of an answer's body, in bytes
	Requests    func(n int) int // from -n
	Conns       int             // 0: -conns
	Rounds      int             // 0: -rounds
	Limit       time.Duration   // of one client in one round
	Columns     []column
}

const usualLimit = 20 * time.Second

// share returns n requests for each of -n divided by per, at least one.
func share(per int) func(int) int { return func(n int) int { return max(1, n/per) } }

// always returns n requests whatever -n is.
func always(n int) func(int) int { return func(int) int { return n } }

var scenarios = []*scenario{
	{
		Name: get, About: "GET of 59 bytes of JSON, its status checked",
		Path: "/", Length: int64(len(smallAnswer)), Requests: share(1), Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: scripted, About: "the same with a header of its own for each request, made by a script",
		Path: "/", Length: int64(len(smallAnswer)), Requests: share(1), Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: post, About: "POST of 1 KB of JSON",
		Path: "/post", Length: int64(len(smallAnswer)), Requests: share(2), Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: document, About: "answers of 10 KB of JSON, decoded, and a field looked at",
		Path: "/json", Length: int64(len(jsonAnswer())), Requests: share(5), Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: body, About: "bodies of 1 MB, their length checked",
		Path: "/body", Length: bodyLength, Requests: share(100), Conns: 16, Limit: usualLimit, Columns: bulkColumns,
	},
	{
		Name: tlsGet, About: "get over TLS, HTTP/1.1", Place: secure,
		Path: "/", Length: int64(len(smallAnswer)), Requests: share(2), Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: h2, About: "get over HTTP/2", Place: secure,
		Path: "/", Length: int64(len(smallAnswer)), Requests: share(2), Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: inflight, About: "5,000 requests in flight, answered after 2 s", Place: slow,
		Path: "/slow", Length: int64(len(smallAnswer)), Requests: always(5000), Conns: 5000, Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: million, About: "ten times -n requests from a generator: does memory grow?",
		Path: "/", Length: int64(len(smallAnswer)), Requests: func(n int) int { return 10 * n }, Rounds: 1, Limit: 90 * time.Second, Columns: growthColumns,
	},
	{
		Name: spec, About: "a request with a header for each row of a CSV file, its status checked, no script",
		Path: "/", Length: int64(len(smallAnswer)), Requests: share(2), Limit: usualLimit, Columns: usualColumns,
	},
	{
		Name: file, About: "bodies of 100 MB streamed to a file, one after another",
		Path: "/file", Length: fileLength, Requests: always(5), Conns: 1, Limit: usualLimit, Columns: bulkColumns,
	},
	{
		Name: startup, About: "an empty script, start to exit", Place: nowhere,
		Requests: always(1), Conns: 1, Rounds: 20, Limit: usualLimit, Columns: startColumns,
	},
	{
		Name: handlers, About: "a response hook that computes for a millisecond or so, with --handler-vms",
		Path: "/", Length: int64(len(smallAnswer)), Requests: share(50), Limit: usualLimit, Columns: usualColumns,
	},
}

func scenarioNamed(name string) *scenario {
	for _, s := range scenarios {
		if s.Name == name {
			return s
		}
	}
	return nil
}
