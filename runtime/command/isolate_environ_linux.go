package command

import (
	"slices"
	"strings"
)

// ownVariables are the variables that volley and Go's library read by
// themselves; those of a prefix end in *.
var ownVariables = []string{
	"VOLLEY_*", "GO*", // flags, and Go's runtime
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD",
	"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HOME", "NETRC", "TMPDIR", "TZ", "ZONEINFO", "LANG", "LC_*", "TERM", "NO_COLOR",
	"LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES",
}

// environ leaves the child those variables of all that --allow-env names and
// its own. A spec names what it reads itself, and gets all.
func (s *runSettings) environ(all []string) []string {
	if s.unsafe || s.runsSpec() {
		return all
	}
	allowed := strings.FieldsFunc(strings.Join(s.allowEnv, ","), func(r rune) bool { return r == ',' || r == ' ' })
	return slices.DeleteFunc(slices.Clone(all), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return !slices.Contains(allowed, name) && !slices.ContainsFunc(ownVariables, func(own string) bool {
			if prefix, ok := strings.CutSuffix(own, "*"); ok {
				return strings.HasPrefix(name, prefix)
			}
			return strings.EqualFold(name, own)
		})
	})
}
