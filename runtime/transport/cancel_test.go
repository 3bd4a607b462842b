package transport_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

// blocked is a body that yields nothing until it is closed.
type blocked struct{ closed chan struct{} }

func (b blocked) Read([]byte) (int, error) {
	<-b.closed
	return 0, io.EOF
}

func (b blocked) Close() error { return nil }

// cancelCase makes an exchange hang somewhere and says when it does.
type cancelCase struct {
	name  string
	phase runtime.Phase
	sent  runtime.Sent
	// start returns the exchange and a channel that is closed once it hangs.
	start func(t *testing.T, config *transport.Config) (*transport.Exchange, <-chan struct{})
}

var cancelCases = []cancelCase{
	{"dial", runtime.PhaseConnect, runtime.SentNo, func(t *testing.T, config *transport.Config) (*transport.Exchange, <-chan struct{}) {
		hangs := make(chan struct{})
		config.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			close(hangs)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return to(t, "http://127.0.0.1:1/"), hangs
	}},
	{"tls", runtime.PhaseTLS, runtime.SentNo, func(t *testing.T, _ *transport.Config) (*transport.Exchange, <-chan struct{}) {
		hangs := make(chan struct{})
		script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
			_, _ = p.Conn.Read(make([]byte, 1)) // of the ClientHello
			close(hangs)
			p.Hangup()
		})
		return to(t, "https://"+script.Addr()+"/"), hangs
	}},
	{"send", runtime.PhaseSend, runtime.SentMaybe, func(t *testing.T, _ *transport.Config) (*transport.Exchange, <-chan struct{}) {
		hangs := make(chan struct{})
		script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
			p.Head()
			close(hangs)
			p.Await(t.Context().Done())
		})
		x := post(t, "http://"+script.Addr()+"/", strings.Repeat("x", 64<<20))
		return x, hangs
	}},
	{"wait", runtime.PhaseWait, runtime.SentMaybe, func(t *testing.T, _ *transport.Config) (*transport.Exchange, <-chan struct{}) {
		hangs := make(chan struct{})
		script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
			p.Request()
			close(hangs)
			p.Hangup()
		})
		return to(t, "http://"+script.Addr()+"/"), hangs
	}},
	{"headers", runtime.PhaseHeaders, runtime.SentYes, func(t *testing.T, _ *transport.Config) (*transport.Exchange, <-chan struct{}) {
		hangs := make(chan struct{})
		script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
			p.Request()
			p.Write(ok + "A: b\r\n")
			time.Sleep(30 * time.Millisecond) // for it to be read
			close(hangs)
			p.Hangup()
		})
		return to(t, "http://"+script.Addr()+"/"), hangs
	}},
	{"body", runtime.PhaseBody, runtime.SentYes, func(t *testing.T, _ *transport.Config) (*transport.Exchange, <-chan struct{}) {
		hangs := make(chan struct{})
		script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
			p.Request()
			p.Write(ok + "Content-Length: 10\r\n\r\nabc")
			time.Sleep(30 * time.Millisecond)
			close(hangs)
			p.Hangup()
		})
		return to(t, "http://"+script.Addr()+"/"), hangs
	}},
}

func TestCancellation(t *testing.T) {
	for _, c := range cancelCases {
		t.Run(c.name, func(t *testing.T) {
			runtimetest.Leaks(t)
			var config transport.Config
			x, hangs := c.start(t, &config)
			tr := open(t, config)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			ended := make(chan error, 1)
			go func() {
				r, err := tr.Do(ctx, x)
				if err == nil {
					_, err = transport.ReadBody(r.Body, r.Length, 0)
				}
				ended <- err
			}()
			<-hangs
			cancel(runtime.Errorf(runtime.KindBatchTimeout, "the batch is over"))
			select {
			case err := <-ended:
				_ = want{runtime.KindBatchTimeout, c.phase, c.sent}.check(t, err)
			case <-time.After(5 * time.Second):
				t.Fatal("the exchange goes on")
			}
			if n := tr.Stats().Open; n != 0 {
				t.Errorf("%d connections open", n)
			}
		})
	}
}

// A request body that blocks does not keep Do, which is cancelled, waiting.
func TestCancelWhileTheBodyBlocks(t *testing.T) {
	certs := runtimetest.NewCertificates(t)
	for _, protos := range [][]string{{"http/1.1"}, {"h2"}} {
		runtimetest.Leaks(t)
		hangs := make(chan struct{})
		script := runtimetest.ListenTLS(t, runtimetest.Server(certs.Good, protos...), func(p *runtimetest.Peer) {
			_ = p.Conn.(*tls.Conn).Handshake()
			close(hangs)
			p.Hangup()
		})
		tr := open(t, transport.Config{TLS: &tls.Config{RootCAs: certs.Roots}})
		body := blocked{make(chan struct{})}
		x := to(t, "https://"+script.Addr()+"/")
		x.Method, x.Body = "POST", func() (io.ReadCloser, int64, error) { return body, -1, nil }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := tr.Do(ctx, x)
			ended <- err
		}()
		<-hangs
		time.Sleep(20 * time.Millisecond)
		cancel()
		select {
		case err := <-ended:
			if e := runtime.AsError(err); e.Kind != runtime.KindCancelled {
				t.Errorf("got %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the exchange goes on")
		}
		close(body.closed)
	}
}

// One context serves many exchanges on a connection, then another does; the
// end of the first is nothing to the second.
func TestContextsFollowOneAnother(t *testing.T) {
	runtimetest.Leaks(t)
	script := runtimetest.Listen(t, func(p *runtimetest.Peer) {
		for {
			p.Request()
			p.Write(two)
		}
	})
	tr := open(t, transport.Config{})
	x := to(t, "http://"+script.Addr()+"/")
	do := func(ctx context.Context) error {
		r, err := tr.Do(ctx, x)
		if err != nil {
			return err
		}
		_, err = transport.ReadBody(r.Body, r.Length, 0)
		return err
	}
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			if err := do(ctx); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		if err := do(ctx); runtime.AsError(err).Kind != runtime.KindCancelled {
			t.Fatalf("got %v under a cancelled context", err)
		}
	}
	if s := tr.Stats(); s.Dialled != 1 {
		t.Errorf("%d connections, want 1", s.Dialled)
	}
}
