package transport

import (
	"crypto/tls"
	"net"
	"net/url"
	"os"
	"strings"

	"volley/runtime"
)

// A Route is a RouteConfig whose files are loaded and whose words are
// checked. Equal configs of one Transport give the same Route, so it can
// stand in a pool key.
type Route struct {
	transport *Transport
	config    RouteConfig
	tls       *tls.Config // without ServerName and NextProtos
	proxy     *proxy      // nil: direct
	local     *net.TCPAddr
	resolver  *dnsServer // nil: the system's
}

// Config returns what the Route was made from.
func (r *Route) Config() RouteConfig { return r.config }

// Route checks config and loads the files it names. Errors are of kind tls
// (certificates), proxy, or invalid_argument.
func (t *Transport) Route(config RouteConfig) (*Route, error) {
	if config.Version == "auto" {
		config.Version = ""
	}
	t.routesMu.Lock()
	defer t.routesMu.Unlock()
	if r, ok := t.routes[config]; ok {
		return r, nil
	}
	r := &Route{transport: t, config: config}
	if err := r.load(); err != nil {
		return nil, err
	}
	t.routes[config] = r
	return r, nil
}

// load fills the Route from its config.
func (r *Route) load() *runtime.Error {
	switch r.config.Version {
	case "", "1.1", "2", "h2c":
	default:
		return invalid("http_version %q is unknown; use auto, 1.1, 2 or h2c", r.config.Version)
	}
	var err *runtime.Error
	if r.tls, err = r.transport.routeTLS(r.config); err != nil {
		return err
	}
	if r.config.Proxy != "" {
		if r.proxy, err = parseProxy(r.config.Proxy); err != nil {
			return err
		}
	}
	if r.config.LocalAddr != "" {
		if r.local, err = parseLocal(r.config.LocalAddr); err != nil {
			return err
		}
	}
	if r.config.Override != "" {
		if _, _, e := net.SplitHostPort(r.config.Override); e != nil {
			return invalid("resolve target %q is no host:port", r.config.Override)
		}
	}
	if r.config.Resolver != "" {
		if r.resolver, err = r.transport.config.resolverAt(r.config.Resolver); err != nil {
			return err
		}
	}
	return nil
}

// absolute reports whether requests to scheme name their whole URL, as a
// plain HTTP proxy wants it (RFC 9112 section 3.2.2).
func (r *Route) absolute(scheme string) bool {
	return r.proxy != nil && scheme == "http" && r.proxy.http() && r.config.Version != "h2c"
}

// parseLocal reads an address to connect from, with or without a port.
func parseLocal(s string) (*net.TCPAddr, *runtime.Error) {
	host := strings.Trim(s, "[]")
	port := "0"
	if h, p, err := net.SplitHostPort(s); err == nil {
		host, port = h, p
	}
	addr, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, port))
	if err != nil || net.ParseIP(strings.SplitN(host, "%", 2)[0]) == nil {
		return nil, invalid("local address %q is no IP address", s)
	}
	return addr, nil
}

// proxy is a checked proxy URL.
type proxy struct {
	scheme     string // http, https, socks5 or socks5h
	host, port string
	user       *url.Userinfo
	basic      string // value of Proxy-Authorization; "": none
}

// http reports whether the proxy speaks HTTP.
func (p *proxy) http() bool { return p.scheme == "http" || p.scheme == "https" }

// readable returns nil for a file that can be read.
func readable(what, path string) *runtime.Error {
	if _, err := os.Stat(path); err != nil {
		return runtime.Errorf(runtime.KindTLS, "%s %s cannot be read: %w", what, path, cause(err))
	}
	return nil
}
