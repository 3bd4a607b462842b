package isolate

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"volley/runtime"
)

// longestMessage is the size of a packet in bytes; the longest path of a Unix
// socket has 108.
const longestMessage = 4 << 10

// longestAddress leaves room for what a message says beside it, and for a
// refusal that names it more than once.
const longestAddress = 512

// What is asked for.
const (
	opDial   = "dial"
	opListen = "listen"
	opCancel = "cancel"
)

// request is what a confined process asks.
type request struct {
	ID      uint32 `json:"id"`
	Op      string `json:"op"`
	Network string `json:"network,omitempty"`
	Address string `json:"address,omitempty"` // "ip:port" or a path
	Local   string `json:"local,omitempty"`   // "ip:port" to connect from
}

// reply answers it. Without an error a descriptor comes with it.
type reply struct {
	ID     uint32        `json:"id"`
	Call   string        `json:"call,omitempty"` // that failed with Errno
	Errno  syscall.Errno `json:"errno,omitempty"`
	Denied string        `json:"denied,omitempty"` // why the policy refuses
	Other  string        `json:"other,omitempty"`  // any other error
}

// refusal is the reply that tells of err.
func refusal(id uint32, err error) reply {
	r := reply{ID: id}
	var denied *runtime.Error
	var call *os.SyscallError
	var timeout net.Error
	switch {
	case errors.As(err, &denied):
		r.Denied = denied.Message
	case errors.As(err, &call) && errors.As(call.Err, &r.Errno):
		r.Call = call.Syscall
	case errors.As(err, &r.Errno):
	case errors.As(err, &timeout) && timeout.Timeout():
		r.Call, r.Errno = "connect", unix.ETIMEDOUT
	default:
		r.Other = err.Error()
	}
	return r
}

// failure is the error that the reply tells of; nil: none.
func (r *reply) failure() error {
	switch {
	case r.Denied != "":
		return runtime.Errorf(runtime.KindDenied, "%s", r.Denied)
	case r.Errno != 0 && r.Call != "":
		return os.NewSyscallError(r.Call, r.Errno)
	case r.Errno != 0:
		return r.Errno
	case r.Other != "":
		return errors.New(r.Other)
	}
	return nil
}

// send writes a message, with the descriptor fd unless that is negative.
func send(conn *net.UnixConn, message any, fd int) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if fd < 0 {
		_, err = conn.Write(text)
		return err
	}
	_, _, err = conn.WriteMsgUnix(text, unix.UnixRights(fd), nil)
	return err
}
