package isolate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"volley/runtime/isolate"
)

// confinedVariable names the folder in which a confined process tries what it
// may not: below it open/ can be read, written/ written to, closed/ neither.
const confinedVariable = "VOLLEY_TEST_CONFINED"

// brokerFile is its end of the socket pair.
const brokerFile = 3

// confinedMain puts the walls up and prints "name: outcome" for each try.
func confinedMain(out io.Writer) int {
	dir := os.Getenv(confinedVariable)
	dialer, err := isolate.NewDialer(os.NewFile(brokerFile, "sockets"), 4)
	if err == nil {
		err = isolate.Confine(isolate.Walls{
			Read:  []string{filepath.Join(dir, "open"), filepath.Join(dir, "gone"), filepath.Join(dir, "closed", "granted")},
			Write: []string{filepath.Join(dir, "written")},
		})
	}
	if err != nil && !errors.Is(err, isolate.ErrNoLandlock) {
		_, _ = fmt.Fprintln(out, "confine:", err)
		return 1
	}
	for _, try := range tries(dir, dialer) {
		if _, err := fmt.Fprintln(out, try.name+":", outcome(try.call())); err != nil {
			return 1
		}
	}
	return 0
}

func outcome(err error) string {
	var errno unix.Errno
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

type try struct {
	name string
	call func() error
}

func tries(dir string, dialer *isolate.Dialer) []try {
	raw := func(number uintptr, args ...uintptr) func() error {
		return func() error {
			var a [6]uintptr
			copy(a[:], args)
			_, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
			if errno != 0 {
				return errno
			}
			return nil
		}
	}
	out := []try{
		{"socket tcp", raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)},
		{"socket unix", raw(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0)},
		{"socket netlink", raw(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, 0)},
		{"connect", raw(unix.SYS_CONNECT, 0, 0, 0)},
		{"bind", raw(unix.SYS_BIND, 0, 0, 0)},
		{"listen", raw(unix.SYS_LISTEN, 0, 0)},
		{"sendmsg", raw(unix.SYS_SENDMSG, 0, 0, 0)},
		{"fork", raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD))},
		{"clone3", raw(unix.SYS_CLONE3, 0, 0)},
		{"ptrace", raw(unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0, 0)},
		{"process_vm_readv", raw(unix.SYS_PROCESS_VM_READV, uintptr(os.Getppid()))},
		{"kill the parent", raw(unix.SYS_KILL, uintptr(os.Getppid()), 0)},
		{"kill itself", raw(unix.SYS_KILL, uintptr(os.Getpid()), 0)},
		{"limit the parent", raw(unix.SYS_PRLIMIT64, uintptr(os.Getppid()), unix.RLIMIT_CPU, 0, 0)},
		{"unshare", raw(unix.SYS_UNSHARE, unix.CLONE_NEWUSER)},
		{"mount", raw(unix.SYS_MOUNT)},
		{"chroot", raw(unix.SYS_CHROOT)},
		{"bpf", raw(unix.SYS_BPF)},
		{"perf_event_open", raw(unix.SYS_PERF_EVENT_OPEN)},
		{"io_uring_setup", raw(unix.SYS_IO_URING_SETUP, 1, 0)},
		{"keyctl", raw(unix.SYS_KEYCTL)},
		{"init_module", raw(unix.SYS_INIT_MODULE)},
		{"kexec_load", raw(unix.SYS_KEXEC_LOAD)},
		{"push into a terminal", raw(unix.SYS_IOCTL, 0, unix.TIOCSTI, 0)},
		{"a call of the future", raw(100_000)},
	}
	return append(append(out, socketTries(dialer)...), fileTries(dir)...)
}

func socketTries(dialer *isolate.Dialer) []try {
	ctx := context.Background()
	return []try{
		{"net.Dial", func() error { _, err := net.Dial("tcp", "127.0.0.1:1"); return err }},
		{"exec", func() error { return unix.Exec("/bin/true", []string{"true"}, nil) }},
		{"start a process", func() error { return exec.CommandContext(ctx, "/bin/true").Run() }},
		{"sockets handed over", func() error { return talk(ctx, dialer) }},
		{"sendto past the peer", func() error { return sendPast(ctx, dialer) }},
		{"a second listener", func() error { _, err := dialer.Listen(ctx, "127.0.0.1:0"); return err }},
	}
}

// talk accepts on one socket handed over and connects another to it.
func talk(ctx context.Context, dialer *isolate.Dialer) error {
	l, err := dialer.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	client, err := dialer.DialContext(ctx, "tcp", l.Addr().String(), nil)
	if err != nil {
		return err
	}
	server, err := l.Accept()
	if err != nil {
		return err
	}
	if _, err := client.Write([]byte("hello")); err != nil {
		return err
	}
	text := make([]byte, 5)
	if _, err := server.Read(text); err != nil || string(text) != "hello" {
		return fmt.Errorf("read %q, %w", text, err)
	}
	return nil
}

// sendPast tries to send from a connected UDP socket to another address.
func sendPast(ctx context.Context, dialer *isolate.Dialer) error {
	conn, err := dialer.DialContext(ctx, "udp", "127.0.0.1:9", nil)
	if err != nil {
		return err
	}
	raw, err := conn.(*net.UDPConn).SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Control(func(fd uintptr) {
		sent = unix.Sendto(int(fd), []byte("x"), 0, &unix.SockaddrInet4{Port: 10, Addr: [4]byte{127, 0, 0, 1}})
	})
	return errors.Join(err, sent)
}

func fileTries(dir string) []try {
	file := func(name string, flags int) func() error {
		return func() error {
			f, err := os.OpenFile(filepath.Join(dir, name), flags, 0o600)
			if err == nil {
				err = f.Close()
			}
			return err
		}
	}
	return []try{
		{"read open", file("open/file", os.O_RDONLY)},
		{"write open", file("open/file", os.O_WRONLY)},
		{"make in open", file("open/new", os.O_WRONLY|os.O_CREATE)},
		{"make in written", file("written/new", os.O_RDWR|os.O_CREATE)},
		{"rename in written", func() error {
			return os.Rename(filepath.Join(dir, "written/new"), filepath.Join(dir, "written/newer"))
		}},
		{"read closed", file("closed/file", os.O_RDONLY)},
		{"read a granted file", file("closed/granted", os.O_RDONLY)},
		{"read through a link", file("written/link", os.O_RDONLY)},
		{"remove closed", func() error { return os.Remove(filepath.Join(dir, "closed/file")) }},
		{"empty closed", func() error { return unix.Truncate(filepath.Join(dir, "closed/file"), 0) }},
		{"change mode", func() error { return os.Chmod(filepath.Join(dir, "closed/file"), 0o777) }},
		{"read the password file", func() error { _, err := os.ReadFile("/etc/passwd"); return err }},
		{"read the parent's environment", func() error { _, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid())); return err }},
		{"read name servers", func() error {
			if _, err := os.ReadFile("/etc/resolv.conf"); !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return nil // there are none here
		}},
		{"discard", func() error { return os.WriteFile(os.DevNull, []byte("x"), 0) }},
	}
}

// outcomes is what a confined process must find.
var outcomes = map[string]string{
	"clone3": "ENOSYS", "a call of the future": "ENOSYS", "kill itself": "done", "sockets handed over": "done",
	"a second listener": `listen tcp 127.0.0.1:0: denied: listening on "127.0.0.1:0" is denied: an isolated process may listen once, on loopback`,
	"read open":         "done", "write open": "EACCES", "make in open": "EACCES", "make in written": "done", "rename in written": "done",
	"read closed": "EACCES", "read a granted file": "done", "read through a link": "EACCES", "remove closed": "EACCES",
	"read the password file": "EACCES", "read the parent's environment": "EACCES", "read name servers": "done", "discard": "done",
}

func TestWalls(t *testing.T) {
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1)
	landlock := errno == 0 // else only calls are walled off
	dir := t.TempDir()
	for _, name := range []string{"open/file", "written/old", "closed/file", "closed/granted"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../closed/file", filepath.Join(dir, "written/link")); err != nil {
		t.Fatal(err)
	}
	out := confined(t, dir, isolate.Rules{Dial: func(string, string) error { return nil }, Listening: func(string) {}})
	count := 0
	for line := range strings.Lines(out) {
		name, got, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		want := outcomes[name]
		if want == "" {
			want = "EPERM"
		}
		if got != want && (landlock || want != "EACCES") {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		count++
	}
	if want := len(tries("", nil)); count != want {
		t.Errorf("%d outcomes of %d:\n%s", count, want, out)
	}
}

// confined runs this test binary as a confined process.
func confined(t *testing.T, dir string, rules isolate.Rules) string {
	t.Helper()
	broker, theirs, err := isolate.NewBroker(rules, 4)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		broker.Serve()
	}()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), confinedVariable+"="+dir)
	c.ExtraFiles = []*os.File{theirs}
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	_ = theirs.Close()
	<-ended
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs.String())
	}
	return string(out)
}
