package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"volley/runtime"
)

// quoted bounds how much of what a peer sent goes into a message.
const quoted = 80

// quote returns at most 80 bytes of b, escaped.
func quote[T string | []byte](b T) string {
	if len(b) > quoted {
		return fmt.Sprintf("%q…", string(b[:quoted]))
	}
	return fmt.Sprintf("%q", string(b))
}

func invalid(format string, args ...any) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidArgument, format, args...)
}

// malformed is a response that breaks the protocol.
func malformed(format string, args ...any) *runtime.Error {
	return runtime.Errorf(runtime.KindInvalidResponse, format, args...)
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// isReset reports that the connection was torn down, by the peer, the path or
// the kernel.
func isReset(err error) bool {
	for _, no := range []syscall.Errno{
		syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, syscall.ETIMEDOUT,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
	} {
		if errors.Is(err, no) {
			return true
		}
	}
	return errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// cause returns the innermost useful error: without the addresses and
// operations that net.OpError and fs.PathError put around it.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err
}

// fault makes the *runtime.Error of an exchange that failed with err in
// phase. A cancelled context explains whatever else went wrong.
func (c *conn) fault(phase runtime.Phase, err error) *runtime.Error {
	e := c.explain(phase, err)
	e.Phase = phase
	e.Sent = c.sentSoFar()
	e.Timings = c.timings
	return e
}

// sentSoFar says whether the server could have acted on the request.
func (c *conn) sentSoFar() runtime.Sent {
	if c.sent == runtime.SentNo && c.upload != nil && c.upload.wrote.Load() {
		return runtime.SentMaybe
	}
	return c.sent
}

func (c *conn) explain(phase runtime.Phase, err error) *runtime.Error {
	var known *runtime.Error
	switch {
	case c.ctx.Err() != nil:
		return runtime.Cancelled(c.ctx)
	case c.upload != nil && c.upload.broken.Load() != nil:
		return c.upload.broken.Load()
	case errors.As(err, &known):
		return known
	case c.transport.isClosed():
		return errClosed()
	case isTimeout(err):
		return c.clock.expired(phase, err)
	case isReset(err):
		return &runtime.Error{
			Kind: runtime.KindClosed, Retryable: true, Cause: err,
			Message: fmt.Sprintf("the connection broke %s: %v", during(phase), cause(err)),
		}
	case isEOF(err):
		return &runtime.Error{
			// Never io.EOF, which a reader of bodies takes for a proper end.
			Kind: runtime.KindClosed, Retryable: true, Cause: io.ErrUnexpectedEOF,
			Message: "the server closed the connection " + during(phase),
		}
	}
	if c.secure != nil {
		return tlsFault(err, c.origin.key.host)
	}
	return runtime.Errorf(runtime.KindClosed, "the connection broke %s: %w", during(phase), err)
}

// expired tells the two timeouts of a running exchange apart.
func (k *clock) expired(phase runtime.Phase, err error) *runtime.Error {
	if k.over(time.Now()) {
		return totalTimeout(phase, err)
	}
	return readTimeout(phase, k.read, err)
}

// over reports whether the whole exchange's time is up.
func (k *clock) over(now time.Time) bool {
	return !k.deadline.IsZero() && !now.Before(k.deadline)
}

func totalTimeout(phase runtime.Phase, err error) *runtime.Error {
	return &runtime.Error{
		Kind: runtime.KindTotalTimeout, Phase: phase, Cause: err,
		Message: "the total timeout ended " + during(phase),
	}
}

func readTimeout(phase runtime.Phase, limit time.Duration, err error) *runtime.Error {
	return &runtime.Error{
		Kind: runtime.KindReadTimeout, Phase: phase, Retryable: true, Cause: err,
		Message: fmt.Sprintf("nothing moved for %v (read timeout) %s", limit, during(phase)),
	}
}

// during words a phase for a message.
func during(p runtime.Phase) string {
	switch p {
	case runtime.PhaseDNS:
		return "while the name was looked up"
	case runtime.PhaseConnect:
		return "while connecting"
	case runtime.PhaseTLS:
		return "during the TLS handshake"
	case runtime.PhaseSend:
		return "while the request was sent"
	case runtime.PhaseWait:
		return "before the response began"
	case runtime.PhaseHeaders:
		return "inside the response headers"
	case runtime.PhaseBody, runtime.PhaseDecode, runtime.PhaseCallback:
		return "inside the response body"
	}
	return "in the exchange"
}

// interrupted explains a dial that ended with its context, whose parent is
// the caller's: cancelled, out of total time, or out of connect time.
func (t *trip) interrupted(parent context.Context, phase runtime.Phase, err error) *runtime.Error {
	e := &runtime.Error{Phase: phase, Sent: runtime.SentNo, Timings: t.timings, Cause: err}
	switch {
	case parent.Err() != nil:
		e = runtime.Cancelled(parent)
		e.Phase, e.Sent, e.Timings = phase, runtime.SentNo, t.timings
	case !t.deadline.IsZero() && !time.Now().Before(t.deadline):
		e.Kind, e.Message = runtime.KindTotalTimeout, "the total timeout ended "+during(phase)
	default:
		e.Kind, e.Retryable = runtime.KindConnectTimeout, true
		e.Message = fmt.Sprintf("no connection to %s within %v (connect timeout), ended %s",
			t.exchange.origin(), t.exchange.ConnectTimeout, during(phase))
	}
	return e
}

// origin names the place an exchange goes to, for messages.
func (x *Exchange) origin() string {
	port := x.Port
	if port == "" {
		port = defaultPort(x.Scheme)
	}
	return net.JoinHostPort(x.Host, port)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}
