package isolate

import (
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Offsets into what a filter sees of a call, struct seccomp_data: its number,
// the architecture, and 64 bits of each argument, the lower half first.
const (
	atNumber       = 0
	atArchitecture = 4
	atArguments    = 16
	perArgument    = 8
)

// What a filter answers (seccomp(2)).
const (
	allow   = unix.SECCOMP_RET_ALLOW
	refuse  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// fioSetOwn is FIOSETOWN, which makes a socket signal a process (socket(7)).
const fioSetOwn = 0x8901

// confineCalls puts the filter over every thread. The process must have given
// up gaining privileges, or have them all.
func confineCalls() error {
	if architecture == 0 {
		return errors.New("it is not known which calls there are on " + runtime.GOARCH)
	}
	program, err := bpf.Assemble(filter(uint32(os.Getpid())))
	if err != nil {
		return err
	}
	raw := make([]unix.SockFilter, len(program))
	for i, p := range program {
		raw[i] = unix.SockFilter{Code: p.Op, Jt: p.Jt, Jf: p.Jf, K: p.K}
	}
	runtime.LockOSThread() // of which the others take the filter over
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	prog := unix.SockFprog{Len: uint16(len(raw)), Filter: &raw[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP,
		unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	switch {
	case errno != 0:
		return os.NewSyscallError("seccomp", errno)
	case thread != 0:
		return errors.New("a thread has a filter of its own")
	}
	return nil
}

// filter is the program that judges each call of the process pid.
func filter(pid uint32) []bpf.Instruction {
	out := []bpf.Instruction{
		bpf.LoadAbsolute{Off: atArchitecture, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: architecture, SkipTrue: 1},
		bpf.RetConstant{Val: refuse},
		bpf.LoadAbsolute{Off: atNumber, Size: 4},
		// What came later may be another way to do what is refused below.
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: newestCall, SkipFalse: 1},
		bpf.RetConstant{Val: unknown},
	}
	for _, number := range append(refused[:len(refused):len(refused)], refusedHere...) {
		out = append(out, when(number, bpf.RetConstant{Val: refuse})...)
	}
	// Its flags are in memory, where a filter does not look; what is told that
	// it is not there uses clone.
	out = append(out, when(unix.SYS_CLONE3, bpf.RetConstant{Val: unknown})...)
	out = append(out, when(unix.SYS_CLONE, unlessBits(0, unix.CLONE_THREAD)...)...)
	out = append(out, when(unix.SYS_SENDTO, unlessZero(4)...)...) // an address
	out = append(out, when(unix.SYS_KILL, onlyValues(0, pid)...)...)
	out = append(out, when(unix.SYS_TGKILL, onlyValues(0, pid)...)...)
	out = append(out, when(unix.SYS_PRLIMIT64, onlyValues(0, 0, pid)...)...)
	out = append(out, when(unix.SYS_FCNTL, noValues(1, unix.F_SETOWN, unix.F_SETOWN_EX)...)...)
	out = append(out, when(unix.SYS_IOCTL, noValues(1, unix.TIOCSTI, unix.TIOCLINUX, fioSetOwn, unix.SIOCSPGRP)...)...)
	return append(out, bpf.RetConstant{Val: allow})
}

// when runs body, which answers, for the call of that number.
func when(number uint32, body ...bpf.Instruction) []bpf.Instruction {
	return append([]bpf.Instruction{
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: number, SkipFalse: uint8(len(body))},
	}, body...)
}

// lower loads the lower half of an argument.
func lower(argument uint32) bpf.Instruction {
	return bpf.LoadAbsolute{Off: atArguments + perArgument*argument, Size: 4}
}

// unlessBits refuses an argument without any of the bits.
func unlessBits(argument, bits uint32) []bpf.Instruction {
	return []bpf.Instruction{
		lower(argument),
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: bits, SkipTrue: 1},
		bpf.RetConstant{Val: refuse},
		bpf.RetConstant{Val: allow},
	}
}

// unlessZero refuses an argument, of 64 bits, that is not 0.
func unlessZero(argument uint32) []bpf.Instruction {
	return []bpf.Instruction{
		lower(argument),
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipFalse: 3},
		bpf.LoadAbsolute{Off: atArguments + perArgument*argument + perArgument/2, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipFalse: 1},
		bpf.RetConstant{Val: allow},
		bpf.RetConstant{Val: refuse},
	}
}

// onlyValues allows an argument of 32 bits only these.
func onlyValues(argument uint32, values ...uint32) []bpf.Instruction {
	return oneOf(argument, values, allow, refuse)
}

// noValues allows an argument of 32 bits anything but these.
func noValues(argument uint32, values ...uint32) []bpf.Instruction {
	return oneOf(argument, values, refuse, allow)
}

// oneOf answers whether an argument is one of the values.
func oneOf(argument uint32, values []uint32, yes, no uint32) []bpf.Instruction {
	out := []bpf.Instruction{lower(argument)}
	for _, v := range values {
		out = append(out, when(v, bpf.RetConstant{Val: yes})...)
	}
	return append(out, bpf.RetConstant{Val: no})
}
