package specs

import (
	"time"

	"volley/runtime"
	"volley/specs/shape"
	"volley/specs/tree"
)

// defaultCoolDown is how long a breaker refuses a host.
const defaultCoolDown = 30 * time.Second

func limitsShape() *shape.Shape {
	rate := numeric(shape.Rate)
	breaker := record(
		shape.Field{Name: "errors", Doc: "Failures in a row that open it.", Shape: whole(1), Required: true},
		shape.Field{Name: "cool_down", Doc: "How long it refuses the host; default 30s.", Shape: numeric(shape.Duration)},
	)
	perHost := record(
		shape.Field{Name: "concurrency", Doc: "Requests in flight.", Shape: whole(1)},
		shape.Field{Name: "rate", Doc: `Requests per second, "30/m", or auto: what the host bears.`, Shape: either(enum("auto"), rate)},
	)
	return &shape.Shape{Name: "limits", Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{
		{Name: "size", Doc: "Requests in flight; default 100.", Shape: whole(1)},
		{Name: "rate", Doc: `Requests per second, or "30/m".`, Shape: rate},
		{Name: "per_host", Doc: "The same for each host.", Shape: either(whole(1), perHost)},
		{Name: "breaker", Doc: "Leave a host alone that fails again and again.", Shape: breaker},
	}}
}

func (d *decoder) decodeLimits() {
	n := present(d.root, "limits")
	l := &d.spec.Limits
	l.Size = wholeOf(present(n, "size"))
	l.Rate = parsed(present(n, "rate"), runtime.ParseRate)
	if host := present(n, "per_host"); host != nil && host.Kind == tree.Map {
		rate := present(host, "rate")
		l.PerHost.Concurrency = wholeOf(present(host, "concurrency"))
		l.PerHost.Rate = parsed(rate, runtime.ParseRate)
		l.PerHost.Auto = textOf(rate) == "auto"
	} else {
		l.PerHost.Concurrency = wholeOf(host)
	}
	if breaker := present(n, "breaker"); breaker != nil {
		l.Breaker = Breaker{Errors: wholeOf(present(breaker, "errors")), CoolDown: defaultCoolDown}
		if coolDown := present(breaker, "cool_down"); coolDown != nil {
			l.Breaker.CoolDown = parsed(coolDown, shape.ParseDuration)
		}
	}
}
