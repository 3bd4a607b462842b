package runtimetest

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// DNSAnswer is what a NameServer makes of one question. The zero value is an
// answer without records.
type DNSAnswer struct {
	Code      dnsmessage.RCode
	Addresses []string // of both families; those that were asked for are sent
	Alias     string   // a CNAME before them, or instead; "name.test."
	TTL       uint32
	Truncated bool          // over UDP: come again over TCP
	Silent    bool          // no answer at all
	Late      time.Duration // after which it is sent
	WrongID   bool
	Raw       []byte // these bytes, whatever was asked
}

// NameServer is a DNS server on 127.0.0.1, over UDP and TCP.
type NameServer struct {
	answer func(name string) DNSAnswer
	udp    net.PacketConn
	tcp    net.Listener
	work   sync.WaitGroup
	ended  chan struct{}

	mu     sync.Mutex
	asked  []string
	now    map[string]int // questions under way, by name
	atOnce int            // most names under way
}

// ListenDNS starts a NameServer. answer is called for each question, by many
// goroutines at once, with a name such as "a.test."
func ListenDNS(t testing.TB, answer func(name string) DNSAnswer) *NameServer {
	t.Helper()
	s := &NameServer{answer: answer, ended: make(chan struct{}), now: map[string]int{}}
	var err error
	for range 10 { // the port that one got may be taken for the other
		if s.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if s.udp, err = net.ListenPacket("udp", s.tcp.Addr().String()); err == nil {
			break
		}
		_ = s.tcp.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.work.Go(s.serveUDP)
	s.work.Go(s.serveTCP)
	t.Cleanup(s.close)
	return s
}

func (s *NameServer) close() {
	close(s.ended)
	_ = s.udp.Close()
	_ = s.tcp.Close()
	s.work.Wait()
}

// Addr returns "127.0.0.1:port".
func (s *NameServer) Addr() string { return s.tcp.Addr().String() }

// Asked returns the name of every question, in the order they came. Each
// look-up asks twice, for the addresses of either family.
func (s *NameServer) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// AtOnce returns how many names were asked for at the same time, at most.
func (s *NameServer) AtOnce() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.atOnce
}

func (s *NameServer) serveUDP() {
	for {
		question := make([]byte, 1500)
		n, from, err := s.udp.ReadFrom(question)
		if err != nil {
			return
		}
		s.work.Go(func() {
			if reply := s.reply(question[:n], true); reply != nil {
				_, _ = s.udp.WriteTo(reply, from)
			}
		})
	}
}

func (s *NameServer) serveTCP() {
	for {
		nc, err := s.tcp.Accept()
		if err != nil {
			return
		}
		s.work.Go(func() {
			defer func() { _ = nc.Close() }()
			_ = nc.SetDeadline(time.Now().Add(giveUp))
			var length [2]byte
			if _, err := io.ReadFull(nc, length[:]); err != nil {
				return
			}
			question := make([]byte, binary.BigEndian.Uint16(length[:]))
			if _, err := io.ReadFull(nc, question); err != nil {
				return
			}
			if reply := s.reply(question, false); reply != nil {
				_, _ = nc.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
			}
		})
	}
}

// reply returns the answer to a question; nil: none is sent.
func (s *NameServer) reply(question []byte, udp bool) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	name := m.Questions[0].Name.String()
	defer s.attend(name)()
	a := s.answer(name)
	if a.Late > 0 {
		select {
		case <-time.After(a.Late):
		case <-s.ended:
			return nil
		}
	}
	switch {
	case a.Silent:
		return nil
	case a.Raw != nil:
		return a.Raw
	case a.WrongID:
		m.ID ^= 0x5555
	}
	m.Response, m.Authoritative, m.RCode, m.Additionals = true, true, a.Code, nil
	if m.Truncated = a.Truncated && udp; !m.Truncated {
		a.records(&m)
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// attend counts a question while it is being answered.
func (s *NameServer) attend(name string) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, name)
	s.now[name]++
	s.atOnce = max(s.atOnce, len(s.now))
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.now[name]--; s.now[name] == 0 {
			delete(s.now, name)
		}
	}
}

// records puts the answer's records into m.
func (a *DNSAnswer) records(m *dnsmessage.Message) {
	question := m.Questions[0]
	add := func(kind dnsmessage.Type, body dnsmessage.ResourceBody) {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: kind, Class: dnsmessage.ClassINET, TTL: a.TTL}, Body: body,
		})
	}
	if a.Alias != "" {
		alias := dnsmessage.MustNewName(a.Alias)
		add(dnsmessage.TypeCNAME, &dnsmessage.CNAMEResource{CNAME: alias})
		question.Name = alias
	}
	for _, text := range a.Addresses {
		ip := netip.MustParseAddr(text)
		switch {
		case ip.Is4() && question.Type == dnsmessage.TypeA:
			add(question.Type, &dnsmessage.AResource{A: ip.As4()})
		case ip.Is6() && question.Type == dnsmessage.TypeAAAA:
			add(question.Type, &dnsmessage.AAAAResource{AAAA: ip.As16()})
		}
	}
}
