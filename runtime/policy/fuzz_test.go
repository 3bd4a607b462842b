package policy_test

import (
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"volley/runtime/policy"
)

// A pattern never panics, and allows a host exactly as the same glob written
// as a regular expression does.
func FuzzHostPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"*.example.com", "a.example.com"},
		{"a*b*c", "aXbXbc"},
		{"*", ""},
		{"[::1]:80", "::1"},
		{"**a", "aa"},
		{"10.0.*", "10.0.0.1"},
		{"bücher.example", "xn--bcher-kva.example"},
	} {
		f.Add(seed[0], seed[1])
	}
	plainGlob := regexp.MustCompile(`^[a-z*][a-z0-9.*-]*[a-z*]$`)
	plainName := regexp.MustCompile(`^[a-z][a-z0-9.-]*[a-z]$`)
	f.Fuzz(func(t *testing.T, entry, host string) {
		p, err := policy.New(policy.Config{AllowHost: []string{entry}})
		if err != nil {
			return
		}
		got := p.Host(host, "80") == nil
		if !plainGlob.MatchString(entry) || !plainName.MatchString(host) {
			return
		}
		want := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(entry), `\*`, ".*") + "$").MatchString(host)
		if got != want {
			t.Errorf("%q allows %q: %v, want %v", entry, host, got, want)
		}
	})
}

// No spelling of an address that netip or the dialer reads gets a private one
// past --deny-private, by Host or by Address.
func FuzzDenyPrivate(f *testing.F) {
	for _, seed := range []string{"127.0.0.1", "::ffff:10.0.0.1", "0x7f.1", "fe80::1%eth0", "64:ff9b::a00:1", "2002:7f00:1::", "017700000001", "8.8.8.8"} {
		f.Add(seed)
	}
	p := newPolicy(f, policy.Config{DenyPrivate: true})
	f.Fuzz(func(t *testing.T, host string) {
		byHost := p.Host(host, "80")
		byAddress := p.Address(net.JoinHostPort(host, "80"), "")
		ip, err := netip.ParseAddr(host)
		if err != nil {
			return
		}
		if (byHost == nil) != (byAddress == nil) {
			t.Errorf("%q: Host says %v, Address says %v", host, byHost, byAddress)
		}
		ip = ip.Unmap().WithZone("")
		special := ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()
		if special && byHost == nil {
			t.Errorf("%q passed", host)
		}
	})
}
