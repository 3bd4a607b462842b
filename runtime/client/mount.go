package client

import (
	"cmp"
	"slices"
	"strings"

	"volley/runtime"
)

// mounted is a Mount, compiled.
type mounted struct {
	origin  string // "scheme://" or "scheme://host[:port]", lower case
	path    string
	profile *profile
}

func (s *Session) newMounted(settings Settings, m *Mount) (mounted, *runtime.Error) {
	scheme, rest, ok := strings.Cut(m.Prefix, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != schemeHTTP && scheme != schemeHTTPS {
		return mounted{}, runtime.Errorf(runtime.KindInvalidArgument,
			"mount prefix %q must begin with http:// or https://", m.Prefix)
	}
	out := mounted{origin: scheme + "://"}
	if rest != "" {
		authority, path := rest, ""
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			authority, path = rest[:i], rest[i:]
		}
		var l location
		if err := l.setHost(authority); err != nil {
			return mounted{}, inSetting("mount prefix", err)
		}
		out.origin += l.authority
		out.path = quote(path, inPathSet)
	}
	p, err := s.newProfile(settings, m)
	out.profile = p
	return out, err
}

func sortMounts(mounts []mounted) {
	slices.SortStableFunc(mounts, func(a, b mounted) int {
		return cmp.Compare(len(b.origin)+len(b.path), len(a.origin)+len(a.path))
	})
}

// covers reports whether a URL lies below the prefix.
func (m *mounted) covers(l *location) bool {
	rest, ok := strings.CutPrefix(l.url, m.origin)
	if !ok {
		return false
	}
	if strings.HasSuffix(m.origin, "://") {
		return true
	}
	if rest[0] == ':' && m.path == "" { // a prefix without a port is for all of them
		return true
	}
	return rest[0] == '/' && strings.HasPrefix(rest, m.path)
}

// profileFor returns the settings that hold for a URL.
func (s *snapshot) profileFor(l *location) *profile {
	for i := range s.mounts {
		if s.mounts[i].covers(l) {
			return s.mounts[i].profile
		}
	}
	return s.profile
}

// locate prepares a request's URL, relative to the base if there is one.
func (s *snapshot) locate(raw string) (location, *runtime.Error) {
	if s.base.scheme == "" {
		return parseURL(raw)
	}
	if l, ok := plainURL(raw); ok {
		return l, nil
	}
	ref, err := splitURL(raw)
	if err != nil {
		return location{}, err
	}
	return s.base.resolve(ref).locate(raw)
}
