package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"volley/runtime"
)

// secondAddress is how long an address has before the next is tried beside
// it (RFC 8305 section 5).
const secondAddress = 250 * time.Millisecond

// dialing is one connection on its way to being open.
type dialing struct {
	transport *Transport
	origin    *origin
	trip      *trip
	parent    context.Context // the caller's
	ctx       context.Context // bounded by the connect timeout
	phase     runtime.Phase
	permit    permit
	wire      *wire // nil until the socket is open
}

// dialApart dials on a stack of its own, which it takes a large one to do: the
// stacks of exchanges, which wait by the thousand, stay small.
func (t *Transport) dialApart(ctx context.Context, o *origin, trip *trip) (c *conn, err *runtime.Error) {
	done := make(chan any)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Sprintf("%v\n\n%s", p, debug.Stack())
			}
			close(done)
		}()
		c, err = t.dial(ctx, o, trip)
	}()
	if p := <-done; p != nil {
		panic(p) // in the goroutine whose request it is
	}
	return c, err
}

// dial opens a connection in the slot that was taken for it, which it gives
// back when it fails.
func (t *Transport) dial(parent context.Context, o *origin, trip *trip) (*conn, *runtime.Error) {
	trip.dialled = true
	d := &dialing{transport: t, origin: o, trip: trip, parent: parent, phase: runtime.PhaseDNS, permit: permit{from: t.lookups}}
	trip.timings = runtime.Timings{}
	looking, err := d.takeLookup()
	if err != nil {
		t.freeSlot()
		return nil, err
	}
	ctx, cancel := trip.connecting(parent)
	defer cancel()
	d.ctx = ctx
	nc, err := d.socket(looking)
	if err != nil {
		t.freeSlot()
		return nil, d.complete(err)
	}
	var open bool
	if d.wire, open = t.newWire(nc, o); !open {
		return nil, d.complete(errClosed())
	}
	c, err := d.stack()
	if err != nil {
		d.wire.shut()
		return nil, d.complete(err)
	}
	trip.tick()
	return c, nil
}

// complete fills in what every error of a dial has in common.
func (d *dialing) complete(err *runtime.Error) *runtime.Error {
	if err.Phase == "" {
		err.Phase = d.phase
	}
	err.Sent = runtime.SentNo
	err.Timings = d.trip.timings
	return err
}

// stack builds what lies over the socket: a proxy's tunnel and TLS.
func (d *dialing) stack() (*conn, *runtime.Error) {
	x := d.trip.exchange
	c := &conn{transport: d.transport, origin: d.origin, wire: d.wire}
	if a := d.wire.RemoteAddr(); a != nil {
		c.remote = a.String()
	}
	// The socket itself, not the wire, is read and written where nothing
	// else is in between: one call less, and writev.
	c.nc = d.wire.Conn
	var nc net.Conn = d.wire
	if p := x.Route.proxy; p != nil {
		through, err := d.throughProxy(p, nc)
		if err != nil {
			return nil, err
		}
		if through != nc {
			nc, c.nc = through, through
		}
		c.absolute = x.Route.absolute(x.Scheme)
		c.secure, _ = through.(*tls.Conn)
	}
	if x.Scheme == "https" {
		secure, err := d.secure(nc)
		if err != nil {
			return nil, err
		}
		c.nc, c.secure = secure, secure
		state := secure.ConnectionState()
		c.tls = &state
	}
	return c, nil
}

// socket connects to the next hop: the origin, what stands in for it, or the
// proxy.
func (d *dialing) socket(looking bool) (net.Conn, *runtime.Error) {
	route := d.trip.exchange.Route
	if path := route.config.Unix; path != "" {
		d.phase = runtime.PhaseConnect
		nc, err := d.dialOne("unix", path)
		if err != nil {
			return nil, d.refused(path, err)
		}
		return nc, nil
	}
	host, port := d.hop()
	addrs, err := d.resolve(host, looking)
	if err == nil {
		var nc net.Conn
		if nc, err = d.connect(addrs, port, host); err == nil {
			return nc, nil
		}
		d.transport.names.forget(d.question(host))
	}
	return nil, d.blameProxy(err)
}

// hop returns the name and port to dial.
func (d *dialing) hop() (host, port string) {
	x := d.trip.exchange
	if p := x.Route.proxy; p != nil {
		return p.host, p.port
	}
	if o := x.Route.config.Override; o != "" {
		host, port, _ = net.SplitHostPort(o)
		return host, port
	}
	if port = x.Port; port == "" {
		port = defaultPort(x.Scheme)
	}
	return x.Host, port
}

// blameProxy turns the fault of reaching a proxy into one of kind proxy.
func (d *dialing) blameProxy(err *runtime.Error) *runtime.Error {
	p := d.trip.exchange.Route.proxy
	if p == nil {
		return err
	}
	switch err.Kind {
	case runtime.KindDNS, runtime.KindConnect, runtime.KindTLS, runtime.KindClosed, runtime.KindInvalidResponse:
		err.Kind = runtime.KindProxy
		err.Message = fmt.Sprintf("proxy %s: %s", net.JoinHostPort(p.host, p.port), err.Message)
	default:
	}
	return err
}

// connect dials the addresses one after the other, the next when one fails
// or has had its time, and takes the first that answers.
func (d *dialing) connect(addrs []string, port, host string) (net.Conn, *runtime.Error) {
	d.phase = runtime.PhaseConnect
	began := time.Now()
	defer func() { d.trip.timings.Connect = time.Since(began) }()
	name := d.trip.exchange.Host
	if d.trip.exchange.Route.proxy != nil {
		name = host
	}
	targets := make([]string, len(addrs))
	for i, a := range addrs {
		targets[i] = net.JoinHostPort(a, port)
		if err := d.allowed(targets[i], name); err != nil {
			return nil, err
		}
	}
	var nc net.Conn
	var err error
	if len(targets) == 1 {
		nc, err = d.dialOne("tcp", targets[0])
	} else {
		nc, err = d.race(targets)
	}
	if err != nil {
		return nil, d.refused(net.JoinHostPort(host, port), err)
	}
	return nc, nil
}

// allowed asks the policy about an address that is about to be dialled for a
// name.
func (d *dialing) allowed(address, name string) *runtime.Error {
	control := d.transport.config.Control
	if control == nil {
		return nil
	}
	if err := control(address, name); err != nil {
		var e *runtime.Error
		if errors.As(err, &e) {
			return e
		}
		return runtime.Errorf(runtime.KindDenied, "%w", err)
	}
	return nil
}

// dialOne opens one socket.
func (d *dialing) dialOne(network, address string) (net.Conn, error) {
	return d.dialUnder(d.ctx, network, address)
}

func (d *dialing) dialUnder(ctx context.Context, network, address string) (net.Conn, error) {
	if dial := d.transport.config.Dial; dial != nil {
		return dial(ctx, network, address)
	}
	local := d.trip.exchange.Route.local
	if network == "unix" {
		local = nil
	}
	return d.transport.config.open(ctx, network, address, local)
}

// open opens one socket, from local unless that is nil.
func (c *Config) open(ctx context.Context, network, address string, local *net.TCPAddr) (net.Conn, error) {
	if c.Sockets != nil {
		return c.Sockets.DialContext(ctx, network, address, local)
	}
	var dialer net.Dialer
	if local != nil {
		dialer.LocalAddr = local
	}
	return dialer.DialContext(ctx, network, address)
}

// attempt is how one address of a race fared.
type attempt struct {
	nc  net.Conn
	err error
}

// race dials targets with a head start for each over the next.
func (d *dialing) race(targets []string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	results := make(chan attempt, len(targets))
	var won atomic.Bool
	start := func(target string) {
		nc, err := d.dialUnder(ctx, "tcp", target)
		if err == nil && !won.CompareAndSwap(false, true) {
			_ = nc.Close()
			return
		}
		results <- attempt{nc, err}
	}
	next := time.NewTimer(0)
	defer next.Stop()
	var first error
	for started, failed := 0, 0; ; {
		select {
		case <-next.C:
			if started < len(targets) {
				go start(targets[started])
				started++
				next.Reset(secondAddress)
			}
		case r := <-results:
			if r.err == nil {
				return r.nc, nil
			}
			if first == nil {
				first = r.err
			}
			if failed++; failed == len(targets) {
				return nil, first
			}
			next.Reset(0)
		}
	}
}

// refused explains a socket that did not open.
func (d *dialing) refused(where string, err error) *runtime.Error {
	var known *runtime.Error
	switch {
	case errors.As(err, &known):
		return known
	case d.ctx.Err() != nil, isTimeout(err), errors.Is(err, syscall.ETIMEDOUT):
		return d.trip.interrupted(d.parent, d.phase, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return connectFault("no local port or address is free to connect to %s from (net.ipv4.ip_local_port_range, local_addr): %w", where, err)
	case short(err):
		return connectFault("no file descriptor is free to connect to %s with (ulimit -n): %w", where, err)
	}
	return connectFault("cannot connect to %s: %w", where, err)
}

func connectFault(format, where string, err error) *runtime.Error {
	return &runtime.Error{
		Kind: runtime.KindConnect, Retryable: true, Cause: err,
		Message: fmt.Errorf(format, where, cause(err)).Error(),
	}
}
