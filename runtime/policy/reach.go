package policy

import (
	"net/netip"
	"strconv"
)

// Reach judges an "ip:port" that is all that is known of a connection, as far
// as it says: what Address says of it, and whether any --allow-host entry can
// mean it. One with a name or a * may stand for any address at its port.
func (p *Policy) Reach(addr string) error {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return denied("connecting to %s is denied: it is no address", addr)
	}
	if err := p.Address(addr, ""); err != nil || len(p.hosts) == 0 {
		return err
	}
	name, port := plain(ap.Addr()).String(), strconv.Itoa(int(ap.Port()))
	if p.exempted(ap.Addr(), port) {
		return nil
	}
	for _, pat := range p.hosts {
		if _, err := netip.ParseAddr(pat.glob); err != nil {
			pat.glob = "*"
		}
		if pat.match(name, port) {
			return nil
		}
	}
	return denied("connecting to %s is denied: no --allow-host entry can mean it; --allow-host %s allows it",
		join(name, port), join(name, port))
}
