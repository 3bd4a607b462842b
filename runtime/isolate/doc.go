// Package isolate walls a process in: what it may not do the kernel refuses,
// whatever code runs in it. It is the mechanism of volley run --isolate and
// works on Linux.
//
// # Sockets
//
// A confined process opens none. It asks the process that started it, over a
// socket pair, which its Broker answers: that one judges the address under the
// same policy, connects, and hands the descriptor over (unix(7), SCM_RIGHTS).
// Reads and writes are the confined process's own, so that nothing of an open
// connection costs more than without walls. What the system said to a connect
// goes back as its error number, so that an error is the same either way.
//
// A message is one JSON object in one packet, answered by one that may carry
// one descriptor, in any order:
//
//	{"id":7,"op":"dial","network":"tcp","address":"192.0.2.1:443"}
//	{"id":7}                                         and the socket
//	{"id":7,"call":"connect","errno":111}
//	{"id":7,"denied":"connecting to … is denied: …"}
//	{"id":7,"op":"cancel"}                           is not answered by itself
//
// # Calls
//
// A seccomp filter refuses, with EPERM, to make, bind or connect sockets, to
// send to an address, to start or trace processes, to signal others, and what
// administers a machine. It leaves what a Go program does with what it has.
//
// # Files
//
// A Landlock ruleset leaves the files and folders that are named, for reading
// or for writing, and what the program itself reads of the system: name
// resolution, certificates, time zones.
//
// The walls count for all threads and cannot be taken down. They are no more
// than the kernel's word: what they leave open are the files that were named,
// the hosts that the policy allows, processor time and memory, for which there
// are resource limits.
package isolate
