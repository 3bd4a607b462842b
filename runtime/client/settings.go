package client

import (
	"maps"
	"slices"
	"time"

	"volley/runtime"
)

// Settings are what the requests of a session share. The zero value is a
// session with defaults. A request's Options and Header go over them.
type Settings struct {
	Header  runtime.Header // over the default headers
	Unset   []string       // default headers that are not sent
	Params  runtime.Params
	Auth    runtime.Auth
	Proxies []runtime.Field // scheme, scheme://host, all, all://host or no_proxy → URL; "" is direct
	Verify  *runtime.Verify
	Cert    *runtime.Cert
	Timeout runtime.Timeout
	Hooks   *runtime.Hooks // run before a request's

	AllowRedirects runtime.Switch // default yes, but for HEAD
	MaxRedirects   *int           // nil: 30
	TrustEnv       runtime.Switch // read the environment; default yes
	Stream         runtime.Switch
	RaiseForStatus runtime.Switch
	MaxBody        int64  // as in runtime.Options
	BaseURL        string // relative request URLs are resolved against it (RFC 3986)
	Retry          *runtime.Retry
	HTTPVersion    string

	Resolve     map[string]string // "host:port" or "host" → address, with or without a port
	Resolver    string            // DNS server, "ip:port"
	Unix        string            // socket path to dial instead of TCP
	LocalAddr   string
	Credentials CredentialSource // by host, after Auth and an Authorization field; nil: none

	Limits *runtime.Limits // of the session's requests; nil: none

	SecretHeaders []string // dropped when a redirect leaves the origin
	Pool          Pool     // fixed when the session is made
	Mounts        []Mount
}

// Pool gives a session connections of its own. The zero value shares the
// Client's.
type Pool struct {
	PerHost     int           // idle connections kept per origin
	IdleTimeout time.Duration // after which an idle connection is closed
}

// Mount lays Settings over the session's for URLs below Prefix, such as
// "https://" or "https://api.test/v2". Scheme and host match in any case and
// end at a host boundary; the longest prefix wins. BaseURL, TrustEnv, Pool
// and Mounts have no meaning in a mount.
type Mount struct {
	Prefix   string
	Settings Settings
}

// clone returns a copy that shares nothing that can be changed in place.
func (s Settings) clone() Settings {
	s.Header = s.Header.Clone()
	s.Unset = slices.Clone(s.Unset)
	s.Params.Fields = slices.Clone(s.Params.Fields)
	s.Params.Drop = slices.Clone(s.Params.Drop)
	s.Proxies = slices.Clone(s.Proxies)
	s.Verify = clonePointer(s.Verify)
	s.Cert = clonePointer(s.Cert)
	s.Hooks = clonePointer(s.Hooks)
	s.MaxRedirects = clonePointer(s.MaxRedirects)
	s.Retry = clonePointer(s.Retry)
	s.Resolve = maps.Clone(s.Resolve)
	s.SecretHeaders = slices.Clone(s.SecretHeaders)
	s.Mounts = slices.Clone(s.Mounts)
	for i := range s.Mounts {
		s.Mounts[i].Settings = s.Mounts[i].Settings.clone()
	}
	return s
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// over lays a mount's settings over the session's. Header, Unset and Hooks
// are not merged here: the profile keeps their order.
func (s Settings) over(under Settings) Settings {
	s.TrustEnv = under.TrustEnv
	s.Params = mergeParams(under.Params, s.Params)
	s.Proxies = append(slices.Clone(s.Proxies), under.Proxies...)
	s.Timeout = s.Timeout.Over(under.Timeout)
	s.SecretHeaders = append(slices.Clone(s.SecretHeaders), under.SecretHeaders...)
	s.Auth = orAuth(s.Auth, under.Auth)
	s.Verify = orPointer(s.Verify, under.Verify)
	s.Cert = orPointer(s.Cert, under.Cert)
	s.MaxRedirects = orPointer(s.MaxRedirects, under.MaxRedirects)
	s.Retry = orPointer(s.Retry, under.Retry)
	s.AllowRedirects = orValue(s.AllowRedirects, under.AllowRedirects)
	s.Stream = orValue(s.Stream, under.Stream)
	s.RaiseForStatus = orValue(s.RaiseForStatus, under.RaiseForStatus)
	s.MaxBody = orValue(s.MaxBody, under.MaxBody)
	s.HTTPVersion = orValue(s.HTTPVersion, under.HTTPVersion)
	s.Resolver = orValue(s.Resolver, under.Resolver)
	s.Unix = orValue(s.Unix, under.Unix)
	s.LocalAddr = orValue(s.LocalAddr, under.LocalAddr)
	if s.Credentials == nil {
		s.Credentials = under.Credentials
	}
	resolve := maps.Clone(under.Resolve)
	if resolve == nil {
		resolve = s.Resolve
	} else {
		maps.Copy(resolve, s.Resolve)
	}
	s.Resolve = resolve
	return s
}

func orPointer[T any](p, otherwise *T) *T {
	if p == nil {
		return otherwise
	}
	return p
}

func orValue[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func orAuth(a, otherwise runtime.Auth) runtime.Auth {
	if a == nil {
		return otherwise
	}
	return a
}
