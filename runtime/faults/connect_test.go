package faults_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/runtimetest"
)

// Rows 13 to 20. What is proved closer to the code:
//
//	row 19: transport TestConnectionsStayWithinTheFileLimit, TestOutOfDescriptors

// nobody returns the URL of a port that refuses connections.
func nobody(t *testing.T) (string, func() int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return "http://" + l.Addr().String() + "/", nil
}

func blackhole(t *testing.T) (string, func() int) {
	return "http://" + runtimetest.Blackhole(t, "127.0.0.1:0") + "/", nil
}

// unreachable lets dials to port 9 fail with an error of the system.
func unreachable(no syscall.Errno) func(*testing.T, *fault) {
	return func(_ *testing.T, c *fault) {
		c.serve = func(*testing.T) (string, func() int) { return "http://127.0.0.1:9/", nil }
		c.config.Transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasSuffix(address, ":9") {
				return nil, &net.OpError{Op: "dial", Net: network, Err: no}
			}
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		}
	}
}

func TestConnect(t *testing.T) {
	atOnce := want{kinds: kinds(runtime.KindConnect), phase: runtime.PhaseConnect, sent: runtime.SentNo, within: patience}
	atOnce.check = func(t *testing.T, res *runtime.Result) {
		if !res.Err.Retryable {
			t.Error("it is not retryable")
		}
	}
	lost := want{kinds: kinds(runtime.KindClosed), sent: runtime.SentMaybe, within: time.Second, exactly: 1}
	says := func(w want, text string) want {
		w.says = text
		return w
	}
	posting := func(r *runtime.Request) {
		r.Method, r.Body = "POST", &runtime.Bytes{Data: []byte("x")}
	}
	hangUp := func(end func(*runtimetest.Peer)) func(t *testing.T) (string, func() int) {
		return raw(func(p *runtimetest.Peer) {
			p.Request()
			end(p)
		})
	}
	provoke(t, []fault{
		{rows: "13", name: "refused", serve: nobody, want: says(atOnce, "refused")},
		{rows: "14", name: "SYN dropped", serve: blackhole, ask: total(3 * time.Second), want: want{kinds: kinds(runtime.KindConnectTimeout), phase: runtime.PhaseConnect, sent: runtime.SentNo, least: patience, within: 2 * patience}},
		{rows: "15", name: "accept and close", serve: raw(func(p *runtimetest.Peer) { p.Sever() }), want: want{kinds: kinds(runtime.KindClosed), within: time.Second}},
		{rows: "15", name: "accept and reset", serve: raw((*runtimetest.Peer).Reset), want: want{kinds: kinds(runtime.KindClosed, runtime.KindConnect), within: time.Second}},
		{rows: "15", name: "POST taken, closed", serve: hangUp((*runtimetest.Peer).Sever), ask: posting, want: lost},
		{rows: "15", name: "POST taken, reset", serve: hangUp((*runtimetest.Peer).Reset), ask: posting, want: lost},
		{rows: "16", name: "accept and silence", serve: raw(func(p *runtimetest.Peer) { p.Hangup() }), want: want{kinds: kinds(runtime.KindReadTimeout), phase: runtime.PhaseWait, sent: runtime.SentMaybe, least: patience, within: time.Second}},
		{rows: "17", name: "SSH banner", serve: raw(func(p *runtimetest.Peer) {
			p.Write("SSH-2.0-OpenSSH_9.9\r\n")
			p.Hangup()
		}), want: want{kinds: kinds(runtime.KindInvalidResponse), phase: runtime.PhaseHeaders, within: patience, says: "SSH-2.0"}},
		{rows: "17", name: "NUL bytes", serve: endless("", strings.Repeat("\x00", 1<<10)), want: want{kinds: kinds(runtime.KindInvalidResponse), within: patience, memory: 2 << 20}},
		{rows: "18", name: "no port is free", arrange: unreachable(syscall.EADDRNOTAVAIL), want: says(atOnce, "ip_local_port_range")},
		{rows: "20", name: "no route", arrange: unreachable(syscall.ENETUNREACH), want: says(atOnce, "unreachable")},
		{rows: "20", name: "host down", arrange: unreachable(syscall.EHOSTUNREACH), want: says(atOnce, "no route")},
	})
}

// descriptors names the variable that makes this test the client of its own
// process: it holds the URL to ask.
const descriptors = "VOLLEY_FAULTS_FEW_DESCRIPTORS"

// Row 19: the process runs out of descriptors. Work waits for them, and all of
// it is done. The client is a process of its own, so that only it is short.
func TestFewDescriptors(t *testing.T) {
	if url := os.Getenv(descriptors); url != "" {
		askWithFewDescriptors(t, url)
		return
	}
	runtimetest.Leaks(t)
	url, hits := handler(func(http.ResponseWriter, *http.Request) { time.Sleep(5 * time.Millisecond) })(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFewDescriptors$")
	child.Env = append(os.Environ(), descriptors+"="+url)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("row 19: %v\n%s", err, out)
	}
	if hits() != fewRequests {
		t.Errorf("%d hits, want %d", hits(), fewRequests)
	}
}

const fewRequests = 120

// askWithFewDescriptors sends many requests at once with a limit that was
// lowered after the client had looked at it.
func askWithFewDescriptors(t *testing.T, url string) {
	const left = 20
	cl, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cl.Close() }()
	leaveDescriptors(t, left)
	var all sync.WaitGroup
	for range fewRequests {
		all.Go(func() {
			if _, err := cl.Do(t.Context(), &runtime.Request{Method: "GET", URL: url}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := cl.Stats().Dialled; n < 2 || n > fewRequests/2 {
		t.Errorf("%d connections were opened", n)
	}
}

// leaveDescriptors lowers the process's limit to so many more than are open.
func leaveDescriptors(t *testing.T, n uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	probe, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(probe)
	limit.Cur = uint64(probe) + n
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
}
