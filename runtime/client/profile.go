package client

import (
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"volley/runtime"
	"volley/runtime/transport"
)

// Limits of what no setting says.
const (
	defaultMaxRedirects = 30
	defaultMaxBody      = 64 << 20 // of a body held in memory
	maxRoutes           = 4096     // remembered per profile
)

// profile is the Settings of a session, or of a session under a mount, ready
// for use. It does not change.
type profile struct {
	Settings
	client    *Client
	transport *transport.Transport
	env       environment

	base         runtime.Header // session and default headers, without Host
	host         string         // the session's own Host field
	hooks        []*runtime.Hooks
	maxRedirects int
	uniform      bool // every origin takes the same way
	certOf       bool // the certificate is the mount's own

	routes routeCache
}

// newProfile compiles settings; mount may be nil.
func (s *Session) newProfile(settings Settings, mount *Mount) (*profile, *runtime.Error) {
	layers := []Settings{settings}
	if mount != nil {
		layers = append(layers, mount.Settings)
		settings = mount.Settings.over(settings)
	}
	p := &profile{Settings: settings, client: s.client, transport: s.transport, maxRedirects: defaultMaxRedirects}
	p.Resolve = lowerKeys(p.Resolve)
	p.certOf = mount != nil && mount.Settings.Cert != nil
	if settings.TrustEnv.On(true) {
		p.env = s.env
	}
	if settings.MaxRedirects != nil {
		p.maxRedirects = *settings.MaxRedirects
	}
	p.Timeout = p.Timeout.Over(runtime.Timeout{Connect: runtime.DefaultConnectTimeout, Read: runtime.DefaultReadTimeout})
	for _, l := range layers {
		if l.Hooks != nil {
			p.hooks = append(p.hooks, l.Hooks)
		}
	}
	if err := p.setBase(layers); err != nil {
		return nil, err
	}
	return p, p.checkWays()
}

// setBase lays the headers of the layers over the defaults.
func (p *profile) setBase(layers []Settings) *runtime.Error {
	h := runtime.Header{
		{Name: "User-Agent", Value: "volley/" + p.client.config.Version},
		{Name: "Accept-Encoding", Value: "gzip, deflate, br, zstd"},
		{Name: "Accept", Value: "*/*"},
	}
	for _, l := range layers {
		for i, f := range l.Header {
			if err := checkField(f.Name, f.Value, i+1); err != nil {
				return err
			}
			if framed(f.Name) {
				return runtime.Errorf(runtime.KindInvalidArgument,
					"session header %d (%s) is set by volley for each request: leave it out", i+1, f.Name)
			}
		}
		h = layHeader(h, l.Header)
		for _, name := range l.Unset {
			h.Del(name)
		}
	}
	h = slices.DeleteFunc(h, keepsAlive)
	p.host = h.Get("Host")
	h.Del("Host")
	p.base = slices.Clip(h)
	return nil
}

// layHeader replaces the fields of under that over names, in place, and
// appends the others. Repeats in over are kept.
func layHeader(under, over runtime.Header) runtime.Header {
	out := make(runtime.Header, 0, len(under)+len(over))
	var placed []string
	isPlaced := func(name string) bool {
		return slices.ContainsFunc(placed, func(p string) bool { return runtime.EqualFold(p, name) })
	}
	for _, f := range under {
		switch {
		case !over.Has(f.Name):
			out = append(out, f)
		case !isPlaced(f.Name):
			placed = append(placed, f.Name)
			for _, g := range over {
				if runtime.EqualFold(f.Name, g.Name) {
					out = append(out, g)
				}
			}
		}
	}
	for _, f := range over {
		if !isPlaced(f.Name) {
			out = append(out, f)
		}
	}
	return out
}

// checkWays checks what decides on the way to an origin.
func (p *profile) checkWays() *runtime.Error {
	for _, f := range p.Proxies {
		if err := checkProxy(f); err != nil {
			return err
		}
	}
	switch p.HTTPVersion {
	case "", "auto", "1.1", "2", "h2c":
	default:
		return badVersion(p.HTTPVersion)
	}
	p.uniform = len(p.Proxies) == 0 && len(p.Resolve) == 0 && !p.env.proxies()
	return nil
}

func badVersion(v string) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument, "http_version %q is unknown: use auto, 1.1, 2 or h2c", v)
}

// routeKey is what the way depends on within one profile.
type routeKey struct {
	scheme, host, port string
}

// routeCache remembers the Routes of a profile.
type routeCache struct {
	uniform [2]atomic.Pointer[transport.Route] // of http, https

	mu     sync.RWMutex
	byName map[routeKey]*transport.Route
}

// route returns the way to an origin.
func (p *profile) route(f *flight) (*transport.Route, error) {
	l, o := &f.at, f.options
	if len(o.Proxies) > 0 || o.Verify != nil || o.Cert != nil || o.HTTPVersion != "" || f.left {
		return p.newRoute(l, o, p.certificate(o, f.left, f.leftOwn))
	}
	if p.uniform {
		return p.uniformRoute(l)
	}
	key := routeKey{l.scheme, l.host, l.effectivePort()}
	p.routes.mu.RLock()
	r := p.routes.byName[key]
	p.routes.mu.RUnlock()
	if r != nil {
		return r, nil
	}
	r, err := p.newRoute(l, o, p.Cert)
	if err != nil {
		return nil, err
	}
	p.routes.mu.Lock()
	defer p.routes.mu.Unlock()
	if p.routes.byName == nil || len(p.routes.byName) >= maxRoutes {
		p.routes.byName = map[routeKey]*transport.Route{}
	}
	p.routes.byName[key] = r
	return r, nil
}

func (p *profile) uniformRoute(l *location) (*transport.Route, error) {
	slot := &p.routes.uniform[0]
	if l.scheme == schemeHTTPS {
		slot = &p.routes.uniform[1]
	}
	if r := slot.Load(); r != nil {
		return r, nil
	}
	r, err := p.newRoute(l, &runtime.Options{}, p.Cert)
	if err != nil {
		return nil, err
	}
	slot.Store(r)
	return r, nil
}

// certificate is the client's on a hop: an identity is for the origin that was
// asked for, unless it is given for another.
func (p *profile) certificate(o *runtime.Options, left, leftOwn bool) *runtime.Cert {
	switch {
	case o.Cert != nil && !leftOwn:
		return o.Cert
	case left && !p.certOf:
		return nil
	}
	return p.Cert
}

// newRoute decides on proxy, certificates and dialling for one origin.
func (p *profile) newRoute(l *location, o *runtime.Options, cert *runtime.Cert) (*transport.Route, error) {
	proxy, err := p.proxyFor(l, o.Proxies)
	if err != nil {
		return nil, err
	}
	config := transport.RouteConfig{
		Proxy:     proxy,
		Version:   orValue(o.HTTPVersion, p.HTTPVersion),
		Unix:      p.Unix,
		LocalAddr: p.LocalAddr,
		Resolver:  p.Resolver,
		Override:  p.override(l),
	}
	if l.scheme == schemeHTTPS || strings.HasPrefix(proxy, "https:") {
		p.setTLS(&config, o.Verify, cert)
	}
	if err := p.allowDial(config); err != nil {
		return nil, err
	}
	r, failed := p.transport.Route(config)
	if failed != nil {
		return nil, failed
	}
	return r, nil
}

// setTLS fills in how the server is checked. What code says explicitly beats
// the command line's default, and that the environment.
func (p *profile) setTLS(config *transport.RouteConfig, verify *runtime.Verify, cert *runtime.Cert) {
	if v := orPointer(verify, p.Verify); v != nil {
		config.VerifyOff, config.CA = v.Off, v.CA
	}
	if p.client.config.Insecure {
		config.VerifyOff = true
	}
	switch {
	case config.VerifyOff:
		config.CA = ""
	case config.CA == "":
		config.CA = orValue(p.client.config.CA, p.env.ca)
	}
	if cert != nil {
		config.Cert, config.Key = cert.Cert, cert.Key
	}
}

// override returns the address to dial instead of the origin's.
func (p *profile) override(l *location) string {
	if len(p.Resolve) == 0 {
		return ""
	}
	port := l.effectivePort()
	for _, name := range []string{l.host + ":" + port, "[" + l.host + "]:" + port, l.host} {
		if address, ok := p.Resolve[name]; ok {
			return joinPort(address, port)
		}
	}
	return ""
}

// lowerKeys returns m with names as URLs have them.
func lowerKeys(m map[string]string) map[string]string {
	lower := make(map[string]string, len(m))
	for name, address := range m {
		lower[strings.ToLower(name)] = address
	}
	return lower
}

// joinPort adds port to an address that has none.
func joinPort(address, port string) string {
	switch {
	case strings.HasPrefix(address, "[") && strings.HasSuffix(address, "]"):
		return address + ":" + port
	case strings.HasPrefix(address, "[") || strings.Count(address, ":") == 1:
		return address
	case strings.Contains(address, ":"):
		return "[" + address + "]:" + port
	}
	return address + ":" + port
}

// allowDial asks the policy about the addresses that a script brought in.
// Proxies of the environment and the command line are the user's own word.
func (p *profile) allowDial(config transport.RouteConfig) error {
	allow := p.client.config.AllowHost
	if allow == nil {
		return nil
	}
	if config.Unix != "" {
		return allow("unix:"+config.Unix, "")
	}
	if config.Override != "" {
		host, port, err := net.SplitHostPort(config.Override)
		if err != nil {
			return runtime.Errorf(runtime.KindInvalidArgument, "resolve target %q is no host:port", config.Override)
		}
		if err := allow(host, port); err != nil {
			return err
		}
	}
	if config.Resolver != "" {
		server, invalid := transport.ParseResolver(config.Resolver)
		if invalid != nil {
			return invalid
		}
		if err := allow(server.Addr().String(), strconv.Itoa(int(server.Port()))); err != nil {
			return err
		}
	}
	if config.Proxy == "" || config.Proxy == p.client.config.Proxy || p.env.has(config.Proxy) {
		return nil
	}
	host, port := proxyAddress(config.Proxy)
	return allow(host, port)
}

// environOf returns the look-up that a Client uses.
func (c *Client) environOf() func(string) string {
	if c.config.Environ != nil {
		return c.config.Environ
	}
	return os.Getenv
}
