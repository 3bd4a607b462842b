package isolate

import "golang.org/x/sys/unix"

// architecture is the one whose calls the filter knows.
const architecture = unix.AUDIT_ARCH_AARCH64

// refusedHere are calls that not all architectures have.
var refusedHere = []uint32{unix.SYS_KEXEC_FILE_LOAD}
