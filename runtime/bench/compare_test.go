package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// self is this test program, which TestMain makes volley and the bench.
func self(t *testing.T) string {
	t.Helper()
	t.Setenv("GORACE", "atexit_sleep_ms=0") // else each process ends a second later under the race detector
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCompare runs what needs no other program: volley with every script of
// the bench, the Go clients, and the bench's own server.
func TestCompare(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv("VOLLEY_BENCH_BIN", t.TempDir())
	s := &settings{
		N: 100, Conns: 8, Rounds: 2, Volley: self(t), JSON: filepath.Join(t.TempDir(), "out.json"),
		Scenarios: list{get, scripted, post, document, body, tlsGet, h2, million, spec, file, handlers},
	}
	var out strings.Builder
	if err := s.compare(&out, nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.JSON)
	if err != nil {
		t.Fatal(err)
	}
	var c comparison
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Results) != len(s.Scenarios) {
		t.Fatalf("%d results of %d scenarios", len(c.Results), len(s.Scenarios))
	}
	for _, r := range c.Results {
		checkResult(t, r, s)
	}
	for _, want := range []string{
		"server: " + ownName, "wrk, wrk+LuaJIT, k6, vegeta, hey, grequests: no specs",
		"without grequests: " + notInstalled, "volley --handler-vms 2",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// checkResult: whoever comes with the bench ran in every round, and every
// answer was right; the others are said to be missing.
func checkResult(t *testing.T, r result, s *settings) {
	t.Helper()
	scene := scenarioNamed(r.Scenario)
	rounds := s.Rounds
	if scene.Rounds > 0 {
		rounds = scene.Rounds
	}
	for _, row := range r.Rows {
		own := strings.HasPrefix(row.Client, "volley") || row.Client == "engine" || row.Client == "net/http"
		switch {
		case row.Failed != "":
			t.Errorf("%s: %s failed: %s", r.Scenario, row.Client, row.Failed)
		case !own && row.Absent == "":
			t.Errorf("%s: %s took part", r.Scenario, row.Client)
		case row.Absent != "":
		case len(row.Runs) != rounds:
			t.Errorf("%s: %s ran %d times", r.Scenario, row.Client, len(row.Runs))
		}
		for _, m := range row.Runs {
			if m.OK != r.N || m.Wrong != 0 || m.Wall <= 0 || m.CPU <= 0 || m.RSS <= 0 || (r.Scenario == million && m.RSSTenth <= 0) {
				t.Errorf("%s: %s: %+v of %d", r.Scenario, row.Client, m, r.N)
			}
		}
	}
}

func TestCompareStops(t *testing.T) {
	t.Setenv("PATH", "")
	stopped := make(chan os.Signal, 1)
	stopped <- os.Interrupt
	s := &settings{N: 10, Conns: 1, Rounds: 1, Volley: self(t), Scenarios: list{get}}
	if err := s.compare(&strings.Builder{}, stopped); err != errStopped { //nolint:errorlint // it is not wrapped
		t.Errorf("%v", err)
	}
}

func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		name, script, want string
		limit              time.Duration
	}{
		{name: "counts", script: "echo said; echo 3 1", limit: time.Minute},
		{name: "fails", script: "for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 3", limit: time.Minute, want: "exit status 3:\n    line 3\n"},
		{name: "says nothing", script: "echo no numbers", limit: time.Minute, want: "its counts are not understood: expected integer:\n    no numbers"},
		{name: "is slow", script: "exec sleep 60", limit: 50 * time.Millisecond, want: "stopped after 50ms, the limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := measure(job{Args: []string{"/bin/sh", "-c", c.script}, Count: twoNumbers, Sends: 10}, c.limit)
			if c.want == "" {
				if err != nil || m.OK != 3 || m.Wrong != 7 { // one said to be, six without an answer
					t.Errorf("%+v %v", m, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestEveryClientHasAnswer: a scenario's table says of each client either
// what it took or why it is not there.
func TestEveryClientHasAnswer(t *testing.T) {
	for _, s := range scenarios {
		for _, p := range peers {
			w := work{scenario: s, URL: "http://127.0.0.1:1" + s.Path, N: 100, Conns: 10, Dir: t.TempDir(), Duration: forTime}
			jobs, why := p.Jobs(p.Name, w)
			if (len(jobs) == 0) == (why == "") {
				t.Errorf("%s in %s: %d jobs and %q", p.Name, s.Name, len(jobs), why)
			}
			for _, j := range jobs {
				if len(j.Args) < 2 || j.Count == nil {
					t.Errorf("%s in %s: %+v", p.Name, s.Name, j)
				}
			}
		}
	}
}

func TestPrintResult(t *testing.T) {
	runs := func(cpu ...time.Duration) (list []measurement) {
		for _, d := range cpu {
			list = append(list, measurement{OK: 990, Wrong: 10, Wall: time.Second, CPU: d, RSS: 20e6})
		}
		return list
	}
	r := result{Scenario: get, About: "x", Server: "s", N: 1000, Conns: 4, Rows: []*row{
		{Client: "volley", Runs: runs(9*time.Millisecond, 30*time.Millisecond, 10*time.Millisecond)},
		{Client: "wrk", Note: noScript, Runs: runs(5 * time.Millisecond)},
		{Client: "k6", Failed: "exit status 1"},
		{Client: "hey", Absent: notInstalled},
		{Client: "grequests", Absent: notInstalled},
	}}
	var out strings.Builder
	r.print(&out, scenarioNamed(get))
	const want = `
get: x
1000 requests, 4 connections, server: s
client  requests/s  CPU µs/request  × volley's  peak MB  × volley's  wrong
volley  1000        10.00           1.00        20.0     1.00        30
wrk     1000        5.00            0.50        20.0     1.00        10  no script
k6 failed in round 1: exit status 1
without hey, grequests: not installed: see runtime/bench/install.sh
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		s    settings
		want string
	}{
		{settings{N: 1, Conns: 1, Rounds: 1, Scenarios: list{get}, Peers: list{"wrk"}}, ""},
		{settings{N: 0, Conns: 1, Rounds: 1}, "must be at least 1"},
		{settings{N: 1, Conns: 1, Rounds: 1, Scenarios: list{"gte"}}, `no scenario "gte"`},
		{settings{N: 1, Conns: 1, Rounds: 1, Peers: list{"curl"}}, `no client "curl"`},
	} {
		err := c.s.check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v", err)
		}
	}
	var l list
	if l.Set("a, b") != nil || l.String() != "a,b" || l.has("c") || !l.has("b") {
		t.Errorf("%q", l)
	}
}

func TestPrintList(t *testing.T) {
	var out strings.Builder
	if err := printList(&out, programs{"volley": "", "wrk": "/usr/bin/wrk"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/usr/bin/wrk", notInstalled, "without wrk, wrk+LuaJIT, grequests: HTTP/1.1 only", "wrk (no script)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
