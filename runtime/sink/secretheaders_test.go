package sink_test

import (
	"context"
	"strings"
	"testing"

	"volley/runtime"
	"volley/runtime/sink"
)

// discreet is a session with secret headers of its own.
type discreet struct{ names []string }

func (d *discreet) Do(context.Context, *runtime.Request) (*runtime.Response, error) { return nil, nil }

func (d *discreet) SecretHeaders(*runtime.Request) []string { return d.names }

// What a session keeps from other origins, it keeps from records too.
func TestSecretHeadersOfASession(t *testing.T) {
	r := answered()
	r.Request.Session = &discreet{[]string{"x-tenant", "X-Reply"}}
	r.Response.Request.Header.Add("X-Tenant", "t0pse")
	r.Response.Header.Add("X-Reply", "t0pse")
	line := lines(t, sink.Options{}, r)[0]
	if strings.Contains(line, "t0pse") || !strings.Contains(line, `["X-Tenant","***"]`) || !strings.Contains(line, `["X-Reply","***"]`) {
		t.Errorf("the record tells %s", line)
	}
	if rows := table(t, []string{"headers.X-Reply"}, sink.Options{}, r); rows[len(rows)-1][0] != "***" {
		t.Errorf("the table tells %v", rows)
	}
}
