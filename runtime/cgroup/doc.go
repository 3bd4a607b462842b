// Package cgroup reads how much memory the container that a process runs in
// may use, so that Go's collector works harder before the kernel ends the
// process. It knows both versions of Linux's control groups, and a group's
// limit is the lowest of its own and those above it. Where there are no
// control groups there is no limit.
package cgroup
