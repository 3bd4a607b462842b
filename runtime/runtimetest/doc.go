// Package runtimetest is what tests of volley talk to: servers that do to a
// connection exactly what a test says, byte for byte (Script) or frame for
// frame (Frames), a NameServer, an address that swallows connections
// (Blackhole), certificates good and bad (Certificates), a SOCKS proxy, and a
// check that nothing is left open (Leaks). Only _test files import it. Everything listens on 127.0.0.1 and
// ends with its test.
package runtimetest
