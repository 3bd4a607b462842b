package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/pprof"
	"sort"
	"strings"
	"syscall"
	"time"
)

// options of one run of a client.
type options struct {
	URL   string
	N     int
	Conns int
}

// outcome is what a client process prints at its end.
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

// clients by name; each sends opt.N requests, opt.Conns at a time.
var clients = map[string]func(ctx context.Context, opt options, early func()) (ok, failed, sockets int, err error){
	"volley (Lua, imap)": runVolley,
	"volley (Go engine)": runEngine,
	"net/http":           runNetHTTP,
}

func main() {
	n := flag.Int("n", 100_000, "requests of a client in a round")
	conns := flag.Int("conns", 64, "connections")
	rounds := flag.Int("rounds", 3, "rounds; the clients take turns in each")
	asServer := flag.Bool("server", false, "be the server")
	asClient := flag.String("client", "", "be that client")
	url := flag.String("url", "", "of the server, for a client")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the client to this file")
	flag.Parse()
	var err error
	switch {
	case *asServer:
		err = serve(os.Stdout)
	case *asClient != "":
		err = profiled(*profile, func() error { return runAs(*asClient, options{URL: *url, N: *n, Conns: *conns}) })
	default:
		err = compare(*n, *conns, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// runAs runs one client and prints its outcome as JSON.
func runAs(name string, opt options) error {
	run := clients[name]
	if run == nil {
		return fmt.Errorf("no client %q", name)
	}
	var early int64
	start := time.Now()
	ok, failed, sockets, err := run(context.Background(), opt, func() { _, early = usage() })
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

// compare starts the server, lets the clients take turns, and prints a table.
func compare(n, conns, rounds int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	url, stop, err := startServer(self)
	if err != nil {
		return err
	}
	defer stop()
	var names []string
	for name := range clients {
		names = append(names, name)
	}
	sort.Strings(names)
	results := map[string][]outcome{}
	for range rounds {
		for _, name := range names {
			o, err := runClient(self, name, url, n, conns)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			results[name] = append(results[name], o)
		}
	}
	printTable(os.Stdout, names, results, n)
	return nil
}

func startServer(self string) (url string, stop func(), err error) {
	cmd := exec.CommandContext(context.Background(), self, "-server")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // the server ends when this closes
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", nil, fmt.Errorf("the server did not start: %w", err)
	}
	return strings.TrimSpace(line), func() {
		_ = in.Close()
		_ = cmd.Wait()
	}, nil
}

func runClient(self, name, url string, n, conns int) (outcome, error) {
	cmd := exec.CommandContext(context.Background(), self, "-client", name, "-url", url, "-n", fmt.Sprint(n), "-conns", fmt.Sprint(conns))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	return o, json.Unmarshal(out, &o)
}

func printTable(w io.Writer, names []string, results map[string][]outcome, n int) {
	_, _ = fmt.Fprintf(w, "%-22s %12s %12s %10s %10s %8s %8s\n", "client", "requests/s", "µs CPU/req", "RSS MB", "at 10 %", "sockets", "failed")
	base := median(results["net/http"], func(o outcome) float64 { return float64(o.CPU) })
	for _, name := range names {
		list := results[name]
		cpu := median(list, func(o outcome) float64 { return float64(o.CPU) })
		_, _ = fmt.Fprintf(w, "%-22s %12.0f %12.2f %10.1f %10.1f %8d %8d   %.2f × net/http's CPU\n", name,
			median(list, func(o outcome) float64 { return float64(n) / o.Elapsed.Seconds() }),
			cpu/float64(n)/1e3,
			median(list, func(o outcome) float64 { return float64(o.RSS) })/1e6,
			median(list, func(o outcome) float64 { return float64(o.RSSEarly) })/1e6,
			list[0].Sockets, list[len(list)-1].Failed, cpu/base)
	}
}

func median(list []outcome, of func(outcome) float64) float64 {
	var values []float64
	for _, o := range list {
		values = append(values, of(o))
	}
	sort.Float64s(values)
	return values[len(values)/2]
}
