// Package data reads the rows that requests are made from.
//
// Compile turns one entry of a spec's data: into a Source, which is checked
// and immutable. Open starts reading it: Rows hands out one row at a time,
// each exactly once and in the order of the source, so that a file of any
// length takes the memory of a row. What is kept in memory is bounded and an
// error beyond: the names of a glob, the rows of a shuffle or of a sample of
// so many rows, and JSON documents whose path is more than a chain of names.
//
// A row passes where, sample, shuffle, skip and limit, in this order: with
// shuffle, limit takes that many rows at random. Index stays the number that
// the row has in its source.
//
// What is wrong in a file is an error of kind io that begins with the place,
// "users.csv:17: …". A file that is shortened or written to while it is read
// is an error too, as far as its size and time tell, and never a short end.
package data
