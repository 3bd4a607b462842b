package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// forTime is how long the clients send that count no requests beforehand.
const forTime = 3 * time.Second

// row is a client's part in a scenario.
type row struct {
	Client string        `json:"client"`
	Note   string        `json:"note,omitempty"`
	Runs   []measurement `json:"runs,omitempty"`
	Failed string        `json:"failed,omitempty"` // what went wrong, with its last lines
	Absent string        `json:"absent,omitempty"` // why it does not take part
	job    job
}

// result is a scenario's outcome.
type result struct {
	Scenario string `json:"scenario"`
	About    string `json:"about"`
	Server   string `json:"server"`
	N        int    `json:"requests"`
	Conns    int    `json:"connections"`
	Rows     []*row `json:"clients"`
}

// comparison is what -json writes.
type comparison struct {
	Started time.Time `json:"started"`
	OS      string    `json:"os"`
	CPUs    int       `json:"cpus"`
	Go      string    `json:"go"`
	Results []result  `json:"results"`
}

var errStopped = errors.New("stopped")

// compare runs the scenarios one after another and prints a table of each.
func (s *settings) compare(out io.Writer, stopped <-chan os.Signal) error {
	moreFiles()
	dir, err := os.MkdirTemp("", "volley-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system's folder for such
	if err := writeFiles(dir); err != nil {
		return err
	}
	base := work{Dir: dir, Duration: forTime}
	if base.Self, err = os.Executable(); err != nil {
		return err
	}
	if base.Volley, err = s.program(dir); err != nil {
		return err
	}
	at, err := startServers(dir)
	if err != nil {
		return err
	}
	defer at.stop()
	c := comparison{Started: time.Now(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	_, _ = fmt.Fprintf(out, "%s, %d CPUs, %s\n", c.OS, c.CPUs, c.Go)
	found := findPeers()
	for _, scene := range scenarios {
		if !s.Scenarios.has(scene.Name) {
			continue
		}
		r, err := s.scene(scene, base, at, found, stopped)
		if err != nil {
			return err
		}
		r.print(out, scene)
		c.Results = append(c.Results, r)
		if err := s.write(c); err != nil {
			return err
		}
	}
	return nil
}

// program builds volley as it is released, unless one is named.
func (s *settings) program(dir string) (string, error) {
	if s.Volley != "" {
		return filepath.Abs(s.Volley)
	}
	path := filepath.Join(dir, "volley")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", path, "volley")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: run this in a folder of volley, or name a program with -volley\n%s", err, said)
	}
	return path, nil
}

// scene runs one scenario: in each round each client once.
func (s *settings) scene(scene *scenario, base work, at *servers, found programs, stopped <-chan os.Signal) (result, error) {
	w := base
	w.scenario, w.N, w.Conns = scene, scene.Requests(s.N), s.Conns
	if scene.Conns > 0 {
		w.Conns = scene.Conns
	}
	url, server := at.at(scene.Place)
	w.Server, w.URL = url, url+scene.Path
	r := result{Scenario: scene.Name, About: scene.About, Server: server, N: w.N, Conns: w.Conns}
	if scene.Name == spec {
		if err := writeRows(w.path("rows.csv"), w.N); err != nil {
			return r, err
		}
	}
	for _, p := range peers {
		if s.Peers.has(p.Name) {
			r.Rows = append(r.Rows, rowsOf(p, found, w)...)
		}
	}
	rounds := s.Rounds
	if scene.Rounds > 0 {
		rounds = scene.Rounds
	}
	for range rounds {
		for _, row := range r.Rows {
			select {
			case <-stopped:
				return r, errStopped
			default:
			}
			row.run(scene.Limit)
		}
	}
	return r, nil
}

// rowsOf returns a client's rows: one for each job, or the one that says why
// there is none.
func rowsOf(p peer, found programs, w work) []*row {
	program, ok := found[p.Name]
	jobs, why := p.Jobs(program, w)
	if why == "" && !ok {
		why = notInstalled
	}
	if why != "" {
		return []*row{{Client: p.Name, Absent: string(why)}}
	}
	var rows []*row
	for _, j := range jobs {
		name := p.Name
		if j.Label != "" {
			name += " " + j.Label
		}
		rows = append(rows, &row{Client: name, Note: j.Note, job: j})
	}
	return rows
}

// run runs a row's job once more, unless it failed before.
func (r *row) run(limit time.Duration) {
	if r.Absent != "" || r.Failed != "" {
		return
	}
	m, err := measure(r.job, limit)
	if err != nil {
		r.Failed = err.Error()
		return
	}
	r.Runs = append(r.Runs, m)
}

// write writes what there is so far: a comparison that is stopped has it.
func (s *settings) write(c comparison) error {
	if s.JSON == "" {
		return nil
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.JSON, append(data, '\n'), 0o644)
}

// moreFiles lets the clients and servers open as many files as the system
// allows. Go does so for itself and takes it back for its children; what is
// set by hand stays.
func moreFiles() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	limit.Cur = limit.Max
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // then the scenario inflight tells
}
