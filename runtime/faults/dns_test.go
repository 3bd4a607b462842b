package faults_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"volley/runtime"
	"volley/runtime/runtimetest"
)

// Rows 1 to 12. What is proved closer to the code:
//
//	row 1, 12: transport TestNamesAreRemembered, TestRememberedNamesAreBounded
//	row 12: transport TestANameIsAskedForOnce
//	row 10: transport TestRaceOfAddresses

// named asks for http://HOST:PORT/, where PORT is that of a server on
// 127.0.0.1 and HOST is looked up at a name server that gives those answers.
func named(host string, answer func(name string) runtimetest.DNSAnswer) func(*testing.T, *fault) {
	return func(t *testing.T, c *fault) {
		names := runtimetest.ListenDNS(t, answer)
		c.settings.Resolver = names.Addr()
		c.serve = func(t *testing.T) (string, func() int) {
			script := runtimetest.Listen(t, greeting)
			return "http://" + host + ":" + script.Port() + "/", func() int { return len(script.Requests()) }
		}
	}
}

// always gives one answer to every question.
func always(a runtimetest.DNSAnswer) func(string) runtimetest.DNSAnswer {
	return func(string) runtimetest.DNSAnswer { return a }
}

// greeting answers every request with "hi".
func greeting(p *runtimetest.Peer) {
	for {
		p.Request()
		p.Write(okLine + "Content-Length: 2\r\n\r\nhi")
	}
}

func TestDNS(t *testing.T) {
	local := []string{"127.0.0.1"}
	unknown := want{kinds: kinds(runtime.KindDNS), phase: runtime.PhaseDNS, sent: runtime.SentNo, within: time.Second}
	late := want{kinds: kinds(runtime.KindConnectTimeout), phase: runtime.PhaseDNS, sent: runtime.SentNo, within: time.Second, least: patience}
	failed := unknown
	failed.check = func(t *testing.T, res *runtime.Result) {
		if !res.Err.Retryable || !strings.Contains(res.Err.Message, "SERVFAIL") {
			t.Errorf("retryable is %v: %s", res.Err.Retryable, res.Err.Message)
		}
	}
	unused := want{kinds: kinds(runtime.KindDNS, runtime.KindConnectTimeout), phase: runtime.PhaseDNS, sent: runtime.SentNo, within: time.Second}
	provoke(t, []fault{
		{rows: "1", name: "no such name", arrange: remembersNobody, want: unknown},
		{rows: "2", name: "SERVFAIL", arrange: named("a.test", always(runtimetest.DNSAnswer{Code: dnsmessage.RCodeServerFailure})), want: failed},
		{rows: "2", name: "REFUSED", arrange: named("a.test", always(runtimetest.DNSAnswer{Code: dnsmessage.RCodeRefused})), want: failed},
		{rows: "3", name: "no answer", arrange: named("a.test", always(runtimetest.DNSAnswer{Silent: true})), want: late},
		{rows: "4", name: "late answer", arrange: named("a.test", always(runtimetest.DNSAnswer{Addresses: local, Late: 2 * patience})), want: late},
		{rows: "5", name: "empty answer", arrange: staysOutOfSearchDomains, want: unknown},
		{rows: "6", name: "garbage", arrange: named("a.test", always(runtimetest.DNSAnswer{Raw: []byte("\x00garbage")})), want: unused},
		{rows: "6", name: "wrong id", arrange: named("a.test", always(runtimetest.DNSAnswer{Addresses: local, WrongID: true})), want: unused},
		{rows: "7", name: "truncated", arrange: named("a.test", always(runtimetest.DNSAnswer{Addresses: local, Truncated: true})), want: want{body: "hi"}},
		{rows: "8", name: "alias loop", arrange: named("a.test", func(name string) runtimetest.DNSAnswer {
			if name == "a.test." {
				return runtimetest.DNSAnswer{Alias: "b.test."}
			}
			return runtimetest.DNSAnswer{Alias: "a.test."}
		}), want: unused},
		{rows: "11", name: "name that flips", arrange: rebinding, want: want{body: "hi"}},
	})
}

// remembersNobody has a name that does not exist asked for twice: the second
// time, nobody is asked.
func remembersNobody(t *testing.T, c *fault) {
	names := runtimetest.ListenDNS(t, always(runtimetest.DNSAnswer{Code: dnsmessage.RCodeNameError}))
	c.settings.Resolver = names.Addr()
	c.serve = func(*testing.T) (string, func() int) { return "http://nobody.test/", nil }
	c.want.says = "no such host: nobody.test"
	c.want.check = func(t *testing.T, res *runtime.Result) {
		asked := len(names.Asked())
		if _, err := again(t, res, &runtime.Request{Method: "GET", URL: res.Request.URL}); err == nil || err.Kind != runtime.KindDNS {
			t.Errorf("the second time: %v", err)
		}
		if n := len(names.Asked()); n != asked {
			t.Errorf("%d questions more", n-asked)
		}
	}
}

func staysOutOfSearchDomains(t *testing.T, c *fault) {
	names := runtimetest.ListenDNS(t, always(runtimetest.DNSAnswer{}))
	c.settings.Resolver = names.Addr()
	c.serve = func(*testing.T) (string, func() int) { return "http://empty/", nil }
	c.want.check = func(t *testing.T, _ *runtime.Result) {
		for _, name := range names.Asked() {
			if name != "empty." {
				t.Errorf("it asked for %q too", name)
			}
		}
	}
}

// rebinding is a name that is at another address each time. The policy sees
// each address before it is dialled, and only the one it allows is reached.
func rebinding(t *testing.T, c *fault) {
	const forbidden = "127.0.0.9"
	var mu sync.Mutex
	flipped := false
	named("flip.test", func(string) runtimetest.DNSAnswer {
		mu.Lock()
		defer mu.Unlock()
		if flipped {
			return runtimetest.DNSAnswer{Addresses: []string{forbidden}}
		}
		return runtimetest.DNSAnswer{Addresses: []string{"127.0.0.1"}}
	})(t, c)
	var checked []string
	c.config.Transport.Control = func(address, _ string) error {
		mu.Lock()
		defer mu.Unlock()
		checked = append(checked, address)
		if strings.HasPrefix(address, forbidden) {
			return runtime.Errorf(runtime.KindDenied, "%s is forbidden", address)
		}
		return nil
	}
	c.want.check = func(t *testing.T, res *runtime.Result) {
		mu.Lock()
		last := checked[len(checked)-1]
		flipped = true
		mu.Unlock()
		if last != res.Response.RemoteAddr {
			t.Errorf("checked %s, dialled %s", last, res.Response.RemoteAddr)
		}
		req := &runtime.Request{Method: "GET", URL: res.Request.URL, Header: runtime.Header{{Name: "Connection", Value: "close"}}}
		if _, err := again(t, res, req); err != nil { // on the connection there is
			t.Fatal(err)
		}
		if _, err := again(t, res, req); err == nil || err.Kind != runtime.KindDenied {
			t.Errorf("after the name had flipped: %v", err)
		}
	}
}

// Rows 9 and 10: addresses that nobody answers at.
func TestDeadAddresses(t *testing.T) {
	var many []string
	for i := range 20 {
		many = append(many, fmt.Sprintf("127.0.0.%d", 20+i))
	}
	dead := func(addresses []string, alive bool) func(*testing.T, *fault) {
		return func(t *testing.T, c *fault) {
			all := addresses
			if alive {
				all = append(all[:len(all):len(all)], "127.0.0.1")
			}
			named("many.test", always(runtimetest.DNSAnswer{Addresses: all}))(t, c)
			serve := c.serve
			c.serve = func(t *testing.T) (string, func() int) {
				url, hits := serve(t)
				_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
				for _, a := range addresses {
					if strings.Contains(a, ":") {
						a = "[" + a + "]"
					}
					runtimetest.Blackhole(t, a+":"+strings.TrimSuffix(port, "/"))
				}
				return url, hits
			}
		}
	}
	longer := runtime.Timeout{Connect: 3 * time.Second}
	provoke(t, []fault{
		{rows: "9", name: "20 dead addresses", arrange: dead(many, false), want: want{kinds: kinds(runtime.KindConnectTimeout), phase: runtime.PhaseConnect, sent: runtime.SentNo, least: patience, within: time.Second}},
		{rows: "9", name: "20 addresses that refuse", arrange: named("many.test", always(runtimetest.DNSAnswer{Addresses: many})), want: want{kinds: kinds(runtime.KindConnect), phase: runtime.PhaseConnect, within: time.Second}},
		{rows: "9", name: "two dead, one alive", arrange: func(t *testing.T, c *fault) {
			c.settings.Timeout = longer
			dead(many[:2], true)(t, c)
		}, want: want{body: "hi", within: time.Second}},
		{rows: "10", name: "IPv6 dead, IPv4 alive", arrange: func(t *testing.T, c *fault) {
			c.settings.Timeout = longer
			dead([]string{"::1"}, true)(t, c)
		}, want: want{body: "hi", within: time.Second}},
	})
}

// Row 12: many names at once are looked up 64 at a time, each of them once.
func TestManyNamesAtOnce(t *testing.T) {
	const many, lookups = 300, 64
	var names *runtimetest.NameServer
	provoke(t, []fault{{
		rows: "12", name: "300 names",
		serve: func(t *testing.T) (string, func() int) {
			return "http://n.test:" + runtimetest.Listen(t, greeting).Port() + "/", nil
		},
		arrange: func(t *testing.T, c *fault) {
			names = runtimetest.ListenDNS(t, always(runtimetest.DNSAnswer{Addresses: []string{"127.0.0.1"}, TTL: 60, Late: 5 * time.Millisecond}))
			c.settings.Resolver = names.Addr()
			c.settings.Timeout.Connect = 3 * time.Second
		},
		want: want{check: func(t *testing.T, res *runtime.Result) {
			var all sync.WaitGroup
			for i := range 2 * many {
				all.Go(func() {
					url := strings.Replace(res.Request.URL, "n.test", fmt.Sprintf("n%d.test", i%many), 1)
					if _, err := again(t, res, &runtime.Request{Method: "GET", URL: url, Header: runtime.Header{{Name: "Connection", Value: "close"}}}); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if n := names.AtOnce(); n > lookups {
				t.Errorf("%d names were asked for at once", n)
			}
			if n := len(names.Asked()); n != 2*(many+1) {
				t.Errorf("%d questions, want one for each name and family", n)
			}
		}},
	}})
}
