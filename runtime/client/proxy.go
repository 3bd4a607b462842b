package client

import (
	"strings"

	"volley/runtime"
)

// noProxyKey is the key of the list of origins that go direct.
const noProxyKey = "no_proxy"

// proxyFor returns the proxy URL for an origin, "" for none: the request's
// and the session's, merged key by key, else the command line's, else the
// environment's. no_proxy among the former bypasses all of them, and stands
// in for the environment's.
func (p *profile) proxyFor(l *location, own []runtime.Field) (string, *runtime.Error) {
	env := p.env
	if len(own) > 0 || len(p.Proxies) > 0 {
		list, ok := lookupKey(own, noProxyKey)
		if !ok {
			list, ok = lookupKey(p.Proxies, noProxyKey)
		}
		if bypassed(list, l) {
			return "", nil
		}
		if ok {
			env.noProxy = ""
		}
		for _, key := range []string{l.scheme + "://" + l.host, l.scheme, "all://" + l.host, "all"} {
			raw, ok := lookupKey(own, key)
			if !ok {
				raw, ok = lookupKey(p.Proxies, key)
			}
			if ok {
				return explicitProxy(raw)
			}
		}
	}
	if p.client.config.Proxy != "" {
		return p.client.config.Proxy, nil
	}
	raw := env.proxyFor(l)
	if raw == "" {
		return "", nil
	}
	proxy, err := normalProxy(raw)
	if err != nil {
		err.Kind = runtime.KindProxy
		err.Message += " (from the environment)"
	}
	return proxy, err
}

func lookupKey(fields []runtime.Field, key string) (string, bool) {
	for _, f := range fields {
		if runtime.EqualFold(f.Name, key) {
			return f.Value, true
		}
	}
	return "", false
}

// checkProxy checks one entry of a proxies table.
func checkProxy(f runtime.Field) *runtime.Error {
	key := strings.ToLower(f.Name)
	if key == noProxyKey {
		return nil
	}
	scheme, host, hasHost := strings.Cut(key, "://")
	if scheme != schemeHTTP && scheme != schemeHTTPS && scheme != "all" || hasHost && host == "" {
		return runtime.Errorf(runtime.KindInvalidArgument,
			"proxies has an unknown key %q: use http, https, all, no_proxy or a scheme and host such as https://api.test", f.Name)
	}
	_, err := explicitProxy(f.Value)
	return err
}

// explicitProxy reads a proxy that code names; empty is direct.
func explicitProxy(raw string) (string, *runtime.Error) {
	if raw == "" {
		return "", nil
	}
	return normalProxy(raw)
}

// normalProxy checks a proxy URL and adds http:// where it has no scheme.
func normalProxy(raw string) (string, *runtime.Error) {
	text := strings.TrimSpace(raw)
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = schemeHTTP, strings.TrimPrefix(text, "//")
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case schemeHTTP, schemeHTTPS, "socks5", "socks5h":
	default:
		return "", badProxy(raw, "its scheme is not http, https, socks5 or socks5h")
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	userinfo := ""
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		userinfo, rest = quote(rest[:i], inPathSet)+"@", rest[i+1:]
	}
	var l location
	if err := l.setHost(rest); err != nil {
		return "", badProxy(raw, err.Message)
	}
	return scheme + "://" + userinfo + l.authority, nil
}

func badProxy(raw, why string) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument,
		"invalid proxy %q: %s; write it as http://host:port", runtime.MaskURL(raw), why)
}

// A UserProxy is a proxy that the command line or the environment names.
type UserProxy struct {
	Host, Port string
	Resolves   bool // it looks names up itself
}

// UserProxies returns the proxies that are the user's own word.
func (c *Client) UserProxies() []UserProxy {
	env := readEnvironment(c.environOf())
	var out []UserProxy
	for _, raw := range []string{c.config.Proxy, env.http, env.https, env.all} {
		proxy, err := normalProxy(raw)
		if raw == "" || err != nil {
			continue
		}
		host, port := proxyAddress(proxy)
		out = append(out, UserProxy{Host: host, Port: port, Resolves: !strings.HasPrefix(proxy, "socks5:")})
	}
	return out
}

// proxyAddress returns host and port of a normal proxy URL.
func proxyAddress(proxy string) (host, port string) {
	scheme, rest, _ := strings.Cut(proxy, "://")
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	host, port, _, _ = cutPort(rest)
	if port != "" {
		return host, port
	}
	switch scheme {
	case schemeHTTPS:
		return host, "443"
	case "socks5", "socks5h":
		return host, "1080"
	}
	return host, "80"
}
