// Package command is the command line: one file per command turns flags into
// a configuration, runs it, and says how it ended.
//
// Main hands over the arguments and streams and exits with the code that
// comes back. Commands that send share a session: client, engine, limits, the
// account and the outputs, and the way all of it is stopped. What a session
// does is its job: scripts, one after the other, or the requests of a command
// line. The package wires everything together and is imported by main
// only; it alone below runtime may import luaapi and specs.
package command
