package oauth2

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"volley/runtime"
	"volley/runtime/client"
)

// Config says where tokens come from.
type Config struct {
	TokenURL               string // absolute, http or https
	ClientID, ClientSecret string
	Scopes                 []string
	// Executor, such as a client.Client, sends token requests for requests
	// that have no session.
	Executor runtime.Executor
}

// maxSkew is how long before its end a token is no longer used, unless a tenth
// of its life is less.
const maxSkew = 10 * time.Second

// Auth is a token for requests. It is a runtime.Auth and a client.Challenger,
// safe for use by many goroutines.
type Auth struct {
	config   Config
	exchange clientcredentials.Config // knows how the endpoint wants the secret

	mu       sync.Mutex
	token    *oauth2.Token // nil: none
	until    time.Time     // when it is fetched again; zero: never
	fetching chan struct{} // closed when the fetch that is under way ends; nil: none is
}

// New returns an Auth without a token.
func New(config Config) *Auth {
	return &Auth{config: config, exchange: clientcredentials.Config{
		TokenURL: config.TokenURL, ClientID: config.ClientID, ClientSecret: config.ClientSecret, Scopes: config.Scopes,
	}}
}

// Authorize implements runtime.Auth: it fetches a token when there is none
// that lasts. The error says what the token endpoint answered; its kind is http for
// an error status, invalid_response for an answer without a token, else that
// of the request to it.
func (a *Auth) Authorize(ctx context.Context, prepared *runtime.Request) error {
	token, err := a.current(ctx, prepared)
	if err != nil {
		return err
	}
	prepared.Header.Set("Authorization", authorization(token))
	return nil
}

// Challenged implements client.Challenger: a token that was refused is not
// used again. The refused request is sent once more when its next token is
// there; the error is that of fetching it.
func (a *Auth) Challenged(ctx context.Context, resp *runtime.Response, prepared *runtime.Request) (again bool, err error) {
	if resp.Status != 401 {
		return false, nil
	}
	a.drop(prepared.Header.Get("Authorization"))
	if _, err := a.current(ctx, prepared); err != nil {
		return false, err
	}
	return true, nil
}

func authorization(t *oauth2.Token) string { return t.Type() + " " + t.AccessToken }

// drop forgets the token if it is the one that was sent: another request may
// have fetched the next one already.
func (a *Auth) drop(sent string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != nil && authorization(a.token) == sent {
		a.token = nil
	}
}

// current returns the token, after a fetch if need be. One request fetches;
// if it is cancelled, one of those that waited takes its place.
func (a *Auth) current(ctx context.Context, prepared *runtime.Request) (*oauth2.Token, error) {
	for {
		a.mu.Lock()
		if a.token != nil && (a.until.IsZero() || time.Now().Before(a.until)) {
			defer a.mu.Unlock()
			return a.token, nil
		}
		wait := a.fetching
		if wait == nil {
			a.fetching = make(chan struct{})
		}
		a.mu.Unlock()
		if wait == nil {
			return a.fetch(ctx, prepared)
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, runtime.Cancelled(ctx)
		}
	}
}

// fetch gets a token and lets those who wait look again.
func (a *Auth) fetch(ctx context.Context, prepared *runtime.Request) (token *oauth2.Token, err error) {
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if token != nil {
			a.keep(token)
		}
		close(a.fetching)
		a.fetching = nil
	}()
	executor, err := a.way(prepared)
	if err != nil {
		return nil, err
	}
	carrier := &carrier{executor: executor, like: prepared.Options}
	token, err = a.exchange.Token(context.WithValue(ctx, oauth2.HTTPClient, carrier.client()))
	if err != nil {
		return nil, a.explain(ctx, err, carrier)
	}
	return token, nil
}

// keep makes t the token; its end is moved forward by the skew.
func (a *Auth) keep(t *oauth2.Token) {
	a.token, a.until = t, time.Time{}
	if t.Expiry.IsZero() {
		return
	}
	a.until = t.Expiry.Add(-min(maxSkew, time.Until(t.Expiry)/10))
}

// way returns what sends token requests for prepared.
func (a *Auth) way(prepared *runtime.Request) (runtime.Executor, error) {
	if s, ok := prepared.Session.(*client.Session); ok {
		return s.Way()
	}
	if a.config.Executor == nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "no oauth2 token: neither the request nor its credentials have a session to fetch one with")
	}
	return a.config.Executor, nil
}

// mask hides the secret where a server has quoted it.
func (a *Auth) mask(text string) string {
	if a.config.ClientSecret == "" {
		return text
	}
	text = strings.ReplaceAll(text, a.config.ClientSecret, "***")
	return strings.ReplaceAll(text, url.QueryEscape(a.config.ClientSecret), "***")
}
