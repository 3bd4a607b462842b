package transport_test

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// nameServer answers DNS questions over UDP with what respond makes of them;
// nil: no answer.
func nameServer(t *testing.T, respond func(*dnsmessage.Message)) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || respond == nil {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			respond(&m)
			if out, err := m.Pack(); err == nil {
				_, _ = pc.WriteTo(out, from)
			}
		}
	})
	t.Cleanup(func() {
		_ = pc.Close()
		work.Wait()
	})
	return pc.LocalAddr().String()
}

// address answers A questions with ips.
func address(ips ...[4]byte) func(*dnsmessage.Message) {
	return func(m *dnsmessage.Message) {
		if m.Questions[0].Type != dnsmessage.TypeA {
			return
		}
		for _, ip := range ips {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 1},
				Body:   &dnsmessage.AResource{A: ip},
			})
		}
	}
}

func failing(code dnsmessage.RCode) func(*dnsmessage.Message) {
	return func(m *dnsmessage.Message) { m.RCode = code }
}

func TestDNS(t *testing.T) {
	script := runtimetest.Listen(t, answering)
	for _, c := range []struct {
		name      string
		respond   func(*dnsmessage.Message)
		kind      runtime.Kind // "": it works
		says      string
		retryable bool
	}{
		{"answer", address([4]byte{127, 0, 0, 1}), "", "", false},
		{"unreachable first", address([4]byte{203, 0, 113, 1}, [4]byte{127, 0, 0, 1}), "", "", false},
		{"NXDOMAIN", failing(dnsmessage.RCodeNameError), runtime.KindDNS, "no such host: name.test", false},
		{"empty answer", func(*dnsmessage.Message) {}, runtime.KindDNS, "name.test", false},
		{"SERVFAIL", failing(dnsmessage.RCodeServerFailure), runtime.KindDNS, "SERVFAIL", true},
		{"silence", nil, runtime.KindConnectTimeout, "looked up", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			tr := open(t, transport.Config{})
			x := to(t, "http://name.test:"+script.Port()+"/")
			var err error
			if x.Route, err = tr.Route(transport.RouteConfig{Resolver: nameServer(t, c.respond)}); err != nil {
				t.Fatal(err)
			}
			x.ConnectTimeout = 5 * time.Second
			if c.kind == runtime.KindConnectTimeout {
				x.ConnectTimeout = 200 * time.Millisecond
			}
			r, _, err := fetch(t, tr, x)
			if c.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
				if r.Timings.DNS == 0 || r.RemoteAddr != script.Addr() {
					t.Errorf("timings %+v, connected to %s", r.Timings, r.RemoteAddr)
				}
				return
			}
			e := want{c.kind, runtime.PhaseDNS, runtime.SentNo}.check(t, err)
			if !strings.Contains(e.Message, c.says) || e.Retryable != c.retryable {
				t.Errorf("message %q lacks %q, or retryable is %v", e.Message, c.says, e.Retryable)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tr := open(t, transport.Config{})
	port := freePort(t)
	_, err := tr.Do(t.Context(), to(t, "http://127.0.0.1:"+port+"/"))
	e := want{runtime.KindConnect, runtime.PhaseConnect, runtime.SentNo}.check(t, err)
	if !e.Retryable || !strings.Contains(e.Message, "127.0.0.1:"+port) || !strings.Contains(e.Message, "refused") {
		t.Errorf("message %q, retryable %v", e.Message, e.Retryable)
	}
}

// The policy is asked about the address that is dialled, not the name.
func TestControl(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, answering)
	var mu sync.Mutex
	var asked []string
	tr := open(t, transport.Config{Control: func(address, host string) error {
		mu.Lock()
		defer mu.Unlock()
		if host == "" { // the DNS server
			return nil
		}
		asked = append(asked, address+" "+host)
		if strings.HasPrefix(address, "127.0.0.66:") {
			return runtime.Errorf(runtime.KindDenied, "private")
		}
		return nil
	}})
	route, err := tr.Route(transport.RouteConfig{Resolver: nameServer(t, address([4]byte{127, 0, 0, 1}))})
	if err != nil {
		t.Fatal(err)
	}
	x := to(t, "http://name.test:"+script.Port()+"/")
	x.Route = route
	must(t, tr, x)
	denied, err := tr.Route(transport.RouteConfig{Resolver: nameServer(t, address([4]byte{127, 0, 0, 66}))})
	if err != nil {
		t.Fatal(err)
	}
	x.Route = denied
	_, err = tr.Do(t.Context(), x)
	_ = want{runtime.KindDenied, runtime.PhaseConnect, runtime.SentNo}.check(t, err)
	if got := strings.Join(asked, ", "); got != script.Addr()+" name.test, 127.0.0.66:"+script.Port()+" name.test" {
		t.Errorf("asked about %s", got)
	}
}

// A route's DNS server is asked about before it is asked.
func TestControlOfTheNameServer(t *testing.T) {
	runtimetest.Leaks(t)
	var asked []string
	tr := open(t, transport.Config{Control: func(address, host string) error {
		asked = append(asked, address+" "+host)
		return runtime.Errorf(runtime.KindDenied, "private")
	}})
	server := nameServer(t, func(*dnsmessage.Message) { t.Error("the name server was asked") })
	route, err := tr.Route(transport.RouteConfig{Resolver: server})
	if err != nil {
		t.Fatal(err)
	}
	x := to(t, "http://name.test/")
	x.Route = route
	_, err = tr.Do(t.Context(), x)
	_ = want{runtime.KindDenied, runtime.PhaseDNS, runtime.SentNo}.check(t, err)
	if got := strings.Join(asked, ", "); got != server+" " {
		t.Errorf("asked about %s", got)
	}
}

// The dial to a proxy is judged under the proxy's name.
func TestControlOfAProxy(t *testing.T) {
	var asked string
	tr := open(t, transport.Config{Control: func(address, host string) error {
		asked = address + " " + host
		return runtime.Errorf(runtime.KindDenied, "private")
	}})
	route, err := tr.Route(transport.RouteConfig{Proxy: "http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	x := to(t, "http://name.test/")
	x.Route = route
	_, err = tr.Do(t.Context(), x)
	_ = want{runtime.KindDenied, runtime.PhaseConnect, runtime.SentNo}.check(t, err)
	if asked != "127.0.0.1:9 127.0.0.1" {
		t.Errorf("asked about %s", asked)
	}
}

func TestOtherWays(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, answering)
	path := filepath.Join(t.TempDir(), "s")
	unix := runtimetest.ListenUnix(t, path, answering)
	tr := open(t, transport.Config{})
	for _, c := range []transport.RouteConfig{{Unix: path}, {Override: script.Addr()}, {Override: script.Addr(), LocalAddr: "127.0.0.9"}} {
		x := to(t, "http://name.test/")
		var err error
		if x.Route, err = tr.Route(c); err != nil {
			t.Fatal(err)
		}
		must(t, tr, x)
		if r, _ := must(t, tr, x); !r.Reused {
			t.Errorf("%+v: the connection was not used again", c)
		}
	}
	if unix.Conns() != 1 || script.Conns() != 2 {
		t.Errorf("%d and %d connections", unix.Conns(), script.Conns())
	}
	if got := script.Requests()[0]; !strings.HasPrefix(got, "GET / HTTP/1.1\r\nHost: name.test\r\n") {
		t.Errorf("sent %q", got)
	}
}

// piped is a Config whose connections are net.Pipes served by serve, so that
// a synctest bubble sees all of an exchange in virtual time. The func closes
// the Transport and waits for the servers: time stops with the test's own
// goroutine.
func piped(serve func(net.Conn)) (*transport.Transport, func()) {
	var work sync.WaitGroup
	tr := transport.New(transport.Config{Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "dead.test:") {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		client, server := net.Pipe()
		work.Go(func() {
			defer func() { _ = server.Close() }()
			serve(server)
		})
		return client, nil
	}})
	return tr, func() {
		_ = tr.Close()
		work.Wait()
	}
}

// silent takes requests and answers none.
func silent(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }

// drip sends an answer a byte at a time.
func drip(answer string, every time.Duration) func(net.Conn) {
	return func(nc net.Conn) {
		_, _ = nc.Read(make([]byte, 4096))
		for i := range len(answer) {
			time.Sleep(every)
			if _, err := nc.Write([]byte{answer[i]}); err != nil {
				return
			}
		}
	}
}

func TestTimeoutsInVirtualTime(t *testing.T) {
	const whole = "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n0123456789012345678901234567890123456789"
	for _, c := range []struct {
		name     string
		serve    func(net.Conn)
		read     time.Duration
		deadline time.Duration
		host     string
		want     want
		after    time.Duration
	}{
		{"read timeout", silent, 30 * time.Second, 0, "name.test", want{runtime.KindReadTimeout, runtime.PhaseWait, runtime.SentMaybe}, 30 * time.Second},
		{"total timeout", silent, 30 * time.Second, 7 * time.Second, "name.test", want{runtime.KindTotalTimeout, runtime.PhaseWait, runtime.SentMaybe}, 7 * time.Second},
		{"drip in the headers", drip(whole, 3*time.Second), 30 * time.Second, 0, "name.test", want{runtime.KindReadTimeout, runtime.PhaseHeaders, runtime.SentYes}, 33 * time.Second},
		{"total over a drip", drip(whole, time.Second), 30 * time.Second, 50 * time.Second, "name.test", want{runtime.KindTotalTimeout, runtime.PhaseBody, runtime.SentYes}, 50 * time.Second},
		{"slow but in time", drip(whole, 900*time.Millisecond), time.Second, 0, "name.test", want{}, 0},
		{"connect timeout", silent, 0, 0, "dead.test", want{runtime.KindConnectTimeout, runtime.PhaseConnect, runtime.SentNo}, 10 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, done := piped(c.serve)
				defer done()
				x := to(t, "http://"+c.host+"/")
				x.ReadTimeout = c.read
				began := time.Now()
				if c.deadline > 0 {
					x.Deadline = began.Add(c.deadline)
				}
				_, _, err := fetch(t, tr, x)
				if c.want.kind == "" {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				_ = c.want.check(t, err)
				if took := time.Since(began); took != c.after {
					t.Errorf("took %v, want %v", took, c.after)
				}
			})
		})
	}
}

// Waking early costs nothing: a kept connection's deadline is renewed, not
// inherited.
func TestDeadlinesOnAKeptConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, done := piped(func(nc net.Conn) {
			buf := make([]byte, 4096)
			for i := 0; ; i++ {
				if _, err := nc.Read(buf); err != nil {
					return
				}
				time.Sleep(time.Duration(i) * 5 * time.Second)
				if _, err := nc.Write([]byte(two)); err != nil {
					return
				}
			}
		})
		defer done()
		x := to(t, "http://name.test/")
		x.ReadTimeout = 22 * time.Second
		for i := range 5 {
			began := time.Now()
			if r, _ := must(t, tr, x); r.Reused != (i > 0) || r.Elapsed != time.Since(began) {
				t.Errorf("exchange %d: reused %v, elapsed %v", i, r.Reused, r.Elapsed)
			}
			time.Sleep(20 * time.Second)
		}
		began := time.Now()
		_, _, err := fetch(t, tr, x)
		_ = want{runtime.KindReadTimeout, runtime.PhaseWait, runtime.SentMaybe}.check(t, err)
		if took := time.Since(began); took != x.ReadTimeout {
			t.Errorf("took %v, want %v", took, x.ReadTimeout)
		}
	})
}
