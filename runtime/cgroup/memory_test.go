package cgroup_test

import (
	"testing"
	"testing/fstest"

	"volley/runtime/cgroup"
)

func TestMemoryLimit(t *testing.T) {
	const none = "9223372036854771712\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no control groups": {nil, 0},
		"v2 in a container": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "268435456\n",
		}, 268435456},
		"v2 without a limit": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n",
		}, 0},
		"v2 on the host": {map[string]string{
			"proc/self/cgroup": "0::/user.slice/run.scope\n", "sys/fs/cgroup/user.slice/run.scope/memory.max": "1000\n", "sys/fs/cgroup/user.slice/memory.max": "max\n",
		}, 1000},
		"v2, the group above has less": {map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "2000\n", "sys/fs/cgroup/a/memory.max": "1000\n",
		}, 1000},
		"v1 in a container": {map[string]string{
			"proc/self/cgroup": "5:devices:/docker/abc\n4:memory:/docker/abc\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
		}, 536870912},
		"v1 with controllers together": {map[string]string{
			"proc/self/cgroup": "4:cpu,memory:/a\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "77\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": none,
		}, 77},
		"v1 without a limit": {map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": none,
		}, 0},
		"both, memory with v1": {map[string]string{
			"proc/self/cgroup": "4:memory:/x\n0::/y\n", "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "5\n", "sys/fs/cgroup/y/memory.max": "4\n",
		}, 5},
		"both, memory with v2": {map[string]string{
			"proc/self/cgroup": "9:pids:/x\n0::/y\n", "sys/fs/cgroup/y/memory.max": "4\n",
		}, 4},
		"a path that leads out": {map[string]string{
			"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/x/memory.max": "9\n",
		}, 9},
		"nonsense": {map[string]string{
			"proc/self/cgroup": "0\n:\n4:memory:/\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "-1\n", "sys/fs/cgroup/memory.max": "lots\n",
		}, 0},
	} {
		root := fstest.MapFS{}
		for path, text := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := cgroup.MemoryLimit(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
