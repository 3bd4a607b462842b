package runtimetest

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Frames is the server's end of one HTTP/2 connection, frame by frame.
type Frames struct {
	*http2.Framer
	Peer *Peer
}

// ListenH2 serves connections with frames, after the preface and SETTINGS.
func ListenH2(t testing.TB, serve func(*Frames), settings ...http2.Setting) *Script {
	t.Helper()
	certs := NewCertificates(t)
	return ListenTLS(t, Server(certs.Good, "h2"), func(p *Peer) { serve(BeginH2(p, settings...)) })
}

// BeginH2 begins HTTP/2 on a connection.
func BeginH2(p *Peer, settings ...http2.Setting) *Frames {
	p.Bytes(len(http2.ClientPreface))
	f := &Frames{http2.NewFramer(p.Conn, received{p}), p}
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = f.WriteSettings(settings...)
	return f
}

// received is what the other side sends, as an io.Reader.
type received struct{ p *Peer }

// Read implements io.Reader.
func (r received) Read(b []byte) (int, error) { return copy(b, r.p.Bytes(len(b))), nil }

// Request waits for the next HEADERS, counts them as a request of the Script,
// and returns their stream.
func (f *Frames) Request() uint32 {
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			panic(fmt.Sprint("h2 server: ", err))
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			s := f.Peer.script
			s.mu.Lock()
			s.requests = append(s.requests, frame.PseudoValue("method")+" "+frame.PseudoValue("path"))
			s.mu.Unlock()
			return frame.StreamID
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = f.WriteSettingsAck()
			}
		}
	}
}

// Answer sends a response head, of names and values in turn.
func (f *Frames) Answer(stream uint32, end bool, fields ...string) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		_ = enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
}

// Idle keeps the connection until the client closes it.
func (f *Frames) Idle() { f.Peer.Hangup() }
