package run_test

import (
	"context"
	"fmt"
	"testing"

	"volley/runtime"
	"volley/runtime/httpbin"
)

func startHTTPBin(t *testing.T) string {
	t.Helper()
	server, err := httpbin.Start(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL()
}

func TestSmokeCheck(t *testing.T) {
	out := execute(t, `
volley: 1
requests:
  - url: ${{ vars.base }}/get
  - {name: delayed, url: "${{ vars.base }}/delay/0.1", params: {limit: 5}, expect: {status: 200, elapsed: {lt: 8s}}}
`, options{vars: map[string]string{"base": startHTTPBin(t)}})
	if out.err != nil || out.tally() != "ok 2" || out.announced != 2 {
		t.Errorf("%s, announced %d, %v; want ok 2", out.tally(), out.announced, out.err)
	}
}

func TestBulkUpdate(t *testing.T) {
	out := execute(t, `
volley: 1
env: [API_TOKEN]
secrets: {token: {env: API_TOKEN}}
data: {orders: {csv: orders.csv, types: {qty: int}}}
limits: {size: 32, per_host: {rate: auto}}
requests:
  - name: update
    foreach: orders
    method: PUT
    url: ${{ vars.base }}/anything/orders/${{ row.id }}
    headers: {Authorization: "Bearer ${{ secrets.token }}"}
    json: {quantity: "${{ row.qty }}", note: "order ${{ row.id }}"}
    retry: {total: 5, on: [429, "5xx", timeout]}
    expect: {status: [200, 204], "$.json.quantity": {gt: 0}}
    capture: {url: $.url, note: $.json.note, auth: "$.headers.Authorization[0]"}
`, options{
		vars: map[string]string{"base": startHTTPBin(t)}, env: map[string]string{"API_TOKEN": "t-123456"},
		files: map[string]string{"orders.csv": "id,qty\n7,3\n8,0\n9,12\n"},
	})
	if out.err != nil || out.tally() != "ok 2 failed 1" || out.announced != -1 {
		t.Fatalf("%s, announced %d, %v; want that the order of nothing fails", out.tally(), out.announced, out.err)
	}
	for _, r := range out.results {
		id, _ := r.Row.Lookup("id")
		if id == "8" {
			if b := r.Broken(); b == nil || b.Subject != "$.json.quantity" {
				t.Errorf("order 8: %v", b)
			}
			continue
		}
		if got := r.Captures[1].Value; got != fmt.Sprintf("order %s", id) {
			t.Errorf("order %s: the note is %v", id, got)
		}
		if got := r.Captures[2].Value; got != "Bearer t-123456" {
			t.Errorf("order %s: authorization %v", id, got)
		}
	}
}

// TestSessions gives each session its base_url and its cookies.
func TestSessions(t *testing.T) {
	base := startHTTPBin(t)
	out := execute(t, `
volley: 1
vars: {host: "${{ vars.base }}/anything"}
sessions:
  one: {base_url: "${{ vars.host }}/one/", headers: {X-S: "1"}}
  two: {base_url: "${{ vars.host }}/two/", cookies: {c: "2"}}
requests:
  - {name: a, matrix: {n: [1, 2]}, session: one, url: "x${{ matrix.n }}", expect: {"$.headers['X-S'][0]": "1", url: {contains: /anything/one/x}}}
  - {name: b, session: two, url: y, expect: {"$.headers.Cookie[0]": c=2, url: {ends_with: /anything/two/y}}}
  - {name: set, url: "${{ vars.base }}/cookies/set?k=v"}
  - {name: get, needs: set, url: "${{ vars.base }}/cookies", expect: {"$.cookies.k": v}}
  - {name: get2, needs: set, session: two, url: "${{ vars.base }}/cookies", expect: {"$.cookies.k": {exists: false}}}
`, options{vars: map[string]string{"base": base}})
	if out.err != nil || out.tally() != "ok 6" {
		for _, r := range out.results {
			t.Log(r.Request.Name, r.Err, r.Broken())
		}
		t.Errorf("%s, %v; want ok 6", out.tally(), out.err)
	}
	if out.results[0].Request.Session == runtime.Executor(nil) {
		t.Error("requests have no session")
	}
}
