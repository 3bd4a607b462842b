package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// peer is one client.
type peer struct {
	Name, About string
	Programs    []string // the first of them that is found and passes the probe; none: it comes with the bench
	Probe       []string // arguments with which the program must succeed; none: being there is enough
	// Jobs returns how to run it for that work, or why it does not take part.
	Jobs func(program string, w work) ([]job, refusal)
}

// refusal is why a client does not take part in a scenario; "" it does.
type refusal string

// work is a scenario as it is set up for the clients.
type work struct {
	*scenario
	URL      string // with the path
	Server   string // without
	N        int
	Conns    int
	Dir      string // with the files
	Volley   string // the program
	Self     string // the bench itself
	Duration time.Duration
}

func (w work) path(name string) string { return filepath.Join(w.Dir, name) }

// peers in the order of the tables.
var peers = []peer{
	{Name: "volley", About: "the program, as a user starts it", Jobs: volleyJobs},
	{Name: "engine", About: "volley's Go engine without Lua", Jobs: engineJobs},
	{Name: "net/http", About: "goroutines over an http.Transport", Jobs: netHTTPJobs},
	{Name: "wrk", About: "wrk, no script", Programs: []string{"wrk"}, Jobs: wrkJobs},
	{Name: "wrk+LuaJIT", About: "wrk with a script", Programs: []string{"wrk"}, Jobs: wrkScriptJobs},
	{Name: "k6", About: "k6, JavaScript", Programs: []string{"k6"}, Jobs: k6Jobs},
	{Name: "vegeta", About: "vegeta attack, no script", Programs: []string{"vegeta"}, Jobs: vegetaJobs},
	{Name: "hey", About: "hey, no script", Programs: []string{"hey"}, Jobs: heyJobs},
	{
		Name: "grequests", About: "grequests, one session", Programs: []string{"python3", "/usr/bin/python3"},
		Probe: []string{"-c", "import grequests"}, Jobs: grequestsJobs,
	},
}

func knownPeer(name string) bool {
	for _, p := range peers {
		if p.Name == name {
			return true
		}
	}
	return false
}

// programs are the paths of the peers' programs by the peers' names; a peer
// that is not installed is not in it.
type programs map[string]string

func findPeers() programs {
	found := programs{}
	for _, p := range peers {
		if path, ok := p.find(); ok {
			found[p.Name] = path
		}
	}
	return found
}

func (p peer) find() (path string, ok bool) {
	for _, name := range p.Programs {
		path, err := lookUp(name)
		if err != nil {
			continue
		}
		if len(p.Probe) == 0 || exec.CommandContext(context.Background(), path, p.Probe...).Run() == nil {
			return path, true
		}
	}
	return "", len(p.Programs) == 0
}

// lookUp finds a program in $PATH or where install.sh puts them.
func lookUp(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	dir := os.Getenv("VOLLEY_BENCH_BIN")
	if dir == "" {
		cache, cerr := os.UserCacheDir()
		if cerr != nil {
			return "", err
		}
		dir = filepath.Join(cache, "volley-bench", "bin")
	}
	return exec.LookPath(filepath.Join(dir, name))
}

const notInstalled = "not installed: see runtime/bench/install.sh"

// printList prints the scenarios and the clients, and who takes part in what.
func printList(out io.Writer, found programs) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "CLIENTS")
	for _, p := range peers {
		state := ""
		if path, ok := found[p.Name]; !ok {
			state = notInstalled
		} else if path != "" {
			state = path
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", p.Name, p.About, state)
	}
	_, _ = fmt.Fprintln(w, "\nSCENARIOS")
	for _, s := range scenarios {
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", s.Name, s.About)
		for _, line := range takers(s) {
			_, _ = fmt.Fprintf(w, "  \t  %s\n", line)
		}
	}
	return w.Flush()
}

// takers are lines: who takes part in a scenario, and who does not and why.
func takers(s *scenario) []string {
	var part []string
	var absent absentees
	for _, p := range peers {
		jobs, why := p.Jobs(p.Name, work{scenario: s, N: 1, Conns: 1})
		if why != "" {
			absent.add(p.Name, string(why))
			continue
		}
		name := p.Name
		if jobs[0].Note != "" {
			name += " (" + jobs[0].Note + ")"
		}
		part = append(part, name)
	}
	return append([]string{"with " + strings.Join(part, ", ")}, absent.lines()...)
}

// absentees are clients that stay away, together where they share a reason.
type absentees struct {
	reasons []string
	names   map[string][]string
}

func (a *absentees) add(name, why string) {
	if a.names == nil {
		a.names = map[string][]string{}
	}
	if _, there := a.names[why]; !there {
		a.reasons = append(a.reasons, why)
	}
	a.names[why] = append(a.names[why], name)
}

func (a *absentees) lines() []string {
	var lines []string
	for _, why := range a.reasons {
		lines = append(lines, "without "+strings.Join(a.names[why], ", ")+": "+why)
	}
	return lines
}
