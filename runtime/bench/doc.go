// Command bench measures volley beside other clients on this machine: the
// same requests to the same server, in turns, each client in a process of its
// own whose CPU time and memory the kernel counts.
//
//	go run ./runtime/bench            the comparison, as a table
//	go run ./runtime/bench -n 100000 -rounds 5
//
// Throughput depends on the machine; what carries over are the ratios of one
// run. Everything talks to loopback.
package main
