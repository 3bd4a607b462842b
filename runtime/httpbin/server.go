package httpbin

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/mccutchen/go-httpbin/v2/httpbin"

	"volley/runtime"
)

const (
	maxBody     = 16 << 20         // bytes of a request body or a generated one
	maxDuration = 10 * time.Second // longest /delay, /drip and the like
	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
	closeGrace  = 500 * time.Millisecond // for answers in flight at Close
)

// Server is a running go-httpbin. Its methods may be called on any goroutine.
type Server struct {
	addr string
	http *http.Server

	stopped sync.Once
	serving sync.WaitGroup // the accept loop and every connection's goroutine
	mu      sync.Mutex
	taken   map[net.Conn]struct{} // by a WebSocket: net/http forgets those
}

// connKey finds a request's connection in its context.
type connKey struct{}

// Start listens on addr, "host:port", and serves until Close. An empty addr
// is a free port of 127.0.0.1. ctx bounds only the start. An address that
// cannot be had is an error of kind io.
func Start(ctx context.Context, addr string) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindIO, "httpbin cannot listen on %s: %w; choose another --addr", addr, err)
	}
	return Serve(ln), nil
}

// Serve serves on a listener that is open, and its own from now on.
func Serve(ln net.Listener) *Server {
	s := &Server{addr: ln.Addr().String(), taken: map[net.Conn]struct{}{}}
	s.http = &http.Server{
		Handler:           s.releasing(newHandler()),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState:         s.track,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	s.serving.Go(func() {
		// The only error after a good Listen is that Close was called, or a
		// listener that died: requests then fail to connect, which says it.
		_ = s.http.Serve(ln)
	})
	return s
}

func newHandler() http.Handler {
	return httpbin.New(
		httpbin.WithMaxBodySize(maxBody),
		httpbin.WithMaxDuration(maxDuration),
	).Handler()
}

// Addr returns where the server listens, "ip:port".
func (s *Server) Addr() string { return s.addr }

// URL returns the base URL, "http://ip:port" without a slash at the end. A
// server on every interface is named by its loopback address.
func (s *Server) URL() string {
	host, port, _ := net.SplitHostPort(s.addr) // of a listener: always splits
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.To4() == nil {
			host = "::1"
		}
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Close stops the server: idle connections at once, answers in flight after
// half a second. It returns when everything has ended; a second call does
// nothing.
func (s *Server) Close() error {
	var err error
	s.stopped.Do(func() { err = s.close() })
	return err
}

func (s *Server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.mu.Lock()
	for c := range s.taken {
		_ = c.Close() // ends its handler, which is all that is wanted
	}
	s.mu.Unlock()
	s.serving.Wait()
	return err
}

// track counts connections. StateNew comes from the accept loop, which is
// counted itself, so the count never grows from zero under a Wait.
func (s *Server) track(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.serving.Add(1)
	case http.StateClosed:
		s.serving.Done()
	case http.StateHijacked:
		s.mu.Lock()
		s.taken[c] = struct{}{}
		s.mu.Unlock()
	case http.StateActive, http.StateIdle:
	}
}

// releasing counts off a hijacked connection when its handler returns, for
// which net/http reports no state.
func (s *Server) releasing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		c, _ := r.Context().Value(connKey{}).(net.Conn)
		s.mu.Lock()
		_, hijacked := s.taken[c]
		delete(s.taken, c)
		s.mu.Unlock()
		if hijacked {
			_ = c.Close()
			s.serving.Done()
		}
	})
}
