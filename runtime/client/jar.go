package client

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/publicsuffix"

	"volley/runtime"
)

// Jar keeps cookies as RFC 6265 says, with the public suffix list, the
// __Host- and __Secure- prefixes, and bounds on what a server can put there.
// It is safe for use by many goroutines.
type Jar struct {
	mu    sync.Mutex
	sites map[string][]*entry // by registrable domain; "" has those without one
	count int
	clock uint64
	some  atomic.Bool // not empty
}

// entry is a cookie and its place in the order of creation.
type entry struct {
	Cookie
	created uint64
}

// NewJar returns an empty Jar.
func NewJar() *Jar { return &Jar{} }

func (j *Jar) empty() bool { return !j.some.Load() }

// siteOf returns the registrable domain that a host belongs to: cookies cross
// host names only below it.
func siteOf(host string) string {
	host = strings.TrimSuffix(host, ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	site, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host // a suffix itself, such as localhost
	}
	return site
}

// below reports whether host is domain or a name below it.
func below(host, domain string) bool {
	return host == domain || len(host) > len(domain) && strings.HasSuffix(host, domain) && host[len(host)-len(domain)-1] == '.'
}

// Set puts a cookie into the jar, in place of one with the same name, domain
// and path. An Expires that is past removes that one. The error is
// invalid_argument.
func (j *Jar) Set(c Cookie) error {
	c.Domain = strings.ToLower(strings.Trim(c.Domain, "."))
	if c.Path == "" {
		c.Path = "/"
	}
	if err := checkCookie(c.Name, c.Value); err != nil {
		return err
	}
	bad := func(r rune) bool { return r < ' ' || r == ';' || r == 0x7f }
	if c.Path[0] != '/' || strings.ContainsFunc(c.Path+c.Domain, bad) || strings.Contains(c.Domain, " ") {
		return runtime.Errorf(runtime.KindInvalidArgument,
			"cookie %q: domain %q or path %q is none: write a host name, and a path that begins with /", c.Name, c.Domain, c.Path)
	}
	if siteOf(c.Domain) == c.Domain && !strings.Contains(c.Domain, ".") || isAddress(c.Domain) {
		c.HostOnly = true
	}
	if c.Domain == "" {
		c.HostOnly = false
	}
	j.store(c, time.Now())
	return nil
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// checkCookie refuses what could not be sent in a Cookie field.
func checkCookie(name, value string) *runtime.Error {
	bad := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == ';' }
	if name == "" || strings.ContainsFunc(name, bad) || strings.ContainsAny(name, "=") || strings.ContainsFunc(value, bad) {
		return runtime.Errorf(runtime.KindInvalidArgument,
			"cookie %q: name and value cannot hold a semicolon or control characters, the name no =", name)
	}
	return nil
}

// store puts c into its place.
func (j *Jar) store(c Cookie, now time.Time) {
	site := ""
	if c.Domain != "" {
		site = siteOf(c.Domain)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() { j.some.Store(j.count > 0) }()
	for i, e := range j.sites[site] {
		if e.Name != c.Name || e.Domain != c.Domain || e.Path != c.Path {
			continue
		}
		if c.expired(now) {
			j.sites[site] = slices.Delete(j.sites[site], i, i+1)
			j.count--
			return
		}
		j.sites[site][i] = &entry{Cookie: c, created: e.created}
		return
	}
	if c.expired(now) {
		return
	}
	if j.count >= maxCookiesInJar {
		j.evict(now)
	}
	if j.sites == nil {
		j.sites = map[string][]*entry{}
	}
	j.clock++
	j.sites[site] = append(j.sites[site], &entry{Cookie: c, created: j.clock})
	j.count++
}

// evict removes what is expired, or else the oldest cookie.
func (j *Jar) evict(now time.Time) {
	if j.deleteIf(func(c *Cookie) bool { return c.expired(now) }) > 0 {
		return
	}
	oldest, site, at := j.clock+1, "", -1
	for name, entries := range j.sites {
		for i, e := range entries {
			if e.created < oldest {
				oldest, site, at = e.created, name, i
			}
		}
	}
	if at >= 0 {
		j.sites[site] = slices.Delete(j.sites[site], at, at+1)
		j.count--
	}
}

// deleteIf removes cookies and returns how many. The caller has mu.
func (j *Jar) deleteIf(drop func(*Cookie) bool) int {
	before := j.count
	for site, entries := range j.sites {
		kept := slices.DeleteFunc(entries, func(e *entry) bool { return drop(&e.Cookie) })
		j.count -= len(entries) - len(kept)
		if len(kept) == 0 {
			delete(j.sites, site)
			continue
		}
		j.sites[site] = kept
	}
	return before - j.count
}

// learn takes a Set-Cookie value from a response at l (RFC 6265 section 5.3).
func (j *Jar) learn(l *location, line string, now time.Time) {
	c, ok := parseSetCookie(line, now)
	if !ok {
		return
	}
	host := strings.TrimSuffix(l.host, ".")
	secure := l.scheme == schemeHTTPS
	switch {
	case c.Domain == "" || c.Domain == host && (isAddress(host) || siteIsHost(host)):
		c.Domain, c.HostOnly = host, true
	case strings.HasSuffix(c.Domain, ".") || isAddress(host) || !below(host, c.Domain) || isSuffix(c.Domain):
		return
	}
	if !prefixAllows(&c, secure) {
		return
	}
	if c.Path == "" {
		c.Path = defaultPath(l.target)
	}
	if !secure && j.shadows(&c) {
		return
	}
	j.store(c, now)
}

// siteIsHost reports whether the host is a public suffix itself: it may keep
// cookies, but only for itself.
func siteIsHost(host string) bool { return isSuffix(host) }

func isSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

// prefixAllows applies the promises of cookie name prefixes (RFC 6265bis
// section 4.1.3).
func prefixAllows(c *Cookie, secure bool) bool {
	name := strings.ToLower(c.Name)
	switch {
	case strings.HasPrefix(name, "__secure-"):
		return c.Secure && secure
	case strings.HasPrefix(name, "__host-"):
		return c.Secure && secure && c.HostOnly && c.Path == "/"
	}
	return true
}

// shadows reports whether a cookie set over http would stand in for a Secure
// one of the same name (RFC 6265bis section 5.7).
func (j *Jar) shadows(c *Cookie) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.sites[siteOf(c.Domain)] {
		if e.Secure && e.Name == c.Name && (below(e.Domain, c.Domain) || below(c.Domain, e.Domain)) && pathMatches(c.Path, e.Path) {
			return true
		}
	}
	return false
}

// matching returns what goes to l: longer paths first, then older ones. Those
// without a domain go where the caller asked for, unless the server has set
// one of the same name.
func (j *Jar) matching(l *location, asked bool) []Cookie {
	host := strings.TrimSuffix(l.host, ".")
	path, _, _ := strings.Cut(l.target, "?")
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []*entry
	for _, e := range j.sites[siteOf(host)] {
		if (e.Domain == host || !e.HostOnly && below(host, e.Domain)) && e.goes(l, path, now) {
			found = append(found, e)
		}
	}
	if asked {
		own := found
		for _, e := range j.sites[""] {
			if e.goes(l, path, now) && !slices.ContainsFunc(own, func(o *entry) bool { return o.Name == e.Name }) {
				found = append(found, e)
			}
		}
	}
	sortEntries(found)
	out := make([]Cookie, len(found))
	for i, e := range found {
		out[i] = e.Cookie
	}
	return out
}

func (c *Cookie) goes(l *location, path string, now time.Time) bool {
	return (!c.Secure || l.scheme == schemeHTTPS) && pathMatches(path, c.Path) && !c.expired(now)
}

func sortEntries(entries []*entry) {
	slices.SortFunc(entries, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(len(b.Path), len(a.Path)), cmp.Compare(a.created, b.created))
	})
}

// line returns the Cookie field for l: the jar's, with a request's own in
// place of those of the same name. A nil Jar has none.
func (j *Jar) line(l *location, own []runtime.Field, asked bool) string {
	var cookies []Cookie
	if j != nil && !j.empty() {
		cookies = j.matching(l, asked)
	}
	var b strings.Builder
	sent := 0
	add := func(name, value string) {
		if sent == maxCookiesSent || b.Len()+len(name)+len(value)+3 > maxCookieLine {
			return
		}
		if sent++; sent > 1 {
			b.WriteString("; ")
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(value)
	}
	for _, c := range cookies {
		if !hasName(own, c.Name) {
			add(c.Name, c.Value)
		}
	}
	for _, f := range own {
		add(f.Name, f.Value)
	}
	return b.String()
}

func hasName(fields []runtime.Field, name string) bool {
	return slices.ContainsFunc(fields, func(f runtime.Field) bool { return f.Name == name })
}

// learn gives the response's cookies to the jar. A flight without a session
// has one only if it goes on.
func (f *flight) learn(resp *runtime.Response) {
	taken := 0
	for _, field := range resp.Header {
		if len(field.Name) != len("Set-Cookie") || !runtime.EqualFold(field.Name, "Set-Cookie") {
			continue
		}
		if taken++; taken > maxSetCookies {
			return
		}
		if f.jar == nil {
			if resp.Status < 300 {
				return
			}
			f.jar = NewJar()
		}
		f.jar.learn(&f.at, field.Value, time.Now())
		f.supersede(field.Value)
	}
}

// supersede drops a cookie of the request's own that the server has set anew
// or deleted on the way.
func (f *flight) supersede(line string) {
	if len(f.cookies) == 0 {
		return
	}
	if c, ok := parseSetCookie(line, time.Now()); ok {
		if hasName(f.cookies, c.Name) {
			f.cookies = slices.DeleteFunc(slices.Clone(f.cookies), func(o runtime.Field) bool { return o.Name == c.Name })
		}
	}
}
