package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ownOutcome reads what runAs prints.
func ownOutcome(p printed) (ok, wrong int, err error) {
	var o outcome
	err = json.Unmarshal([]byte(p.out), &o)
	return o.OK, o.Failed, err
}

const (
	noScript    = "no script"
	noGenerator = "one request again and again, from no generator"
	noDecoding  = "no decoding of answers"
	noFiles     = "no writing of files"
	noSpecs     = "no specs"
	noHooks     = "no hooks to run in parallel"
	noHTTP2     = "HTTP/1.1 only"
)

// plainRefusal is why a client without scripts stays away.
func plainRefusal(scenario string) refusal {
	switch scenario {
	case document:
		return noDecoding
	case million:
		return noGenerator
	case file:
		return noFiles
	case spec:
		return noSpecs
	case startup:
		return "no scripts"
	case handlers:
		return noHooks
	}
	return ""
}

// note tells of a client that does without the scenario's script.
func note(scenario string) string {
	if scenario == scripted {
		return noScript
	}
	return ""
}

// wrkJobs run wrk for a time: it does not count requests beforehand.
func wrkJobs(program string, w work) ([]job, refusal) {
	if w.Name == h2 {
		return nil, noHTTP2
	}
	if why := plainRefusal(w.Name); why != "" {
		return nil, why
	}
	j := wrkJob(program, w)
	j.Note = note(w.Name)
	if w.Name == post {
		j.Args = append(j.Args, "-s", w.path("wrk_post.lua"))
		j.Env = []string{"BENCH_BODY=" + w.path(postFile)}
	}
	return []job{j}, ""
}

// wrkScriptJobs run it with a function for each request and each answer.
func wrkScriptJobs(program string, w work) ([]job, refusal) {
	switch w.Name {
	case scripted:
		j := wrkJob(program, w)
		j.Args = append(j.Args, "-s", w.path("wrk.lua"))
		return []job{j}, ""
	case document:
		return nil, "no JSON in its Lua"
	case million:
		return nil, "it sends for a time, not a number of requests"
	case spec:
		return nil, noSpecs
	case startup:
		return nil, "it sends for a second at least"
	case handlers:
		return nil, noHooks
	case file:
		return nil, noFiles
	case h2:
		return nil, noHTTP2
	}
	return nil, "nothing to script: see wrk"
}

func wrkJob(program string, w work) job {
	return job{
		Args: []string{
			program, "-t", "1", "-c", strconv.Itoa(w.Conns), "-d", fmt.Sprintf("%ds", int(w.Duration.Seconds())),
			"--timeout", "10s", w.URL,
		},
		Count: wrkCounts,
	}
}

var (
	wrkTotal  = regexp.MustCompile(`(\d+) requests in`)
	wrkStatus = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
	wrkSocket = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkOwn    = regexp.MustCompile(`bad answers: (\d+)`)
)

func wrkCounts(p printed) (ok, wrong int, err error) {
	match := wrkTotal.FindStringSubmatch(p.out)
	if match == nil {
		return 0, 0, fmt.Errorf("no count of requests")
	}
	if ok, err = strconv.Atoi(match[1]); err != nil {
		return 0, 0, err
	}
	// A wrong status is told by wrk, and by the script again.
	status, own := sum(wrkStatus.FindStringSubmatch(p.out)), sum(wrkOwn.FindStringSubmatch(p.out))
	bad := max(status, own)
	return ok - bad, bad + sum(wrkSocket.FindStringSubmatch(p.out)), nil
}

// sum adds the numbers of a match.
func sum(match []string) int {
	total := 0
	for i, text := range match {
		if n, err := strconv.Atoi(text); err == nil && i > 0 {
			total += n
		}
	}
	return total
}

func heyJobs(program string, w work) ([]job, refusal) {
	if why := plainRefusal(w.Name); why != "" {
		return nil, why
	}
	conns := min(w.Conns, w.N)
	n := w.N / conns * conns // it sends as many on each
	args := []string{program, "-n", strconv.Itoa(n), "-c", strconv.Itoa(conns), "-t", "20"}
	switch w.Name {
	case post:
		args = append(args, "-m", "POST", "-T", "application/json", "-D", w.path(postFile))
	case h2:
		args = append(args, "-h2")
	}
	return []job{{Args: append(args, w.URL), Count: heyCounts, Sends: n, Note: note(w.Name)}}, ""
}

var (
	heyStatus = regexp.MustCompile(`(?m)^\s*\[(\d+)\]\s+(\d+) responses`)
	heyErrors = regexp.MustCompile(`(?m)^\s*\[(\d+)\]\s+\D`)
)

func heyCounts(p printed) (ok, wrong int, err error) {
	statuses, errs, _ := strings.Cut(p.out, "Error distribution:")
	for _, match := range heyStatus.FindAllStringSubmatch(statuses, -1) {
		n := sum(match[1:])
		if match[1] == "200" {
			ok += n
		} else {
			wrong += n
		}
	}
	for _, match := range heyErrors.FindAllStringSubmatch(errs, -1) {
		wrong += sum(match)
	}
	if ok+wrong == 0 {
		return 0, 0, fmt.Errorf("no answers")
	}
	return ok, wrong, nil
}

// vegetaJobs attack for a time as fast as the workers go; the slow server is
// asked once for each connection.
func vegetaJobs(program string, w work) ([]job, refusal) {
	if why := plainRefusal(w.Name); why != "" {
		return nil, why
	}
	rate, duration := "0", w.Duration
	if w.Name == inflight {
		rate, duration = strconv.Itoa(w.N), time.Second
	}
	conns := strconv.Itoa(w.Conns)
	target, results := "GET "+w.URL+"\n", w.path("vegeta.bin")
	args := []string{
		program, "attack", "-rate", rate, "-duration", duration.String(), "-workers", conns, "-max-workers", conns,
		"-connections", conns, "-max-body", "0", "-root-certs", w.path(certificate), "-output", results,
		"-http2=" + strconv.FormatBool(w.Name == h2), "-targets", w.path("vegeta.txt"),
	}
	if w.Name == post {
		target = "POST " + w.URL + "\n"
		args = append(args, "-body", w.path(postFile), "-header", "Content-Type: application/json")
	}
	if w.Dir != "" {
		if err := os.WriteFile(w.path("vegeta.txt"), []byte(target), 0o600); err != nil {
			return nil, refusal(err.Error())
		}
	}
	return []job{{
		Args: args, Note: note(w.Name),
		Count: func(printed) (int, int, error) { return vegetaCounts(program, results) },
	}}, ""
}

// vegetaCounts has vegeta report its results, which it does not by itself.
func vegetaCounts(program, results string) (ok, wrong int, err error) {
	defer os.Remove(results) //nolint:errcheck // the folder goes too
	var said bytes.Buffer
	cmd := exec.CommandContext(context.Background(), program, "report", "-type", "json", results)
	cmd.Stdout = &said
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("vegeta report: %w", err)
	}
	return vegetaReport(said.Bytes())
}

func vegetaReport(data []byte) (ok, wrong int, err error) {
	var report struct {
		Requests int            `json:"requests"`
		Codes    map[string]int `json:"status_codes"`
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return 0, 0, err
	}
	return report.Codes["200"], report.Requests - report.Codes["200"], nil
}
