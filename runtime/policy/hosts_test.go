package policy_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"volley/runtime"
	"volley/runtime/policy"
)

func newPolicy(t testing.TB, cfg policy.Config) *policy.Policy {
	t.Helper()
	p, err := policy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantDenied asserts a refusal that names the flag and value that help.
func wantDenied(t *testing.T, err error, hint string) {
	t.Helper()
	if !errors.Is(err, &runtime.Error{Kind: runtime.KindDenied}) {
		t.Errorf("error = %v, want kind denied", err)
		return
	}
	if !strings.Contains(err.Error(), hint) {
		t.Errorf("error = %q, want it to name %q", err, hint)
	}
}

func TestHostNarrows(t *testing.T) {
	for _, tc := range []struct {
		entry, host, port string
		ok                bool
	}{
		{"api.example.com", "api.example.com", "443", true},
		{"api.example.com", "API.Example.COM.", "8080", true},
		{"API.EXAMPLE.com.", "api.example.com", "80", true},
		{"api.example.com", "evil-api.example.com", "443", false},
		{"api.example.com", "api.example.com.evil.org", "443", false},
		{"api.example.com:443", "api.example.com", "443", true},
		{"api.example.com:443", "api.example.com", "80", false},
		{"api.example.com:0443", "api.example.com", "443", true},
		{"*.example.com", "a.b.example.com", "443", true},
		{"*.example.com", "example.com", "443", false},
		{"*.example.com", "badexample.com", "443", false},
		{"*", "anything.test", "1", true},
		{"*:443", "anything.test", "80", false},
		{"api-*.example.*", "api-7.example.org", "80", true},
		{"10.0.*", "10.0.3.4", "80", true},
		{"127.0.0.1", "127.0.0.1", "80", true},
		{"127.0.0.1", "[::ffff:127.0.0.1]", "80", true},
		{"127.0.0.1", "2130706433", "80", false}, // a name, for DNS to answer
		{"[::1]:8080", "::1", "8080", true},
		{"[::1]:8080", "[0:0:0:0:0:0:0:1]", "8080", true},
		{"[::1]:8080", "::1", "80", false},
		{"::1", "[::1]", "80", true},
		{"*.bücher.example", "www.xn--bcher-kva.example", "80", true},
		{"bücher.example", "BÜCHER.example", "80", true},
		{"a.test, b.test", "b.test", "80", true},
	} {
		p := newPolicy(t, policy.Config{AllowHost: []string{tc.entry}})
		err := p.Host(tc.host, tc.port)
		if tc.ok && err != nil {
			t.Errorf("%q: Host(%q, %q) = %v, want allowed", tc.entry, tc.host, tc.port, err)
		}
		if !tc.ok {
			wantDenied(t, err, "--allow-host ")
		}
	}
}

func TestWithoutFlagsEveryHostIsOpen(t *testing.T) {
	p := newPolicy(t, policy.Config{})
	for _, host := range []string{"example.com", "127.0.0.1", "169.254.169.254", "localhost"} {
		if err := p.Host(host, "80"); err != nil {
			t.Errorf("Host(%q) = %v", host, err)
		}
	}
	if err := p.Address("10.0.0.1:80", "intranet"); err != nil {
		t.Errorf("Address = %v", err)
	}
}

func TestRefusalNamesWhatAllows(t *testing.T) {
	p := newPolicy(t, policy.Config{AllowHost: []string{"a.test"}})
	wantDenied(t, p.Host("b.test", "443"), "connecting to b.test:443 is denied: no --allow-host entry matches it; --allow-host b.test:443 allows it")
	p = newPolicy(t, policy.Config{DenyPrivate: true})
	wantDenied(t, p.Host("127.0.0.1", "80"), "it is a loopback address, which --deny-private shuts out; --allow-host 127.0.0.1:80 exempts it")
	wantDenied(t, p.Host("::1", ""), "--allow-host [::1] exempts it")
	wantDenied(t, p.Address("[fd00::5]:80", "db.corp"), "connecting to db.corp:80 is denied: it stands for fd00::5, a private address, which --deny-private shuts out; --allow-host [fd00::5]:80 exempts it")
}

// A hint that is followed must lead to success.
func TestRefusalHintHolds(t *testing.T) {
	for _, cfg := range []policy.Config{{AllowHost: []string{"a.test"}}, {DenyPrivate: true}} {
		for _, host := range []string{"b.test", "127.0.0.1", "[::1]", "0x7f.1", "localhost", "10.1.2.3"} {
			err := newPolicy(t, cfg).Host(host, "8080")
			if err == nil {
				continue
			}
			hint := err.Error()[strings.LastIndex(err.Error(), "--allow-host ")+len("--allow-host "):]
			wider := cfg
			wider.AllowHost = append([]string{strings.Fields(hint)[0]}, cfg.AllowHost...)
			if err := newPolicy(t, wider).Host(host, "8080"); err != nil {
				t.Errorf("with --allow-host %s: %v", wider.AllowHost[0], err)
			}
		}
	}
}

func TestDenyPrivateByHost(t *testing.T) {
	p := newPolicy(t, policy.Config{DenyPrivate: true})
	for _, host := range []string{
		"127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"100.64.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255", "198.18.0.1",
		"0177.0.0.1", "2130706433", "0x7f.1", "0x7F000001", "017700000001", "127.1", "127.0.1", "0", "0x", "10.1",
		"127.0.0.1.", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "192.168.257",
		"::1", "[::1]", "::", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "ff02::1", "fec0::1",
		"::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",
		"2002:7f00:1::", "2002:a9fe:a9fe::1", "2001::1",
		"localhost", "LOCALHOST", "localhost.", "api.localhost",
		"0X7F.1", "0x7f.0x0.0x0.0x1", "0177.0.0.01", "00000177.1", "127.0.0x1", "0300.0250.1", "3232235777", "0xC0A80101", "10.0x10000",
		"::FFFF:127.0.0.1", "[::FFFF:7F00:1]", "0:0:0:0:0:ffff:7f00:0001", "0000:0000:0000:0000:0000:0000:0000:0001", "::ffff:0:127.0.0.1", "::ffff:0:a00:1",
		"64:FF9B::7F00:1", "64:ff9b::c0a8:101", "2002:C0A8:101::1", "fe80::1%25eth0", "::1%lo", "FD00::1", "::a00:1",
	} {
		wantDenied(t, p.Host(host, "80"), "--deny-private")
	}
	for _, host := range []string{
		"example.com", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
		"64:ff9b::8.8.8.8", "::ffff:0:8.8.8.8", "2002:808:808::1", "134744072", "010.8.8.8", "notlocalhost", "1.2.3.4.5", "256.1.1.1.1",
		"09.1.1.1", "300.1.1.1", "4294967296", "127.0.0.1x", "+127.0.0.1", "",
	} {
		if err := p.Host(host, "80"); err != nil {
			t.Errorf("Host(%q) = %v, want allowed", host, err)
		}
	}
}

func TestDenyPrivateByAddress(t *testing.T) {
	p := newPolicy(t, policy.Config{DenyPrivate: true})
	for _, addr := range []string{
		"127.0.0.1:80", "[::1]:443", "10.9.8.7:80", "[::ffff:10.0.0.1]:80", "169.254.169.254:80", "[fe80::1%lo]:80",
		"/var/run/docker.sock", "example.com:80", "",
	} {
		wantDenied(t, p.Address(addr, "rebound.example.com"), "--deny-private")
	}
	for _, addr := range []string{"93.184.216.34:443", "[2606:4700::1111]:443"} {
		if err := p.Address(addr, "example.com"); err != nil {
			t.Errorf("Address(%q) = %v, want allowed", addr, err)
		}
	}
}

func TestPrivateEntryExemptsAndDoesNotNarrow(t *testing.T) {
	p := newPolicy(t, policy.Config{DenyPrivate: true, AllowHost: []string{"10.0.0.5:8080", "[::1]"}})
	for _, ok := range []error{
		p.Host("10.0.0.5", "8080"), p.Address("10.0.0.5:8080", "svc.corp"),
		p.Host("[::1]", "99"), p.Address("[::1]:99", "localhost"), p.Host("localhost", "99"),
		p.Host("example.com", "443"), p.Address("93.184.216.34:443", "example.com"),
	} {
		if ok != nil {
			t.Errorf("%v, want allowed", ok)
		}
	}
	wantDenied(t, p.Host("10.0.0.5", "80"), "--allow-host 10.0.0.5:80")
	wantDenied(t, p.Address("10.0.0.6:8080", "svc.corp"), "--allow-host 10.0.0.6:8080")
}

func TestNameDoesNotExempt(t *testing.T) {
	p := newPolicy(t, policy.Config{DenyPrivate: true, AllowHost: []string{"intranet.corp", "10.*"}})
	if err := p.Host("intranet.corp", "80"); err != nil {
		t.Errorf("Host = %v, want allowed before DNS", err)
	}
	wantDenied(t, p.Address("10.0.0.5:80", "intranet.corp"), "--allow-host 10.0.0.5:80")
	wantDenied(t, p.Host("10.0.0.5", "80"), "--deny-private")
	wantDenied(t, p.Host("example.com", "80"), "no --allow-host entry matches")
}

func TestExempt(t *testing.T) {
	p := newPolicy(t, policy.Config{DenyPrivate: true, AllowHost: []string{"example.com"}})
	wantDenied(t, p.Host("127.0.0.1", "4711"), "--deny-private")
	p.Exempt("127.0.0.1:4711")
	p.Exempt("no address")
	for _, err := range []error{p.Host("127.0.0.1", "4711"), p.Address("127.0.0.1:4711", "127.0.0.1")} {
		if err != nil {
			t.Errorf("%v, want allowed", err)
		}
	}
	wantDenied(t, p.Host("127.0.0.1", "4712"), "--deny-private")
	narrow := newPolicy(t, policy.Config{AllowHost: []string{"example.com"}})
	narrow.Exempt("127.0.0.1:4711")
	if err := narrow.Host("127.0.0.1", "4711"); err != nil {
		t.Errorf("%v, want allowed", err)
	}
	wantDenied(t, narrow.Host("127.0.0.1", "80"), "no --allow-host entry matches")
}

func TestExemptWhileAsked(t *testing.T) {
	p := newPolicy(t, policy.Config{DenyPrivate: true})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			addr := net.JoinHostPort("127.0.0.1", string(rune('1'+i)))
			p.Exempt(addr)
			if err := p.Address(addr, ""); err != nil {
				t.Errorf("Address(%s) after Exempt: %v", addr, err)
			}
		})
	}
	wg.Wait()
}

func TestUnsafeKeepsHostFlags(t *testing.T) {
	p := newPolicy(t, policy.Config{Unsafe: true, DenyPrivate: true, AllowHost: []string{"example.com"}})
	wantDenied(t, p.Host("127.0.0.1", "80"), "--deny-private")
	wantDenied(t, p.Host("example.org", "80"), "--allow-host example.org:80")
}

func TestBadPatterns(t *testing.T) {
	for _, entry := range []string{
		"https://example.com", "example.com/path", "user@example.com", "example.com:", "example.com:http",
		"example.com:0", "example.com:65536", "[::1", "[::1]x", "[::1]:", "[example.com]", "10.0.0.0/8", "a b", ":80", "bü*.example",
		"a:1:2", "", " , ",
	} {
		_, err := policy.New(policy.Config{AllowHost: []string{entry}})
		if !errors.Is(err, &runtime.Error{Kind: runtime.KindInvalidArgument}) || !strings.Contains(err.Error(), "--allow-host") {
			t.Errorf("%q: error = %v, want invalid_argument naming --allow-host", entry, err)
		}
	}
}
