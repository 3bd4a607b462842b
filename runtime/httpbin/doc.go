// Package httpbin runs go-httpbin inside volley: a server on loopback to try
// requests on, for `volley httpbin`, volley.httpbin() in scripts, and tests.
//
// A Server is ready when Start returns: its socket listens, so there is
// nothing to wait for. Close lets answers in flight end for a moment, then
// cuts what is left, and returns when none of its goroutines serves any more.
// The server logs nothing, and its own limits keep a slip in a demo script
// (a huge upload, an endless delay) from taking the machine.
package httpbin
