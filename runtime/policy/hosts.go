package policy

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// endpoint is an address that is open whatever the flags say. Port "" is any.
type endpoint struct {
	ip   netip.Addr
	port string
}

// setHosts sorts the --allow-host entries into those that narrow and those
// that exempt from --deny-private.
func (p *Policy) setHosts(entries []string) error {
	var exempt []endpoint
	for _, entry := range entries {
		if strings.Trim(entry, " ,") == "" { // a variable that is not set: not a word for every host
			return badEntry(entry, "it names no host; leave the flag out to allow all")
		}
	}
	for entry := range values(entries) {
		pat, err := parsePattern(entry)
		if err != nil {
			return err
		}
		ip, err := netip.ParseAddr(pat.glob)
		if p.denyPrivate && err == nil && privacy(ip) != "" {
			exempt = append(exempt, endpoint{ip, pat.port})
			continue
		}
		p.hosts = append(p.hosts, pat)
	}
	p.exempt.Store(&exempt)
	return nil
}

// Exempt opens one "ip:port" whatever the flags say: that of the built-in
// httpbin. A text that is none opens nothing.
func (p *Policy) Exempt(addr string) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return
	}
	p.exemptMu.Lock()
	defer p.exemptMu.Unlock()
	old := *p.exempt.Load()
	list := append(old[:len(old):len(old)], endpoint{plain(ap.Addr()), strconv.Itoa(int(ap.Port()))})
	p.exempt.Store(&list)
}

func (p *Policy) exempted(ip netip.Addr, port string) bool {
	ip = plain(ip)
	for _, e := range *p.exempt.Load() {
		if e.ip == ip && (e.port == "" || e.port == port) {
			return true
		}
	}
	return false
}

// Host judges a host and port as they stand in a URL, before anything is
// resolved. The port is the effective one; IPv6 may have its brackets.
func (p *Policy) Host(host, port string) error {
	if !p.denyPrivate && len(p.hosts) == 0 {
		return nil
	}
	name := canonical(host)
	if ip, err := netip.ParseAddr(name); err == nil && p.exempted(ip, port) {
		return nil
	}
	if p.denyPrivate {
		if err := p.hostIsPublic(name, port); err != nil {
			return err
		}
	}
	if len(p.hosts) == 0 {
		return nil
	}
	for _, pat := range p.hosts {
		if pat.match(name, port) {
			return nil
		}
	}
	return denied("connecting to %s is denied: no --allow-host entry matches it; --allow-host %s allows it",
		join(name, port), join(name, port))
}

// hostIsPublic denies an address in any spelling, and the names that mean
// this machine everywhere (RFC 6761 section 6.3). What other names mean is for
// Address to judge.
func (p *Policy) hostIsPublic(name, port string) error {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		if p.loopbackExempted(port) {
			return nil
		}
		return p.deniedPrivate(name, netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
	}
	ip, ok := looseAddr(name)
	if !ok || privacy(ip) == "" || p.exempted(ip, port) {
		return nil
	}
	return p.deniedPrivate(name, ip, port)
}

func (p *Policy) loopbackExempted(port string) bool {
	for _, e := range *p.exempt.Load() {
		if e.ip.IsLoopback() && (e.port == "" || e.port == port) {
			return true
		}
	}
	return false
}

// Address judges the resolved "ip:port" that is about to be dialled for host.
// It belongs into the dialer, right before each connect.
func (p *Policy) Address(addr, host string) error {
	if !p.denyPrivate {
		return nil
	}
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return denied("connecting to %s is denied: --deny-private allows only internet addresses, and this is none", addr)
	}
	port := strconv.Itoa(int(ap.Port()))
	if privacy(ap.Addr()) == "" || p.exempted(ap.Addr(), port) {
		return nil
	}
	return p.deniedPrivate(canonical(host), ap.Addr(), port)
}

func (p *Policy) deniedPrivate(name string, ip netip.Addr, port string) error {
	ip = plain(ip)
	what := "it is " + privacy(ip)
	if name != "" && name != ip.String() {
		what = "it stands for " + ip.String() + ", " + privacy(ip)
	} else {
		name = ip.String()
	}
	return denied("connecting to %s is denied: %s, which --deny-private shuts out; --allow-host %s exempts it",
		join(name, port), what, join(ip.String(), port))
}

// join is net.JoinHostPort for a port that may be missing.
func join(host, port string) string {
	if port == "" && strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return net.JoinHostPort(host, port)
}
