//go:build !unix

package transport

// peek cannot look at a socket here, so no idle connection counts as good.
func peek(uintptr) int { return 0 }

// rawReads says that readNow does not work here.
const rawReads = false

func readNow(uintptr, []byte) (int, error) { return -1, nil }

func writeNow(uintptr, []byte) int { return 0 }

// openFilesLimit is a bound for systems that state none.
func openFilesLimit() int { return 16 << 10 }
