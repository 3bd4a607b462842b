package report_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
	"volley/runtime/report"
	"volley/runtime/secret"
)

// The elements that Jenkins reads (jenkins-junit.xsd).
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     float64      `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string `xml:"name,attr"`
	Tests      int    `xml:"tests,attr"`
	Failures   int    `xml:"failures,attr"`
	Errors     int    `xml:"errors,attr"`
	Skipped    int    `xml:"skipped,attr"`
	Timestamp  string `xml:"timestamp,attr"`
	Properties []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	} `xml:"properties>property"`
	Cases []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string  `xml:"name,attr"`
	Classname string  `xml:"classname,attr"`
	Time      float64 `xml:"time,attr"`
	Skipped   *struct {
		Message string `xml:"message,attr"`
	} `xml:"skipped"`
	Failure *struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	} `xml:"failure"`
	Out string `xml:"system-out"`
}

// readJUnit decodes a report strictly.
func readJUnit(t *testing.T, path string) junitSuites {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(data, &got); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return got
}

func TestJUnit(t *testing.T) {
	var secrets secret.Set
	secrets.Add("s3cret")
	dir := t.TempDir()
	path := filepath.Join(dir, "out", "junit.xml")
	j, err := report.NewJUnit(path, report.JUnitOptions{
		Name: "volley", Started: time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("CET", 3600)), Secrets: &secrets,
		Properties: []report.Property{{Name: "run", Value: "r1"}, {Name: "args", Value: "--var=s3cret"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	named := answer(1, 200, 1500*time.Millisecond)
	named.Request.Name, named.Row = "read <all> & \"more\"", &runtime.Row{Index: 7}
	broken := answer(2, 404, time.Second)
	broken.Expect = []runtime.Expectation{
		{Subject: "elapsed", Severity: runtime.SeverityWarn, Message: "slow"},
		{Subject: "status", Message: "404 is not < 400\x00\x1b[31m s3cret\xff"},
		{Subject: "$.id", Message: "none\nthere"},
	}
	failed := failure(3, "http://u:p@b.test/", &runtime.Error{Kind: runtime.KindDNS, Message: "no host", Timings: runtime.Timings{Total: time.Second}})
	handled := failure(4, "http://b.test/", &runtime.Error{Kind: runtime.KindDNS, Message: "no host"})
	handled.Handled = true
	j.Begin("spec.yaml")
	for _, r := range []*runtime.Result{named, broken, failed, handled, skipped(5)} {
		if err := j.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	j.Begin("empty.yaml")
	j.Begin("other.lua")
	if err := errors.Join(j.Write(answer(1, 404, time.Second)), j.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	got := readJUnit(t, path)
	if got.Name != "volley" || got.Tests != 6 || got.Failures != 2 || got.Errors != 0 || len(got.Suites) != 2 {
		t.Fatalf("%+v", got)
	}
	first, second := got.Suites[0], got.Suites[1]
	if first.Name != "spec.yaml" || first.Tests != 5 || first.Failures != 2 || first.Skipped != 1 || len(first.Cases) != 5 {
		t.Errorf("%+v", first)
	}
	if second.Name != "other.lua" || second.Tests != 1 || second.Failures != 0 || second.Cases[0].Failure != nil {
		t.Errorf("a script's 404 is good: %+v", second)
	}
	if _, err := time.Parse("2006-01-02T15:04:05", first.Timestamp); err != nil || first.Properties[1].Value != "--var=***" {
		t.Errorf("%v, %+v", err, first.Properties)
	}
	c := first.Cases
	if c[0].Name != `read <all> & "more" [row 7]` || c[0].Classname != "spec.yaml" || c[0].Time != 1.5 || c[0].Failure != nil {
		t.Errorf("%+v", c[0])
	}
	if c[1].Failure == nil || c[1].Failure.Type != "expectation" || c[1].Failure.Message != "404 is not < 400\uFFFD\uFFFD[31m ***\uFFFD" || c[1].Out != "warning: elapsed: slow\n" ||
		c[1].Failure.Text != "GET http://a.test/\nstatus 404\nstatus: 404 is not < 400\uFFFD\uFFFD[31m ***\uFFFD\n$.id: none\nthere\n" {
		t.Errorf("%+v", c[1].Failure)
	}
	if c[2].Name != "GET http://***@b.test/" || c[2].Failure == nil || c[2].Failure.Type != "dns" || c[2].Failure.Message != "no host" || c[2].Time != 1 {
		t.Errorf("%+v", c[2])
	}
	if c[3].Failure != nil || c[3].Out != "handled: dns: no host\n" || c[4].Skipped == nil || c[4].Skipped.Message != "when: its condition did not hold" {
		t.Errorf("%+v %+v", c[3], c[4])
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// TestJUnitMany: more cases than any buffer holds are all there.
func TestJUnitMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junit.xml")
	j, err := report.NewJUnit(path, report.JUnitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		r := answer(i+1, 200, time.Millisecond)
		r.Request.Name = fmt.Sprintf("n%d", i)
		if err := j.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	got := readJUnit(t, path)
	if got.Tests != 5000 || len(got.Suites[0].Cases) != 5000 || got.Suites[0].Cases[4999].Name != "n4999" {
		t.Errorf("%d tests, %d cases", got.Tests, len(got.Suites[0].Cases))
	}
}

func TestJUnitThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if _, err := report.NewJUnit(dir, report.JUnitOptions{}); err == nil || err.Error() != "io: writing "+dir+": it is a folder" {
		t.Errorf("a folder: %v", err)
	}
	j, err := report.NewJUnit("/dev/full", report.JUnitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Write(answer(1, 200, 1)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := j.Close(); err == nil || err.Error() != "io: writing /dev/full: no space left on device" {
			t.Errorf("a full disk: %v", err)
		}
	}
	path := filepath.Join(dir, "junit.xml")
	if j, err = report.NewJUnit(path, report.JUnitOptions{}); err != nil {
		t.Fatal(err)
	}
	j.Discard()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// TestBrokenExpectations: they are failures in every count, with an example.
func TestBrokenExpectations(t *testing.T) {
	tally := report.Tally{Secrets: &secret.Set{}}
	tally.Secrets.Add("s3cret")
	broken := answer(1, 404, time.Millisecond)
	broken.Expect = []runtime.Expectation{{Message: "got s3cret"}}
	warned := answer(2, 200, time.Millisecond)
	warned.Expect = []runtime.Expectation{{Severity: runtime.SeverityWarn}}
	tally.Add(broken)
	tally.Add(warned)
	s := tally.Summary(time.Second)
	if want := (report.Counts{Done: 2, OK: 1, Failed: 1, Unhandled: 1}); s.Counts != want {
		t.Errorf("%+v, want %+v", s.Counts, want)
	}
	want := []report.KindCount{{Kind: "expectation", Count: 1, First: report.Example{Batch: 1, Index: 1, Method: "GET", URL: "http://a.test/", Message: "got ***"}}}
	if diff := cmp.Diff(want, s.Kinds); diff != "" {
		t.Error(diff)
	}
	if len(s.Codes) != 2 {
		t.Errorf("both answers have a status: %v", s.Codes)
	}
}
