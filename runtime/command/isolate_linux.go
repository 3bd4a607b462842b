package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"volley/runtime/isolate"
)

// What the child gets beside its three streams: when lifeFile ends, the parent
// has gone, and so does the child; over socketFile it asks for sockets.
const (
	lifeFile   = 3
	socketFile = 4
)

// The limits of the child. Go needs memory beside the heap that --max-memory
// speaks of, and reserves it in steps of 64 MiB.
const (
	goMemory     = 256 << 20
	filesPerSlot = 4
	spareFiles   = 256
)

// confineProcess puts the process under limits and behind walls, which it
// cannot lift, and gives env the one way through. The parent has seen to it
// that it gains no privileges. With --unsafe there are no walls: what is
// started then has to work.
func confineProcess(s *runSettings, env *environment) error {
	if err := endWithParent(); err != nil {
		return err
	}
	if err := limitProcess(s); err != nil || s.unsafe {
		return err
	}
	unix.CloseOnExec(socketFile)
	dialer, err := isolate.NewDialer(os.NewFile(socketFile, "sockets"), s.sockets())
	if err != nil {
		return usage("--isolate: %s", err.Error())
	}
	env.sockets = dialer
	switch err := isolate.Confine(s.walls()); {
	case errors.Is(err, isolate.ErrNoLandlock):
		fmt.Fprintf(env.Err, "warning: --isolate: %s; files are kept by volley's own rules only\n", err) //nolint:errcheck // there is nowhere to report that stderr is gone
	case err != nil:
		return usage("--isolate: %s", err.Error())
	}
	return nil
}

// limitProcess sets the limits.
func limitProcess(s *runSettings) error {
	memory := uint64(s.maxMemory)
	limits := map[int]uint64{
		unix.RLIMIT_CORE:   0,
		unix.RLIMIT_DATA:   memory + memory/2 + goMemory,
		unix.RLIMIT_NOFILE: uint64(spareFiles + filesPerSlot*s.size),
	}
	if !s.writesFiles() {
		limits[unix.RLIMIT_FSIZE] = 0
	}
	if s.limit > 0 {
		limits[unix.RLIMIT_CPU] = uint64((s.limit+lastResort).Seconds()+1) * uint64(runtime.NumCPU())
	}
	for what, most := range limits {
		if err := lower(what, most); err != nil {
			return usage("--isolate: setting resource limit %d: %s", what, err.Error())
		}
	}
	return nil
}

// lower sets a limit, unless it is lower already.
func lower(what int, most uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(what, &now); err != nil {
		return err
	}
	most = min(most, now.Max)
	return unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most})
}

// endWithParent lets the process live no longer than its parent.
func endWithParent() error {
	var stat unix.Stat_t
	if unix.Fstat(lifeFile, &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFIFO {
		return usage("%s is for run --isolate to start", isolatedName)
	}
	unix.CloseOnExec(lifeFile)
	life := os.NewFile(lifeFile, "life")
	go func() {
		_, _ = life.Read(make([]byte, 1)) // whatever it returns, the parent has gone
		os.Exit(exitScript)
	}()
	return nil
}

// isolated runs the same command line in a child and supervises it.
func isolated(s *runSettings, env *environment) error {
	lifeEnd, life, err := os.Pipe()
	if err != nil {
		return usage("--isolate: %s", err.Error())
	}
	defer life.Close() //nolint:errcheck // nothing is written to it
	files := []*os.File{lifeEnd}
	if !s.unsafe {
		theirs, ended, err := openSockets(s)
		if err != nil {
			return err
		}
		defer ended()
		files = append(files, theirs)
	}
	stdout, stderr := &keptError{Writer: env.Out}, &crashFilter{to: env.Err}
	child := &exec.Cmd{
		Path: "/proc/self/exe", Args: append([]string{env.program, isolatedName}, env.args...),
		// Not files, so that they become pipes.
		Stdout: stdout, Stderr: stderr,
		ExtraFiles:  files,
		Env:         s.environ(os.Environ()),
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	err = startConfined(child, env.In)
	for _, f := range files {
		_ = f.Close() // the child has it
	}
	if err != nil {
		return usage("--isolate: %s", err.Error())
	}
	go relay(signals, child.Process)
	err = child.Wait()
	_ = unix.Kill(-child.Process.Pid, unix.SIGKILL)              // what --unsafe let it start
	if stdout.err != nil && !errors.Is(stdout.err, unix.EPIPE) { // the child saw its pipe end, not why
		return &failure{code: exitOutput, message: "standard output: " + stdout.err.Error()}
	}
	return childEnded(err, stderr)
}

// keptError keeps the first error of writing.
type keptError struct {
	io.Writer
	err error
}

// Write implements io.Writer.
func (k *keptError) Write(p []byte) (int, error) {
	n, err := k.Writer.Write(p)
	if k.err == nil {
		k.err = err
	}
	return n, err
}

// startConfined starts the child from a thread that can gain no privileges,
// which it inherits. The thread ends with the goroutine, which never unlocks
// it.
func startConfined(child *exec.Cmd, in io.Reader) error {
	stdin, err := child.StdinPipe()
	if err != nil {
		return err
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			started <- err
			return
		}
		started <- child.Start()
	}()
	if err := <-started; err != nil {
		return err
	}
	go func() { // it may wait for input until the process ends
		_, _ = io.Copy(stdin, in)
		_ = stdin.Close()
	}()
	return nil
}

// relay passes signals on. The third means now, and is not asked for twice.
func relay(signals <-chan os.Signal, child *os.Process) {
	count := 0
	for sig := range signals {
		if count++; count > 2 {
			_ = unix.Kill(-child.Pid, unix.SIGKILL)
			os.Exit(exitInterrupted)
		}
		_ = child.Signal(sig) // it may have ended just now
	}
}

// childEnded turns the way the child ended into the way the command does.
func childEnded(err error, stderr *crashFilter) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		stderr.release()
		return nil
	case !errors.As(err, &exit):
		return &failure{code: exitOutput} // a stream broke, and its reader knows
	case exit.ExitCode() == goCrash && stderr.held.Len() > 0:
		return crashed(stderr)
	}
	stderr.release()
	status, _ := exit.Sys().(syscall.WaitStatus)
	switch {
	case !status.Signaled():
		return ended(exit.ExitCode())
	case status.Signal() == syscall.SIGXCPU:
		return &failure{code: exitDeadline, message: "script_deadline: the isolated process used up its processor time"}
	}
	return &failure{code: exitScript, message: fmt.Sprintf(
		"script_memory: the isolated process was ended by the signal %s, as the system does when its memory is full", status.Signal())}
}
