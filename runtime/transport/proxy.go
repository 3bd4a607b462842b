package transport

import (
	"context"
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"strings"

	socks "golang.org/x/net/proxy"

	"volley/runtime"
)

// parseProxy reads a proxy URL; one without a scheme is http://.
func parseProxy(raw string) (*proxy, *runtime.Error) {
	text := raw
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, runtime.Errorf(runtime.KindProxy, "proxy URL %s names no host", runtime.Escape(runtime.MaskURL(raw)))
	}
	p := &proxy{scheme: u.Scheme, host: u.Hostname(), port: u.Port(), user: u.User}
	switch p.scheme {
	case "http":
		p.defaultPort("80")
	case "https":
		p.defaultPort("443")
	case "socks5", "socks5h":
		p.defaultPort("1080")
	default:
		return nil, runtime.Errorf(runtime.KindProxy, "proxy scheme %s is none of http, https, socks5, socks5h", quote(p.scheme))
	}
	if p.user != nil && p.http() {
		password, _ := p.user.Password()
		p.basic = "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user.Username()+":"+password))
	}
	return p, nil
}

func (p *proxy) defaultPort(port string) {
	if p.port == "" {
		p.port = port
	}
}

// throughProxy makes nc, a connection to the proxy, one to the origin. For
// plain http over an HTTP proxy there is nothing to do but TLS to the proxy:
// each request names its whole URL.
func (d *dialing) throughProxy(p *proxy, nc net.Conn) (net.Conn, *runtime.Error) {
	var err *runtime.Error
	if p.scheme == "https" {
		config := d.origin.key.route.tls.Clone()
		config.ServerName, config.NextProtos = serverName(p.host), []string{"http/1.1"}
		config.Certificates = nil
		secure, err := d.handshake(nc, config)
		if err != nil {
			return nil, d.blameProxy(err)
		}
		nc = secure
	}
	switch {
	case !p.http():
		err = d.socks(p, nc)
	case !d.trip.exchange.Route.absolute(d.trip.exchange.Scheme):
		err = d.tunnel(p, nc)
	}
	if err != nil {
		return nil, d.blameProxy(err)
	}
	return nc, nil
}

// target returns the host and port of the origin, or of what stands in for it.
func (d *dialing) target() (host, port string) {
	x := d.trip.exchange
	if o := x.Route.config.Override; o != "" {
		host, port, _ = net.SplitHostPort(o)
		return host, port
	}
	if port = x.Port; port == "" {
		port = defaultPort(x.Scheme)
	}
	return x.Host, port
}

// tunnel asks an HTTP proxy for a connection to the origin (RFC 9110 section
// 9.3.6).
func (d *dialing) tunnel(p *proxy, nc net.Conn) *runtime.Error {
	d.phase = runtime.PhaseConnect
	address := net.JoinHostPort(d.target())
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if p.basic != "" {
		request += "Proxy-Authorization: " + p.basic + "\r\n"
	}
	stop := context.AfterFunc(d.ctx, d.wire.shut)
	defer stop()
	c := &conn{transport: d.transport, origin: d.origin, wire: d.wire, nc: nc, ctx: d.ctx}
	defer c.yieldBuffer()
	scratch := &trip{exchange: &Exchange{Method: "CONNECT"}, start: d.trip.tick(), now: d.trip.now}
	var h *head
	err := c.write([]byte(request + "\r\n"))
	if err == nil {
		var failed *runtime.Error
		if h, failed = c.final(scratch); failed != nil {
			err = failed
		}
	}
	switch {
	case d.ctx.Err() != nil:
		return d.trip.interrupted(d.parent, d.phase, err)
	case err != nil:
		e := c.explain(runtime.PhaseConnect, err)
		e.Phase = d.phase
		return e
	case h.status/100 != 2:
		return &runtime.Error{
			Kind: runtime.KindProxy, Retryable: h.status >= 500,
			Message: "proxy " + net.JoinHostPort(p.host, p.port) + " refused the tunnel to " + address + ": " + statusText(h),
		}
	case c.w > c.r:
		return runtime.Errorf(runtime.KindProxy, "the proxy sent %s before the tunnel was used", quote(c.buf[c.r:c.w]))
	}
	return nil
}

// statusText is "407 Proxy Authentication Required", fit for a message.
func statusText(h *head) string {
	digits := string([]byte{'0' + byte(h.status/100), '0' + byte(h.status/10%10), '0' + byte(h.status%10)})
	if h.reason == "" {
		return digits
	}
	quotedReason := quote(h.reason)
	return digits + " " + quotedReason
}

// socks asks a SOCKS5 proxy for a connection to the origin (RFC 1928). With
// socks5 the name is resolved here, with socks5h by the proxy.
func (d *dialing) socks(p *proxy, nc net.Conn) *runtime.Error {
	d.phase = runtime.PhaseConnect
	host, port := d.target()
	if p.scheme == "socks5" {
		address, err := d.resolveForSocks(host)
		if err != nil {
			return err
		}
		host, d.phase = address, runtime.PhaseConnect
		if err := d.allowed(net.JoinHostPort(host, port), d.trip.exchange.Host); err != nil {
			return err
		}
	}
	var auth *socks.Auth
	if p.user != nil {
		password, _ := p.user.Password()
		auth = &socks.Auth{User: p.user.Username(), Password: password}
	}
	dialer, err := socks.SOCKS5("tcp", net.JoinHostPort(p.host, p.port), auth, opened{nc})
	if err == nil {
		_, err = dialer.(socks.ContextDialer).DialContext(d.ctx, "tcp", net.JoinHostPort(host, port))
	}
	switch {
	case err == nil:
		return nil
	case d.ctx.Err() != nil || isTimeout(err):
		return d.trip.interrupted(d.parent, d.phase, err)
	}
	return &runtime.Error{Kind: runtime.KindProxy, Retryable: true, Cause: err, Message: cause(err).Error()}
}

// resolveForSocks looks the origin up; IPv4 first, which every proxy has.
func (d *dialing) resolveForSocks(host string) (string, *runtime.Error) {
	if _, err := netip.ParseAddr(host); err == nil || d.transport.config.Dial != nil {
		return host, nil
	}
	addrs, err := d.resolve(host, true)
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if strings.IndexByte(a, ':') < 0 {
			return a, nil
		}
	}
	return addrs[0], nil
}

// opened is a dialer whose connection is there already.
type opened struct{ nc net.Conn }

func (o opened) Dial(string, string) (net.Conn, error) { return o.nc, nil }

func (o opened) DialContext(context.Context, string, string) (net.Conn, error) { return o.nc, nil }
