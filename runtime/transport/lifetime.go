package transport

import (
	"context"
	"net"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

type lifetimeKey struct{}

// lifetime is the shortest time to live of the records that answered one
// look-up. Questions for both families are asked at the same time.
type lifetime struct {
	mu       sync.Mutex
	known    bool
	shortest time.Duration
}

// longest is how long the answers may be kept.
func (l *lifetime) longest() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		return shortLife
	}
	return min(l.shortest, longestLife)
}

// take notes the records of one answer.
func (l *lifetime) take(message []byte) {
	var p dnsmessage.Parser
	if _, err := p.Start(message); err != nil || p.SkipAllQuestions() != nil {
		return
	}
	for {
		h, err := p.AnswerHeader()
		if err != nil || p.SkipAnswer() != nil {
			return
		}
		l.mu.Lock()
		if life := time.Duration(h.TTL) * time.Second; !l.known || life < l.shortest {
			l.known, l.shortest = true, life
		}
		l.mu.Unlock()
	}
}

// overheardUDP and overheardTCP are sockets to a name server that note how
// long what it answers lives, since net.Resolver does not tell. A forged
// answer, which net.Resolver drops, can only shorten that.
type (
	overheardUDP struct {
		*net.UDPConn
		life *lifetime
	}
	overheardTCP struct {
		net.Conn
		life *lifetime
	}
)

// Read implements net.Conn.
func (o overheardUDP) Read(p []byte) (int, error) {
	n, err := o.UDPConn.Read(p)
	o.life.take(p[:n])
	return n, err
}

// Read implements net.Conn. A message comes in one read behind its length.
func (o overheardTCP) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	o.life.take(p[:n])
	return n, err
}

// overhear notes what comes over nc for the look-up of ctx.
func overhear(ctx context.Context, nc net.Conn) net.Conn {
	life, ok := ctx.Value(lifetimeKey{}).(*lifetime)
	if !ok {
		return nc
	}
	if udp, ok := nc.(*net.UDPConn); ok {
		return overheardUDP{udp, life}
	}
	return overheardTCP{nc, life}
}
