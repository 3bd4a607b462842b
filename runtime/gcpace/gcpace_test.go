package gcpace

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 400}, {1 << 20, 400}, {4 << 20, 400}, {8 << 20, 200}, {16 << 20, 100}, {32 << 20, 50}, {1 << 30, 50},
	} {
		if got := percentFor(c.live); got != c.want {
			t.Errorf("%d MiB live: %d %%, want %d %%", c.live>>20, got, c.want)
		}
	}
}

func TestFollowsTheHeap(t *testing.T) {
	Start()
	if got := percent(); got != most {
		t.Fatalf("it begins at %d %%, want %d %%", got, most)
	}
	live := make([]byte, 64<<20)
	await(t, least)
	runtime.KeepAlive(live)
	await(t, most)
}

// await collects until the percentage is want: the pacer hears of a collection
// a little after it.
func await(t *testing.T, want int) {
	t.Helper()
	for range 1000 {
		runtime.GC()
		if percent() == want {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("the percentage is %d, want %d", percent(), want)
}

func percent() int {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64())
}
