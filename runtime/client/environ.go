package client

import (
	"net/netip"
	"strings"
)

// environment is what a session took from the environment's variables.
type environment struct {
	http, https, all string // proxies
	noProxy          string
	ca               string // PEM file or directory
}

// readEnvironment reads the variables that curl and requests read, the
// lower-case name first; an empty value is none.
func readEnvironment(getenv func(string) string) environment {
	either := func(name string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return getenv(strings.ToUpper(name))
	}
	e := environment{
		http:    either("http_proxy"),
		https:   either("https_proxy"),
		all:     either("all_proxy"),
		noProxy: either("no_proxy"),
	}
	if getenv("REQUEST_METHOD") != "" {
		// Under CGI the Proxy field of a request arrives as HTTP_PROXY.
		e.http = getenv("http_proxy")
	}
	for _, name := range []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if e.ca = getenv(name); e.ca != "" {
			break
		}
	}
	return e
}

// proxies reports whether any proxy is set.
func (e *environment) proxies() bool { return e.http != "" || e.https != "" || e.all != "" }

// has reports whether a normal proxy URL is one of the environment's.
func (e *environment) has(proxy string) bool {
	for _, raw := range []string{e.http, e.https, e.all} {
		if p, err := normalProxy(raw); raw != "" && err == nil && p == proxy {
			return true
		}
	}
	return false
}

// proxyFor returns the variable that decides for an origin; "" is direct.
func (e *environment) proxyFor(l *location) string {
	if !e.proxies() || bypassed(e.noProxy, l) {
		return ""
	}
	if l.scheme == schemeHTTPS {
		return orValue(e.https, e.all)
	}
	return orValue(e.http, e.all)
}

// bypassed reports whether a no_proxy list names the origin: "*", an address,
// a network in CIDR form, or a name that matches itself and what lies below
// it, each with an optional port.
func bypassed(list string, l *location) bool {
	if list == "" {
		return false
	}
	address, _ := netip.ParseAddr(l.host)
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry != "" && bypasses(entry, l, address.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

func bypasses(entry string, l *location, address netip.Addr) bool {
	if entry == "*" {
		return true
	}
	if network, err := netip.ParsePrefix(entry); err == nil {
		return address.IsValid() && network.Masked().Contains(address)
	}
	if a, err := netip.ParseAddr(entry); err == nil {
		return a.Unmap() == address
	}
	host, port, _, ok := cutPort(entry)
	if !ok || port != "" && port != l.effectivePort() {
		return false
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap() == address
	}
	host = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(host), "*"), ".")
	name := strings.TrimSuffix(l.host, ".")
	return host != "" && !address.IsValid() && (name == host || strings.HasSuffix(name, "."+host))
}
