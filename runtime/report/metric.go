package report

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	smallest     = 1e-6 // what percentiles tell apart
	largest      = 1e9  // a value beyond it counts as it; Min and Max stay exact
	metricDigits = 2    // significant: 45 KB a metric, as much again for negative values
)

// MetricCount is how the samples of one metric were. Percentiles are within
// 1% for values of 0.0001 to 1e9 either side of 0.
type MetricCount struct {
	Name           string
	Count          int64
	Min, Mean, Max float64
	P50, P95, P99  float64
}

// samples are the values of one metric.
type samples struct {
	count    int64
	mean     float64
	min, max float64
	above    *hdrhistogram.Histogram // of values ≥ 0, in units of smallest
	below    *hdrhistogram.Histogram // of the others, without their sign
}

func (m *samples) add(v float64) {
	if m.count == 0 {
		m.min, m.max = v, v
	}
	m.count++
	// Not a sum, which large values could overflow.
	m.mean += v/float64(m.count) - m.mean/float64(m.count)
	m.min, m.max = min(m.min, v), max(m.max, v)
	h := &m.above
	if v < 0 {
		h = &m.below
	}
	if *h == nil {
		*h = hdrhistogram.New(1, largest/smallest, metricDigits)
	}
	// Within the histogram's range, so there is no error.
	_ = (*h).RecordValue(int64(math.Round(min(math.Abs(v), largest) / smallest)))
}

// percentile returns the value that p of 100 samples do not exceed.
func (m *samples) percentile(p float64) float64 {
	var negative int64
	if m.below != nil {
		negative = m.below.TotalCount()
	}
	rank := min(m.count, max(1, int64(math.Ceil(p/100*float64(m.count)))))
	var v float64
	switch {
	case rank <= negative:
		v = -valueAt(m.below, negative-rank+1)
	default:
		v = valueAt(m.above, rank-negative)
	}
	return min(m.max, max(m.min, v))
}

// valueAt returns the value of a rank, from 1 for the smallest.
func valueAt(h *hdrhistogram.Histogram, rank int64) float64 {
	// A little less than the rank: whether the library rounds or not, it finds it.
	v := float64(h.ValueAtPercentile(100*(float64(rank)-0.25)/float64(h.TotalCount()))) * smallest
	// The histogram tells the upper end of what it cannot tell apart. Samples are
	// often whole numbers, so one within reach is the better guess.
	if whole := math.Floor(v); v-whole <= v/128 {
		return whole
	}
	return v
}

func (m *samples) summary(name string) MetricCount {
	return MetricCount{
		Name: name, Count: m.count, Min: m.min, Mean: m.mean, Max: m.max,
		P50: m.percentile(50), P95: m.percentile(95), P99: m.percentile(99),
	}
}
