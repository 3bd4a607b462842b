package oauth2

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"volley/runtime"
)

// explain makes an Error of what kept a token from being fetched. Nothing of
// the user's own request has been sent then.
func (a *Auth) explain(ctx context.Context, err error, c *carrier) *runtime.Error {
	where := runtime.Escape(runtime.MaskURL(a.config.TokenURL))
	var below *runtime.Error
	var refused *oauth2.RetrieveError
	var invalid *url.Error // made before the Executor is asked
	switch {
	case ctx.Err() != nil:
		return runtime.Cancelled(ctx)
	case errors.As(err, &below):
		out := *below
		out.Message = a.mask(fmt.Sprintf("no oauth2 token from %s: %s", where, below.Message))
		out.Request, out.Response, out.Sent = nil, nil, runtime.SentNo
		return &out
	case errors.As(err, &refused):
		return a.refusal(where, refused, c.answer)
	case errors.As(err, &invalid):
		return runtime.Errorf(runtime.KindInvalidURL, "token_url %s: %s; it is a whole URL, such as https://host/token", where, invalid.Err)
	default:
		out := runtime.Errorf(runtime.KindInvalidResponse, "no oauth2 token from %s: %s; check token_url",
			where, a.mask(strings.TrimPrefix(err.Error(), "oauth2: ")))
		out.Sent = runtime.SentNo
		return out
	}
}

// refusal tells an error answer (RFC 6749 section 5.2). The Response has
// neither the secret nor the request that carried it.
func (a *Auth) refusal(where string, refused *oauth2.RetrieveError, answer *runtime.Response) *runtime.Error {
	status := refused.Response.StatusCode
	text := fmt.Sprintf("no oauth2 token from %s: it answered %d", where, status)
	if refused.ErrorCode != "" {
		text += " " + runtime.Escape(refused.ErrorCode)
	}
	if refused.ErrorDescription != "" {
		text += " (" + runtime.Escape(refused.ErrorDescription) + ")"
	}
	text += "; " + advice(status, refused.ErrorCode)
	shown := *answer
	shown.Request = &runtime.Request{Method: "POST", URL: where}
	shown.Content = []byte(a.mask(string(answer.Content)))
	return &runtime.Error{Kind: runtime.KindHTTP, Message: a.mask(text), Response: &shown, Sent: runtime.SentNo}
}

func advice(status int, code string) string {
	switch {
	case code == "invalid_client" || status == 401:
		return "check client_id and client_secret"
	case code == "invalid_scope":
		return "check scopes"
	case 300 <= status && status < 400:
		return "redirects are not followed with a secret: check token_url"
	case status >= 500:
		return "the fault is on its side: try again later"
	default:
		return "check token_url, client_id and scopes"
	}
}
