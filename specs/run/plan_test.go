package run_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"volley/runtime/secret"
	"volley/specs"
	"volley/specs/run"
)

func TestPlan(t *testing.T) {
	spec := load(t, `
volley: 1
name: nightly
env: [TOKEN]
secrets: {token: {env: TOKEN}}
data: {d: {csv: d.csv, types: {on: bool}}}
sessions: {api: {base_url: "http://api.test/v2/"}}
setup:
  - {name: login, method: POST, url: "http://auth.test/login", json: {token: "${{ secrets.token }}"}, capture: {tok: $.t, list: $.l}}
requests:
  - {name: a, session: api, foreach: d, when: "${{ row.on }}", url: "users/${{ row.id }}", params: {q: "x y"}, headers: {X-Tok: "${{ captures.tok }}"}}
  - {name: b, needs: a, matrix: {m: [1, 2]}, url: "http://api.test/b/${{ matrix.m }}"}
  - {name: c, foreach: "${{ captures.list }}", url: "http://api.test/c"}
teardown:
  - {name: out, url: "http://auth.test/logout"}
`, options{files: map[string]string{"d.csv": "id,on\n1,true\n2,false\n3,true\n"}})
	secrets := &secret.Set{}
	plan, err := run.MakePlan(spec, run.Config{Secrets: secrets, Given: &specs.Given{Secrets: map[string]string{"token": "hidden-token"}}}, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []run.PlanStep{
		{List: "setup", Label: "login", Count: 1, Exact: true},
		{List: "requests", Label: "a", Rows: "d", Count: 3, Skipped: 1, Exact: true},
		{List: "requests", Label: "b", Rows: "d", Count: 6, Skipped: 2, Exact: true},
		{List: "requests", Label: "c", Count: 1},
		{List: "teardown", Label: "out", Count: 1, Exact: true},
	}
	if diff := cmp.Diff(want, plan.Steps); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]run.HostCount{{Host: "api.test", Count: 7}, {Host: "auth.test", Count: 2}}, plan.Hosts); diff != "" {
		t.Error(diff)
	}
	var text, curl, object strings.Builder
	for _, err := range []error{plan.WriteText(&text, secrets), plan.WriteCurl(&curl, secrets), plan.WriteJSON(&object, secrets)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []string{"about 9 requests of nightly", "POST http://auth.test/login", `{"token":"***"}`, "GET http://api.test/v2/users/1", "X-Tok: <captures.tok>", "? q=x y", "1 skipped"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("the text lacks %q:\n%s", part, &text)
		}
	}
	if !strings.Contains(curl.String(), "http://api.test/v2/users/1?q=x%20y") && !strings.Contains(curl.String(), "http://api.test/v2/users/1?q=x+y") {
		t.Errorf("curl:\n%s", &curl)
	}
	for _, shown := range []string{text.String(), curl.String(), object.String()} {
		if strings.Contains(shown, "hidden-token") {
			t.Errorf("a secret is shown:\n%s", shown)
		}
	}
	var read struct {
		Total    int
		Requests []struct{ URL string }
	}
	if err := json.Unmarshal([]byte(object.String()), &read); err != nil || read.Total != 9 || len(read.Requests) != 3 {
		t.Errorf("json: %v\n%s", err, &object)
	}
}
