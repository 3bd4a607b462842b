package digest

import (
	"regexp"
	"slices"
	"strings"

	"volley/runtime"
)

// challenge is one Digest challenge of a WWW-Authenticate field (RFC 7616
// section 3.3) that can be answered.
type challenge struct {
	algorithm            *algorithm
	spelled              string // the algorithm as the server wrote it; "": not at all
	realm, nonce, opaque string
	qop                  string   // "auth", "auth-int", or "" for the form of RFC 2069
	domain               []string // URIs of the protection space
	hasOpaque            bool
	stale, utf8, hashed  bool // the last: userhash
}

// strongest returns the best challenge of h that can be answered; of equals
// the first.
func strongest(h runtime.Header) (challenge, bool) {
	var best challenge
	found := false
	for _, value := range h.Values("WWW-Authenticate") {
		for _, offered := range split(value) {
			if !strings.EqualFold(offered.scheme, "Digest") {
				continue
			}
			c, ok := offered.challenge()
			if ok && (!found || c.algorithm.strength > best.algorithm.strength) {
				best, found = c, true
			}
		}
	}
	return best, found
}

// offer is a challenge of any scheme.
type offer struct {
	scheme     string
	parameters []runtime.Field
}

// challenge reads the parameters; ok is false for what cannot be answered.
func (o *offer) challenge() (c challenge, ok bool) {
	c.algorithm = algorithmOf("MD5")
	var qop string
	for _, p := range o.parameters {
		switch strings.ToLower(p.Name) {
		case "realm":
			c.realm = p.Value
		case "nonce":
			c.nonce = p.Value
		case "opaque":
			c.opaque, c.hasOpaque = p.Value, true
		case "domain":
			c.domain = strings.Fields(p.Value)
		case "stale":
			c.stale = strings.EqualFold(p.Value, "true")
		case "charset":
			c.utf8 = strings.EqualFold(p.Value, "UTF-8")
		case "userhash":
			c.hashed = strings.EqualFold(p.Value, "true")
		case "algorithm":
			c.spelled, c.algorithm = p.Value, algorithmOf(p.Value)
		case "qop":
			qop = p.Value
		}
	}
	c.qop, ok = chooseQOP(qop)
	return c, ok && c.algorithm != nil && c.nonce != ""
}

// chooseQOP prefers auth, which does not read the body twice.
func chooseQOP(offered string) (qop string, ok bool) {
	if strings.Trim(offered, " \t,") == "" {
		return "", true
	}
	var list []string
	for word := range strings.SplitSeq(offered, ",") {
		list = append(list, strings.ToLower(strings.TrimSpace(word)))
	}
	for _, qop = range []string{"auth", "auth-int"} {
		if slices.Contains(list, qop) {
			return qop, true
		}
	}
	return "", false
}

// split takes a field value apart (RFC 9110 section 11.6.1). The comma
// separates challenges as well as parameters, so a name that "=" does not
// follow begins a challenge. Reading ends where the grammar does.
func split(value string) []offer {
	var offers []offer
	rest := value
	for {
		if rest = strings.TrimLeft(rest, " \t,"); rest == "" {
			return offers
		}
		name, after := cutToken(rest)
		if name == "" {
			return offers
		}
		if v, behind, ok := parameterValue(after); ok && len(offers) > 0 {
			last := &offers[len(offers)-1]
			last.parameters = append(last.parameters, runtime.Field{Name: name, Value: v})
			rest = behind
			continue
		}
		if after != "" && !strings.ContainsRune(" \t,", rune(after[0])) {
			return offers
		}
		offers = append(offers, offer{scheme: name})
		rest = after[len(token68.FindString(after)):]
	}
}

// parameterValue reads "=" and a token or quoted string; ok is false when
// there is no "=".
func parameterValue(s string) (value, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, "=") {
		return "", s, false
	}
	s = strings.TrimLeft(s[1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return b.String(), "", true
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", true
}

// token68 is the one value that schemes such as Negotiate have instead of
// parameters.
var token68 = regexp.MustCompile(`^[ \t]*[A-Za-z0-9._~+/-]+=*[ \t]*(,|$)`)

// cutToken splits off a token (RFC 9110 section 5.6.2).
func cutToken(s string) (token, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}
