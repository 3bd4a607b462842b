package transport

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// wires is a connection that reads what was written for it, a few bytes at a
// time, and swallows what is written.
type wires struct {
	net.Conn
	in   bytes.Buffer
	most int
}

func (w *wires) Read(p []byte) (int, error) {
	return w.in.Read(p[:min(len(p), w.most)])
}

func (w *wires) Write(p []byte) (int, error) { return len(p), nil }

// A stream's window and a frame may be as large as the protocol allows, and no
// larger, however the frames are cut into reads.
func TestGuard(t *testing.T) {
	const most = 1<<31 - 1
	for _, c := range []struct {
		name  string
		ours  func(*h2.Framer) // what we have sent
		peers func(*h2.Framer)
		over  bool
	}{
		{"the largest", nil, func(f *h2.Framer) { _ = f.WriteWindowUpdate(1, most-65535) }, false},
		{"one more", nil, func(f *h2.Framer) { _ = f.WriteWindowUpdate(1, most-65534) }, true},
		{"two halves", nil, func(f *h2.Framer) {
			_ = f.WriteWindowUpdate(1, 1<<30)
			_ = f.WriteWindowUpdate(1, 1<<30)
		}, true},
		{"two streams", nil, func(f *h2.Framer) {
			_ = f.WriteWindowUpdate(1, 1<<30)
			_ = f.WriteWindowUpdate(3, 1<<30)
		}, false},
		{"the connection's own", nil, func(f *h2.Framer) { _ = f.WriteWindowUpdate(0, most) }, false},
		{"less after SETTINGS", nil, func(f *h2.Framer) {
			_ = f.WriteSettings(h2.Setting{ID: h2.SettingMaxFrameSize, Val: 1 << 20}, h2.Setting{ID: h2.SettingInitialWindowSize, Val: 0})
			_ = f.WriteWindowUpdate(1, most)
		}, false},
		{"as much as was sent", func(f *h2.Framer) { _ = f.WriteData(1, false, make([]byte, 1000)) }, func(f *h2.Framer) {
			_ = f.WriteWindowUpdate(1, most-65535)
			_ = f.WriteWindowUpdate(1, 1000)
		}, false},
		{"more than was sent", func(f *h2.Framer) { _ = f.WriteData(1, false, make([]byte, 1000)) }, func(f *h2.Framer) {
			_ = f.WriteWindowUpdate(1, most-65535)
			_ = f.WriteWindowUpdate(1, 1001)
		}, true},
		{"after its own end", func(f *h2.Framer) { _ = f.WriteData(1, false, []byte("x")) }, func(f *h2.Framer) {
			_ = f.WriteWindowUpdate(1, 1<<30)
			_ = f.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, EndHeaders: true, EndStream: true})
			_ = f.WriteWindowUpdate(1, 1<<30+1)
		}, true},
		{"the least frame", nil, func(f *h2.Framer) { _ = f.WriteSettings(h2.Setting{ID: h2.SettingMaxFrameSize, Val: 1 << 14}) }, false},
		{"the largest frame", nil, func(f *h2.Framer) { _ = f.WriteSettings(h2.Setting{ID: h2.SettingMaxFrameSize, Val: 1<<24 - 1}) }, false},
		{"less than the least", nil, func(f *h2.Framer) { _ = f.WriteSettings(h2.Setting{ID: h2.SettingMaxFrameSize, Val: 1<<14 - 1}) }, true},
		{"more than the largest", nil, func(f *h2.Framer) { _ = f.WriteSettings(h2.Setting{ID: h2.SettingMaxFrameSize, Val: 1 << 24}) }, true},
	} {
		for _, size := range []int{1, 5, 1 << 10} {
			w := &wires{most: size}
			g := newGuard(w)
			_, _ = g.Write([]byte(h2.ClientPreface))
			if c.ours != nil {
				c.ours(h2.NewFramer(g, nil))
			}
			c.peers(h2.NewFramer(&w.in, nil))
			var err error
			for p := make([]byte, 100); err == nil && w.in.Len() > 0; {
				_, err = g.Read(p)
			}
			if (err != nil) != c.over {
				t.Errorf("%s, %d bytes a read: %v", c.name, size, err)
			}
		}
	}
}

// What is over is not kept.
func TestGuardForgets(t *testing.T) {
	w := &wires{most: 1 << 10}
	g := newGuard(w)
	ours, peers := h2.NewFramer(g, nil), h2.NewFramer(&w.in, nil)
	_, _ = g.Write([]byte(h2.ClientPreface))
	var block bytes.Buffer
	_ = hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	p := make([]byte, 1<<10)
	for id := uint32(1); id < 2000; id += 2 {
		_ = ours.WriteData(id, true, binary.BigEndian.AppendUint32(nil, id))
		_ = peers.WriteWindowUpdate(id, 4)
		_ = peers.WriteHeaders(h2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true})
		if _, err := g.Read(p); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(g.credits); n != 0 {
		t.Errorf("%d streams are kept", n)
	}
}
