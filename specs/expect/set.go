package expect

import (
	"volley/runtime"
	"volley/specs/template"
	"volley/specs/tree"
)

// Set is everything that is wanted of an answer to one request. It is
// immutable and may be shared; Run is called on the consumer's goroutine.
type Set struct {
	checks []check
	uses   Uses
}

// check is an entry of an expect block.
type check interface {
	// run appends what it found to r.out.
	run(r *running) error
}

// Name is a word of a spec that stands for something defined elsewhere.
type Name struct {
	Text string
	Pos  tree.Pos
}

// Uses is what a Set or a Capture needs from outside itself, for the loader
// to check.
type Uses struct {
	Values    []*template.Value // every template, Lua expressions of lua: included
	Requests  []Name            // whose answers same_as looks at
	Functions []Name            // of the handler script, called by lua:
}

// Others gives the answers and functions that a Set or a Capture names.
type Others interface {
	// Answer returns the last answer to a request of that name in the same
	// unit, row or run; nil: there is none.
	Answer(request string) *Answer
	// Call calls a function of the handler script with the answer.
	Call(function string, scope template.Scope, a *Answer) (any, error)
}

// Compile reads an expect block, or a list of them. What is wrong goes to
// c.Problems. Unless a block says something of the status, or compares it with
// another answer's, it has to be below 400. n may be nil, and then c too.
func Compile(n *tree.Node, path string, c *template.Compiler) *Set {
	b := blocks{compiling: compiling{c: c}}
	b.read(n, path)
	if !b.status {
		b.checks = append([]check{defaultStatus}, b.checks...)
	}
	return &Set{checks: b.checks, uses: b.uses}
}

// Uses returns what the set needs from outside.
func (s *Set) Uses() Uses { return s.uses }

// Run says of each expectation whether a holds it, in the order they were
// written. The default one comes first, and is told only when it is broken.
// An error is that of a template or a Lua function; it fails the request.
// scope need not know res. o may be nil when Uses names neither requests nor
// functions.
func (s *Set) Run(a *Answer, scope template.Scope, o Others) ([]runtime.Expectation, error) {
	r := running{a: a, scope: answerScope{scope, a}, others: o}
	for _, c := range s.checks {
		if err := c.run(&r); err != nil {
			return r.out, err
		}
	}
	return r.out, nil
}

// running is one Run.
type running struct {
	a      *Answer
	scope  template.Scope
	others Others
	out    []runtime.Expectation
}

// answerScope adds res to a scope.
type answerScope struct {
	template.Scope
	a *Answer
}

// Lookup implements template.Scope.
func (s answerScope) Lookup(root string) (any, bool) {
	if root == "res" {
		return s.a, true
	}
	if s.Scope == nil {
		return nil, false
	}
	return s.Scope.Lookup(root)
}

// subjectCheck is a subject with its conditions; each becomes an Expectation.
type subjectCheck struct {
	subject    string
	severity   runtime.Severity
	read       reader
	conditions []condition
}

func (c *subjectCheck) run(r *running) error {
	f := c.read(r.a)
	for i := range c.conditions {
		w, err := c.conditions[i].resolve(r.scope)
		if err != nil {
			return err
		}
		e := runtime.Expectation{
			Subject: c.subject, Operator: w.op, Want: w.want, Got: record(f.plain()),
			OK: w.holds(f), Severity: c.severity,
		}
		if !e.OK {
			e.Message = w.message(c.subject, f)
		}
		r.out = append(r.out, e)
	}
	return nil
}

// defaultStatus is what is wanted of every answer unless a spec says
// otherwise.
var defaultStatus = &belowError{want: wanted{op: "lt", kind: kindStatus, want: 400.0, operand: 400.0}}

type belowError struct{ want wanted }

func (c *belowError) run(r *running) error {
	if r.a.resp.OK() {
		return nil
	}
	f := single(float64(r.a.resp.Status))
	r.out = append(r.out, runtime.Expectation{
		Subject: "status", Operator: c.want.op, Want: c.want.want, Got: f.value, Severity: runtime.SeverityFail,
		Message: c.want.message("status", f), Default: true,
	})
	return nil
}
