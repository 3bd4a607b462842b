package cgroup

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Where the two versions are mounted, and what their files are called. The
// first version nests its controllers, the second has one tree; on a system
// with both memory belongs to the first.
const (
	membership = "proc/self/cgroup"
	mountV1    = "sys/fs/cgroup/memory"
	mountV2    = "sys/fs/cgroup"
	limitV1    = "memory.limit_in_bytes"
	limitV2    = "memory.max"
)

// unlimited is what no machine has: the first version writes a number near
// 2^63 for no limit.
const unlimited = 1 << 60

// MemoryLimit returns the limit in bytes of the process's control group and
// those above it; 0 means that there is none. The root is that of the file
// system, os.DirFS("/").
func MemoryLimit(root fs.FS) int64 {
	text, err := fs.ReadFile(root, membership)
	if err != nil {
		return 0
	}
	v1, v2 := groups(string(text))
	if v1 != "" {
		if limit := lowest(root, mountV1, v1, limitV1); limit > 0 {
			return limit
		}
	}
	if v2 != "" {
		return lowest(root, mountV2, v2, limitV2)
	}
	return 0
}

// groups returns the paths of the process's groups, "" where it has none:
// lines of number, controllers and path (cgroups(7)).
func groups(text string) (v1, v2 string) {
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[0] == "0" && parts[1] == "":
			v2 = parts[2]
		case hasController(parts[1], "memory"):
			v1 = parts[2]
		}
	}
	return v1, v2
}

func hasController(list, name string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == name {
			return true
		}
	}
	return false
}

// lowest is the lowest limit from group up to the mount. Within a container
// the path may be that of the host, which is not there: the mount itself is
// the group then.
func lowest(root fs.FS, mount, group, file string) int64 {
	limit := int64(0)
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		if n := read(root, path.Join(mount, at, file)); n > 0 && (limit == 0 || n < limit) {
			limit = n
		}
		if at == "/" {
			return limit
		}
	}
}

// read returns the number in a file, 0 for "max" and what else is no limit.
func read(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n >= unlimited {
		return 0
	}
	return n
}
