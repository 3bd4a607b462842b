package runtime

// Expectation is one thing a spec wanted of an answer, and how it was.
type Expectation struct {
	Subject  string // "status", "$.id", "headers.X-Request-Id"
	Operator string // "eq", "lt", …
	Want     any    // plain: nil, bool, float64, json.Number, string, []any, map[string]any
	Got      any    // plain, shortened; nil: there was nothing
	OK       bool
	Severity Severity
	Message  string // why it does not hold; "" if it does
	Default  bool   // nobody wrote it down: the status below 400
}

// Severity says what follows when an expectation does not hold.
type Severity string

// The severities. "" is SeverityFail.
const (
	SeverityWarn Severity = "warn" // it is told, the request stays good
	SeverityFail Severity = "fail" // the request failed
	SeverityStop Severity = "stop" // the request failed, and nothing new starts
)

// Broken reports an expectation that makes its request a failure.
func (e *Expectation) Broken() bool { return !e.OK && e.Severity != SeverityWarn }

// Row is one row of data. It is immutable.
type Row struct {
	Source string   // name of the data source; "" for a list in place
	Index  int      // from 1, in the order of the source
	Names  []string // shared by the rows of a table; nil: Values holds one plain value
	Values []any    // plain: nil, bool, float64, json.Number, string, []any, map[string]any
	Raw    string   // the text it was read from, where the source is lines of text; else ""
}

// Lookup returns the value of a column; a plain value is called "value", and
// "index" is its number.
func (r *Row) Lookup(name string) (any, bool) {
	for i, n := range r.Names {
		if n == name {
			return r.Values[i], true
		}
	}
	switch {
	case name == "index":
		return float64(r.Index), true
	case name == "value" && r.Names == nil && len(r.Values) == 1:
		return r.Values[0], true
	}
	return nil, false
}

// Capture is a value taken from an answer.
type Capture struct {
	Name   string
	Value  any  // plain
	Secret bool // no output shows it
}
