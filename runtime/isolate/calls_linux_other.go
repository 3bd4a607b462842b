//go:build linux && !amd64 && !arm64

package isolate

// architecture is 0: the filter does not know the calls.
const architecture uint32 = 0

var refusedHere []uint32
