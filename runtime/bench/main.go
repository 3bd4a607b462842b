package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// settings are the command line.
type settings struct {
	N, Conns, Rounds  int
	Scenarios, Peers  list
	JSON, Volley      string
	List, Server      bool
	Client            string
	URL, Dir, Profile string
}

// list is a flag of names set apart by commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		*l = append(*l, strings.TrimSpace(name))
	}
	return nil
}

// has reports whether name was asked for: all are, when none is named.
func (l list) has(name string) bool {
	for _, n := range l {
		if n == name {
			return true
		}
	}
	return len(l) == 0
}

func main() {
	var s settings
	flag.IntVar(&s.N, "n", 100_000, "requests of a client in a round; the scenarios with larger answers send fewer")
	flag.IntVar(&s.Conns, "conns", 64, "connections, where the scenario does not say")
	flag.IntVar(&s.Rounds, "rounds", 3, "rounds; the clients take turns in each")
	flag.Var(&s.Scenarios, "scenario", "names of scenarios (default: all)")
	flag.Var(&s.Peers, "peers", "names of clients (default: all)")
	flag.StringVar(&s.JSON, "json", "", "write every measurement to this file")
	flag.StringVar(&s.Volley, "volley", "", "measure this volley (default: one is built)")
	flag.BoolVar(&s.List, "list", false, "list scenarios and clients, and who does not take part and why")
	flag.BoolVar(&s.Server, "server", false, "be the server")
	flag.StringVar(&s.Client, "client", "", "be that client of Go code")
	flag.StringVar(&s.URL, "url", "", "of the server, for -client")
	flag.StringVar(&s.Dir, "dir", "", "the files of a comparison, for -client and -server")
	flag.StringVar(&s.Profile, "cpuprofile", "", "write a CPU profile of -client to this file")
	flag.Parse()
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (s *settings) run() error {
	switch {
	case s.Server:
		return serve(os.Stdin, os.Stdout, s.Dir)
	case s.Client != "":
		name := scripted
		if len(s.Scenarios) > 0 {
			name = s.Scenarios[0]
		}
		return profiled(s.Profile, func() error {
			return runAs(s.Client, options{URL: s.URL, N: s.N, Conns: s.Conns, Scenario: name, Dir: s.Dir})
		})
	}
	if err := s.check(); err != nil {
		return err
	}
	if s.List {
		return printList(os.Stdout, findPeers())
	}
	// Each client leads a process of its own, which ends with the bench.
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, os.Interrupt, syscall.SIGTERM)
	return s.compare(os.Stdout, stopped)
}

// check refuses names that nothing has, and numbers that mean nothing.
func (s *settings) check() error {
	if s.N < 1 || s.Conns < 1 || s.Rounds < 1 {
		return fmt.Errorf("-n, -conns and -rounds must be at least 1")
	}
	for _, name := range s.Scenarios {
		if scenarioNamed(name) == nil {
			return fmt.Errorf("no scenario %q: -list shows them", name)
		}
	}
	for _, name := range s.Peers {
		if !knownPeer(name) {
			return fmt.Errorf("no client %q: -list shows them", name)
		}
	}
	return nil
}
