package client

import (
	"context"
	"sync"
	"time"

	"volley/runtime"
	"volley/runtime/transport"
)

// Config sets up a Client. The zero value works.
type Config struct {
	Version string // the User-Agent is volley/VERSION; "": dev
	// Insecure switches certificate checks off for everything, whatever a
	// script says. Proxy and CA are defaults for what it leaves open.
	Insecure  bool
	Proxy, CA string
	// Environ is read once per Session: proxies and the CA bundle. nil:
	// os.Getenv.
	Environ func(name string) string
	// AllowHost is asked about each origin, and each proxy or address that a
	// script names, before anything is resolved. Its error is of kind denied.
	// A Unix socket is asked about as host "unix:PATH". nil: all is allowed.
	AllowHost func(host, port string) error
	Transport transport.Config
	// MaxInFlightBytes bounds the bodies that are being read into memory at
	// one time; those over it wait. 0: 1 GiB.
	MaxInFlightBytes int64
	// MaxMemory is what the whole process may use. Near it a body that is to
	// be read into memory waits for a while, and then is too large. 0: any.
	MaxMemory int64
}

// Client owns connections and makes Sessions. As an Executor it serves
// requests without a session: they share its connections, and each has
// cookies of its own, kept along its redirects. It is safe for use by many
// goroutines.
type Client struct {
	config    Config
	transport *transport.Transport
	session   *Session // of requests that have none
	budget    budget
	flights   sync.Pool // *flight

	mu       sync.Mutex
	private  map[*transport.Transport]struct{} // of sessions with pools of their own
	departed transport.Stats                   // of those that were closed
}

// New makes a Client. The error is invalid_argument: a proxy that is none.
func New(config Config) (*Client, error) {
	if config.Version == "" {
		config.Version = "dev"
	}
	c := &Client{
		config:    config,
		transport: transport.New(config.Transport),
		private:   map[*transport.Transport]struct{}{},
	}
	c.flights.New = func() any { return new(flight) }
	c.budget.init(config.MaxInFlightBytes)
	c.budget.memory.allow(config.MaxMemory)
	if config.Proxy != "" {
		proxy, err := normalProxy(config.Proxy)
		if err != nil {
			return nil, err
		}
		c.config.Proxy = proxy
	}
	s, err := c.newSession(Settings{}, nil)
	if err != nil {
		return nil, err
	}
	c.session = s
	return c, nil
}

// Do implements runtime.Executor for a request without a session.
func (c *Client) Do(ctx context.Context, req *runtime.Request) (*runtime.Response, error) {
	return c.session.Do(ctx, req)
}

// RetryPolicy implements runtime.Governor: the request's own policy or nil.
func (c *Client) RetryPolicy(req *runtime.Request) *runtime.Retry { return c.session.RetryPolicy(req) }

// TotalTimeout implements runtime.Governor.
func (c *Client) TotalTimeout(req *runtime.Request) time.Duration { return c.session.TotalTimeout(req) }

// HooksOf implements runtime.Governor: none.
func (c *Client) HooksOf(req *runtime.Request) []*runtime.Hooks { return c.session.HooksOf(req) }

// NewSession makes a Session with a cookie jar of its own. The error is
// invalid_argument and names the setting.
func (c *Client) NewSession(settings Settings) (*Session, error) {
	return c.newSession(settings, NewJar())
}

// Stats counts the connections of the Client and of its sessions.
func (c *Client) Stats() transport.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := addStats(c.transport.Stats(), c.departed)
	for t := range c.private {
		total = addStats(total, t.Stats())
	}
	return total
}

// Close closes every connection, those in use too, and every session.
func (c *Client) Close() error {
	c.session.state.Store(nil)
	c.mu.Lock()
	private := c.private
	c.private = nil
	for t := range private {
		c.departed = addStats(c.departed, t.Stats())
	}
	c.mu.Unlock()
	for t := range private {
		_ = t.Close()
	}
	return c.transport.Close()
}

// newTransport opens a pool for one session.
func (c *Client) newTransport(p Pool) (*transport.Transport, error) {
	config := c.config.Transport
	if p.PerHost > 0 {
		config.IdlePerOrigin = p.PerHost
	}
	if p.IdleTimeout > 0 {
		config.IdleTimeout = p.IdleTimeout
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.private == nil {
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "the client is closed")
	}
	t := transport.New(config)
	c.private[t] = struct{}{}
	return t, nil
}

func (c *Client) closeTransport(t *transport.Transport) error {
	c.mu.Lock()
	_, open := c.private[t]
	delete(c.private, t)
	c.mu.Unlock()
	if !open {
		return nil
	}
	err := t.Close()
	c.mu.Lock()
	c.departed = addStats(c.departed, t.Stats())
	c.mu.Unlock()
	return err
}

func addStats(a, b transport.Stats) transport.Stats {
	return transport.Stats{
		Dialled:  a.Dialled + b.Dialled,
		Requests: a.Requests + b.Requests,
		Reused:   a.Reused + b.Reused,
		Open:     a.Open + b.Open,
	}
}
