package luaapi

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/client"
)

// authObject is what volley.auth.… returns.
type authObject struct{ auth runtime.Auth }

func (*authObject) className() string { return "Auth" }

func authClass() Class {
	return Class{
		Name:     "Auth",
		Doc:      "Credentials, for the `auth` option.",
		tostring: func(*Script, *lua.LUserData) string { return "<Auth>" },
	}
}

// authOf reads {user, pass}, volley.auth.…, a function, or false for none.
func (s *Script) authOf(v lua.LValue) (runtime.Auth, error) {
	switch v := v.(type) {
	case *lua.LFunction:
		return &scriptAuth{s: s, fn: v}, nil
	case *lua.LTable:
		user, okUser := plainText(v.RawGetInt(1))
		password, okPassword := plainText(v.RawGetInt(2))
		if !okUser || !okPassword || v.Len() != 2 {
			return nil, fmt.Errorf("must be {user, password}")
		}
		return &client.Basic{User: user, Password: password}, nil
	case *lua.LUserData:
		if o, ok := v.Value.(*authObject); ok {
			return o.auth, nil
		}
	}
	if off(v) {
		return client.NoAuth{}, nil
	}
	return nil, fmt.Errorf("must be {user, password}, volley.auth.…, a function or false, got %s", typeName(v))
}

// scriptAuth is a Lua function as Auth: it changes the prepared request.
type scriptAuth struct {
	s  *Script
	fn *lua.LFunction
}

// Authorize implements runtime.Auth.
func (a *scriptAuth) Authorize(ctx context.Context, prepared *runtime.Request) error {
	return a.s.each(ctx, "the auth function", []*lua.LFunction{a.fn}, func() []lua.LValue {
		return []lua.LValue{&a.s.preparedView(prepared, true).value}
	}, nil)
}

func authModule() Module {
	return Module{
		Name: "volley.auth",
		Doc:  "Credentials for the `auth` option.",
		Functions: append([]Function{
			{
				Name: "basic", Params: []Param{{"user", "string", ""}, {"password", "string", ""}}, Returns: "volley.Auth",
				Doc:     "User and password (RFC 7617); `{user, password}` says the same.",
				Example: `assert(volley.get(base .. "/basic-auth/u/p", {auth = volley.auth.basic("u", "p")}):send().ok)`,
				call: func(c call) int {
					return c.push(c.s.wrap(&authObject{&client.Basic{User: c.text(1), Password: c.text(2)}}))
				},
			},
			{
				Name: "bearer", Params: []Param{{"token", "string", ""}}, Returns: "volley.Auth",
				Doc:     "A token (RFC 6750).",
				Example: `assert(volley.get(base .. "/bearer", {auth = volley.auth.bearer("t")}):send().ok)`,
				call: func(c call) int {
					return c.push(c.s.wrap(&authObject{&client.Bearer{Token: c.text(1)}}))
				},
			},
		}, schemeFunctions()...),
	}
}
