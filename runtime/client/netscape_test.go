package client

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"volley/runtime"
)

func TestNetscapeRoundTrip(t *testing.T) {
	j := NewJar()
	for _, c := range []Cookie{
		{Name: "a", Value: "1", Domain: "h.test", Path: "/x", HostOnly: true, Secure: true, Expires: time.Unix(4102444800, 0)},
		{Name: "b", Value: "", Domain: "h.test", HTTPOnly: true},
		{Name: "c", Value: "v w", Domain: "127.0.0.1", HostOnly: true},
		{Name: "d", Value: "everywhere"},
	} {
		if err := j.Set(c); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := j.Write(&file); err != nil {
		t.Fatal(err)
	}
	back := NewJar()
	if err := back.Read(&file); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(j.List(), back.List()); diff != "" {
		t.Error(diff)
	}
}

func TestNetscapeOfCurl(t *testing.T) {
	j := NewJar()
	err := j.Read(strings.NewReader("# Netscape HTTP Cookie File\r\n# a comment\n\n" +
		".example.com\tTRUE\t/\tFALSE\t4102444800\tid\t7\n" +
		"#HttpOnly_www.example.com\tFALSE\t/a\tTRUE\t0\tsid\tx\n" +
		"example.com\tFALSE\t/\tFALSE\t1\told\tgone\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := j.line(at(t, "https://www.example.com/a"), nil, true); got != "sid=x; id=7" {
		t.Errorf("got %q", got)
	}
	for _, bad := range []string{"nonsense", "h\tTRUE\t/\tFALSE\tsoon\ta\tb", "h\tTRUE\tx\tFALSE\t0\ta\tb"} {
		err := j.Read(strings.NewReader("# fine\n" + bad))
		if e := runtime.AsError(err); e == nil || e.Kind != runtime.KindInvalidArgument || !strings.Contains(e.Message, "line 2") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}
