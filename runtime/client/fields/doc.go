// Package fields reads requests and sessions that are written as JSON: the
// options of the Lua API that need no script, under the same names. A line of
// `volley send -` is such a text, and a spec's fields become it once they are
// rendered.
//
//	base := fields.New(&runtime.Request{}, fields.Options{})
//	err := base.Set("headers", jsontext.Value(`{"X-A": 1}`))   // what all have
//	one := base.Clone()
//	err = one.Set("url", jsontext.Value(`"https://a.test/7"`)) // what one has
//	req := one.Request()
//
// A Draft gathers fields and makes a Request of them; Settings fills the
// settings of a session. Values keep their text on the way: 1.10 as a header
// is sent as 1.10, and a number in a JSON body as it was written. Times are
// seconds or durations such as "500ms", sizes bytes or such as "10MB".
//
// Errors say what a field must be and what it is; an unknown name comes with
// the one that was probably meant.
package fields
