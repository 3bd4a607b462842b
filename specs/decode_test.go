package specs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/specs"
	"volley/specs/template"
)

// field returns the value of a request's field as plain data.
func field(t *testing.T, r *specs.Request, name string) any {
	t.Helper()
	for _, f := range r.Fields {
		if f.Name == name {
			v, err := f.Value.Any(nil)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return nil
}

func fieldNames(r *specs.Request) string {
	var names []string
	for _, f := range r.Fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

func TestLimitsAndRun(t *testing.T) {
	s := loadText(t, `
volley: 1
name: n
tags: [a, b]
limits: {size: 7, rate: 30/m, per_host: {concurrency: 3, rate: auto}, breaker: {errors: 5}}
run: {deadline: 1d2h, record: errors, seed: 9}
requests: [{url: http://a}]
`, specs.Options{})
	seed := int64(9)
	want := specs.Limits{Size: 7, Rate: 0.5, PerHost: specs.PerHost{Concurrency: 3, Auto: true}, Breaker: specs.Breaker{Errors: 5, CoolDown: 30 * time.Second}}
	if diff := cmp.Diff(want, s.Limits); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(specs.Run{Deadline: 26 * time.Hour, Record: specs.RecordErrors, Seed: &seed}, s.Run); diff != "" {
		t.Error(diff)
	}
	if s.Name != "n" || strings.Join(s.Tags, ",") != "a,b" || s.NeedsLua() {
		t.Errorf("name %q, tags %q, lua %v", s.Name, s.Tags, s.NeedsLua())
	}
	s = loadText(t, "volley: 1\nlimits: {per_host: 4}\nrequests: [{url: http://a}]\n", specs.Options{})
	if s.Limits.PerHost.Concurrency != 4 {
		t.Errorf("per_host: 4 is %+v", s.Limits.PerHost)
	}
}

func TestRequest(t *testing.T) {
	s := loadText(t, `
volley: 1
data: {rows: {values: [1, 2]}}
handlers: {script: h.lua, on_error: triage}
requests:
  - {name: first, url: http://a, foreach: rows}
  - name: all
    url: http://a/${{ row.value }}
    needs: [first]
    when: ${{ row.value > 1 }}
    matrix: {mode: zip, a: [1, 2], b: {range: [1, 2]}, exclude: [{a: 1}]}
    repeat: 3
    poll: {post: http://b, until: true, every: 2, timeout: 1m}
    paginate: {next: link}
    save: out/${{ row.index }}
    idempotency_key: k
    on_request: sign
    on_response: {lua: "return nil"}
    defer: true
`, specs.Options{})
	r := s.Requests[1]
	if r.Name != "all" || r.Path != "requests[1]" || r.Pos.Line != 7 {
		t.Errorf("name %q, path %q, pos %v", r.Name, r.Path, r.Pos)
	}
	if len(r.Needs) != 1 || r.Needs[0].Name != "first" || r.Needs[0].All {
		t.Errorf("needs %+v", r.Needs)
	}
	m := r.Matrix
	if m.Mode != specs.MatrixZip || len(m.Axes) != 2 || m.Axes[0].Values == nil || m.Axes[1].Range == nil || len(m.Exclude) != 1 {
		t.Errorf("matrix %+v", m)
	}
	p := r.Poll
	if p.Method != "POST" || p.URL == nil || p.Until == nil || p.FailIf != nil || p.Every != 2*time.Second || p.Timeout != time.Minute {
		t.Errorf("poll %+v", p)
	}
	if !r.Paginate.Link || r.Paginate.MaxPages != 1000 || r.Paginate.Next != nil {
		t.Errorf("paginate %+v", r.Paginate)
	}
	if r.Save == nil || r.IdempotencyKey == nil || r.Repeat == nil || r.When == nil || !r.Defer || r.Foreach != nil {
		t.Errorf("request %+v", r)
	}
	if f := r.OnRequest; f.Source != "sign" || f.Inline {
		t.Errorf("on_request %+v", f)
	}
	if f := r.OnResponse; f.Source != "return nil" || !f.Inline {
		t.Errorf("on_response %+v", f)
	}
	if f := r.OnError; f == nil || f.Source != "triage" {
		t.Errorf("on_error of handlers: %+v", f)
	}
	if s.Requests[0].Foreach.Source != "rows" || s.Source("rows") == nil || !s.NeedsLua() {
		t.Error("the source is not there")
	}
}

func TestThresholdsAndOutputs(t *testing.T) {
	s := loadText(t, `
volley: 1
requests: [{url: http://a}]
thresholds: {error_rate: {lt: 1%}, p99: {lt: 2}, p99.9: "<3s", metric:size: {gte: 5}, abort_on: {error_rate: {gt: 20%, after: 200}}}
outputs: [{csv: a.csv, fields: [row.id, status]}, {ndjson: "-", record: all}, {failed: f.jsonl}, {junit: j.xml}]
`, specs.Options{})
	var got []string
	for _, th := range s.Thresholds {
		got = append(got, th.Subject+th.Condition)
	}
	if diff := cmp.Diff([]string{"error_rate<1%", "p99<2s", "p99.9<3s", "metric:size>=5"}, got); diff != "" {
		t.Error(diff)
	}
	if a := s.AbortOn; len(a) != 1 || a[0].Subject != "error_rate" || a[0].Operator != "gt" || a[0].Limit != 0.2 || a[0].After != 200 {
		t.Errorf("abort_on %+v", a)
	}
	got = nil
	for _, o := range s.Outputs {
		path, err := o.Path.Text(nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(o.Kind)+" "+path+" "+strings.Join(o.Fields, ",")+" "+string(o.Record))
	}
	if diff := cmp.Diff([]string{"csv a.csv row.id,status ", "ndjson -  all", "failed f.jsonl  ", "junit j.xml  "}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultsAndExtends(t *testing.T) {
	s := loadText(t, `
volley: 1
defaults:
  headers: {accept: a/b, X-One: "1", X-Gone: g}
  json: {a: 1}
  timeout: {connect: 1, read: 2}
  session: s
sessions: {s: {}}
setup: [{url: http://setup}]
requests:
  - {name: base, url: http://a, headers: {Accept: c/d, X-Gone: null}, timeout: {read: 5}, params: {p: 1}}
  - {name: above, extends: base, method: POST, data: x, params: {q: null, r: 2}}
  - {extends: [base, above], json: {b: null}}
teardown: [{url: http://t}]
`, specs.Options{})
	if got := fieldNames(s.Setup[0]); got != "url" {
		t.Errorf("setup has %q of the defaults", got)
	}
	base, above, both := s.Requests[0], s.Requests[1], s.Requests[2]
	if diff := cmp.Diff(map[string]any{"Accept": "c/d", "X-One": 1.0, "X-Gone": nil}, number(field(t, base, "headers"))); diff != "" {
		t.Errorf("headers: %s", diff)
	}
	if diff := cmp.Diff(map[string]any{"connect": 1.0, "read": 5.0}, number(field(t, base, "timeout"))); diff != "" {
		t.Errorf("timeout: %s", diff)
	}
	if field(t, above, "json") != nil || field(t, above, "data") != "x" || field(t, above, "url") != "http://a" || above.Session != "s" {
		t.Errorf("above has %s", fieldNames(above))
	}
	if diff := cmp.Diff(map[string]any{"p": 1.0, "q": nil, "r": 2.0}, number(field(t, above, "params"))); diff != "" {
		t.Errorf("params: %s", diff)
	}
	if diff := cmp.Diff(map[string]any{"b": nil}, field(t, both, "json")); diff != "" || field(t, both, "data") != nil || field(t, both, "method") != "POST" {
		t.Errorf("both has %s %s", fieldNames(both), diff)
	}
	if both.Name != "" {
		t.Errorf("it takes the name %q of what it extends", both.Name)
	}
	if got := fieldNames(s.Teardown[0]); !strings.Contains(got, "headers") {
		t.Errorf("teardown has only %q", got)
	}
}

// number keeps what matters of a plain value: a float64 for texts of headers.
func number(v any) any {
	if m, ok := v.(map[string]any); ok {
		for k, item := range m {
			if item == "1" {
				m[k] = 1.0
			}
		}
	}
	return v
}

func TestImplicitNeeds(t *testing.T) {
	s := loadText(t, `
volley: 1
requests:
  - {name: login, url: http://a, capture: {tok: $.t, id: $.id}}
  - {name: uses, url: "http://a/${{ captures.tok }}", headers: {X: "${{ captures.id }}"}}
  - {name: says, url: "http://a/${{ captures.tok }}", needs: {login: all}}
  - {name: own, url: http://a, capture: {more: $.m}, paginate: {next: "${{ captures.more }}"}}
  - {name: two, url: http://a, capture: {same: $.a}}
  - {name: three, url: http://a, capture: {same: $.a}}
  - {name: four, url: "http://a/${{ captures.same }}"}
`, specs.Options{})
	var got []string
	for _, r := range s.Requests {
		for _, n := range r.Needs {
			got = append(got, r.Name+" "+n.Name)
			if n.Implicit == (r.Name == "says") || n.All != (r.Name == "says") {
				t.Errorf("%s: %+v", r.Name, n)
			}
		}
	}
	if diff := cmp.Diff([]string{"uses login", "says login"}, got); diff != "" {
		t.Error(diff)
	}
}

type roots map[string]any

func (r roots) Lookup(root string) (any, bool) { v, ok := r[root]; return v, ok }

var _ template.Scope = roots{}

func TestVars(t *testing.T) {
	s := loadText(t, `
volley: 1
vars: {url: "${{ vars.base }}/x", base: "http://${{ vars.host }}", host: a, list: [1, "${{ vars.host }}"]}
requests: [{url: "${{ vars.url }}"}]
`, specs.Options{Vars: map[string]string{"host": "${{ not.a.template }}", "extra": "1"}})
	var names []string
	for _, v := range s.Vars {
		names = append(names, v.Name)
		if given := v.Name == "host" || v.Name == "extra"; given != (v.Value == nil) {
			t.Errorf("%s has the value %v", v.Name, v.Value)
		}
	}
	if diff := cmp.Diff([]string{"extra", "host", "base", "url", "list"}, names); diff != "" {
		t.Error(diff)
	}
	if s.Vars[1].Text != "${{ not.a.template }}" {
		t.Errorf("text %q", s.Vars[1].Text)
	}
	text, err := s.Requests[0].Fields[0].Value.Text(roots{"vars": map[string]any{"url": "u"}})
	if err != nil || text != "u" {
		t.Errorf("url is %q, %v", text, err)
	}
}
