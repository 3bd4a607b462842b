package client

import (
	"strconv"
	"strings"
	"time"

	"volley/runtime"
)

// The limits of RFC 6265 section 6.1, as curl sets them.
const (
	maxSetCookies   = 50   // taken from one response
	maxCookie       = 4096 // bytes of name and value
	maxCookieAttr   = 1024 // bytes of an attribute's value; longer ones are ignored
	maxCookiesSent  = 150
	maxCookieLine   = 8190
	maxCookiesInJar = 3000
)

// Cookie is one cookie of a Jar. The zero Expires lasts as long as the jar.
// A cookie without a Domain goes to every host that a request names, never to
// one that a redirect leads to.
type Cookie struct {
	Name, Value  string
	Domain, Path string // Domain without a leading dot; Path "" is "/"
	HostOnly     bool   // not for names below Domain
	Secure       bool   // https only
	HTTPOnly     bool
	Expires      time.Time
}

// expired reports whether the cookie's time is over.
func (c *Cookie) expired(now time.Time) bool { return !c.Expires.IsZero() && !c.Expires.After(now) }

// Cookies returns the cookies that a response sets, in order, whether or not
// a jar would take them.
func Cookies(resp *runtime.Response) []Cookie {
	var out []Cookie
	l, err := parseURL(resp.URL)
	if err != nil {
		return nil
	}
	now := time.Now()
	for _, line := range resp.Header.Values("Set-Cookie") {
		c, ok := parseSetCookie(line, now)
		if !ok {
			continue
		}
		if c.Domain == "" {
			c.Domain, c.HostOnly = l.host, true
		}
		if c.Path == "" {
			c.Path = defaultPath(l.target)
		}
		if out = append(out, c); len(out) == maxSetCookies {
			break
		}
	}
	return out
}

// parseSetCookie reads a Set-Cookie value (RFC 6265 section 5.2). Domain and
// Path are empty when the line has none. A line without "=" is a name with an
// empty value; one with control characters is no cookie.
func parseSetCookie(line string, now time.Time) (Cookie, bool) {
	for i := 0; i < len(line); i++ {
		if c := line[i]; c < ' ' && c != '\t' || c == 0x7f {
			return Cookie{}, false
		}
	}
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, _ := strings.Cut(pair, "=")
	c := Cookie{Name: trim(name), Value: trim(value)}
	if c.Name == "" || len(c.Name)+len(c.Value) > maxCookie {
		return Cookie{}, false
	}
	maxAge := false
	for attributes != "" {
		var attribute string
		attribute, attributes, _ = strings.Cut(attributes, ";")
		key, value, _ := strings.Cut(attribute, "=")
		if value = trim(value); len(value) > maxCookieAttr {
			continue
		}
		switch strings.ToLower(trim(key)) {
		case "expires":
			if at, ok := parseCookieDate(value); ok && !maxAge {
				c.Expires = at
			}
		case "max-age":
			if at, ok := maxAgeEnd(value, now); ok {
				c.Expires, maxAge = at, true
			}
		case "domain":
			c.Domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "path":
			c.Path = ""
			if strings.HasPrefix(value, "/") {
				c.Path = value
			}
		case "secure":
			c.Secure = true
		case "httponly":
			c.HTTPOnly = true
		}
	}
	return c, true
}

func trim(s string) string { return strings.Trim(s, " \t") }

// past is the expiry of a cookie that is to be deleted.
var past = time.Unix(1, 0)

// maxAgeEnd reads Max-Age (RFC 6265 section 5.2.2).
func maxAgeEnd(value string, now time.Time) (time.Time, bool) {
	digits := strings.TrimPrefix(value, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return time.Time{}, false
	}
	if digits != value {
		return past, true
	}
	const longest = 400 * 24 * 3600 // as browsers cap it
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil || n > longest:
		n = longest
	case n == 0:
		return past, true
	}
	return now.Add(time.Duration(n) * time.Second), true
}

// parseCookieDate reads a date as leniently as RFC 6265 section 5.1.1 asks:
// its parts are found by their form, wherever they stand.
func parseCookieDate(s string) (time.Time, bool) {
	var d cookieDate
	isDelimiter := func(r rune) bool {
		return r == '\t' || ' ' <= r && r <= '/' || ';' <= r && r <= '@' || '[' <= r && r <= '`' || '{' <= r && r <= '~'
	}
	for _, token := range strings.FieldsFunc(s, isDelimiter) {
		d.take(token)
	}
	return d.time()
}

// cookieDate collects the parts of a date; -1 is not found yet.
type cookieDate struct {
	clock, day, month, year   bool
	hours, minutes, seconds   int
	dayNumber, monthN, yearNo int
}

func (d *cookieDate) take(token string) {
	switch {
	case !d.clock && d.takeClock(token):
		d.clock = true
	case !d.day && leadingNumber(token, 1, 2, &d.dayNumber):
		d.day = true
	case !d.month && d.takeMonth(token):
		d.month = true
	case !d.year && leadingNumber(token, 2, 4, &d.yearNo):
		d.year = true
	}
}

func (d *cookieDate) takeClock(token string) bool {
	parts := strings.SplitN(token, ":", 3)
	return len(parts) == 3 && leadingNumber(parts[0], 1, 2, &d.hours) && len(strings.TrimLeft(parts[0], "0123456789")) == 0 &&
		leadingNumber(parts[1], 1, 2, &d.minutes) && len(strings.TrimLeft(parts[1], "0123456789")) == 0 &&
		leadingNumber(parts[2], 1, 2, &d.seconds)
}

func (d *cookieDate) takeMonth(token string) bool {
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	if len(token) < 3 {
		return false
	}
	i := strings.Index(names, strings.ToLower(token[:3]))
	if i < 0 || i%3 != 0 {
		return false
	}
	d.monthN = i/3 + 1
	return true
}

// leadingNumber reads between least and most digits that no further digit
// follows.
func leadingNumber(s string, least, most int, n *int) bool {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits < least || digits > most {
		return false
	}
	v, err := strconv.Atoi(s[:digits])
	*n = v
	return err == nil
}

func (d *cookieDate) time() (time.Time, bool) {
	year := d.yearNo
	switch {
	case 70 <= year && year <= 99:
		year += 1900
	case year <= 69:
		year += 2000
	}
	if !d.clock || !d.day || !d.month || !d.year ||
		d.dayNumber < 1 || d.dayNumber > 31 || year < 1601 || d.hours > 23 || d.minutes > 59 || d.seconds > 59 {
		return time.Time{}, false
	}
	at := time.Date(year, time.Month(d.monthN), d.dayNumber, d.hours, d.minutes, d.seconds, 0, time.UTC)
	return at, at.Day() == d.dayNumber
}

// defaultPath is the path of a cookie that names none (RFC 6265 section
// 5.1.4).
func defaultPath(target string) string {
	path, _, _ := strings.Cut(target, "?")
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/"
	}
	return path[:i]
}

// pathMatches implements RFC 6265 section 5.1.4.
func pathMatches(path, of string) bool {
	return strings.HasPrefix(path, of) && (len(path) == len(of) || strings.HasSuffix(of, "/") || path[len(of)] == '/')
}
