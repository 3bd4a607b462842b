// Package run turns a checked spec into requests on an Engine and their
// answers into Results.
//
// The entries of a spec are steps. Steps that need each other row by row, or
// share a data source, form a group, whose source is read once: each row
// becomes an instance, and each instance yields units, one for every request
// that is to be sent.
//
//	group ─► instance (row) ─► spawner (matrix × repeat) ─► unit ─► Request
//	                              ▲                           │
//	                              └── units that need it ◄── Result
//
// A phase pumps units through one Batch: setup, the requests, what was put off
// with defer, and teardown, one after the other. Its Source takes what is
// ready, else it opens the next row, so no more rows are alive than requests
// are in flight. A unit that is not sent is a Result too: skipped, with the
// reason.
//
// Everything but a streamed body is done on the consumer's goroutine:
// rendering when a slot is free, expectations and captures when the answer is
// taken. Nothing here needs a lock.
package run
