// Package shape describes what a spec may hold, once: Check tells what is
// wrong with a node in the user's words, all of it at once, and Schema writes
// the same description as a JSON Schema for editors.
//
// A null stands for a member that is not there, so that a profile can take
// away what the file says. Members that begin with x- are nobody's, wherever
// names are known; where names are the user's own (headers, vars, a JSON
// body) they are members like any other.
package shape
