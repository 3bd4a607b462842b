package specs

import (
	"volley/specs/shape"
	"volley/specs/tree"
)

// sharedFields are the request fields that a session may set for all of its
// requests.
var sharedFields = map[string]bool{
	"params": true, "headers": true, "auth": true, "proxies": true, "verify": true, "cert": true,
	"timeout": true, "max_redirects": true, "retry": true, "http_version": true,
}

// sessionShape takes the shapes of the request fields that it shares.
func sessionShape(request []shape.Field) *shape.Shape {
	fields := []shape.Field{{Name: "base_url", Doc: "Relative URLs are resolved against it.", Shape: text()}}
	for _, f := range request {
		if sharedFields[f.Name] {
			fields = append(fields, f)
		}
	}
	fields = append(fields,
		shape.Field{Name: "cookies", Doc: "To begin with: names and values, or a cookie file in Netscape format.", Shape: either(mapOf(text()), text())},
		shape.Field{Name: "trust_env", Doc: "Read proxies and CA files from the environment; default true.", Shape: templated(boolean())},
		shape.Field{Name: "rate", Doc: `Requests per second, or "30/m".`, Shape: templated(numeric(shape.Rate))},
		shape.Field{Name: "per_host", Doc: "In flight per host, or {concurrency, rate}.", Shape: either(templated(whole(1)), record(
			shape.Field{Name: "concurrency", Shape: templated(whole(1))},
			shape.Field{Name: "rate", Shape: templated(numeric(shape.Rate))},
		))},
		shape.Field{Name: "pool", Doc: "Connections of its own.", Shape: record(
			shape.Field{Name: "per_host", Doc: "Connections to one host.", Shape: templated(whole(1))},
			shape.Field{Name: "idle_timeout", Doc: "When an idle one is closed.", Shape: templated(numeric(shape.Duration))},
		)},
		shape.Field{Name: "resolve", Doc: "host:port or host → address to connect to.", Shape: mapOf(text())},
		shape.Field{Name: "resolver", Doc: "A DNS server, ip:port.", Shape: text()},
		shape.Field{Name: "unix", Doc: "Connect to this Unix socket.", Shape: text()},
		shape.Field{Name: "local_addr", Doc: "Connect from this address.", Shape: text()},
		shape.Field{Name: "netrc", Doc: "Take logins by host from ~/.netrc.", Shape: templated(boolean())},
		shape.Field{Name: "secret_headers", Doc: "Headers that a redirect to another origin drops.", Shape: listOf(text())},
	)
	return &shape.Shape{Name: "session", Kinds: []tree.Kind{tree.Map}, Fields: fields}
}

func (d *decoder) decodeSessions() {
	members(present(d.root, "sessions"), func(m tree.Member) {
		if m.Value.Kind != tree.Map {
			return
		}
		path := shape.Member("sessions", m.Name)
		d.settingInputs(m.Value, path)
		d.spec.Sessions = append(d.spec.Sessions, &Session{
			Name: m.Name, Pos: m.Pos, Settings: d.compile(m.Value, path, atStart, nil),
		})
	})
}
