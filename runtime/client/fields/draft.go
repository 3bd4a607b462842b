package fields

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/spell"
)

// Options say what fields may reach. The zero value may read every file and
// has no way to fetch tokens for requests without a session.
type Options struct {
	// Dir is where relative paths start. "": the working directory.
	Dir string
	// OpenFile opens the files that requests send and sessions read.
	// nil: os.Open.
	OpenFile func(path string) (*os.File, error)
	// Readable is asked for the paths that connections read: CA files and
	// client certificates. nil: all are.
	Readable func(path string) error
	// Socket is asked for the Unix sockets that sessions connect to.
	// nil: all are allowed.
	Socket func(path string) error
	// Executor sends the token requests of oauth2 for requests that have no
	// session, such as a client.Client.
	Executor runtime.Executor
}

// Draft is a request while its fields are read.
type Draft struct {
	shared  *shared
	req     runtime.Request
	options runtime.Options

	data  runtime.Body
	form  []runtime.Field // data as names and values
	json  runtime.Body
	files []client.Part
}

// shared is what a Draft and its Clones have in common.
type shared struct {
	Options
	mu    sync.Mutex
	auths map[string]runtime.Auth // by their text: those that keep tokens and nonces
}

// New returns a Draft that begins with base, which may be nil. Neither base
// nor anything it holds is ever changed.
func New(base *runtime.Request, o Options) *Draft {
	d := &Draft{shared: &shared{Options: o}}
	if base != nil {
		d.req = *base
		if base.Options != nil {
			d.options = *base.Options
		}
	}
	return d
}

// Clone returns a Draft that goes on from here by itself: to Set one of the
// two leaves the other as it is. Credentials of the same text are shared, so
// that a token is fetched once.
func (d *Draft) Clone() *Draft {
	c := *d
	return &c
}

// Names returns the names that Set knows, sorted.
func Names() []string { return slices.Sorted(maps.Keys(requestFields)) }

// Set reads one field. It replaces what the field held before; headers are
// laid over those that the Draft has. v is not kept. The error is about the
// value; what Options refuse keeps its kind.
func (d *Draft) Set(name string, v jsontext.Value) error {
	set := requestFields[name]
	if set == nil {
		return unknown(name, Names())
	}
	return inside(name, set(d, v))
}

// Read sets the fields of a JSON object, in order, until one is wrong.
func (d *Draft) Read(object jsontext.Value) error { return members(object, d.Set) }

func unknown(name string, known []string) error {
	return fmt.Errorf("unknown field %q%s", name, spell.Hint(name, known))
}

// Request returns what the fields so far make: a Request of its own each time.
// Its body is a form of files and data if there are files, else data, else
// json, else that of the base; what is empty counts as not given. Without a
// method it is POST with a body and GET without. Fields that do not go together
// make it Invalid.
func (d *Draft) Request() *runtime.Request {
	var made struct {
		req     runtime.Request
		options runtime.Options
	}
	made.req, made.options = d.req, d.options
	made.req.Options = &made.options
	switch {
	case len(d.files) > 0:
		d.multipart(&made.req)
	case len(d.form) > 0:
		made.req.Body = client.FormBody(d.form)
	case d.data != nil:
		made.req.Body = d.data
	case d.json != nil:
		made.req.Body = d.json
	}
	if made.req.Method == "" {
		made.req.Method = "GET"
		if made.req.Body != nil {
			made.req.Method = "POST"
		}
	}
	return &made.req
}

// multipart makes a form of data's fields and the files.
func (d *Draft) multipart(req *runtime.Request) {
	if d.data != nil {
		req.Invalid = runtime.Errorf(runtime.KindInvalidArgument, "data: must be an object of names and values when files are given: its fields go into the same form")
		return
	}
	body, err := client.Multipart(d.form, d.files)
	if err != nil {
		req.Invalid = runtime.AsError(err)
		return
	}
	req.Body = body
}
