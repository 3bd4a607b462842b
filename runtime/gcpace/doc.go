// Package gcpace decides how much garbage a run may pile up before it is
// collected.
//
// A fixed GOGC is wrong for one run or the other. With a few dozen requests in
// flight a few MiB are live, and at Go's own 100 the collector runs every
// thousand requests; at 400 it costs next to nothing. With thousands in flight
// 30 MiB are live, and 400 would let garbage take four times that. So garbage
// may take a fixed room, within bounds.
package gcpace
