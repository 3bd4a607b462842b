package faults_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
)

var soakFor = flag.Duration("soak", 3*time.Second, "how long TestSoak runs")

// figures are what a process has at one moment.
type figures struct {
	resident   int // KiB
	heap       int // KiB in use after a collection
	goroutines int
	sockets    int
}

// trend is how long a soak must be for its thirds to tell more than chance
// does.
const trend = time.Minute

// soakSlack is by how much the end of a soak may lie above its beginning:
// chance, and pools that are still growing to their limits.
var soakSlack = figures{resident: 24 << 10, heap: 4 << 10, goroutines: 400, sockets: 400}

// TestSoak sends batch after batch to the farm, faults at random, for the time
// that -soak gives: what the process holds must not grow.
func TestSoak(t *testing.T) {
	runtimetest.Leaks(t)
	certificates := runtimetest.NewCertificates(t)
	f, c := newFarm(t, certificates), newCrew(t, certificates)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	f.soak(t, c, rng, time.Now().Add(3*time.Second/2)) // until pools have their size

	samples := sampleUntil(t, *soakFor, func(end time.Time) int { return f.soak(t, c, rng, end) })
	third := max(1, len(samples)/3)
	first, last := median(samples[:third]), median(samples[len(samples)-third:])
	t.Logf("%d samples; first third %+v; last third %+v; at the end %+v", len(samples), first, last, samples[len(samples)-1])
	if *soakFor < trend {
		return // what is left at the end is counted all the same
	}
	for _, row := range []struct {
		what               string
		first, last, slack int
	}{
		{"KiB of resident memory", first.resident, last.resident, soakSlack.resident},
		{"KiB of heap in use", first.heap, last.heap, soakSlack.heap},
		{"goroutines", first.goroutines, last.goroutines, soakSlack.goroutines},
		{"sockets", first.sockets, last.sockets, soakSlack.sockets},
	} {
		if row.last > row.first+row.slack {
			t.Errorf("%s: %d in the first third, %d in the last", row.what, row.first, row.last)
		}
	}
}

// sampleUntil takes figures while work runs, thirty or one a second of them.
func sampleUntil(t *testing.T, d time.Duration, work func(end time.Time) int) []figures {
	var samples []figures
	done := make(chan struct{})
	tick := time.NewTicker(min(d/30, time.Second))
	defer tick.Stop()
	sent := 0
	began := time.Now()
	go func() {
		defer close(done)
		sent = work(began.Add(d))
	}()
	for {
		select {
		case <-done:
			t.Logf("%d requests in %v", sent, time.Since(began).Round(time.Millisecond))
			if len(samples) == 0 {
				samples = append(samples, takeFigures(t))
			}
			return samples
		case <-tick.C:
			samples = append(samples, takeFigures(t))
		}
	}
}

// soak sends batches until end and returns how many requests that were.
func (f *farm) soak(t *testing.T, c *crew, rng *rand.Rand, end time.Time) int {
	sent := 0
	var inbox runtime.Inbox
	for time.Now().Before(end) && !t.Failed() {
		var chosen []*deed
		base := sent
		batch := c.engine.Batch(&inbox, func() (*runtime.Request, error) {
			if len(chosen) == mixed || !time.Now().Before(end) {
				return nil, io.EOF
			}
			d := f.draw(rng)
			chosen = append(chosen, d)
			return f.request(d, base+len(chosen)-1), nil
		}, runtime.BatchOptions{Size: 1 + rng.IntN(mixedSize)})
		results := 0
		for {
			res, err := batch.Next(&inbox)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Error(err)
				break
			}
			results++
			if wrong := chosen[res.Index-1].judge(res, tagOf(base+res.Index-1)); wrong != "" {
				t.Errorf("%d: %s", res.Index, wrong)
			}
		}
		if results != len(chosen) {
			t.Errorf("%d results of %d requests", results, len(chosen))
		}
		batch.Close()
		sent += len(chosen)
	}
	return sent
}

func takeFigures(t *testing.T) figures {
	t.Helper()
	var at figures
	goruntime.GC()
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	at.heap = int(m.HeapAlloc >> 10)
	at.goroutines = goruntime.NumGoroutine()
	statm, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		var size, pages int
		if _, err := fmt.Sscan(string(statm), &size, &pages); err != nil {
			t.Fatal(err)
		}
		at.resident = pages * os.Getpagesize() >> 10
	}
	fds, _ := filepath.Glob("/proc/self/fd/*") // none where the system shows none
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:") {
			at.sockets++
		}
	}
	return at
}

func median(of []figures) figures {
	by := func(value func(figures) int) int {
		all := make([]int, 0, len(of))
		for _, s := range of {
			all = append(all, value(s))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return figures{
		resident:   by(func(s figures) int { return s.resident }),
		heap:       by(func(s figures) int { return s.heap }),
		goroutines: by(func(s figures) int { return s.goroutines }),
		sockets:    by(func(s figures) int { return s.sockets }),
	}
}
