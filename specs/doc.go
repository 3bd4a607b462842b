// Package specs turns YAML request specs into Sources for the same engine
// that scripts use. It never imports luaapi: expressions and hooks come in as
// interfaces.
package specs
