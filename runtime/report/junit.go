package report

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"volley/runtime"
	"volley/runtime/secret"
	"volley/runtime/sink"
)

// Property is a name and value that a JUnit report shows.
type Property struct{ Name, Value string }

// JUnitOptions set up a JUnit. The zero value works.
type JUnitOptions struct {
	Name       string     // of the report, and of its first suite
	Properties []Property // of every suite: the run, its arguments
	Started    time.Time  // zero: now
	Secrets    *secret.Set
}

// JUnit writes a report that build servers read: a test case for each Result,
// in suites. It is a runtime.Sink. The cases go to a file beside the report as
// they come, since a suite begins with how many there are, so that memory does
// not grow with them; the report is put together by Close.
type JUnit struct {
	path   string
	opts   JUnitOptions
	out    *sink.File
	cases  *os.File
	w      *bufio.Writer
	size   int64 // of the cases so far
	suites []suite
	text   []byte // of one case
	err    error
}

// suite is a part of the cases with its head.
type suite struct {
	name                     string
	began                    time.Time
	took                     time.Duration
	tests, failures, skipped int
	from, to                 int64 // bytes of the cases
}

// NewJUnit makes the report at path, and the folders above it. The error is of
// kind io.
func NewJUnit(path string, o JUnitOptions) (*JUnit, error) {
	if o.Started.IsZero() {
		o.Started = time.Now()
	}
	out, err := sink.CreateFile(path)
	if err != nil {
		return nil, err
	}
	j := &JUnit{path: path, opts: o, out: out}
	j.cases, err = os.CreateTemp(filepath.Dir(path), ".volley-*.tmp")
	if err != nil { // the report may be a device
		j.cases, err = os.CreateTemp("", "volley-*.tmp")
	}
	if err != nil {
		out.Discard()
		return nil, j.failed(err)
	}
	_ = os.Remove(j.cases.Name()) // open files need no name, on most systems
	j.w = bufio.NewWriterSize(j.cases, 64<<10)
	j.suites = []suite{{name: o.Name, began: o.Started}}
	return j, nil
}

// failed keeps the first error.
func (j *JUnit) failed(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err != nil && j.err == nil {
		j.err = runtime.Errorf(runtime.KindIO, "writing %s: %w", j.path, err)
	}
	return j.err
}

// Begin starts a suite, such as one of several files; one without cases is
// left out.
func (j *JUnit) Begin(name string) {
	j.end()
	j.suites = append(j.suites, suite{name: name, began: time.Now(), from: j.size})
}

// end completes the current suite.
func (j *JUnit) end() {
	last := &j.suites[len(j.suites)-1]
	last.to, last.took = j.size, time.Since(last.began)
	if last.tests == 0 {
		j.suites = j.suites[:len(j.suites)-1]
	}
}

// Write implements runtime.Sink. The error is of kind io, and stays.
func (j *JUnit) Write(r *runtime.Result) error {
	if j.err != nil {
		return j.err
	}
	current := &j.suites[len(j.suites)-1]
	current.tests++
	switch {
	case r.Skipped != "":
		current.skipped++
	case failure(r) != nil:
		current.failures++
	}
	j.text = j.testcase(j.text[:0], current.name, r)
	j.size += int64(len(j.text))
	_, err := j.w.Write(j.text)
	return j.failed(err)
}

// Close implements runtime.Sink: it puts the report together.
func (j *JUnit) Close() error {
	if j.cases == nil {
		return j.err
	}
	j.end()
	err := j.w.Flush()
	if err == nil && j.err == nil {
		err = j.assemble()
	}
	_ = j.failed(err)
	j.drop()
	if j.err != nil {
		j.out.Discard()
		return j.err
	}
	return j.failed(j.out.Close())
}

// Discard gives the report up: what stood there before stays. Instead of
// Close.
func (j *JUnit) Discard() {
	j.drop()
	j.out.Discard()
}

// drop removes the file of the cases.
func (j *JUnit) drop() {
	if j.cases == nil {
		return
	}
	_ = j.cases.Close() // all of it was read, or is not wanted
	_ = os.Remove(j.cases.Name())
	j.cases = nil
}

func (j *JUnit) assemble() error {
	w := bufio.NewWriterSize(j.out, 64<<10)
	if _, err := w.Write(j.head(nil)); err != nil {
		return err
	}
	for i := range j.suites {
		s := &j.suites[i]
		if _, err := w.Write(j.suiteHead(nil, s)); err != nil {
			return err
		}
		if _, err := io.Copy(w, io.NewSectionReader(j.cases, s.from, s.to-s.from)); err != nil {
			return err
		}
		if _, err := w.WriteString("  </testsuite>\n"); err != nil {
			return err
		}
	}
	if _, err := w.WriteString("</testsuites>\n"); err != nil {
		return err
	}
	return w.Flush()
}

func (j *JUnit) head(b []byte) []byte {
	var all suite
	for i := range j.suites {
		s := &j.suites[i]
		all.tests += s.tests
		all.failures += s.failures
		all.skipped += s.skipped
	}
	all.took = time.Since(j.opts.Started)
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<testsuites"...)
	b = j.attribute(b, "name", j.opts.Name)
	return append(all.counts(b), ">\n"...)
}

// counts are what both elements begin with.
func (s *suite) counts(b []byte) []byte {
	b = strconv.AppendInt(append(b, ` tests="`...), int64(s.tests), 10)
	b = strconv.AppendInt(append(b, `" failures="`...), int64(s.failures), 10)
	b = append(b, `" errors="0" skipped="`...)
	b = strconv.AppendInt(b, int64(s.skipped), 10)
	b = appendJUnitTime(append(b, `" time="`...), s.took)
	return append(b, '"')
}

func (j *JUnit) suiteHead(b []byte, s *suite) []byte {
	b = j.attribute(append(b, "  <testsuite"...), "name", s.name)
	b = s.counts(b)
	b = s.began.UTC().AppendFormat(append(b, ` timestamp="`...), "2006-01-02T15:04:05")
	b = append(b, "\">\n"...)
	if len(j.opts.Properties) == 0 {
		return b
	}
	b = append(b, "    <properties>\n"...)
	for _, p := range j.opts.Properties {
		b = j.attribute(append(b, "      <property"...), "name", p.Name)
		b = append(j.attribute(b, "value", p.Value), "/>\n"...)
	}
	return append(b, "    </properties>\n"...)
}
