package luaapi

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime/client/digest"
	"volley/runtime/client/oauth2"
	"volley/runtime/client/sigv4"
)

// schemeFunctions are the credentials that do more than fill in a field.
func schemeFunctions() []Function {
	return []Function{
		{
			Name: "digest", Params: []Param{{"user", "string", ""}, {"password", "string", ""}}, Returns: "volley.Auth",
			Doc: "Answers Digest challenges (RFC 7616): MD5, SHA-256 and SHA-512-256, each with -sess, auth and auth-int. The first request to an origin " +
				"is challenged and sent again; those after it are answered ahead as long as the object is kept.",
			Example: `local s = volley.session{auth = volley.auth.digest("u", "p")}
assert(s:get(base .. "/digest-auth/auth/u/p/SHA-256"):send().ok)`,
			call: func(c call) int {
				return c.push(c.s.wrap(&authObject{digest.New(c.text(1), c.text(2))}))
			},
		},
		{
			Name: "aws_sigv4", Params: []Param{{"opts", "volley.SigV4Options", ""}}, Returns: "volley.Auth",
			Doc: "Signs each request as AWS expects (Signature Version 4): method, URL, headers and body as they go out.",
			Example: `local auth = volley.auth.aws_sigv4{access_key = "AK", secret_key = "secret", region = "eu-central-1", service = "s3"}
local sent = volley.get(base .. "/headers", {auth = auth}):send():json().headers
assert(sent.Authorization[1]:find("AWS4-HMAC-SHA256 Credential=AK/", 1, true) == 1)`,
			call: newSigV4,
		},
		{
			Name: "oauth2", Params: []Param{{"opts", "volley.OAuth2Options", ""}}, Returns: "volley.Auth",
			Doc: "Fetches a token with client credentials (RFC 6749 section 4.4) and sends it. Requests share the token; it is fetched again shortly before " +
				"it expires, and once when a server refuses it with 401, after which that request is sent once more.",
			Example: `local auth = volley.auth.oauth2{token_url = base .. "/token", client_id = "me", client_secret = "secret", scopes = {"read"}}
local resp, err = volley.get(base .. "/get", {auth = auth}):send()
assert(resp == nil and err.kind == "http")   -- this server issues no tokens`,
			call: newOAuth2,
		},
	}
}

// credential makes an option that fills in a text.
func credential[T any](name, doc string, field func(*T) *string) option[T] {
	return option[T]{Option: Option{name, "string", doc}, set: func(_ call, into *T, v lua.LValue) error {
		s, ok := plainText(v)
		if !ok {
			return fmt.Errorf("must be a string, got %s", typeName(v))
		}
		*field(into) = s
		return nil
	}}
}

// required raises for the first of the names that opts leaves empty.
func required(c call, opts *lua.LTable, names ...string) {
	for _, name := range names {
		if v, _ := plainText(opts.RawGetString(name)); v == "" {
			c.raisef("%s is missing", name)
		}
	}
}

// optionTable takes the table of options that parameter 1 must be.
func (c call) optionTable() *lua.LTable {
	t, ok := c.arg(1).(*lua.LTable)
	if !ok {
		c.wrong(1, "a table of options")
	}
	return t
}

func sigv4Options() []option[sigv4.Config] {
	return []option[sigv4.Config]{
		credential("access_key", "Its ID. Required.", func(o *sigv4.Config) *string { return &o.AccessKey }),
		credential("secret_key", "Required.", func(o *sigv4.Config) *string { return &o.SecretKey }),
		credential("session_token", "Of temporary credentials.", func(o *sigv4.Config) *string { return &o.SessionToken }),
		credential("region", `Such as "eu-central-1". Required.`, func(o *sigv4.Config) *string { return &o.Region }),
		credential("service", `Such as "s3" or "execute-api". Required.`, func(o *sigv4.Config) *string { return &o.Service }),
	}
}

var sigv4OptionTable = index(sigv4Options())

func newSigV4(c call) int {
	opts := c.optionTable()
	var config sigv4.Config
	apply(c, "credentials", sigv4OptionTable, opts, &config)
	required(c, opts, "access_key", "secret_key", "region", "service")
	return c.push(c.s.wrap(&authObject{sigv4.New(config)}))
}

func oauth2Options() []option[oauth2.Config] {
	return []option[oauth2.Config]{
		credential("token_url", "Where tokens are issued. Required.", func(o *oauth2.Config) *string { return &o.TokenURL }),
		credential("client_id", "Required.", func(o *oauth2.Config) *string { return &o.ClientID }),
		credential("client_secret", "Sent to token_url only, by the way of the request's session.", func(o *oauth2.Config) *string { return &o.ClientSecret }),
		{Option: Option{"scopes", "string[]", "What the token is asked to be good for."}, set: func(_ call, o *oauth2.Config, v lua.LValue) (err error) {
			o.Scopes, err = stringList(v)
			return err
		}},
	}
}

var oauth2OptionTable = index(oauth2Options())

func newOAuth2(c call) int {
	opts := c.optionTable()
	config := oauth2.Config{Executor: c.s.config.Client}
	apply(c, "credentials", oauth2OptionTable, opts, &config)
	required(c, opts, "token_url", "client_id")
	return c.push(c.s.wrap(&authObject{oauth2.New(config)}))
}
