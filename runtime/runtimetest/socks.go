package runtimetest

import (
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// Socks is a SOCKS5 proxy (RFC 1928) that asks for a user and password if it
// was given some.
type Socks struct {
	*Script
	user, password string
	mu             sync.Mutex
	targets        []string
}

// ListenSocks starts a proxy. With user "" it asks for no credentials.
func ListenSocks(t testing.TB, user, password string) *Socks {
	t.Helper()
	s := &Socks{user: user, password: password}
	s.Script = Listen(t, s.proxy)
	return s
}

// Targets returns what clients asked for, as "host:port".
func (s *Socks) Targets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.targets...)
}

func (s *Socks) proxy(p *Peer) {
	methods := p.Bytes(int(p.Bytes(2)[1]))
	if s.user == "" {
		p.Write("\x05\x00")
	} else if !s.authenticate(p, methods) {
		return
	}
	request := p.Bytes(4)
	host := ""
	switch request[3] {
	case 1:
		host = net.IP(p.Bytes(4)).String()
	case 3:
		host = string(p.Bytes(int(p.Bytes(1)[0])))
	case 4:
		host = net.IP(p.Bytes(16)).String()
	}
	target := net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(p.Bytes(2)))))
	s.mu.Lock()
	s.targets = append(s.targets, target)
	s.mu.Unlock()
	up, err := net.Dial("tcp", target)
	if err != nil {
		p.Write("\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")
		return
	}
	defer func() { _ = up.Close() }()
	p.Write("\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(p.Conn, up)
		_ = p.Conn.Close()
	})
	_, _ = io.Copy(up, p.in)
	_ = up.Close()
	back.Wait()
}

// authenticate is RFC 1929.
func (s *Socks) authenticate(p *Peer, methods []byte) bool {
	offered := false
	for _, m := range methods {
		offered = offered || m == 2
	}
	if !offered {
		p.Write("\x05\xff")
		return false
	}
	p.Write("\x05\x02")
	user := string(p.Bytes(int(p.Bytes(2)[1])))
	password := string(p.Bytes(int(p.Bytes(1)[0])))
	if user != s.user || password != s.password {
		p.Write("\x01\x01")
		return false
	}
	p.Write("\x01\x00")
	return true
}
