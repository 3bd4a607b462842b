package client

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Get returns the value of a cookie by that name; domain and path narrow the
// search when they are not empty. Of several it is the one that would be sent
// first.
func (j *Jar) Get(name, domain, path string) (string, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	var found []*entry
	for _, entries := range j.sites {
		for _, e := range entries {
			if e.Name == name && e.is(domain, path) && !e.expired(now) {
				found = append(found, e)
			}
		}
	}
	if len(found) == 0 {
		return "", false
	}
	sortEntries(found)
	return found[0].Value, true
}

// is reports whether the cookie has that domain and path; "" is any.
func (c *Cookie) is(domain, path string) bool {
	return (domain == "" || strings.EqualFold(strings.TrimPrefix(domain, "."), c.Domain)) && (path == "" || path == c.Path)
}

// Delete removes the cookies of a name; domain and path narrow that when they
// are not empty. It returns how many there were.
func (j *Jar) Delete(name, domain, path string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.deleteIf(func(c *Cookie) bool { return c.Name == name && c.is(domain, path) })
	j.some.Store(j.count > 0)
	return n
}

// Clear removes every cookie of a domain and path; "" is any.
func (j *Jar) Clear(domain, path string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.deleteIf(func(c *Cookie) bool { return c.is(domain, path) })
	j.some.Store(j.count > 0)
}

// List returns the cookies that have not expired, oldest first.
func (j *Jar) List() []Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	var all []*entry
	for _, entries := range j.sites {
		for _, e := range entries {
			if !e.expired(now) {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.created, b.created) })
	out := make([]Cookie, len(all))
	for i, e := range all {
		out[i] = e.Cookie
	}
	return out
}
