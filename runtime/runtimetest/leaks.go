package runtimetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// settling is how long sockets and goroutines that are on their way out have.
const settling = 3 * time.Second

// Leaks makes the test fail if, at its end, it has more goroutines or open
// sockets than when Leaks was called. Call it first, so that it is checked
// last, and not in parallel tests: it counts those of the whole process.
// Sockets are counted where the system shows them (/proc).
func Leaks(t testing.TB) {
	t.Helper()
	ignored := goleak.IgnoreCurrent()
	before := sockets()
	t.Cleanup(func() {
		deadline := time.Now().Add(settling)
		left := newSockets(before)
		for len(left) > 0 && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
			left = newSockets(before)
		}
		if len(left) > 0 {
			t.Errorf("%d sockets are still open: %v", len(left), left)
		}
		goleak.VerifyNone(t, ignored)
	})
}

// sockets returns the open sockets of this process by inode.
func sockets() map[string]bool {
	out := map[string]bool{}
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		return out
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:") {
			out[to] = true
		}
	}
	return out
}

func newSockets(before map[string]bool) []string {
	var out []string
	for s := range sockets() {
		if !before[s] {
			out = append(out, s)
		}
	}
	return out
}
