package luaapi_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"volley/runtime/runtimetest"
)

// step is one thing a peer does with a connection.
type step struct {
	text   string        // written as it stands
	sleep  time.Duration // waited for
	gate   string        // waited for until it is released
	reset  bool          // TCP reset
	end    bool          // FIN
	hangup bool          // waits until the client closes
}

// exchange is one request as it came.
type exchange struct {
	method, target, head, body, raw string
	conn                            int
}

// peers is a server that does on each path what a case told it, byte for
// byte, and remembers what came.
type peers struct {
	*runtimetest.Script
	scheme string
	done   chan struct{}

	mu        sync.Mutex
	routes    map[string][][]step
	hits      map[string]int
	log       []exchange
	now, peak int
	hangups   int
	gates     map[string]chan struct{}
}

func newPeers(t *testing.T, config *tls.Config) *peers {
	p := &peers{
		scheme: "http", done: make(chan struct{}),
		routes: map[string][][]step{}, hits: map[string]int{}, gates: map[string]chan struct{}{},
	}
	if config == nil {
		p.Script = runtimetest.Listen(t, p.serve)
	} else {
		p.scheme = "https"
		p.Script = runtimetest.ListenTLS(t, config, p.serve)
	}
	t.Cleanup(func() { close(p.done) })
	return p
}

func (p *peers) url(path string) string { return p.scheme + "://" + p.Addr() + path }

func (p *peers) serve(peer *runtimetest.Peer) {
	for {
		raw := peer.Request()
		if !p.answer(peer, raw) {
			return
		}
	}
}

// answer plays the steps for one request and says whether the connection
// goes on.
func (p *peers) answer(peer *runtimetest.Peer, raw string) bool {
	x := parseExchange(raw)
	x.conn = peer.Index
	steps := p.arrived(x)
	defer p.left()
	for _, s := range steps {
		if !p.play(peer, s) {
			return false
		}
	}
	return true
}

func (p *peers) play(peer *runtimetest.Peer, s step) bool {
	switch {
	case s.reset:
		peer.Reset()
		return false
	case s.end:
		return false
	case s.hangup:
		_ = peer.Hangup()
		p.mu.Lock()
		p.hangups++
		p.mu.Unlock()
		return false
	case s.gate != "":
		return p.pause(p.gate(s.gate), 10*time.Second)
	case s.sleep > 0:
		return p.pause(nil, s.sleep)
	}
	peer.Write(s.text)
	return true
}

// pause waits for gate, at most for d; false when the test is over.
func (p *peers) pause(gate <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-gate:
	case <-timer.C:
	case <-p.done:
		return false
	}
	return true
}

func (p *peers) gate(name string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gates[name] == nil {
		p.gates[name] = make(chan struct{})
	}
	return p.gates[name]
}

// arrived notes a request and chooses what its path answers: the replies one
// after another, the last again and again.
func (p *peers) arrived(x exchange) []step {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, x)
	p.now++
	p.peak = max(p.peak, p.now)
	path := pathOf(x.target)
	replies := p.routes[path]
	n := p.hits[path]
	p.hits[path]++
	if len(replies) == 0 {
		return []step{{text: plainReply(x)}}
	}
	return replies[min(n, len(replies)-1)]
}

func (p *peers) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now--
}

func (p *peers) exchanges() []exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]exchange(nil), p.log...)
}

// plainReply says 200 and the path.
func plainReply(x exchange) string {
	body := pathOf(x.target)
	head := "HTTP/1.1 200 OK\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n"
	if x.method == http.MethodHead {
		return head
	}
	return head + body
}

// pathOf is a target's path, for absolute targets too, as proxies see them.
func pathOf(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	return u.EscapedPath()
}

func parseExchange(raw string) exchange {
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	line, head, _ := strings.Cut(head, "\r\n")
	method, rest, _ := strings.Cut(line, " ")
	target, _, _ := strings.Cut(rest, " ")
	x := exchange{method: method, target: target, head: head, raw: raw}
	if req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw))); err == nil {
		body, _ := io.ReadAll(req.Body) // what came, if it was cut
		x.body = string(body)
	}
	return x
}
