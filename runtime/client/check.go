package client

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// CheckHTTPVersion reports a word that Settings.HTTPVersion does not know.
func CheckHTTPVersion(s string) error {
	switch s {
	case "auto", "1.1", "2", "h2c":
		return nil
	}
	return fmt.Errorf(`must be "auto", "1.1", "2" or "h2c", got %q`, s)
}

// CheckAddresses reports an entry of Settings.Resolve that leads to no address.
func CheckAddresses(resolve map[string]string) error {
	for host, addr := range resolve {
		ip := addr
		if h, _, err := net.SplitHostPort(addr); err == nil {
			ip = h
		}
		if _, err := netip.ParseAddr(strings.Trim(ip, "[]")); err != nil {
			return fmt.Errorf("must map hosts to IP addresses, with or without a port; %q is none (for %q)", addr, host)
		}
	}
	return nil
}
