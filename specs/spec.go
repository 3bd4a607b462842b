package specs

import (
	"time"

	"volley/runtime"
	"volley/runtime/report"
	"volley/specs/data"
	"volley/specs/expect"
	"volley/specs/template"
	"volley/specs/tree"
)

// Spec is a checked spec: includes, the profile, defaults and extends are
// merged in, every name it mentions is known, and every template compiled.
type Spec struct {
	File        string // as it was given to Load
	Name        string
	Description string
	Tags        []string

	Vars     []Var    // in an order in which each refers to earlier ones only
	Env      []string // the environment variables that expressions may read
	Secrets  []Secret
	Sessions []*Session // in order; "default" is used by requests that name none

	Limits   Limits
	Data     []*data.Source // in order; Source finds one by name
	Inputs   []Input        // the files that data, sessions and requests read
	Handlers Handlers

	Setup    []*Request // one after the other, before anything else
	Requests []*Request
	Teardown []*Request // one after the other, always

	Thresholds []report.Threshold
	AbortOn    []AbortOn
	Outputs    []Output
	Run        Run

	sources map[string]*data.Source
	lua     bool
}

// Source returns the data source of that name, nil when there is none.
func (s *Spec) Source(name string) *data.Source { return s.sources[name] }

// Session returns the session of that name, nil when the spec has none; only
// "default" may be missing from a checked spec.
func (s *Spec) Session(name string) *Session {
	for _, session := range s.Sessions {
		if session.Name == name {
			return session
		}
	}
	return nil
}

// NeedsLua reports a spec that holds a Lua expression, a function, a
// generator or a handler script; others run without a VM.
func (s *Spec) NeedsLua() bool { return s.lua }

// Var is one of vars. Value is nil for one that was given from outside, as
// Text, which holds no templates.
type Var struct {
	Name  string
	Pos   tree.Pos
	Value *template.Value
	Text  string
}

// Secret is a value that no output shows, read from an environment variable
// or a file, one of which is set. A line end at the end of the file is not
// part of it.
type Secret struct {
	Name string
	Pos  tree.Pos
	Env  string
	File string // as written; relative to the file that Pos is in
}

// Session is a named set of session settings. Settings renders to a map of
// them, by their names in the Lua API.
type Session struct {
	Name     string
	Pos      tree.Pos
	Settings *template.Value
}

// Limits bound the whole run. Zero: what the command line or the engine says.
type Limits struct {
	Size    int
	Rate    runtime.Rate
	PerHost PerHost
	Breaker Breaker
}

// PerHost bounds what goes to one host. Auto adapts the rate to what the host
// bears; Rate is 0 then.
type PerHost struct {
	Concurrency int
	Rate        runtime.Rate
	Auto        bool
}

// Breaker refuses a host for CoolDown after Errors failures in a row. Errors
// 0: none.
type Breaker struct {
	Errors   int
	CoolDown time.Duration
}

// Handlers is the handler script of a spec. Script is "" when there is none;
// else as written, relative to the file that Pos is in.
type Handlers struct {
	Script string
	Pos    tree.Pos
}

// AbortOn ends a run while it goes on: nothing new starts once the subject,
// error_rate, compares so with Limit after at least After requests.
type AbortOn struct {
	Pos      tree.Pos
	Subject  string
	Operator string // gt, gte, lt, lte
	Limit    float64
	After    int
}

// Output is one file that the run writes.
type Output struct {
	Pos    tree.Pos
	Kind   OutputKind
	Path   *template.Value // over vars, env and run
	Fields []string        // columns of a CSV; nil: the default ones
	Record Record
}

// OutputKind says what is written to an Output.
type OutputKind string

// The kinds of outputs.
const (
	OutputCSV    OutputKind = "csv"
	OutputNDJSON OutputKind = "ndjson"
	OutputJSONL  OutputKind = "jsonl"
	OutputFailed OutputKind = "failed"
	OutputJUnit  OutputKind = "junit"
)

// Record says whose bodies are recorded. "" leaves it to the run, whose ""
// leaves it to the command line.
type Record string

// What is recorded.
const (
	RecordNone   Record = "none"
	RecordErrors Record = "errors"
	RecordAll    Record = "all"
)

// Run holds settings of the run as a whole. Zero: what the command line says.
type Run struct {
	Deadline time.Duration
	Record   Record
	Seed     *int64 // of sample and shuffle; nil: a new one each run
}

// Request is one entry of setup, requests or teardown.
type Request struct {
	Name string // "" when it has none
	Path string // "requests[1]", for messages and for requests without a name
	Pos  tree.Pos

	Vars []Var // given with the include it came from; over the spec's, and rendered after them

	When    *template.Value // nil: always
	Needs   []Need
	Foreach *Foreach // nil: no rows of its own
	Matrix  *Matrix  // nil: none
	Repeat  *template.Value
	Defer   bool

	Session string // "": default
	Fields  []Field

	sessionPos tree.Pos

	Expect   *expect.Set // never nil: without any it holds the default
	Capture  []*expect.Capture
	Poll     *Poll
	Paginate *Paginate

	Save           *template.Value // path of the file that takes the body; nil: memory
	IdempotencyKey *template.Value

	OnRequest, OnResponse, OnError *Function // its own, or those of handlers; nil: none
}

// Label is the request's name, or its place when it has none.
func (r *Request) Label() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Path
}

// Field is one of the request fields of the Lua API, by its name there: method
// url params data json files headers cookies auth timeout allow_redirects
// max_redirects proxies verify cert stream retry raise_for_status meta
// max_body http_version id tags.
type Field struct {
	Name  string
	Pos   tree.Pos
	Value *template.Value
}

// Need is a request that has to be done before. All waits for every unit of
// it; Implicit was not written but follows from a capture that is used.
type Need struct {
	Name     string
	Pos      tree.Pos
	All      bool
	Implicit bool
}

// Foreach gives a request rows: of a data source, or of a list, which an
// expression may make. One of Source and List is set.
type Foreach struct {
	Pos    tree.Pos
	Source string
	List   *template.Value
}

// Matrix runs a request once per combination of its axes' values.
type Matrix struct {
	Pos     tree.Pos
	Mode    MatrixMode
	Axes    []Axis            // in order; the last one varies fastest
	Exclude []*template.Value // maps of axis → value; combinations that have all of one are left out
}

// MatrixMode says how axes are combined.
type MatrixMode string

// The modes. "each" varies one axis at a time: the first values of all axes
// together, and then every further value of each axis with the first ones of
// the others.
const (
	MatrixProduct MatrixMode = "product"
	MatrixZip     MatrixMode = "zip"
	MatrixEach    MatrixMode = "each"
)

// Axis is a named list of values: Values renders to the list, or Range to
// [from, to] or [from, to, step], which includes to. One of them is set.
type Axis struct {
	Name   string
	Pos    tree.Pos
	Values *template.Value
	Range  *template.Value
}

// Poll asks again until the answer is the one waited for.
type Poll struct {
	Pos     tree.Pos
	Method  string          // GET or POST to URL; "" sends the request itself again
	URL     *template.Value // nil: the request itself
	Until   *template.Value
	FailIf  *template.Value // nil: never
	Every   time.Duration
	Timeout time.Duration // of all of it; then it failed
}

// Paginate follows the pages of an answer: Link takes the next one from the
// Link header (RFC 8288), else Next renders to its URL, or to nil at the end.
type Paginate struct {
	Pos      tree.Pos
	Link     bool
	Next     *template.Value
	MaxPages int
}

// Function is a Lua function that a spec names: one of the handler script, or
// inline source.
type Function struct {
	Source string
	Inline bool
	Pos    tree.Pos // of the name, or of the inline source
}
