package tree

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	wholeNumber = regexp.MustCompile(`^[-+]?(0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*)$`)
	anyNumber   = regexp.MustCompile(`^[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$`)
	jsonNumber  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
)

// kindOf returns what YAML takes a scalar without quotes for. What both YAML
// 1.1 and 1.2 call a number is one; yes, no, on, off and dates are text.
func kindOf(text string) Kind {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return Bool
	case ".nan", ".NaN", ".NAN":
		return Float
	}
	if c := text[0]; c > '9' || c < '+' { // digits, signs and the point
		return String
	}
	if wholeNumber.MatchString(text) {
		if _, ok := whole(text); ok {
			return Int
		}
		return String
	}
	if infinity(text) != 0 {
		return Float
	}
	if anyNumber.MatchString(text) {
		// 12e4567 is a commit, not a number.
		if _, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64); err == nil {
			return Float
		}
	}
	return String
}

// infinity returns the sign of .inf, or 0 when text is something else.
func infinity(text string) int {
	sign := 1
	if strings.HasPrefix(text, "-") {
		sign = -1
	}
	switch strings.TrimLeft(text, "+-") {
	case ".inf", ".Inf", ".INF":
		if len(text) <= len("-.inf") {
			return sign
		}
	}
	return 0
}

// whole returns a whole number in decimal digits. false: hexadecimal, octal
// and binary ones end at 64 bits.
func whole(text string) (string, bool) {
	digits := strings.ReplaceAll(text, "_", "")
	sign := ""
	if digits[0] == '-' {
		sign = "-"
	}
	digits = strings.TrimLeft(digits, "+-")
	base := 10
	if len(digits) > 1 && digits[0] == '0' {
		switch digits[1] {
		case 'x':
			base, digits = 16, digits[2:]
		case 'o':
			base, digits = 8, digits[2:]
		case 'b':
			base, digits = 2, digits[2:]
		default:
			if !strings.ContainsAny(digits, "89") {
				base = 8
			}
		}
	}
	if base == 10 {
		digits = strings.TrimLeft(digits, "0")
		if digits == "" {
			digits = "0"
		}
		return sign + digits, true
	}
	n, err := strconv.ParseUint(digits, base, 64)
	return sign + strconv.FormatUint(n, 10), err == nil
}

// IsJSON reports whether a number is written as JSON writes one.
func IsJSON(number string) bool { return jsonNumber.MatchString(number) }

// Plain returns the node's value in YAML's typed meaning: nil, bool, float64,
// json.Number, string, []any or map[string]any. A number is a json.Number when
// a float64 would lose digits or the way it is written (1.10).
func (n *Node) Plain() any {
	switch n.Kind {
	case Null:
		return nil
	case Bool:
		return n.Text[0] == 't' || n.Text[0] == 'T'
	case Int, Float:
		return number(n.Text)
	case List:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = item.Plain()
		}
		return items
	case Map:
		members := make(map[string]any, len(n.Members))
		for i := range n.Members {
			members[n.Members[i].Name] = n.Members[i].Value.Plain()
		}
		return members
	case String:
	}
	return n.Text
}

// number returns the value of a scalar that kindOf takes for a number.
func number(text string) any {
	if IsJSON(text) {
		return literal(text)
	}
	if wholeNumber.MatchString(text) {
		if digits, ok := whole(text); ok {
			return literal(digits)
		}
	}
	if sign := infinity(text); sign != 0 {
		return math.Inf(sign)
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

// literal returns a number of JSON as a float64 if that says the same.
func literal(text string) any {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f == math.Trunc(f) && math.Abs(f) > 1<<53 || string(AppendNumber(nil, f)) != text {
		return json.Number(text)
	}
	return f
}

// AppendNumber appends the text of a number: whole ones without exponent or
// ".0", others as short as they can be.
func AppendNumber(dst []byte, f float64) []byte {
	if f == math.Trunc(f) || math.Abs(f) >= 1e-6 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'e', -1, 64)
}
