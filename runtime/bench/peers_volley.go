package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// volleyJobs start the program with the script of the scenario's name.
func volleyJobs(_ string, w work) ([]job, refusal) {
	usual := job{Count: twoNumbers, Dir: w.Dir, Sends: w.N}
	script := w.Name + ".lua"
	vars := []string{
		"--var", "url=" + w.URL, "--var", "n=" + strconv.Itoa(w.N),
		"--var", "size=" + strconv.Itoa(w.Conns), "--var", "length=" + strconv.FormatInt(w.Length, 10),
	}
	switch w.Name {
	case inflight:
		script = "get.lua"
	case tlsGet, h2:
		version := map[string]string{tlsGet: "1.1", h2: "2"}[w.Name]
		script = "tls.lua"
		vars = append(vars, "--var", "version="+version, "--ca", certificate)
	case post:
		vars = append(vars, "--var", "body="+postBody())
	case file:
		vars = append(vars, "--var", "out=out", "--allow-write", ".")
	case startup:
		usual.Count = oneStart
	case spec:
		usual.Count, script = summary, "spec.yaml"
		vars = []string{"--var", "url=" + w.URL, "--size", strconv.Itoa(w.Conns)}
	case handlers:
		return handlerJobs(w, usual, vars), ""
	}
	usual.Args = append([]string{w.Volley, "run", script}, vars...)
	return []job{usual}, ""
}

// handlerJobs are one job for each number of Lua states.
func handlerJobs(w work, usual job, vars []string) []job {
	var jobs []job
	for _, vms := range []int{1, 2} {
		j := usual
		j.Label = fmt.Sprintf("--handler-vms %d", vms)
		j.Args = append([]string{w.Volley, "run", "get.lua", "--handlers", "hooks.lua", "--handler-vms", strconv.Itoa(vms)}, vars...)
		jobs = append(jobs, j)
	}
	return jobs
}

// engineJobs run the bench itself as a client.
func engineJobs(_ string, w work) ([]job, refusal) {
	switch w.Name {
	case document:
		return nil, "decoding is the caller's there"
	case file:
		return nil, "saving is the script's"
	case spec, startup, handlers:
		return nil, "it is a part of the program"
	}
	return []job{selfJob(engineClient, w)}, ""
}

func netHTTPJobs(_ string, w work) ([]job, refusal) {
	switch w.Name {
	case spec, startup, handlers:
		return nil, "a library has none"
	}
	return []job{selfJob(netClient, w)}, ""
}

// selfJob is the bench as one of its clients, collecting garbage as seldom as
// volley does.
func selfJob(name string, w work) job {
	return job{
		Env: []string{"GOGC=400"},
		Args: []string{
			w.Self, "-client", name, "-scenario", w.Name, "-url", w.Server, "-dir", w.Dir,
			"-n", strconv.Itoa(w.N), "-conns", strconv.Itoa(w.Conns),
		},
		Count: ownOutcome, Sends: w.N,
	}
}

// twoNumbers reads a last line of right and wrong answers.
func twoNumbers(p printed) (ok, wrong int, err error) {
	lines := strings.Split(strings.TrimSpace(p.out), "\n")
	_, err = fmt.Sscan(lines[len(lines)-1], &ok, &wrong)
	return ok, wrong, err
}

// oneStart counts a start that succeeded.
func oneStart(printed) (ok, wrong int, err error) { return 1, 0, nil }

var summaryLine = regexp.MustCompile(`([\d,]+) done = ([\d,]+) ok`)

// summary reads the first line of the summary of a run.
func summary(p printed) (ok, wrong int, err error) {
	match := summaryLine.FindStringSubmatch(p.errs)
	if match == nil {
		return 0, 0, fmt.Errorf("no summary")
	}
	done, err := strconv.Atoi(strings.ReplaceAll(match[1], ",", ""))
	if err != nil {
		return 0, 0, err
	}
	if ok, err = strconv.Atoi(strings.ReplaceAll(match[2], ",", "")); err != nil {
		return 0, 0, err
	}
	return ok, done - ok, nil
}
