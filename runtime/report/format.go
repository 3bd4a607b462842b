package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"volley/runtime"
)

// Escape returns s fit for a terminal: every character that does not print is
// written as in a Go string, \x1b or \u202e, and so are bytes that are no
// UTF-8. Text that prints is returned as it is.
func Escape(s string) string { return runtime.Escape(s) }

// painter colours text, or leaves it.
type painter bool

func (p painter) red(s string) string    { return p.sgr("31", s) }
func (p painter) green(s string) string  { return p.sgr("32", s) }
func (p painter) yellow(s string) string { return p.sgr("33", s) }
func (p painter) dim(s string) string    { return p.sgr("2", s) }

func (p painter) sgr(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// count writes a number with commas: 1,234,567.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return count(n) + " " + word + "s"
}

// span writes a duration in three digits: 870µs, 12.3ms, 1.23s, 2m05s, 1h02m.
func span(d time.Duration) string {
	switch {
	case d >= time.Hour:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d.Round(time.Second) >= time.Minute:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d.Round(time.Millisecond) >= time.Second:
		return threeDigits(d.Seconds()) + "s"
	case d.Round(time.Microsecond) >= time.Millisecond:
		return threeDigits(float64(d)/float64(time.Millisecond)) + "ms"
	default:
		return strconv.FormatInt(d.Round(time.Microsecond).Microseconds(), 10) + "µs"
	}
}

// wholeSpan writes a duration in whole seconds: 42s, 2m05s, 1h02m.
func wholeSpan(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return span(d)
}

// threeDigits writes x ≥ 1 with three significant digits, or all before the
// point if they are more.
func threeDigits(x float64) string {
	decimals := 2 - int(math.Floor(math.Log10(x)))
	return strconv.FormatFloat(x, 'f', max(0, decimals), 64)
}

// size writes bytes: 512 B, 1.46 KiB, 45.2 MiB.
func size(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	x := float64(n)
	for _, unit := range []string{"KiB", "MiB", "GiB"} {
		x /= 1024
		if x < 1023.5 {
			return threeDigits(x) + " " + unit
		}
	}
	return threeDigits(x/1024) + " TiB"
}

// rate writes requests per second: 813/s, 2.5/s.
func rate(perSecond float64) string {
	switch {
	case perSecond >= 9.95:
		return count(int64(math.Round(perSecond))) + "/s"
	case perSecond >= 0.095:
		return strconv.FormatFloat(perSecond, 'f', 1, 64) + "/s"
	default:
		return strconv.FormatFloat(perSecond, 'f', 3, 64) + "/s"
	}
}

// share writes a part of a whole: 97% (970 of 1,000). All and none alone are
// 100% and 0%.
func share(part, of int64) string {
	const finest = 0.01
	percent := 100 * float64(part) / float64(of)
	if part > 0 && part < of {
		percent = min(100-finest, max(finest, percent))
	}
	text := strconv.FormatFloat(math.Round(percent/finest)*finest, 'f', 2, 64)
	text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	return text + "% (" + count(part) + " of " + count(of) + ")"
}

// decimal writes a number of any size with up to five significant digits.
func decimal(v float64) string {
	const significant = 5
	size := math.Abs(v)
	if size != 0 && (size < 1e-4 || size >= 1e15) {
		return strconv.FormatFloat(v, 'g', significant, 64)
	}
	if size >= 1e5 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', significant, 64), 64)
	if err != nil {
		short = v
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// EscapeText is Escape for a text of several lines and columns: line ends and
// tabs stay.
func EscapeText(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		cells := strings.Split(line, "\t")
		for j, cell := range cells {
			cells[j] = Escape(cell)
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}
