package fields

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
)

// retryFields are the long form of retry.
var retryFields = map[string]func(*runtime.Retry, jsontext.Value) error{
	"total": func(r *runtime.Retry, v jsontext.Value) error {
		n, err := whole(v, 0)
		r.Total = int(n)
		return err
	},
	"on":        retryOn,
	"methods":   retryMethods,
	"backoff":   func(r *runtime.Retry, v jsontext.Value) (err error) { r.Backoff, err = seconds(v); return err },
	"max_delay": func(r *runtime.Retry, v jsontext.Value) (err error) { r.Max, err = seconds(v); return err },
	"jitter": func(r *runtime.Retry, v jsontext.Value) error {
		var on runtime.Switch
		err := setSwitch(v, &on)
		r.NoJitter = on == runtime.No
		return err
	},
	"respect_retry_after": func(r *runtime.Retry, v jsontext.Value) error {
		var on runtime.Switch
		err := setSwitch(v, &on)
		r.IgnoreRetryAfter = on == runtime.No
		return err
	},
}

func retryOn(r *runtime.Retry, v jsontext.Value) error {
	return items(v, func(item jsontext.Value) error {
		token, err := scalar(item)
		if err != nil {
			return err
		}
		on, ok := runtime.ParseRetryOn(token)
		if !ok {
			return fmt.Errorf(`%q is no status, class ("5xx"), range ("500-599") or kind ("timeout")`, token)
		}
		r.On = append(r.On, on)
		return nil
	})
}

func retryMethods(r *runtime.Retry, v jsontext.Value) error {
	if string(v) == `"all"` {
		r.Methods = []string{"*"}
		return nil
	}
	return items(v, func(item jsontext.Value) error {
		method, err := text(item)
		r.Methods = append(r.Methods, method)
		return err
	})
}

// retry reads a number of further tries, or an object that says more; false is
// none.
func retry(v jsontext.Value) (*runtime.Retry, error) {
	if isOff(v) {
		return &runtime.Retry{}, nil
	}
	if v.Kind() != '{' {
		n, err := whole(v, 0)
		return &runtime.Retry{Total: int(n)}, err
	}
	r := &runtime.Retry{Total: 3}
	err := members(v, func(name string, v jsontext.Value) error {
		set := retryFields[name]
		if set == nil {
			return unknown(name, slices.Collect(maps.Keys(retryFields)))
		}
		return inside(name, set(r, v))
	})
	return r, err
}
