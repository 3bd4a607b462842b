// Package tree reads the YAML of a spec into Nodes that know where they were
// written, and gathers everything that is wrong with it as Problems.
//
// yaml.v3 only scans and parses: its nodes are walked here and never decoded
// into Go values, because a decoder resolves scalars (1.10 becomes 1.1, dates
// become times), says nothing of columns, and can be made to spend seconds and
// gigabytes on a hundred kilobytes of text. The walk resolves aliases and merge
// keys within bounds, finds duplicate names, and keeps every scalar as it was
// written. What YAML makes of a template or an operator without quotes is
// explained in a hint instead of YAML's own words.
//
// Merge lays one Node over another: included files, profiles, defaults and
// extends all are Merges.
package tree
