package fields

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
)

// isOff reports the two ways to switch something off.
func isOff(v jsontext.Value) bool { return v.Kind() == 'f' || v.Kind() == 'n' }

func text(v jsontext.Value) (string, error) {
	if v.Kind() != '"' {
		return "", fmt.Errorf("must be a string, got %s", kindName(v.Kind()))
	}
	out, err := jsontext.AppendUnquote(nil, v)
	return string(out), err
}

// scalar reads what goes out as text: a string, a number as it is written, a
// boolean.
func scalar(v jsontext.Value) (string, error) {
	switch v.Kind() {
	case '"':
		return text(v)
	case '0', 't', 'f':
		return string(v), nil
	default:
		return "", fmt.Errorf("must be a string, a number or a boolean, got %s", kindName(v.Kind()))
	}
}

// scalars reads a list of them.
func scalars(v jsontext.Value) ([]string, error) {
	var out []string
	err := items(v, func(item jsontext.Value) error {
		s, err := scalar(item)
		out = append(out, s)
		return err
	})
	return out, err
}

func setSwitch(v jsontext.Value, into *runtime.Switch) error {
	if k := v.Kind(); k != 't' && k != 'f' {
		return fmt.Errorf("must be true or false, got %s", kindName(k))
	}
	*into = runtime.SwitchOf(v.Kind() == 't')
	return nil
}

func number(v jsontext.Value) (float64, error) {
	if v.Kind() != '0' {
		return 0, fmt.Errorf("must be a number, got %s", kindName(v.Kind()))
	}
	return strconv.ParseFloat(string(v), 64)
}

func whole(v jsontext.Value, low int64) (int64, error) {
	f, err := number(v)
	if err == nil && (f != math.Trunc(f) || f < float64(low) || f > 1<<53) {
		err = fmt.Errorf("must be a whole number of at least %d, got %s", low, v)
	}
	return int64(f), err
}

func wholePointer(v jsontext.Value) (*int, error) {
	n, err := whole(v, 0)
	i := int(n)
	return &i, err
}

// seconds reads a positive time: a number of seconds, or a duration. false and
// null are no limit, which is a negative duration.
func seconds(v jsontext.Value) (time.Duration, error) {
	if isOff(v) {
		return -1, nil
	}
	if v.Kind() == '"' {
		s, err := text(v)
		if err != nil {
			return 0, err
		}
		return Duration(s)
	}
	if v.Kind() != '0' {
		return 0, fmt.Errorf(`must be a number of seconds or a duration such as "500ms", got %s`, kindName(v.Kind()))
	}
	f, err := number(v)
	switch {
	case err != nil:
		return 0, err
	case f <= 0:
		return 0, fmt.Errorf("must be more than 0 seconds, got %s; false switches it off", v)
	case f*float64(time.Second) >= math.MaxInt64:
		return -1, nil
	}
	return max(1, time.Duration(f*float64(time.Second))), nil // 0 would be no limit
}

// Duration reads a positive time with its units, such as "500ms" or "1h30m".
func Duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && isNumber(s):
		return 0, fmt.Errorf(`%q has no unit: write %ss, or the number alone for seconds`, s, s)
	case err != nil:
		return 0, fmt.Errorf(`%q is no duration, such as "500ms", "30s" or "1h30m"`, s)
	case d <= 0:
		return 0, fmt.Errorf("must be more than 0 seconds, got %s; false switches it off", s)
	}
	return d, nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// sizeUnits are powers of 1000, and of 1024 with an i.
var sizeUnits = map[string]float64{
	"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

// Size reads a number of bytes with its unit: B, kB, MB, GB (powers of 1000)
// or KiB, MiB, GiB (of 1024), in either case.
func Size(s string) (int64, error) {
	i := strings.LastIndexAny(s, "0123456789.") + 1
	n, err := strconv.ParseFloat(s[:i], 64)
	unit, ok := sizeUnits[strings.ToLower(strings.TrimSpace(s[i:]))]
	if err != nil || !ok || n < 0 || n*unit > 1<<53 {
		return 0, fmt.Errorf(`%q is no size, such as "10MB" or "64KiB"`, s)
	}
	return int64(n * unit), nil
}

// limit reads a number of bytes; false and null are no limit, which is -1.
func limit(v jsontext.Value) (int64, error) {
	if isOff(v) {
		return -1, nil
	}
	if v.Kind() != '"' {
		return whole(v, 1)
	}
	s, err := text(v)
	if err != nil {
		return 0, err
	}
	n, err := Size(s)
	if err == nil && n < 1 {
		err = fmt.Errorf("must be at least 1 byte, got %s", s)
	}
	return n, err
}
