package main

import (
	"strconv"
)

// scriptEnv is how a scenario is told to the scripts of k6 and Python.
func scriptEnv(w work) []string {
	return []string{
		"BENCH_SCENARIO=" + w.Name, "BENCH_URL=" + w.URL, "BENCH_N=" + strconv.Itoa(w.N), "BENCH_CONNS=" + strconv.Itoa(w.Conns),
		"BENCH_LENGTH=" + strconv.FormatInt(w.Length, 10), "BENCH_LIMIT=" + w.Limit.String(),
		"BENCH_BODY=" + w.path(postFile), "BENCH_CA=" + w.path(certificate), "BENCH_OUT=" + w.path("out"),
	}
}

// k6Jobs run one script for every scenario. Nothing that k6 could do besides
// is on: no service of its own, no word to its makers, no progress.
func k6Jobs(program string, w work) ([]job, refusal) {
	switch w.Name {
	case file:
		return nil, noFiles
	case spec:
		return nil, noSpecs
	case handlers:
		return nil, noHooks
	}
	j := job{
		Args: []string{program, "run", "--quiet", "--no-usage-report", "--address", "", w.path("k6.js")},
		Env:  append(scriptEnv(w), "K6_AUTO_EXTENSION_RESOLUTION=false"), Count: twoNumbers, Sends: w.N,
	}
	switch w.Name {
	case startup:
		j.Args[len(j.Args)-1] = w.path("startup.js")
		j.Count, j.Note = oneStart, "one iteration"
	case tlsGet:
		j.Env = append(j.Env, "GODEBUG=http2client=0")
	}
	return []job{j}, ""
}

// grequestsShare is the part of the requests that grequests sends: all would
// take it longer than the limit.
const grequestsShare = 10

func grequestsJobs(program string, w work) ([]job, refusal) {
	j := job{Args: []string{program, w.path("with_grequests.py")}, Count: twoNumbers}
	switch w.Name {
	case h2:
		return nil, noHTTP2
	case million:
		return nil, "it would take longer than the limit: see scripted"
	case spec:
		return nil, noSpecs
	case handlers:
		return nil, noHooks
	case startup:
		j.Args = []string{program, "-c", "import grequests"}
		j.Count, j.Note = oneStart, "its import"
	case get, scripted, post, document, tlsGet:
		w.N = max(1, w.N/grequestsShare)
		j.Note = "a tenth of the requests"
	}
	j.Env, j.Sends = scriptEnv(w), w.N
	return []job{j}, ""
}
