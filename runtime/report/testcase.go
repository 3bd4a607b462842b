package report

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"volley/runtime"
)

// fault is why a request is a failed test.
type fault struct{ kind, message string }

// failure returns nil for what is good, skipped or handled.
func failure(r *runtime.Result) *fault {
	switch {
	case r.Skipped != "" || r.Handled:
		return nil
	case r.Err != nil:
		return &fault{string(r.Err.Kind), r.Err.Message}
	}
	if x := r.Broken(); x != nil {
		return &fault{string(kindExpectation), x.Message}
	}
	return nil
}

// testcase appends the element of one Result.
func (j *JUnit) testcase(b []byte, suite string, r *runtime.Result) []byte {
	b = j.attribute(append(b, "    <testcase"...), "name", caseName(r))
	b = j.attribute(b, "classname", cmp.Or(suite, "volley"))
	b = appendJUnitTime(append(b, ` time="`...), caseTime(r))
	b = append(b, '"')
	failed, notes := failure(r), caseNotes(r)
	if failed == nil && r.Skipped == "" && notes == "" {
		return append(b, "/>\n"...)
	}
	b = append(b, ">\n"...)
	if r.Skipped != "" {
		b = append(j.attribute(append(b, "      <skipped"...), "message", skipReason(r.Skipped)), "/>\n"...)
	}
	if failed != nil {
		b = j.attribute(append(b, "      <failure"...), "message", failed.message)
		b = append(j.attribute(b, "type", failed.kind), '>')
		b = append(j.escaped(b, caseDetails(r, failed), false), "</failure>\n"...)
	}
	if notes != "" {
		b = append(j.escaped(append(b, "      <system-out>"...), notes, false), "</system-out>\n"...)
	}
	return append(b, "    </testcase>\n"...)
}

// caseName is the request's name, else its method and URL, and the row that it
// was made from.
func caseName(r *runtime.Result) string {
	name := "request " + strconv.Itoa(r.Index)
	if r.Request != nil {
		name = r.Request.Name
		if name == "" {
			name = r.Request.Method + " " + runtime.MaskURL(r.Request.URL)
		}
	}
	if r.Row != nil {
		name += " [row " + strconv.Itoa(r.Row.Index) + "]"
	}
	return name
}

func caseTime(r *runtime.Result) time.Duration {
	switch {
	case r.Err != nil:
		return r.Err.Timings.Total
	case r.Response != nil:
		return r.Response.Timings.Total
	}
	return 0
}

func skipReason(word string) string {
	switch word {
	case "when":
		return "when: its condition did not hold"
	case "need":
		return "need: a request that it needs did not end well"
	case "stop":
		return "stop: the run was stopped before"
	}
	return word
}

// caseDetails tell a person what was sent, what came back, and everything that
// did not hold.
func caseDetails(r *runtime.Result, failed *fault) string {
	var b strings.Builder
	if r.Request != nil {
		b.WriteString(r.Request.Method + " " + runtime.MaskURL(r.Request.URL) + "\n")
	}
	resp := r.Response
	if r.Err != nil {
		resp = r.Err.Response
		b.WriteString(failed.kind + ": " + failed.message + "\n")
	}
	if resp != nil {
		b.WriteString("status " + strconv.Itoa(resp.Status) + "\n")
	}
	for i := range r.Expect {
		if x := &r.Expect[i]; x.Broken() {
			b.WriteString(x.Subject + ": " + x.Message + "\n")
		}
	}
	return b.String()
}

// caseNotes tell what did not make the test fail: handled failures, warnings.
func caseNotes(r *runtime.Result) string {
	var b strings.Builder
	if r.Handled && r.Err != nil {
		b.WriteString("handled: " + string(r.Err.Kind) + ": " + r.Err.Message + "\n")
	}
	for i := range r.Expect {
		if x := &r.Expect[i]; !x.OK && x.Severity == runtime.SeverityWarn {
			b.WriteString("warning: " + x.Subject + ": " + x.Message + "\n")
		}
	}
	return b.String()
}

func (j *JUnit) attribute(b []byte, name, value string) []byte {
	b = append(append(append(b, ' '), name...), '=', '"')
	return append(j.escaped(b, value, true), '"')
}

// escaped appends text as XML 1.0 has it, secrets masked. Characters that XML
// cannot hold become U+FFFD.
func (j *JUnit) escaped(b []byte, text string, attribute bool) []byte {
	for _, r := range j.opts.Secrets.Mask(text) {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"' && attribute:
			b = append(b, "&quot;"...)
		case r == '\r' || attribute && (r == '\n' || r == '\t'):
			b = append(strconv.AppendInt(append(b, "&#"...), int64(r), 10), ';')
		case r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff:
			b = append(b, "\uFFFD"...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

func appendJUnitTime(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, max(d, 0).Seconds(), 'f', 3, 64)
}
