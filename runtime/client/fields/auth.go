package fields

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/client/digest"
	"volley/runtime/client/oauth2"
	"volley/runtime/client/sigv4"
)

// maxAuths bounds the credentials that a Draft and its Clones keep.
const maxAuths = 1024

// schemes are the credentials that have a name.
var schemes = map[string]func(*shared, jsontext.Value) (runtime.Auth, error){
	"basic": func(_ *shared, v jsontext.Value) (runtime.Auth, error) {
		user, password, err := login(v)
		return &client.Basic{User: user, Password: password}, err
	},
	"bearer": func(_ *shared, v jsontext.Value) (runtime.Auth, error) {
		token, err := scalar(v)
		return &client.Bearer{Token: token}, err
	},
	"digest": func(_ *shared, v jsontext.Value) (runtime.Auth, error) {
		user, password, err := login(v)
		return digest.New(user, password), err
	},
	"aws_sigv4": readSigV4,
	"oauth2":    readOAuth2,
}

// auth reads [user, password], {"bearer": token} and the like, or false for
// none. Credentials of the same text are one object: it may keep a token.
func (s *shared) auth(v jsontext.Value) (runtime.Auth, error) {
	switch v.Kind() {
	case 'f', 'n':
		return client.NoAuth{}, nil
	case '[':
		user, password, err := login(v)
		return &client.Basic{User: user, Password: password}, err
	case '{':
	default:
		return nil, wrongAuth(v)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.auths[string(v)]; a != nil {
		return a, nil
	}
	a, err := s.scheme(v)
	if err != nil {
		return nil, err
	}
	if len(s.auths) == maxAuths {
		clear(s.auths)
	}
	if s.auths == nil {
		s.auths = map[string]runtime.Auth{}
	}
	s.auths[string(v)] = a
	return a, nil
}

func wrongAuth(v jsontext.Value) error {
	return fmt.Errorf(`must be [user, password], {"bearer": token} or another scheme, or false; got %s`, kindName(v.Kind()))
}

// scheme reads an object with one member, the scheme.
func (s *shared) scheme(v jsontext.Value) (runtime.Auth, error) {
	var a runtime.Auth
	err := members(v, func(name string, v jsontext.Value) error {
		read := schemes[name]
		switch {
		case read == nil:
			return unknown(name, slices.Collect(maps.Keys(schemes)))
		case a != nil:
			return errors.New("takes one scheme")
		}
		var err error
		a, err = read(s, v)
		return inside(name, err)
	})
	if err == nil && a == nil {
		err = wrongAuth(v)
	}
	return a, err
}

// login reads [user, password] or {"user": …, "password": …}.
func login(v jsontext.Value) (user, password string, err error) {
	switch v.Kind() {
	case '{':
		err = texts(v, map[string]*string{"user": &user, "password": &password}, "user")
		return user, password, err
	case '[':
		words, err := scalars(v)
		if err == nil && len(words) == 2 {
			return words[0], words[1], nil
		}
	default:
	}
	return "", "", errors.New("must be [user, password]")
}

func readSigV4(_ *shared, v jsontext.Value) (runtime.Auth, error) {
	var c sigv4.Config
	err := texts(v, map[string]*string{
		"access_key": &c.AccessKey, "secret_key": &c.SecretKey, "session_token": &c.SessionToken, "region": &c.Region, "service": &c.Service,
	}, "access_key", "secret_key", "region", "service")
	return sigv4.New(c), err
}

func readOAuth2(s *shared, v jsontext.Value) (runtime.Auth, error) {
	c := oauth2.Config{Executor: s.Executor}
	known := map[string]*string{"token_url": &c.TokenURL, "client_id": &c.ClientID, "client_secret": &c.ClientSecret}
	err := members(v, func(name string, v jsontext.Value) (err error) {
		if name == "scopes" {
			c.Scopes, err = scalars(v)
			return inside(name, err)
		}
		return oneText(known, name, v, "scopes")
	})
	if err == nil {
		err = required(known, "token_url", "client_id")
	}
	return oauth2.New(c), err
}

// texts reads an object whose members are texts of known names.
func texts(v jsontext.Value, known map[string]*string, must ...string) error {
	err := members(v, func(name string, v jsontext.Value) error { return oneText(known, name, v) })
	if err == nil {
		err = required(known, must...)
	}
	return err
}

func oneText(known map[string]*string, name string, v jsontext.Value, others ...string) (err error) {
	into := known[name]
	if into == nil {
		return unknown(name, append(slices.Collect(maps.Keys(known)), others...))
	}
	*into, err = scalar(v)
	return inside(name, err)
}

func required(known map[string]*string, must ...string) error {
	for _, name := range must {
		if *known[name] == "" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}
