package faults_test

import (
	"bytes"
	"crypto/tls"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"volley/runtime"
	"volley/runtime/runtimetest"
)

// Rows 82 to 101. What is proved closer to the code:
//
//	row 82, 86: transport TestH2Unprocessed
//	row 84: transport TestCalm, TestRateOfAConnection
//	row 85: transport TestH2GoAwayDuringABody
//	row 88: transport TestH2WantsHTTP1
//	row 91: transport TestH2StreamsAreIndependent
//	row 93: transport TestH2NoStreams
//	row 97: transport TestH2StuckWrite, for a write that nobody reads

type frames = runtimetest.Frames

// overH2 serves connections with HTTP/2 frames.
func overH2(serve func(*frames), settings ...http2.Setting) func(*testing.T, *fault) {
	return func(t *testing.T, c *fault) {
		trusting(t, c)
		c.serve = func(t *testing.T) (string, func() int) {
			script := runtimetest.ListenH2(t, serve, settings...)
			return "https://" + script.Addr() + "/", func() int { return max(script.Conns(), len(script.Requests())) }
		}
	}
}

// once lets serve loose on the first request, then waits for the other side to
// hang up.
func once(serve func(f *frames, stream uint32)) func(*testing.T, *fault) {
	return overH2(func(f *frames) {
		serve(f, f.Request())
		f.Idle()
	})
}

// heard waits until the other side has taken all that was sent.
func heard(f *frames) {
	_ = f.WritePing(false, [8]byte{})
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		if ping, ok := frame.(*http2.PingFrame); ok && ping.IsAck() {
			return
		}
	}
}

func greetH2(f *frames, stream uint32) {
	f.Answer(stream, false, ":status", "200")
	_ = f.WriteData(stream, true, []byte("hi"))
}

func posting(size int) func(*runtime.Request) {
	return func(r *runtime.Request) {
		r.Method, r.Body = "POST", &runtime.Bytes{Data: bytes.Repeat([]byte("x"), size)}
	}
}

func TestHTTP2Refusals(t *testing.T) {
	turnedAway := want{kinds: kinds(runtime.KindClosed), sent: runtime.SentNo, least: 200 * time.Millisecond, hits: 16}
	refuse := func(f *frames, s uint32) { _ = f.WriteRSTStream(s, http2.ErrCodeRefusedStream) }
	leave := func(f *frames, _ uint32) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) }
	atFirst := func(no func(*frames, uint32)) func(*testing.T, *fault) {
		var first sync.Once
		return overH2(func(f *frames) {
			for {
				s, answer := f.Request(), greetH2
				first.Do(func() { answer = no })
				answer(f, s)
			}
		})
	}
	provoke(t, []fault{
		{rows: "82", name: "GOAWAY once", arrange: atFirst(leave), ask: posting(1), want: want{body: "hi", exactly: 2}},
		{rows: "83", name: "GOAWAY always", arrange: once(leave), ask: posting(1), want: turnedAway},
		{rows: "86", name: "REFUSED_STREAM once", arrange: atFirst(refuse), ask: posting(1), want: want{body: "hi", exactly: 2}},
		{rows: "86", name: "REFUSED_STREAM always", arrange: overH2(func(f *frames) {
			for {
				refuse(f, f.Request())
			}
		}), ask: posting(1), want: want{kinds: kinds(runtime.KindClosed), sent: runtime.SentNo, least: 200 * time.Millisecond, hits: 7}},
		{rows: "93", name: "no streams", arrange: overH2((*frames).Idle, http2.Setting{ID: http2.SettingMaxConcurrentStreams}), want: want{kinds: kinds(runtime.KindTimeout, runtime.KindClosed), hits: 16, within: 3 * time.Second}},
		{rows: "88", name: "HTTP_1_1_REQUIRED", arrange: wantsHTTP1, ask: posting(1), want: want{body: "hi", exactly: 2, check: func(t *testing.T, res *runtime.Result) {
			if p := res.Response.Protocol; p != "HTTP/1.1" {
				t.Errorf("it went over %s", p)
			}
		}}},
		{rows: "88", name: "HTTP_1_1_REQUIRED, but only HTTP/2 is spoken", arrange: overH2(func(f *frames) {
			_ = f.WriteRSTStream(f.Request(), http2.ErrCodeHTTP11Required)
			f.Idle()
		}), want: want{kinds: kinds(runtime.KindProtocol, runtime.KindConnection), hits: 2, within: time.Second}},
	})
}

// wantsHTTP1 is a server that answers over HTTP/1.1 only, and speaks HTTP/2 to
// say so.
func wantsHTTP1(t *testing.T, c *fault) {
	certs := runtimetest.NewCertificates(t)
	config := runtimetest.Server(certs.Good)
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		return runtimetest.Server(certs.Good, hello.SupportedProtos[0]), nil
	}
	behindTLS(config, func(p *runtimetest.Peer) {
		if p.Index > 0 {
			greeting(p)
		}
		f := runtimetest.BeginH2(p)
		_ = f.WriteRSTStream(f.Request(), http2.ErrCodeHTTP11Required)
		f.Idle()
	})(t, c)
}

// Row 84: a server that wants calm is not asked again for what it may have
// done, and asked for less.
func TestHTTP2Calm(t *testing.T) {
	const before = 10
	provoke(t, []fault{{
		rows: "84", name: "ENHANCE_YOUR_CALM",
		arrange: overH2(func(f *frames) {
			for n := 1; ; n++ {
				s := f.Request()
				if n > before && f.Peer.Index == 0 {
					_ = f.WriteGoAway(s, http2.ErrCodeEnhanceYourCalm, nil)
					f.Peer.Sever()
					return
				}
				greetH2(f, s)
			}
		}),
		want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			get := &runtime.Request{Method: "GET", URL: res.Request.URL}
			for range before - 1 {
				if _, err := again(t, res, get); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := again(t, res, get); err == nil || err.Kind != runtime.KindClosed || !err.Calm || err.Sent != runtime.SentMaybe {
				t.Errorf("the one that it told: %+v", err)
			}
			began := time.Now()
			for range 2 { // it had been some 11 a second
				if _, err := again(t, res, get); err != nil {
					t.Error(err)
				}
			}
			if took := time.Since(began); took < 300*time.Millisecond {
				t.Errorf("the next two went within %v", took)
			}
		}},
	}})
}

func TestHTTP2Streams(t *testing.T) {
	cut := want{kinds: kinds(runtime.KindIncompleteBody), phase: runtime.PhaseBody, sent: runtime.SentYes, status: 200, partial: true, within: time.Second}
	broken := want{kinds: kinds(runtime.KindInvalidResponse), hits: 1, within: time.Second}
	late := want{kinds: kinds(runtime.KindReadTimeout), least: patience, within: time.Second}
	partly := late
	partly.status, partly.partial = 200, true
	begin := func(f *frames, s uint32) {
		f.Answer(s, false, ":status", "200")
		_ = f.WriteData(s, false, []byte("abc"))
	}
	provoke(t, []fault{
		{rows: "85", name: "GOAWAY in the body", arrange: overH2(func(f *frames) {
			s := f.Request()
			f.Answer(s, false, ":status", "200")
			_ = f.WriteGoAway(s, http2.ErrCodeNo, nil)
			_ = f.WriteData(s, false, []byte("h"))
			heard(f)
			_ = f.WriteData(s, true, []byte("i"))
			f.Idle()
		}), want: want{body: "hi", check: func(t *testing.T, res *runtime.Result) {
			if resp, err := again(t, res, &runtime.Request{Method: "POST", URL: res.Request.URL}); err != nil || resp.Reused {
				t.Errorf("the next request: %v, %+v", err, resp)
			}
		}}},
		{rows: "87", name: "RST before the headers", arrange: once(func(f *frames, s uint32) { _ = f.WriteRSTStream(s, http2.ErrCodeInternal) }), want: broken},
		{rows: "87", name: "RST in the body", arrange: once(func(f *frames, s uint32) {
			begin(f, s)
			_ = f.WriteRSTStream(s, http2.ErrCodeInternal)
		}), want: cut},
		{rows: "89", name: "early answer and RST NO_ERROR", arrange: once(func(f *frames, s uint32) {
			f.Answer(s, true, ":status", "413")
			_ = f.WriteRSTStream(s, http2.ErrCodeNo)
		}), ask: posting(1 << 20), want: want{status: 413, exactly: 1}},
		{rows: "90", name: "closed in the body", arrange: overH2(func(f *frames) { begin(f, f.Request()) }), want: cut},
		{rows: "91", name: "never answers", arrange: once(func(*frames, uint32) {}), want: late},
		{rows: "91", name: "stalls in the body", arrange: once(begin), want: partly},
		{rows: "91", name: "half a frame", arrange: once(func(f *frames, s uint32) {
			f.Answer(s, false, ":status", "200")
			f.Peer.Write("\x00\x00\x09\x00\x00\x00\x00\x00\x01abc")
		}), want: partly},
		{rows: "92", name: "window never opened", arrange: overH2(func(f *frames) {
			f.Request()
			f.Idle()
		}, http2.Setting{ID: http2.SettingInitialWindowSize}), ask: posting(100), want: late},
		{rows: "100", name: "under its content-length", arrange: once(func(f *frames, s uint32) {
			f.Answer(s, false, ":status", "200", "content-length", "10")
			_ = f.WriteData(s, true, []byte("abc"))
		}), want: cut},
		{rows: "100", name: "over its content-length", arrange: once(func(f *frames, s uint32) {
			f.Answer(s, false, ":status", "200", "content-length", "1")
			_ = f.WriteData(s, true, []byte("abc"))
		}), want: want{kinds: kinds(runtime.KindProtocol), status: 200, phase: runtime.PhaseBody}},
		{rows: "101", name: "unknown frame", arrange: once(func(f *frames, s uint32) {
			_ = f.WriteRawFrame(0xbe, 0xff, s, []byte("what?"))
			greetH2(f, s)
		}), want: want{body: "hi"}},
	})
}

func TestHTTP2Malformed(t *testing.T) {
	broken := want{kinds: kinds(runtime.KindInvalidResponse), hits: 1, within: time.Second}
	head := func(fields ...string) func(*testing.T, *fault) {
		return once(func(f *frames, s uint32) { f.Answer(s, true, fields...) })
	}
	frame := func(kind http2.FrameType, flags http2.Flags, stream uint32, payload string) func(*testing.T, *fault) {
		return once(func(f *frames, _ uint32) { _ = f.WriteRawFrame(kind, flags, stream, []byte(payload)) })
	}
	provoke(t, []fault{
		{rows: "94", name: "MAX_FRAME_SIZE 0", arrange: overH2((*frames).Idle, http2.Setting{ID: http2.SettingMaxFrameSize}), ask: posting(10), want: want{kinds: kinds(runtime.KindInvalidResponse), hits: 1, within: 3 * time.Second}},
		{rows: "95", name: "window overflow", arrange: once(func(f *frames, s uint32) {
			_ = f.WriteWindowUpdate(s, 1<<31-1)
			_ = f.WriteWindowUpdate(s, 1<<31-1)
		}), want: broken},
		{rows: "95", name: "data beyond the window", arrange: once(func(f *frames, s uint32) {
			f.Answer(s, false, ":status", "200")
			for range 1024 { // of 16 KiB, whatever the window is
				if f.WriteData(s, false, make([]byte, 16<<10)) != nil {
					return
				}
			}
		}), ask: streamed, want: want{kinds: kinds(runtime.KindProtocol, runtime.KindBodyTooLarge), status: 200, within: 2 * time.Second}},
		{rows: "98", name: "bad HPACK", arrange: frame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), want: broken},
		{rows: "98", name: "bad length of a frame", arrange: frame(http2.FramePing, 0, 0, "abc"), want: broken},
		{rows: "98", name: "16 MiB frame", arrange: once(func(f *frames, _ uint32) { f.Peer.Write("\xff\xff\xff\x00\x00\x00\x00\x00\x01") }), want: broken},
		{rows: "98", name: "garbage", arrange: once(func(f *frames, _ uint32) { f.Peer.Write(strings.Repeat("\xa5garbage", 20)) }), want: broken},
		{rows: "98", name: "DATA first", arrange: frame(http2.FrameData, 0, 1, "abc"), want: broken},
		{rows: "98", name: "PUSH_PROMISE", arrange: frame(http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, 1, "\x00\x00\x00\x02\x88"), want: broken},
		{rows: "99", name: "no :status", arrange: head("a", "b"), want: broken},
		{rows: "99", name: "upper case", arrange: head(":status", "200", "X-Upper", "1"), want: broken},
		{rows: "99", name: "connection field", arrange: head(":status", "200", "connection", "close"), want: broken},
		{rows: "99", name: "transfer-encoding", arrange: head(":status", "200", "transfer-encoding", "chunked"), want: broken},
		{rows: "99", name: "CR LF in a value", arrange: head(":status", "200", "a", "b\r\nc: d"), want: broken},
	})
}

// streamed takes the body as it comes, and reads none of it for a while.
func streamed(r *runtime.Request) { r.Options = &runtime.Options{Stream: runtime.Yes} }

// unhurried leaves a flood the time to reach a limit, also on a busy machine.
func unhurried(r *runtime.Request) {
	r.Options = &runtime.Options{Timeout: &runtime.Timeout{Read: 3 * time.Second}}
}

func TestHTTP2Floods(t *testing.T) {
	tooLarge := want{kinds: kinds(runtime.KindTooLarge, runtime.KindProtocol), memory: 16 << 20, within: 4 * time.Second}
	flood := want{kinds: kinds(runtime.KindTimeout, runtime.KindProtocol, runtime.KindTooLarge, runtime.KindClosed), memory: 32 << 20, within: 2 * time.Second}
	forever := func(head, piece func(f *frames, s uint32) error) func(*testing.T, *fault) {
		return once(func(f *frames, s uint32) {
			if head != nil {
				_ = head(f, s)
			}
			for range 1 << 20 {
				if piece(f, s) != nil {
					return
				}
			}
		})
	}
	block := func(fields ...string) []byte {
		var b bytes.Buffer
		enc := hpack.NewEncoder(&b)
		for i := 0; i < len(fields); i += 2 {
			_ = enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
		return b.Bytes()
	}
	openHead := func(f *frames, s uint32) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: block(":status", "200")})
	}
	bomb := append(block(":status", "200", "x-bomb", strings.Repeat("b", 3000)), bytes.Repeat([]byte{0x80 | 62}, 16<<10)...) // one entry, named 16 Ki times
	provoke(t, []fault{
		{rows: "96", name: "CONTINUATION flood", arrange: forever(openHead, func(f *frames, s uint32) error {
			return f.WriteContinuation(s, false, block("a", strings.Repeat("x", 4<<10)))
		}), ask: unhurried, want: tooLarge},
		{rows: "96", name: "2 MiB of headers", arrange: forever(openHead, func(f *frames, s uint32) error {
			for range 128 {
				_ = f.WriteContinuation(s, false, block("a", strings.Repeat("x", 16<<10-64)))
			}
			return f.WriteContinuation(s, true, nil)
		}), ask: unhurried, want: tooLarge},
		{rows: "96", name: "HPACK bomb", arrange: once(func(f *frames, s uint32) {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: bomb[:8<<10]})
			_ = f.WriteContinuation(s, true, bomb[8<<10:])
		}), ask: unhurried, want: tooLarge},
		{rows: "96", name: "6000 lines", arrange: once(func(f *frames, s uint32) {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: append(block(":status", "200", "a", ""), bytes.Repeat([]byte{0x80 | 62}, 6000)...), EndHeaders: true, EndStream: true})
		}), ask: unhurried, want: tooLarge},
		{rows: "97", name: "PING flood", arrange: forever(nil, func(f *frames, _ uint32) error { return f.WritePing(false, [8]byte{}) }), want: flood},
		{rows: "97", name: "SETTINGS flood", arrange: forever(nil, func(f *frames, _ uint32) error { return f.WriteSettings() }), want: flood},
		{rows: "97", name: "empty DATA flood", arrange: forever(func(f *frames, s uint32) error {
			f.Answer(s, false, ":status", "200")
			return nil
		}, func(f *frames, s uint32) error { return f.WriteData(s, false, nil) }), ask: total(time.Second), want: want{kinds: flood.kinds, status: 200, memory: 32 << 20, within: 2 * time.Second, partial: true}},
		{rows: "97", name: "1xx storm", arrange: forever(nil, func(f *frames, s uint32) error {
			f.Answer(s, false, ":status", "103", "link", "x")
			return nil
		}), ask: total(time.Second), want: flood},
	})
}
