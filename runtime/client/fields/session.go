package fields

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client"
)

// session is what the fields of a session make.
type session struct {
	shared  *shared
	set     *client.Settings
	cookies []client.Cookie
	rate    runtime.Rate
	perHost runtime.PerHost
}

// Settings reads an object of session fields into settings, over what is in
// there, and returns the cookies that the session's jar begins with. An error
// names the first field that is wrong.
func Settings(v jsontext.Value, into *client.Settings, o Options) ([]client.Cookie, error) {
	s := session{shared: &shared{Options: o}, set: into}
	err := members(v, func(name string, v jsontext.Value) error {
		set := sessionFields[name]
		if set == nil {
			return unknown(name, SettingNames())
		}
		return inside(name, set(&s, v))
	})
	if l := s.limits(); l != nil {
		into.Limits = l
	}
	return s.cookies, err
}

// SettingNames returns the names that Settings knows, sorted.
func SettingNames() []string { return slices.Sorted(maps.Keys(sessionFields)) }

// limits makes one gate of rate, per_host and the pool's size; nil without
// any. The pool's bound is a gate before the request, since waiting for a
// connection must not count against its timeouts.
func (s *session) limits() *runtime.Limits {
	host := s.perHost
	if n := s.set.Pool.PerHost; n > 0 && (host.Concurrency == 0 || n < host.Concurrency) {
		host.Concurrency = n
	}
	if s.rate == 0 && host == (runtime.PerHost{}) {
		return nil
	}
	return runtime.NewLimits(s.rate, host)
}

// sessionFields are the fields of a session.
var sessionFields = map[string]func(*session, jsontext.Value) error{
	"headers": func(s *session, v jsontext.Value) (err error) {
		s.set.Header, s.set.Unset, err = headersOver(s.set.Header, s.set.Unset, v)
		return err
	},
	"params":         func(s *session, v jsontext.Value) (err error) { s.set.Params, err = params(v); return err },
	"auth":           func(s *session, v jsontext.Value) (err error) { s.set.Auth, err = s.shared.auth(v); return err },
	"cookies":        (*session).readCookies,
	"proxies":        func(s *session, v jsontext.Value) (err error) { s.set.Proxies, err = proxies(v); return err },
	"verify":         func(s *session, v jsontext.Value) (err error) { s.set.Verify, err = s.shared.verify(v); return err },
	"cert":           func(s *session, v jsontext.Value) (err error) { s.set.Cert, err = s.shared.cert(v); return err },
	"timeout":        func(s *session, v jsontext.Value) (err error) { s.set.Timeout, err = timeout(v); return err },
	"max_redirects":  func(s *session, v jsontext.Value) (err error) { s.set.MaxRedirects, err = wholePointer(v); return err },
	"trust_env":      func(s *session, v jsontext.Value) error { return setSwitch(v, &s.set.TrustEnv) },
	"base_url":       func(s *session, v jsontext.Value) (err error) { s.set.BaseURL, err = text(v); return err },
	"retry":          func(s *session, v jsontext.Value) (err error) { s.set.Retry, err = retry(v); return err },
	"rate":           func(s *session, v jsontext.Value) (err error) { s.rate, err = rate(v); return err },
	"per_host":       func(s *session, v jsontext.Value) (err error) { s.perHost, err = perHost(v); return err },
	"pool":           (*session).readPool,
	"http_version":   func(s *session, v jsontext.Value) (err error) { s.set.HTTPVersion, err = httpVersion(v); return err },
	"resolve":        func(s *session, v jsontext.Value) (err error) { s.set.Resolve, err = addresses(v); return err },
	"resolver":       func(s *session, v jsontext.Value) (err error) { s.set.Resolver, err = text(v); return err },
	"unix":           (*session).readUnix,
	"local_addr":     func(s *session, v jsontext.Value) (err error) { s.set.LocalAddr, err = text(v); return err },
	"netrc":          (*session).readNetrc,
	"secret_headers": func(s *session, v jsontext.Value) (err error) { s.set.SecretHeaders, err = scalars(v); return err },
}

// readCookies reads names and values, or the path of a file in the Netscape
// format.
func (s *session) readCookies(v jsontext.Value) error {
	if v.Kind() != '"' {
		list, err := fieldList(v)
		for _, f := range list {
			s.cookies = append(s.cookies, client.Cookie{Name: f.Name, Value: f.Value})
		}
		return err
	}
	path, err := text(v)
	if err != nil {
		return err
	}
	jar := client.NewJar()
	err = s.readFile(path, func(file io.Reader) error {
		if err := jar.Read(file); err != nil {
			return fmt.Errorf("%s: %s", path, runtime.AsError(err).Message)
		}
		return nil
	})
	s.cookies = append(s.cookies, jar.List()...)
	return err
}

// readFile lets read have the file that a field names.
func (s *session) readFile(path string, read func(file io.Reader) error) error {
	file, err := s.shared.open(path)
	if err != nil {
		return fileError(path, err)
	}
	defer func() { _ = file.Close() }() // opened for reading: nothing can be lost
	return read(file)
}

// fileError keeps the words of a policy, and names the path otherwise.
func fileError(path string, err error) error {
	var e *runtime.Error
	if errors.As(err, &e) {
		return err
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// rate reads requests per second, or a text such as "30/m".
func rate(v jsontext.Value) (runtime.Rate, error) {
	switch v.Kind() {
	case '"':
		s, err := text(v)
		if err != nil {
			return 0, err
		}
		return runtime.ParseRate(s)
	case '0':
		return runtime.ParseRate(string(v))
	default:
		return 0, fmt.Errorf(`must be requests per second or a text such as "30/m", got %s`, kindName(v.Kind()))
	}
}

// perHost reads a number in flight, or {"concurrency": …, "rate": …}.
func perHost(v jsontext.Value) (runtime.PerHost, error) {
	var out runtime.PerHost
	if v.Kind() != '{' {
		n, err := whole(v, 1)
		out.Concurrency = int(n)
		return out, err
	}
	err := members(v, func(name string, v jsontext.Value) (err error) {
		switch name {
		case "concurrency":
			var n int64
			n, err = whole(v, 1)
			out.Concurrency = int(n)
		case "rate":
			out.Rate, err = rate(v)
		default:
			return unknown(name, []string{"concurrency", "rate"})
		}
		return inside(name, err)
	})
	return out, err
}

func (s *session) readPool(v jsontext.Value) error {
	return members(v, func(name string, v jsontext.Value) (err error) {
		switch name {
		case "per_host":
			var n int64
			n, err = whole(v, 1)
			s.set.Pool.PerHost = int(n)
		case "idle_timeout":
			s.set.Pool.IdleTimeout, err = seconds(v)
		default:
			return unknown(name, []string{"per_host", "idle_timeout"})
		}
		return inside(name, err)
	})
}

// addresses reads host → address, with or without a port.
func addresses(v jsontext.Value) (map[string]string, error) {
	out, err := textMap(v)
	if err != nil {
		return nil, err
	}
	return out, client.CheckAddresses(out)
}

func (s *session) readUnix(v jsontext.Value) (err error) {
	if s.set.Unix, err = text(v); err == nil && s.shared.Socket != nil {
		err = s.shared.Socket(s.set.Unix)
	}
	return err
}

// readNetrc reads true for $NETRC or ~/.netrc, or the path of another file.
func (s *session) readNetrc(v jsontext.Value) error {
	if isOff(v) {
		s.set.Credentials = nil
		return nil
	}
	path, err := netrcPath(v)
	if err != nil {
		return err
	}
	return s.readFile(path, func(file io.Reader) error {
		data, err := io.ReadAll(file)
		if err != nil {
			return fileError(path, err)
		}
		s.set.Credentials = client.ParseNetrc(string(data))
		return nil
	})
}

func netrcPath(v jsontext.Value) (string, error) {
	if v.Kind() == '"' {
		return text(v)
	}
	if v.Kind() != 't' {
		return "", fmt.Errorf("must be true, false or a path, got %s", kindName(v.Kind()))
	}
	if path := os.Getenv("NETRC"); path != "" {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("there is no home folder (%w): set NETRC to the file's path", err)
	}
	return filepath.Join(home, ".netrc"), nil
}
