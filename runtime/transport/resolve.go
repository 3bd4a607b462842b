package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"volley/runtime"
)

// dnsServer is a DNS server that a route names.
type dnsServer struct {
	address  string // "ip:port"
	resolver net.Resolver
}

// ParseResolver reads the address of a DNS server: an IP address, IPv6 with
// or without brackets, or "ip:port". Without a port it is 53.
func ParseResolver(address string) (netip.AddrPort, *runtime.Error) {
	if server, err := netip.ParseAddrPort(address); err == nil && server.Port() != 0 {
		return server, nil
	}
	host := address
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, invalid("resolver %q is no ip:port", address)
	}
	return netip.AddrPortFrom(ip, 53), nil
}

// resolverAt returns a resolver that asks the DNS server at address, over UDP
// and, for truncated answers, TCP.
func (c *Config) resolverAt(address string) (*dnsServer, *runtime.Error) {
	server, err := ParseResolver(address)
	if err != nil {
		return nil, err
	}
	s := &dnsServer{address: server.String()}
	s.resolver = net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return c.dialDNS(ctx, network, s.address)
		},
	}
	return s, nil
}

// systemResolver asks whom the system names. With sockets of its own it is
// Go's, since the C library's would open some itself.
func (c *Config) systemResolver() *net.Resolver {
	return &net.Resolver{PreferGo: c.Sockets != nil, Dial: c.dialDNS}
}

// dialDNS opens a socket to a DNS server that is closed with ctx: left alone,
// a resolver waits for an answer longer than anyone waits for it.
func (c *Config) dialDNS(ctx context.Context, network, server string) (net.Conn, error) {
	nc, err := c.open(ctx, network, server, nil)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = nc.Close() })
	return overhear(ctx, nc), nil
}

// permit is the right to have one look-up under way. It may not be held.
type permit struct {
	from chan struct{} // as many as may be under way
	held bool
}

// take waits for the permit unless it is held already.
func (p *permit) take(ctx context.Context) error {
	if p.held {
		return nil
	}
	select {
	case p.from <- struct{}{}:
		p.held = true
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// drop gives the permit back if it is held.
func (p *permit) drop() {
	if p.held {
		<-p.from
		p.held = false
	}
}

// lookedUp reports whether reaching the next hop takes a name look-up.
func (d *dialing) lookedUp() bool {
	host, _ := d.hop()
	if d.transport.config.Dial != nil || d.trip.exchange.Route.config.Unix != "" {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

// question is what a look-up of host asks, and whom.
func (d *dialing) question(host string) nameKey {
	key := nameKey{host: host}
	if server := d.trip.exchange.Route.resolver; server != nil {
		key.server = server.address
	}
	return key
}

// takeLookup waits until one more look-up may run, before any clock starts. A
// name whose addresses are known needs none.
func (d *dialing) takeLookup() (bool, *runtime.Error) {
	if !d.lookedUp() {
		return false, nil
	}
	host, _ := d.hop()
	if d.transport.names.fresh(d.question(host), time.Now()) != nil {
		return true, nil
	}
	began := time.Now()
	if d.permit.take(d.parent) != nil {
		return false, d.complete(runtime.Cancelled(d.parent))
	}
	d.trip.waited(time.Since(began))
	return true, nil
}

// resolve returns the addresses of host. looking says that a look-up is due.
func (d *dialing) resolve(host string, looking bool) ([]string, *runtime.Error) {
	if !looking {
		return []string{host}, nil
	}
	defer d.permit.drop()
	d.phase = runtime.PhaseDNS
	if server := d.trip.exchange.Route.resolver; server != nil {
		if err := d.allowed(server.address, ""); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	addrs, err := d.transport.names.look(d.ctx, d.question(host), &d.permit, func(ctx context.Context) ([]netip.Addr, error) {
		return d.lookup(ctx, host)
	})
	d.trip.timings.DNS = time.Since(began)
	if err != nil {
		return nil, d.unresolved(host, err)
	}
	out := make([]string, 0, len(addrs))
	for _, a := range interleave(addrs) {
		if d.reachableFrom(a) {
			out = append(out, a.String())
		}
	}
	if len(out) == 0 {
		return nil, runtime.Errorf(runtime.KindDNS, "%s has no address of the family of the local address", host)
	}
	return out, nil
}

func (d *dialing) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	server := d.trip.exchange.Route.resolver
	if server == nil {
		return d.transport.resolver.LookupNetIP(ctx, "ip", host)
	}
	// The search domains of this machine are not that server's.
	if !strings.HasSuffix(host, ".") {
		host += "."
	}
	return server.resolver.LookupNetIP(ctx, "ip", host)
}

// interleave puts the families in turns, the resolver's first choice first
// (RFC 8305 section 4), so that a dead family costs one head start.
func interleave(addrs []netip.Addr) []netip.Addr {
	var same, other []netip.Addr
	for i, a := range addrs {
		a = a.Unmap()
		if i == 0 || a.Is4() == same[0].Is4() {
			same = append(same, a)
		} else {
			other = append(other, a)
		}
	}
	out := make([]netip.Addr, 0, len(addrs))
	for i := range max(len(same), len(other)) {
		if i < len(same) {
			out = append(out, same[i])
		}
		if i < len(other) {
			out = append(out, other[i])
		}
	}
	return out
}

// reachableFrom leaves out the family that the local address is not of.
func (d *dialing) reachableFrom(a netip.Addr) bool {
	local := d.trip.exchange.Route.local
	return local == nil || local.IP.IsUnspecified() || (local.IP.To4() != nil) == a.Is4()
}

// unresolved explains a look-up that gave no address.
func (d *dialing) unresolved(host string, err error) *runtime.Error {
	if d.ctx.Err() != nil {
		return d.trip.interrupted(d.parent, runtime.PhaseDNS, err)
	}
	e := &runtime.Error{Kind: runtime.KindDNS, Cause: err}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Message = fmt.Sprintf("no such host: %s (NXDOMAIN or no address)", host)
	case errors.As(err, &dns) && dns.IsTimeout:
		e.Message, e.Retryable = fmt.Sprintf("the DNS server gave no answer for %s", host), true
	case errors.As(err, &dns):
		e.Message, e.Retryable = fmt.Sprintf("the DNS server could not answer for %s (SERVFAIL or refused): %s", host, dns.Err), true
	default:
		e.Message = fmt.Sprintf("%s cannot be looked up: %v", host, err)
	}
	return e
}
