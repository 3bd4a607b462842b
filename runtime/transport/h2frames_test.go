package transport_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// frames is the server's end of one HTTP/2 connection, frame by frame.
type frames struct {
	*http2.Framer
	peer *runtimetest.Peer
}

// listenH2 serves connections with frames, after the preface and SETTINGS.
func listenH2(t *testing.T, serve func(*frames), settings ...http2.Setting) *runtimetest.Script {
	t.Helper()
	certs := runtimetest.NewCertificates(t)
	return runtimetest.ListenTLS(t, runtimetest.Server(certs.Good, "h2"), func(p *runtimetest.Peer) {
		p.Bytes(len(http2.ClientPreface))
		f := &frames{http2.NewFramer(p.Conn, readers{p}), p}
		f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		_ = f.WriteSettings(settings...)
		serve(f)
	})
}

type readers struct{ p *runtimetest.Peer }

func (r readers) Read(b []byte) (int, error) { return copy(b, r.p.Bytes(len(b))), nil }

// request waits for the next HEADERS and returns its stream.
func (f *frames) request() uint32 {
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			panic(fmt.Sprint("h2 server: ", err))
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			return frame.StreamID
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = f.WriteSettingsAck()
			}
		}
	}
}

// answer sends a response head.
func (f *frames) answer(stream uint32, end bool, fields ...string) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		_ = enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
}

func h2Transport(t *testing.T) *transport.Transport {
	return open(t, transport.Config{TLS: &tls.Config{RootCAs: runtimetest.NewCertificates(t).Roots}})
}

// idle keeps the connection until the client closes it.
func (f *frames) idle() { f.peer.Hangup() }
