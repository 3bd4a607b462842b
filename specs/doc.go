// Package specs turns YAML request specs into Sources for the same engine
// that scripts use. It never imports luaapi: expressions and hooks come in as
// interfaces.
//
// Load is the way in. It parses a file (package tree), puts what it includes
// below it and the profile above it, checks the whole against one table of
// shapes (package shape, which also writes the JSON Schema), lays each request
// over what it extends and over the defaults, compiles every template (package
// template), data source (package data), expectation and capture (package
// expect), and then checks every name that anything refers to: sessions,
// sources, needs, captures, vars, environment variables, functions. All that
// is wrong is told at once, each with its place. What comes out, a Spec, holds
// no surprises for package run, which sends it.
//
// Lists replace one another when files are merged, but for setup, requests and
// teardown of what is included: those come before the file's own.
package specs
