package gcpace

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// headroom is how much garbage may pile up, in bytes, while that is between
	// least and most percent of what is live.
	headroom = 16 << 20
	least    = 50
	most     = 400

	liveBytes = "/gc/heap/live:bytes"
)

// pacer is asked after each collection.
type pacer struct {
	percent int
	sample  [1]metrics.Sample
}

// Start sets the collector's percentage, now and after each collection, until
// the process ends.
func Start() {
	p := &pacer{percent: most}
	p.sample[0].Name = liveBytes
	debug.SetGCPercent(most)
	p.watch()
}

// watch leaves a piece of garbage behind, whose end tells of the next
// collection.
func (p *pacer) watch() {
	bait := new([16]byte)
	runtime.AddCleanup(bait, func(p *pacer) {
		p.adjust()
		p.watch()
	}, p)
}

// adjust follows what is live. A change stops the program for a moment, so a
// small one is not made.
func (p *pacer) adjust() {
	metrics.Read(p.sample[:])
	want := percentFor(p.sample[0].Value.Uint64())
	if want*5 < p.percent*4 || want*4 > p.percent*5 {
		p.percent = want
		debug.SetGCPercent(want)
	}
}

// percentFor returns the percentage for so many bytes that are live.
func percentFor(live uint64) int {
	if live == 0 {
		return most
	}
	return int(min(max(headroom*100/live, least), most))
}
