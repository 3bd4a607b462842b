package faults_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/runtimetest"
)

// mixed is how many requests the mix sends, and how many at once.
const (
	mixed     = 10_000
	mixedSize = 500
)

// crew is an engine over a client that knows the farm's certificate.
type crew struct {
	client  *client.Client
	session *client.Session
	engine  *runtime.Engine
}

func newCrew(t testing.TB, certificates *runtimetest.Certificates) *crew {
	t.Helper()
	cl, err := client.New(client.Config{CA: certificates.CAFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	session, err := cl.NewSession(client.Settings{Timeout: runtime.Timeout{Connect: 10 * time.Second, Read: 5 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{client: cl, session: session}
	c.engine = runtime.NewEngine(context.Background(), runtime.EngineOptions{Executor: session, Size: mixedSize})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), most)
		defer cancel()
		if err := c.engine.Close(ctx); err != nil {
			t.Errorf("the engine does not end: %v", err)
		}
		_ = session.Close()
		_ = cl.Close()
	})
	return c
}

// draw picks deeds as often as their times say.
func (f *farm) draw(rng *rand.Rand) *deed {
	sum := 0
	for i := range f.deeds {
		sum += f.deeds[i].times
	}
	at := rng.IntN(sum)
	for i := range f.deeds {
		if at -= f.deeds[i].times; at < 0 {
			return &f.deeds[i]
		}
	}
	panic("unreachable")
}

// request asks for a deed with the tag of n. A silent server is given less
// time than others, which a busy machine may delay.
func (f *farm) request(d *deed, n int) *runtime.Request {
	req := &runtime.Request{Method: "GET", URL: f.url(d.name, tagOf(n))}
	if d.name == "silent" {
		req.Options = &runtime.Options{Timeout: &runtime.Timeout{Read: patience}}
	}
	return req
}

// Plan 7.2: of many requests to good and faulty servers at once none is lost,
// none is answered with another's answer, and each fails by its own server's
// fault.
func TestMix(t *testing.T) {
	runtimetest.Leaks(t)
	certificates := runtimetest.NewCertificates(t)
	f, c := newFarm(t, certificates), newCrew(t, certificates)
	rng := rand.New(rand.NewPCG(1, 2))
	chosen := make([]*deed, 0, mixed)
	seen := make([]int, mixed)
	lateOpen, spoken := 0, false
	source := func() (*runtime.Request, error) {
		n := len(chosen)
		if n == mixed {
			return nil, io.EOF
		}
		d := f.draw(rng)
		for d.name == "late" && n > mixed/2 && !spoken {
			d = f.draw(rng) // theirs is the connection that is about to be poisoned
		}
		if n > mixed/2 && !spoken && lateOpen == 0 {
			spoken = true
			if f.speakUnasked() == 0 {
				t.Error("there was no idle connection to speak on")
			}
			time.Sleep(50 * time.Millisecond) // until what was said has arrived
		}
		if d.name == "late" {
			lateOpen++
		}
		chosen = append(chosen, d)
		return f.request(d, n), nil
	}
	var inbox runtime.Inbox
	batch := c.engine.Batch(&inbox, source, runtime.BatchOptions{})
	defer batch.Close()
	for {
		res, err := batch.Next(&inbox)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n := res.Index - 1
		seen[n]++
		if chosen[n].name == "late" {
			lateOpen--
		}
		if wrong := chosen[n].judge(res, tagOf(n)); wrong != "" {
			t.Errorf("%d: %s", res.Index, wrong)
		}
	}
	for n, times := range seen {
		if times != 1 {
			t.Errorf("request %d has %d results", n+1, times)
		}
	}
	if !spoken {
		t.Error("the late answers were never sent")
	}
}
