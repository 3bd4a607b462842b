package faults_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// loopbacks are spellings of this machine; %p is the port of a server on it.
var loopbacks = []string{
	"http://127.0.0.1:%p/", "http://127.1:%p/", "http://127.0.1:%p/", "http://2130706433:%p/", "http://0x7f000001:%p/", "http://0X7F.1:%p/", "http://0177.0.0.1:%p/",
	"http://017700000001:%p/", "http://0:%p/", "http://0.0.0.0:%p/", "http://127.0.0.1.:%p/", "http://127.0.0.1..:%p/", "http://127.8.9.10:%p/",
	"http://[::1]:%p/", "http://[::]:%p/", "http://[::ffff:127.0.0.1]:%p/", "http://[::FFFF:7F00:1]:%p/", "http://[::127.0.0.1]:%p/", "http://[::ffff:0:127.0.0.1]:%p/",
	"http://[64:ff9b::127.0.0.1]:%p/", "http://[2002:7f00:1::]:%p/", "http://[::1%25lo]:%p/", "http://[fe80::1%25lo]:%p/", "http://[0:0:0:0:0:0:0:1]:%p/",
	"http://localhost:%p/", "http://LocalHost:%p/", "http://localhost.:%p/", "http://a.localhost:%p/", "http://LOCALHOST.:%p/",
	"http://１２７.0.0.1:%p/", "http://①②⑦.⓪.⓪.①:%p/", "http://127。0。0。1:%p/", "http://１２７．０．０．１:%p/", "http://ⓛocalhost:%p/", "http://lo%63alhost:%p/", "http://%31%32%37.0.0.1:%p/",
	"http://public.test@127.0.0.1:%p/", "http://public.test:80@127.1:%p/", "http://public.test%00@127.0.0.1:%p/", "http://a@public.test@127.0.0.1:%p/", "http://public.test%40127.0.0.1:%p/",
	"http://127.0.0.1:%p\\@public.test/", "http://public.test\\@127.0.0.1:%p/", "http:\\\\127.0.0.1:%p/", "http:/127.0.0.1:%p/", "http:127.0.0.1:%p/", "http:///127.0.0.1:%p/", "//127.0.0.1:%p/",
}

// inner is a server on this machine that nobody is to reach.
func inner(t *testing.T) (port string, hits *atomic.Int64) {
	t.Helper()
	hits = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, hits
}

// guarded is a client under --deny-private, wired as the command wires it.
func guarded(t *testing.T, settings client.Settings, exempt ...string) *client.Session {
	t.Helper()
	guard, err := policy.New(policy.Config{DenyPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range exempt {
		guard.Exempt(addr)
	}
	cl, err := client.New(client.Config{
		Environ: func(string) string { return "" }, AllowHost: guard.Host, Transport: transport.Config{Control: guard.Address},
	})
	if err != nil {
		t.Fatal(err)
	}
	settings.Timeout = runtime.Timeout{Connect: 3 * time.Second, Read: 3 * time.Second}
	session, err := cl.NewSession(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = session.Close()
		_ = cl.Close()
	})
	return session
}

// wantRefused asserts that nothing was reached: a spelling of an address is
// denied, one that is no URL is invalid.
func wantRefused(t *testing.T, url string, err error) {
	t.Helper()
	for _, kind := range []runtime.Kind{runtime.KindDenied, runtime.KindInvalidURL, runtime.KindInvalidRedirect} {
		if errors.Is(err, &runtime.Error{Kind: kind}) {
			return
		}
	}
	t.Errorf("%s: %v, want it denied", url, err)
}

// homeward answers that every name is this machine: what passes for a name is
// refused where it leads.
func homeward(t *testing.T) *runtimetest.NameServer {
	return runtimetest.ListenDNS(t, func(string) runtimetest.DNSAnswer {
		return runtimetest.DNSAnswer{Addresses: []string{"127.0.0.1"}}
	})
}

// Row 178: no spelling of a private address is reached, whether it is asked
// for or redirected to.
func TestPrivateAddresses(t *testing.T) {
	runtimetest.Leaks(t)
	port, hits := inner(t)
	var to atomic.Pointer[string]
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", *to.Load())
		w.WriteHeader(http.StatusTemporaryRedirect)
	}))
	t.Cleanup(outer.Close)
	dns := homeward(t)
	session := guarded(t, client.Settings{Resolver: dns.Addr()}, outer.Listener.Addr().String(), dns.Addr())
	for _, spelling := range loopbacks {
		url := strings.ReplaceAll(spelling, "%p", port)
		_, err := session.Do(t.Context(), &runtime.Request{Method: "GET", URL: url})
		wantRefused(t, url, err)
		if strings.HasPrefix(url, "http:/127") || strings.HasPrefix(url, "http:127") {
			continue // of a redirect they are paths at the first server
		}
		to.Store(&url)
		_, err = session.Do(t.Context(), &runtime.Request{Method: "GET", URL: outer.URL})
		wantRefused(t, "redirect to "+url, err)
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the private server was reached %d times", n)
	}
}

// Names are judged by what they stand for, at each look-up and hop.
func TestPrivateNames(t *testing.T) {
	runtimetest.Leaks(t)
	port, hits := inner(t)
	names := map[string]string{
		"four.test.": "127.0.0.1", "six.test.": "::1", "mapped.test.": "::ffff:127.0.0.1", "any.test.": "0.0.0.0", "ten.test.": "10.0.0.1",
		"cloud.test.": "169.254.169.254", "nat64.test.": "64:ff9b::7f00:1", "sixto4.test.": "2002:7f00:1::1", "both.test.": "127.0.0.1",
	}
	dns := runtimetest.ListenDNS(t, func(name string) runtimetest.DNSAnswer {
		return runtimetest.DNSAnswer{Addresses: []string{names[name]}}
	})
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.URL.Query().Get("to")+":"+port+"/", http.StatusFound)
	}))
	t.Cleanup(outer.Close)
	first := outer.Listener.Addr().String()
	session := guarded(t, client.Settings{Resolver: dns.Addr()}, first, dns.Addr())
	fixed := guarded(t, client.Settings{Resolve: map[string]string{"fixed.test": "127.0.0.1"}}, first)
	for name := range names {
		name = strings.TrimSuffix(name, ".")
		for _, url := range []string{"http://" + name + ":" + port + "/", "http://" + strings.ToUpper(name) + ".:" + port + "/", outer.URL + "/?to=" + name} {
			_, err := session.Do(t.Context(), &runtime.Request{Method: "GET", URL: url})
			wantRefused(t, url, err)
		}
	}
	_, err := fixed.Do(t.Context(), &runtime.Request{Method: "GET", URL: "http://fixed.test:" + port + "/"})
	wantRefused(t, "resolve=", err)
	if n := hits.Load(); n != 0 {
		t.Errorf("the private server was reached %d times", n)
	}
}

// A proxy that a script names is an address like any other.
func TestPrivateProxies(t *testing.T) {
	runtimetest.Leaks(t)
	port, hits := inner(t)
	dns := homeward(t)
	session := guarded(t, client.Settings{Resolver: dns.Addr()}, dns.Addr())
	for _, spelling := range loopbacks {
		for _, scheme := range []string{"http:", "socks5:"} {
			proxy, ok := strings.CutPrefix(strings.ReplaceAll(spelling, "%p", port), "http:")
			if !ok || !strings.HasPrefix(proxy, "//") {
				continue
			}
			options := &runtime.Options{Proxies: []runtime.Field{{Name: "all", Value: scheme + strings.TrimSuffix(proxy, "/")}}}
			_, err := session.Do(t.Context(), &runtime.Request{Method: "GET", URL: "http://public.test/", Options: options})
			if errors.Is(err, &runtime.Error{Kind: runtime.KindInvalidArgument}) {
				continue
			}
			wantRefused(t, "proxy "+proxy, err)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the private server was reached %d times", n)
	}
}
