package client

import (
	"context"
	"encoding/base64"

	"volley/runtime"
	"volley/runtime/transport"
)

// Basic is user and password (RFC 7617), sent as UTF-8.
type Basic struct {
	User, Password string
}

// Authorize implements runtime.Auth.
func (b *Basic) Authorize(_ context.Context, prepared *runtime.Request) error {
	token := base64.StdEncoding.EncodeToString([]byte(b.User + ":" + b.Password))
	prepared.Header.Set("Authorization", "Basic "+token)
	return nil
}

// Bearer is a token (RFC 6750).
type Bearer struct {
	Token string
}

// Authorize implements runtime.Auth.
func (b *Bearer) Authorize(_ context.Context, prepared *runtime.Request) error {
	prepared.Header.Set("Authorization", "Bearer "+b.Token)
	return nil
}

// NoAuth switches off what session and URL would add; an Authorization field
// given by hand is kept.
type NoAuth struct{}

// Authorize implements runtime.Auth: nothing is added.
func (NoAuth) Authorize(context.Context, *runtime.Request) error { return nil }

// Challenger is an Auth that can answer a refusal.
type Challenger interface {
	runtime.Auth
	// Challenged sees a 4xx response before its body is read. If again is
	// true the request is prepared and authorized once more and sent, once
	// per hop; the refused response goes into the history.
	Challenged(ctx context.Context, resp *runtime.Response, prepared *runtime.Request) (again bool, err error)
}

// CredentialSource knows user and password by origin, such as a netrc file.
// It is asked when neither request nor session has an Auth or an
// Authorization field.
type CredentialSource interface {
	Credentials(host, port string) (Basic, bool)
}

// credentials returns who signs the current hop; nil: nobody. Nothing but the
// URL's own userinfo follows to another origin.
func (f *flight) credentials(prepared *runtime.Request) runtime.Auth {
	auth, left := f.options.Auth, f.leftOwn
	if auth == nil {
		auth, left = f.profile.Auth, f.left
	}
	if auth != nil && !left {
		if _, none := auth.(NoAuth); none {
			return nil
		}
		return auth
	}
	if prepared.Header.Has("Authorization") {
		return nil
	}
	if s := f.profile.Credentials; s != nil && !f.left {
		if basic, ok := s.Credentials(f.at.host, f.at.effectivePort()); ok {
			return &basic
		}
	}
	if f.userinfo == nil {
		return nil
	}
	return f.userinfo
}

// challenge lets the Auth answer a refusal; again means that the hop is to be
// sent once more.
func (f *flight) challenge(h *hop, reply *transport.Reply) (again bool, failed *runtime.Error) {
	resp := &h.resp
	if resp.Status < 400 || resp.Status > 499 || f.challenged {
		return false, nil
	}
	c, ok := f.credentials(&h.req).(Challenger)
	if !ok {
		return false, nil
	}
	again, err := c.Challenged(f.ctx, resp, &h.req)
	if err == nil && again && h.req.Body != nil && !h.req.Body.Replayable() {
		err = unrewindable("to answer the server's challenge")
	}
	if err != nil {
		_ = reply.Body.Close()
		return false, runtime.AsError(err)
	}
	if !again {
		return false, nil
	}
	f.drain(h, reply)
	kept, failed := f.onResponse(resp)
	if failed != nil {
		return false, failed
	}
	f.history = append(f.history, kept)
	f.challenged = true
	return true, nil
}
