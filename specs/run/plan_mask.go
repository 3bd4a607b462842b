package run

import (
	"slices"

	"volley/runtime"
	"volley/runtime/client"
)

const masked = "***"

// discreet is req, to be sent to target, as a plan may show it: without what
// the spec itself says of credentials.
func discreet(req *runtime.Request, target string) *runtime.Request {
	shown := *req
	shown.URL, shown.Header = runtime.MaskURL(target), slices.Clone(req.Header)
	for i := range shown.Header {
		if runtime.SecretHeader(shown.Header[i].Name) {
			shown.Header[i].Value = masked
		}
	}
	if req.Options == nil {
		return &shown
	}
	options := *req.Options
	shown.Options = &options
	options.Params.Fields = maskFields(options.Params.Fields, runtime.SecretName)
	options.Cookies = maskFields(options.Cookies, func(string) bool { return true })
	switch a := options.Auth.(type) {
	case *client.Basic:
		options.Auth = &client.Basic{User: a.User, Password: masked}
	case *client.Bearer:
		options.Auth = &client.Bearer{Token: masked}
	}
	return &shown
}

func maskFields(fields []runtime.Field, secret func(name string) bool) []runtime.Field {
	out := slices.Clone(fields)
	for i := range out {
		if secret(out[i].Name) {
			out[i].Value = masked
		}
	}
	return out
}
