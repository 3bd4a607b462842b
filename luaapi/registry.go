package luaapi

import (
	lua "github.com/yuin/gopher-lua"
)

// A Param is one argument of a Function.
type Param struct {
	Name string // "..." takes the rest
	Type string // in LuaLS's notation; "?" at the end: may be left out
	Doc  string
}

// A Function is a function of a Module or a method of a Class.
type Function struct {
	Name    string
	Params  []Param
	Returns string // LuaLS types, comma separated; "" for none
	Doc     string // sentences for the reference
	Example string // Lua that the tests run; `volley` and `base` are given
	call    func(c call) int
}

// A Field is an attribute of a Class.
type Field struct {
	Name string
	Type string
	Doc  string
	get  func(s *Script, L *lua.LState, ud *lua.LUserData) lua.LValue
	set  func(c call, ud *lua.LUserData, v lua.LValue) // nil: read only
}

// A Class is a kind of object: a userdata type.
type Class struct {
	Name    string // "Response"; "volley.Response" to editors
	Doc     string
	Fields  []Field
	Methods []Function

	// lookup answers names that are neither field nor method; ok false means
	// unknown. nil: every such name raises.
	lookup func(s *Script, L *lua.LState, ud *lua.LUserData, key string) (v lua.LValue, ok bool)
	// assign takes writes to names that are no field. nil: they raise.
	assign func(c call, ud *lua.LUserData, key string, v lua.LValue) bool
	// unknown adds a hint to the error for one name, "" for none.
	unknown func(key string) string
	// pairs yields the entries of pairs(object); nil: its fields.
	pairs    func(s *Script, L *lua.LState, ud *lua.LUserData) []entry
	tostring func(s *Script, ud *lua.LUserData) string
	call     func(c call) int // the object called like a function
	equal    func(a, b *lua.LUserData) bool
	length   func(ud *lua.LUserData) int
}

type entry struct {
	key   lua.LValue
	value lua.LValue
}

// A Module is a table of functions: volley itself, volley.json, …
type Module struct {
	Name      string // "volley", "volley.json"
	Doc       string
	Functions []Function
	Values    []Value
}

// A Value is an entry of a Module that is no function.
type Value struct {
	Name string
	Type string
	Doc  string
	make func(s *Script) lua.LValue
}

// An Option is a key of an options table.
type Option struct {
	Name string
	Type string
	Doc  string
}

// Options describe one options table, for the reference and the editors.
type Options struct {
	Name string // "RequestOptions"
	Doc  string
	List []Option
}

// Registry is every name of the Lua API.
type Registry struct {
	Modules []Module
	Classes []Class
	Options []Options
}

// NewRegistry returns the whole API.
func NewRegistry() *Registry {
	return &Registry{
		Modules: []Module{
			volleyModule(), authModule(), jsonModule(), urlModule(), base64Module(), hashModule(), reModule(),
			csvModule(), jsonlModule(), logModule(), timeModule(), sharedModule(),
		},
		Classes: []Class{
			requestClass(), responseClass(), headersClass(), errorClass(), sessionClass(), jarClass(),
			imapClass(), selectionClass(), authClass(), taskClass(), poolClass(), queueClass(), fileClass(), mappingClass(),
		},
		Options: []Options{
			optionsDoc("RequestOptions", "What a request may say; all of it is optional.", requestOptions()),
			optionsDoc("BatchOptions", "Options of map, imap and imap_enumerated.", batchOptions()),
			optionsDoc("SessionOptions", "Options of volley.session; each is also a field of the Session.", sessionOptions()),
			optionsDoc("ResponseOptions", "Options of volley.response.", responseOptions()),
			optionsDoc("RetryOptions", "The long form of retry.", retryOptions()),
			optionsDoc("SigV4Options", "Options of volley.auth.aws_sigv4.", sigv4Options()),
			optionsDoc("OAuth2Options", "Options of volley.auth.oauth2.", oauth2Options()),
		},
	}
}

// optioner is a table of options with the code that reads them into a T.
type option[T any] struct {
	Option
	set func(c call, into *T, v lua.LValue) error
}

func optionsDoc[T any](name, doc string, list []option[T]) Options {
	out := Options{Name: name, Doc: doc}
	for _, o := range list {
		out.List = append(out.List, o.Option)
	}
	return out
}
