package run_test

import (
	"net/http"
	"testing"
)

// TestCredentialsStayAtTheirOrigin: a page or a poll at another origin goes
// without what was meant for the first, as behind a redirect.
func TestCredentialsStayAtTheirOrigin(t *testing.T) {
	first, second := newSite(t), newSite(t)
	got := make(chan http.Header, 4)
	second.more["/evil"] = func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Clone() }
	first.more["/list"] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "<"+second.URL+`/evil>; rel="next"`)
	}
	execute(t, `
volley: 1
sessions: {default: {auth: [ada, s3cret], secret_headers: [X-Key], headers: {X-Key: s3cret}}}
requests:
  - {name: page, url: "`+first.URL+`/list", headers: {Cookie: a=s3cret, X-Plain: "1"}, cookies: {sid: s3cret}, paginate: {next: link}}
  - {name: poll, url: "`+first.URL+`/ok", auth: [ada, s3cret], poll: {get: "`+second.URL+`/evil", until: "${{ res.status }}", every: 10ms}}
`, options{})
	if len(got) != 2 {
		t.Fatalf("%d requests at the other origin, want 2", len(got))
	}
	for range 2 {
		h := <-got
		for _, name := range []string{"Authorization", "Cookie", "X-Key"} {
			if h.Get(name) != "" {
				t.Errorf("%s went along: %v", name, h)
			}
		}
	}
}
