package luaapi

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/client"
)

// sessionOptions is every option of a session.
func sessionOptions() []option[sessionBuilder] {
	return append(sharedOptions(), connectionOptions()...)
}

func sessionOption(name, typ, doc string, set func(c call, b *sessionBuilder, v lua.LValue) error) option[sessionBuilder] {
	return option[sessionBuilder]{Option: Option{name, typ, doc}, set: set}
}

// sharedOptions are what each request of the session starts from.
func sharedOptions() []option[sessionBuilder] {
	return []option[sessionBuilder]{
		sessionOption("headers", "table", "Under the request's own.", func(_ call, b *sessionBuilder, v lua.LValue) error { return headerSetting(b.set, v) }),
		sessionOption("params", "table", "Before the request's own.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Params, err = paramsOf(v)
			return err
		}),
		sessionOption("auth", "table|volley.Auth|function|false", "For requests without auth of their own.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Auth, err = b.s.authOf(v)
			return err
		}),
		sessionOption("netrc", "boolean", "Take logins by host from $NETRC or ~/.netrc, for requests without auth and Authorization; needs --allow-read FILE. Read once.",
			func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
				b.set.Credentials, err = b.s.netrcOf(v)
				return err
			}),
		sessionOption("cookies", "table|volley.Jar", "To begin with; a Jar when read.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.cookies, err = cookiesOf(v)
			return err
		}),
		sessionOption("timeout", "number|table|false", "As for a request.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Timeout, err = timeoutOf(v)
			return err
		}),
		sessionOption("hooks", "table", "Run before the request's own.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Hooks, err = b.s.hooksOf(v)
			return err
		}),
		sessionOption("max_redirects", "integer", "Default 30.", func(_ call, b *sessionBuilder, v lua.LValue) error {
			n, err := whole(v, 0)
			b.set.MaxRedirects = &n
			return err
		}),
		sessionOption("base_url", "string", "Relative URLs are resolved against it.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.BaseURL, err = text(v)
			return err
		}),
		sessionOption("retry", "integer|table", "As for a request.", func(c call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Retry, err = b.s.retryOf(c, v)
			return err
		}),
		sessionOption("rate", "number|string", `Requests per second of this session, or "30/m"; spread evenly.`, func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.rate, err = rateOf(v)
			return err
		}),
		sessionOption("per_host", "integer|table", "In flight per host, or `{concurrency=, rate=}`.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.perHost, err = perHostOf(v)
			return err
		}),
		sessionOption("secret_headers", "string[]", "Headers that a redirect to another origin drops.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.SecretHeaders, err = stringList(v)
			return err
		}),
	}
}

// connectionOptions say how the session reaches servers.
func connectionOptions() []option[sessionBuilder] {
	return []option[sessionBuilder]{
		sessionOption("proxies", "table", "As for a request.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Proxies, err = proxiesOf(v)
			return err
		}),
		sessionOption("verify", "boolean|string", "As for a request.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Verify, err = b.s.verifyOf(v)
			return err
		}),
		sessionOption("cert", "string|table", "As for a request.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Cert, err = b.s.certOf(v)
			return err
		}),
		sessionOption("trust_env", "boolean", "Read proxies and the CA bundle from the environment where nothing explicit is set; default true.",
			func(_ call, b *sessionBuilder, v lua.LValue) error {
				on, err := boolean(v)
				b.set.TrustEnv = runtime.SwitchOf(on)
				return err
			}),
		sessionOption("http_version", "string", "As for a request.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.HTTPVersion, err = versionOf(v)
			return err
		}),
		sessionOption("resolve", "table<string, string>", `Connect elsewhere: {["host:443"] = "127.0.0.1"}.`, func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Resolve, err = addressMap(v)
			return err
		}),
		sessionOption("resolver", "string", `A DNS server, "ip:port".`, func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Resolver, err = text(v)
			return err
		}),
		sessionOption("unix", "string", "Connect to this Unix socket.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			if b.set.Unix, err = text(v); err != nil {
				return err
			}
			return b.s.config.Policy.Socket(b.set.Unix)
		}),
		sessionOption("local_addr", "string", "Connect from this address.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.LocalAddr, err = text(v)
			return err
		}),
		sessionOption("pool", "table", "{per_host=, idle_timeout=}: connections of its own.", func(_ call, b *sessionBuilder, v lua.LValue) (err error) {
			b.set.Pool, err = poolOf(v)
			return err
		}),
	}
}

// addressMap reads host → address, with or without a port.
func addressMap(v lua.LValue) (map[string]string, error) {
	out, err := stringMap(v)
	if err != nil {
		return nil, err
	}
	return out, client.CheckAddresses(out)
}

func poolOf(v lua.LValue) (client.Pool, error) {
	var p client.Pool
	t, ok := v.(*lua.LTable)
	if !ok {
		return p, fmt.Errorf("must be a table, got %s", typeName(v))
	}
	for k, item := t.Next(lua.LNil); k != lua.LNil; k, item = t.Next(k) {
		var err error
		switch k.String() {
		case "per_host":
			p.PerHost, err = whole(item, 1)
		case "idle_timeout":
			p.IdleTimeout, err = seconds(item)
		default:
			err = fmt.Errorf("takes per_host and idle_timeout")
		}
		if err != nil {
			return p, fmt.Errorf("%s %w", k.String(), err)
		}
	}
	return p, nil
}
