package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// errGone is a request to a broker that has ended.
var errGone = errors.New("the process that opens sockets for this one has ended")

// Dialer opens sockets by way of a Broker. Its methods may be called on any
// goroutine.
type Dialer struct {
	conn   *net.UnixConn
	places chan struct{} // as many as requests may be under way
	read   sync.WaitGroup

	mu      sync.Mutex
	last    uint32
	waiting map[uint32]chan<- handed // nil: the broker has gone
}

// handed is the answer to a request.
type handed struct {
	file *os.File // nil: there is an error
	err  error
}

// NewDialer makes a Dialer of the descriptor that NewBroker made, which it
// closes. Most is what NewBroker was told.
func NewDialer(f *os.File, most int) (*Dialer, error) {
	conn, err := packets(f)
	if err != nil {
		return nil, err
	}
	d := &Dialer{conn: conn, places: make(chan struct{}, most), waiting: map[uint32]chan<- handed{}}
	d.read.Go(d.receive)
	return d, nil
}

// Close ends it: what is under way fails, sockets that are open stay.
func (d *Dialer) Close() error {
	err := d.conn.Close()
	d.read.Wait()
	return err
}

// DialContext connects as net.Dialer does, from local unless that is nil.
// Addresses have no names in them: "192.0.2.1:80", or the path of a Unix
// socket. Errors are of type *net.OpError around what the system or the policy
// said.
func (d *Dialer) DialContext(ctx context.Context, network, address string, local *net.TCPAddr) (net.Conn, error) {
	if len(address) > longestAddress {
		return nil, &net.OpError{Op: "dial", Net: network, Err: unix.EINVAL}
	}
	asked := request{Op: opDial, Network: network, Address: address}
	if local != nil {
		asked.Local = local.String()
	}
	f, err := d.ask(ctx, asked)
	if err == nil {
		var conn net.Conn
		if conn, err = net.FileConn(f); err == nil {
			_ = f.Close() // the connection has a descriptor of its own
			return conn, nil
		}
		_ = f.Close() // it is of no use
	}
	failed := &net.OpError{Op: "dial", Net: network, Addr: addressOf(network, address), Err: err}
	if local != nil {
		failed.Source = local
	}
	return nil, failed
}

// Listen returns a TCP listener on a loopback "ip:port". A process gets one.
func (d *Dialer) Listen(ctx context.Context, address string) (net.Listener, error) {
	f, err := d.ask(ctx, request{Op: opListen, Address: address})
	if err == nil {
		var l net.Listener
		l, err = net.FileListener(f)
		_ = f.Close() // the listener has a descriptor of its own
		if err == nil {
			return l, nil
		}
	}
	return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: addressOf("tcp", address), Err: err}
}

// addressOf is an address as package net shows it in errors.
func addressOf(network, address string) net.Addr {
	at, err := netip.ParseAddrPort(address)
	switch {
	case err != nil:
		return &net.UnixAddr{Net: network, Name: address}
	case network[0] == 'u':
		return net.UDPAddrFromAddrPort(at)
	}
	return net.TCPAddrFromAddrPort(at)
}

// ask puts a request and waits for the answer.
func (d *Dialer) ask(ctx context.Context, asked request) (*os.File, error) {
	select {
	case d.places <- struct{}{}: // receive gives it back, when it has the answer
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answer := make(chan handed, 1)
	if !d.enter(&asked, answer) {
		return nil, errGone
	}
	if err := send(d.conn, asked, -1); err != nil {
		d.settle(reply{ID: asked.ID}, handed{err: err})
	}
	select {
	case a := <-answer:
		return a.file, a.err
	case <-ctx.Done():
	}
	if err := send(d.conn, request{ID: asked.ID, Op: opCancel}, -1); err != nil {
		d.settle(reply{ID: asked.ID}, handed{err: err})
	}
	go func() { // the answer still comes, soon now
		if a := <-answer; a.file != nil {
			_ = a.file.Close()
		}
	}()
	return nil, ctx.Err()
}

// enter gives a request a number and a place to answer to; false when nobody
// would answer.
func (d *Dialer) enter(asked *request, answer chan<- handed) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		<-d.places
		return false
	}
	for d.last++; d.waiting[d.last] != nil; d.last++ {
	}
	asked.ID = d.last
	d.waiting[d.last] = answer
	return true
}

// receive gives answers to those who wait for them, until the broker or the
// Dialer has gone.
func (d *Dialer) receive() {
	buffer := make([]byte, longestMessage)
	rights := make([]byte, unix.CmsgSpace(4))
	for {
		n, m, _, _, err := d.conn.ReadMsgUnix(buffer, rights)
		if err != nil {
			break
		}
		f := descriptor(rights[:m])
		var r reply
		if json.Unmarshal(buffer[:n], &r) != nil {
			break // it is no broker
		}
		a := handed{file: f, err: r.failure()}
		if f == nil && a.err == nil { // the system dropped it
			a.err = os.NewSyscallError("recvmsg", unix.EMFILE)
		}
		d.settle(r, a)
	}
	d.abandon()
}

// descriptor takes the descriptor out of a control message; nil: there is
// none.
func descriptor(rights []byte) *os.File {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) == 0 {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil
	}
	return os.NewFile(uintptr(fds[0]), "socket")
}

// settle answers a request, once.
func (d *Dialer) settle(r reply, a handed) {
	d.mu.Lock()
	answer := d.waiting[r.ID]
	delete(d.waiting, r.ID)
	d.mu.Unlock()
	if answer == nil {
		if a.file != nil {
			_ = a.file.Close() // nobody asked for it
		}
		return
	}
	<-d.places
	answer <- a
}

// abandon fails what waits for an answer that will not come.
func (d *Dialer) abandon() {
	d.mu.Lock()
	waiting := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	for _, answer := range waiting {
		<-d.places
		answer <- handed{err: errGone}
	}
}
