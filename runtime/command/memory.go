package command

import (
	"bytes"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"volley/runtime/client/fields"
)

const (
	// leastMemory leaves room for volley itself, which needs about 10 MiB.
	leastMemory = 32 << 20
	// defaultMemory is the limit of a run that is told nothing, on a machine
	// that has more.
	defaultMemory = 4 << 30
)

// readMemory reads --max-memory. Without it a script is stopped before the
// machine is full; 0 is no limit.
func readMemory(text string) (int64, error) {
	switch text {
	case "":
		return min(defaultMemory, machineMemory()/10*8), nil
	case "0":
		return 0, nil
	}
	n, err := fields.Size(text)
	switch {
	case err != nil:
		return 0, usage("--max-memory: %s", err.Error())
	case n < leastMemory:
		return 0, usage("--max-memory must be at least 32MiB, or 0 for no limit, got %s", text)
	}
	return n, nil
}

// collectWithin makes the collector keep what is dead within the limit too,
// whatever GOGC allows it otherwise. GOMEMLIMIT in the environment overrides it.
func collectWithin(limit int64) {
	if limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}

// machineMemory is the smaller of the memory of the machine and what its
// control group may have, as far as the system tells.
func machineMemory() int64 {
	least := int64(math.MaxInt64)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		first, _, _ := bytes.Cut(text, []byte("\n"))
		words := strings.Fields(string(first)) // MemTotal: 16384000 kB
		if len(words) == 3 && words[0] == "MemTotal:" && words[2] == "kB" {
			if n, err := strconv.ParseInt(words[1], 10, 64); err == nil {
				least = n << 10
			}
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			least = min(least, n) // "max" is no number
		}
	}
	return least
}
