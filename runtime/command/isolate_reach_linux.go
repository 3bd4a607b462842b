package command

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"os"
	"strings"

	"volley/runtime/client"
	"volley/runtime/isolate"
	"volley/runtime/policy"
)

// sockets is how many sockets an isolated process may be waiting for: each
// request may try two addresses, or two families of a name's.
func (s *runSettings) sockets() int { return 2*s.size + spareFiles }

// openSockets begins to open sockets for the child. It returns the file that
// the child asks over, and the func that ends it all when the child has ended.
func openSockets(s *runSettings) (theirs *os.File, ended func(), err error) {
	reach, err := newReach(s)
	if err != nil {
		return nil, nil, err
	}
	broker, theirs, err := isolate.NewBroker(isolate.Rules{Dial: reach.dial, Listening: reach.hosts.Exempt}, s.sockets())
	if err != nil {
		return nil, nil, usage("--isolate: %s", err.Error())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		broker.Serve()
	}()
	return theirs, func() { <-done }, nil
}

// reach is what the parent lets the child connect to, by the same flags that
// the child goes by. It sees addresses only, no names.
type reach struct {
	hosts   *policy.Policy
	proxies map[string]bool // ports of the user's proxies that have names
}

func newReach(s *runSettings) (*reach, error) {
	hosts, err := policy.New(policy.Config{
		AllowHost: s.allowHost, DenyPrivate: s.denyPrivate,
		AllowWrite: append(s.specFolders(), s.allowWrite...), // of Unix sockets
	})
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{Proxy: s.proxy})
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // it has no connections
	r := &reach{hosts: hosts, proxies: map[string]bool{}}
	exemptProxies(hosts, c.UserProxies())
	for _, p := range c.UserProxies() {
		if _, err := netip.ParseAddr(p.Host); err != nil {
			r.proxies[p.Port] = true
		}
	}
	return r, nil
}

// dial is isolate.Rules.Dial.
func (r *reach) dial(network, address string) error {
	if network == "unix" {
		if err := r.hosts.Host("unix:"+address, ""); err != nil {
			return err
		}
		return r.hosts.Socket(address)
	}
	err := r.hosts.Reach(address)
	if err == nil || namesServer(address) {
		return nil
	}
	if _, port, split := net.SplitHostPort(address); split == nil && r.proxies[port] {
		return r.hosts.Address(address, "")
	}
	return err
}

// resolvConf names the name servers of the system (resolv.conf(5)).
const resolvConf = "/etc/resolv.conf"

// namesServer reports whether an "ip:port" is a name server of the system.
func namesServer(address string) bool {
	at, err := netip.ParseAddrPort(address)
	if err != nil || at.Port() != 53 {
		return false
	}
	text, err := os.ReadFile(resolvConf)
	if err != nil {
		return at.Addr().IsLoopback() // as Go has it
	}
	known := false
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		known = true
		if ip, err := netip.ParseAddr(words[1]); err == nil && ip == at.Addr() {
			return true
		}
	}
	return !known && at.Addr().IsLoopback()
}
