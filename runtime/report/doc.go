// Package report tells a person at a terminal how a run goes and how it went.
//
// A Tally takes every Result the consumer sees, in fixed memory, and is the
// one source of numbers: its Snapshot feeds the Progress line while the run
// lasts, its Summary is written at the end. The account always closes:
// done = ok + failed + skipped.
//
// Checks counts what scripts check and measure, and at the end it judges the
// run by the thresholds they set.
//
// JUnit is the same account for a build server: a runtime.Sink that writes a
// test case for each request.
//
// Progress shares one lock with the writers it hands out for stdout and
// stderr, so that what a script prints never lands in the middle of its line.
// Off a terminal there are no control codes, and a plain line at intervals
// stands in for the live one.
//
// Whatever came from the network passes Escape on its way here, so that no
// server can write to the terminal; URLs are masked.
package report
