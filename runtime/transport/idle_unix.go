//go:build unix

package transport

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// peek looks at a socket without taking anything from it or waiting. A read
// under a past deadline would not do: it returns before it looks.
func peek(fd uintptr) int {
	var b [1]byte
	for {
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == nil:
			return n
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EWOULDBLOCK):
			return -1
		default:
			return 0
		}
	}
}

// rawReads says that readNow works.
const rawReads = true

// readNow reads without waiting: -1 when nothing is there.
func readNow(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		switch {
		case err == nil && n == 0:
			return 0, io.EOF
		case err == nil:
			return n, nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return -1, nil
		default:
			return 0, os.NewSyscallError("read", err)
		}
	}
}

// writeNow writes what can be written without waiting. Whatever went wrong is
// left for an ordinary write to meet again.
func writeNow(fd uintptr, p []byte) int {
	for {
		n, err := syscall.Write(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0)
		}
	}
}

// openFilesLimit returns the soft RLIMIT_NOFILE, which the Go runtime raised
// to the hard one at start.
func openFilesLimit() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 1024
	}
	return int(min(uint64(r.Cur), 1<<20))
}
