package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"volley/runtime"
)

// longestConnect bounds a connect that nobody cancels. The system gives up
// before.
const longestConnect = 3 * time.Minute

// Rules say what a confined process may reach. Errors are *runtime.Error of
// kind denied.
type Rules struct {
	// Dial judges a network, such as "tcp", and an address: "ip:port", or the
	// path of a Unix socket.
	Dial func(network, address string) error
	// Listening is told the address, "ip:port", of the listener that the
	// process was given.
	Listening func(address string)
}

// Broker opens sockets for a confined process.
type Broker struct {
	rules  Rules
	conn   *net.UnixConn
	places chan struct{} // as many as requests may be under way
	work   sync.WaitGroup

	mu       sync.Mutex
	pending  map[uint32]context.CancelFunc
	listened bool
}

// NewBroker makes a Broker and the end of its socket pair that the confined
// process is to inherit, for NewDialer. Most bounds the requests under way.
func NewBroker(rules Rules, most int) (*Broker, *os.File, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "sockets")
	conn, err := packets(os.NewFile(uintptr(pair[0]), "broker"))
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return &Broker{
		rules: rules, conn: conn, pending: map[uint32]context.CancelFunc{},
		// A place is free for the asking side a moment before it is here.
		places: make(chan struct{}, 2*most),
	}, theirs, nil
}

// packets makes a connection of one end of a socket pair, which it closes.
func packets(f *os.File) (*net.UnixConn, error) {
	defer f.Close() //nolint:errcheck // the connection has a descriptor of its own
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, errors.New("the descriptor is no Unix socket")
	}
	return conn, nil
}

// Serve answers until the other side is closed or talks nonsense. What is
// under way then is given up; Serve returns when it has ended.
func (b *Broker) Serve() {
	defer b.work.Wait()
	defer b.conn.Close() //nolint:errcheck // nobody is there any more
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	buffer := make([]byte, longestMessage)
	for {
		n, err := b.conn.Read(buffer)
		if err != nil {
			return
		}
		var asked request
		if json.Unmarshal(buffer[:n], &asked) != nil || !b.take(ctx, asked) {
			return
		}
	}
}

// take begins to answer a request; false when it makes no sense.
func (b *Broker) take(ctx context.Context, asked request) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	end, known := b.pending[asked.ID]
	if asked.Op == opCancel {
		if known {
			end()
		}
		return true
	}
	if known {
		return false
	}
	select {
	case b.places <- struct{}{}:
	default:
		return false // the other side counts as well
	}
	ctx, b.pending[asked.ID] = context.WithTimeout(ctx, longestConnect)
	b.work.Go(func() { b.answer(ctx, asked) })
	return true
}

// answer answers one request.
func (b *Broker) answer(ctx context.Context, asked request) {
	socket, err := b.open(ctx, asked)
	b.mu.Lock()
	b.pending[asked.ID]()
	delete(b.pending, asked.ID)
	b.mu.Unlock()
	if err != nil {
		_ = send(b.conn, refusal(asked.ID, err), -1) // Serve notices as well that nobody is there
	} else {
		b.hand(asked.ID, socket)
	}
	<-b.places
}

// socket is what can be handed over.
type socket interface {
	syscall.Conn
	Close() error
}

// hand gives a socket away.
func (b *Broker) hand(id uint32, s socket) {
	defer s.Close() //nolint:errcheck // the other side has it
	raw, err := s.SyscallConn()
	if err == nil {
		var sent error
		err = raw.Control(func(fd uintptr) { sent = send(b.conn, reply{ID: id}, int(fd)) })
		err = errors.Join(err, sent)
	}
	if err != nil {
		_ = send(b.conn, refusal(id, err), -1)
	}
}

// open opens the socket that is asked for, if it may be.
func (b *Broker) open(ctx context.Context, asked request) (socket, error) {
	switch asked.Op {
	case opDial:
		return b.dial(ctx, asked)
	case opListen:
		return b.listen(ctx, asked.Address)
	}
	return nil, denied("%q is nothing to ask for", asked.Op)
}

func (b *Broker) dial(ctx context.Context, asked request) (socket, error) {
	var dialer net.Dialer
	switch asked.Network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		// A name would be looked up here.
		if _, err := netip.ParseAddrPort(asked.Address); err != nil {
			return nil, denied("connecting to %q is denied: it is no address", asked.Address)
		}
	case "unix":
	default:
		return nil, denied("connecting over %q is denied", asked.Network)
	}
	if asked.Local != "" {
		local, err := netip.ParseAddrPort(asked.Local)
		if err != nil || !strings.HasPrefix(asked.Network, "tcp") {
			return nil, denied("connecting from %q is denied: it is no address", asked.Local)
		}
		dialer.LocalAddr = net.TCPAddrFromAddrPort(local)
	}
	if err := b.rules.Dial(asked.Network, asked.Address); err != nil {
		return nil, err
	}
	conn, err := dialer.DialContext(ctx, asked.Network, asked.Address)
	if err != nil {
		return nil, err
	}
	return conn.(socket), nil // every connection of package net is one
}

// listen opens the one listener that a process may have, on loopback.
func (b *Broker) listen(ctx context.Context, address string) (socket, error) {
	at, err := netip.ParseAddrPort(address)
	b.mu.Lock()
	again := b.listened
	b.listened = true
	b.mu.Unlock()
	if err != nil || !at.Addr().IsLoopback() || again {
		return nil, denied("listening on %q is denied: an isolated process may listen once, on loopback", address)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	b.rules.Listening(l.Addr().String())
	return l.(socket), nil // as above
}

func denied(format string, args ...any) error {
	return runtime.Errorf(runtime.KindDenied, format, args...)
}
