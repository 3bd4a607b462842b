// Package faults holds the table of what networks and servers do wrong, and a
// test of each row: what volley makes of it, through the whole stack from the
// Engine down to the socket.
//
// A case is a server that misbehaves in one way and what must come of it: the
// kind, the phase, how many attempts and hits, how long, how much memory.
// Whatever the fault, the harness then asks the same client for something
// else, which must be answered with its own answer, and counts goroutines and
// sockets, which must be back where they were. The package has no code of its
// own, only tests.
package faults
