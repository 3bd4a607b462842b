// Package template reads the ${{ }} in the scalars of a spec and renders them.
//
// A Compiler makes a Value of a Node once; rendering it for each row then
// copies what is static and evaluates what is not. A path of names and literal
// indexes, such as row.id or res.json.items[1], is walked here in Go; any other
// expression goes to Lua, which comes in as an interface. Templates are values,
// never text pasted into YAML: a scalar that is exactly one ${{ }} keeps the
// type of its expression, and around other text only what has a text can stand.
package template
