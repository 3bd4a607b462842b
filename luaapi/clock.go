package luaapi

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"
	lua "github.com/yuin/gopher-lua"
)

func timeModule() Module {
	zone := Param{"tz", "string?", `A name such as "Europe/Berlin", or "local"; default "UTC".`}
	return Module{
		Name: "volley.time",
		Doc:  "Times are seconds since 1970-01-01 00:00 UTC, with a fraction.",
		Functions: []Function{
			{
				Name: "now", Returns: "number", Doc: "The time.",
				Example: `assert(volley.time.now() > 1.7e9)`,
				call:    func(c call) int { return c.push(lua.LNumber(toSeconds(time.Now()))) },
			},
			{
				Name:    "parse",
				Params:  []Param{{"s", "string", "A date, or a date with a time."}, {"format", "string?", "As in strptime; default: ISO 8601, RFC 3339 or RFC 1123."}, zone},
				Returns: "number",
				Doc:     "Reads a time. `tz` counts where the text names no zone. Raises kind `invalid_argument` for what it cannot read.",
				Example: `assert(volley.time.parse("2024-05-01T12:00:00Z") == 1714564800)
assert(volley.time.parse("01.05.2024 14:00", "%d.%m.%Y %H:%M", "Europe/Berlin") == 1714564800)`,
				call: func(c call) int {
					t, err := parseTime(c.text(1), c.textOr(2, ""), zoneOf(c, 3))
					if err != nil {
						c.raisef("%s", err.Error())
					}
					return c.push(lua.LNumber(toSeconds(t)))
				},
			},
			{
				Name:    "format",
				Params:  []Param{{"t", "number?", "Default: now."}, {"format", "string?", "As in strftime; default RFC 3339."}, zone},
				Returns: "string",
				Doc:     "Writes a time.",
				Example: `assert(volley.time.format(1714564800) == "2024-05-01T12:00:00Z")
assert(volley.time.format(1714564800, "%d.%m.%Y %H:%M", "Europe/Berlin") == "01.05.2024 14:00")`,
				call: formatTime,
			},
		},
	}
}

func toSeconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

// zoneOf takes the name of a time zone.
func zoneOf(c call, i int) *time.Location {
	name := c.textOr(i, "UTC")
	if strings.EqualFold(name, "local") {
		return time.Local
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		c.raisef(`unknown time zone %q: use a name such as "Europe/Berlin"`, name)
	}
	return zone
}

// plainLayouts are tried, in order, when no format is given.
var plainLayouts = []struct {
	layout string
	zoned  bool
}{
	{time.RFC3339, true},
	{"2006-01-02T15:04:05Z0700", true},
	{"2006-01-02 15:04:05Z07:00", true},
	{"2006-01-02T15:04Z07:00", true},
	{"2006-01-02T15:04:05", false},
	{"2006-01-02 15:04:05", false},
	{"2006-01-02T15:04", false},
	{"2006-01-02 15:04", false},
	{time.DateOnly, false},
	{"Mon, 2 Jan 2006 15:04:05 -0700", true},
	{"Mon, 2 Jan 2006 15:04:05 MST", true},
}

// parseTime reads s by an strptime format, or without one as what it looks
// like. A text without a zone is in zone.
func parseTime(s, format string, zone *time.Location) (time.Time, error) {
	if format == "" {
		for _, p := range plainLayouts {
			if t, err := time.Parse(p.layout, s); err == nil {
				return placeTime(t, zone, p.zoned)
			}
		}
		return time.Time{}, fmt.Errorf(`%q is no ISO 8601, RFC 3339 or RFC 1123 time; give its format, such as "%%d.%%m.%%Y"`, s)
	}
	t, err := strftime.Parse(format, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q does not fit the format %q: %w", s, format, err)
	}
	return placeTime(t, zone, namesZone(format))
}

// namesZone reports whether a format has a place for a zone.
func namesZone(format string) bool {
	for _, spec := range []string{"%z", "%:z", "%Z", "%+"} {
		if strings.Contains(strings.ReplaceAll(format, "%%", ""), spec) {
			return true
		}
	}
	return false
}

// placeTime puts the clock reading of a text without a zone into zone. An
// abbreviation such as EST means different zones to different people: only UTC
// and GMT are taken.
func placeTime(t time.Time, zone *time.Location, zoned bool) (time.Time, error) {
	if !zoned {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone), nil
	}
	if name, _ := t.Zone(); name != "" && name != "UTC" && name != "GMT" && strings.Trim(name, "+-0123456789") != "" {
		return time.Time{}, fmt.Errorf("the zone %q has no certain meaning: use an offset such as +0100, or leave it out and give tz", name)
	}
	return t, nil
}

// lastSecond is the end of the year 9999.
const lastSecond = 253402300799

func formatTime(c call) int {
	seconds := c.numberOr(1, toSeconds(time.Now()))
	if math.IsNaN(seconds) || math.Abs(seconds) > lastSecond {
		c.raisef("t must be seconds up to the year 9999, got %s; are these milliseconds?", lua.LNumber(seconds).String())
	}
	whole, fraction := math.Modf(seconds)
	t := time.Unix(int64(whole), int64(math.Round(fraction*1e9))).In(zoneOf(c, 3))
	if c.arg(2) == lua.LNil {
		return c.push(lua.LString(t.Format(time.RFC3339)))
	}
	return c.push(lua.LString(strftime.Format(c.text(2), t)))
}
