package transport

import (
	"testing"
	"testing/synctest"
	"time"
)

// A server that wants calm gets half the rate of before, for ten seconds.
func TestCalm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New(Config{})
		here, there := place{"a.test", "443"}, place{"b.test", "443"}
		tr.calm.slow(here, 4, time.Now())
		began := time.Now()
		went := func(p place) time.Duration {
			x := &Exchange{Host: p.host, Port: p.port, Route: tr.direct}
			trip := &trip{exchange: x, start: time.Now(), now: time.Now()}
			started := trip.start
			if err := tr.bide(t.Context(), trip); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(started); trip.start.Sub(started) != waited {
				t.Errorf("%v of %v waited are taken out of the clock", trip.start.Sub(started), waited)
			}
			return time.Since(began)
		}
		if d := went(there); d != 0 {
			t.Errorf("another server's request waited %v", d)
		}
		for i := 1; i <= 20; i++ {
			if d, want := went(here), time.Duration(i)*500*time.Millisecond; d != want {
				t.Errorf("request %d went after %v, want %v", i, d, want)
			}
		}
		if d := went(here); d != calmFor {
			t.Errorf("it is slow for more than %v: %v", calmFor, d)
		}
		if tr.calm.some.Load() {
			t.Error("what is over is looked at still")
		}
		_ = tr.Close()
	})
}

// Nobody waits for a turn once the transport is closed.
func TestCalmEndsWithTheTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := New(Config{})
		tr.calm.slow(place{"a.test", ""}, 0.1, time.Now())
		done := make(chan error, 1)
		go func() {
			_, err := tr.Do(t.Context(), &Exchange{Method: "GET", Scheme: "https", Host: "a.test", Target: "/"})
			done <- err
		}()
		synctest.Wait()
		began := time.Now()
		_ = tr.Close()
		if err := <-done; err == nil || time.Since(began) > 0 {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestRateOfAConnection(t *testing.T) {
	var m meter
	now := time.Now()
	for range 100 {
		m.count(now)
		now = now.Add(50 * time.Millisecond)
	}
	if r := m.rate(now); r < 19 || r > 21 {
		t.Errorf("20 a second are counted as %.1f", r)
	}
	burst := meter{}
	for range 30 {
		burst.count(now)
	}
	if r := burst.rate(now); r != 30 {
		t.Errorf("a burst of 30 is counted as %.1f a second", r)
	}
}
