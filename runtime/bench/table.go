package main

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"
	"time"
)

// column is one figure of a table.
type column struct {
	Head string
	Of   func(r, base *row, s *scenario) string
}

var (
	perSecond = column{"requests/s", func(r, _ *row, _ *scenario) string {
		return fmt.Sprintf("%.0f", r.median(measurement.rate))
	}}
	cpuEach = column{"CPU µs/request", func(r, _ *row, _ *scenario) string {
		return fmt.Sprintf("%.2f", r.median(measurement.cpuEach)/float64(time.Microsecond))
	}}
	cpuMillis = column{"CPU ms/request", func(r, _ *row, _ *scenario) string {
		return fmt.Sprintf("%.2f", r.median(measurement.cpuEach)/float64(time.Millisecond))
	}}
	cpuRatio = column{"× volley's", func(r, base *row, _ *scenario) string {
		return ratio(r.median(measurement.cpuEach), base.median(measurement.cpuEach))
	}}
	cpuStart   = column{"CPU ms", cpuMillis.Of}
	wallMillis = column{"ms", func(r, _ *row, _ *scenario) string {
		return fmt.Sprintf("%.1f", r.median(func(m measurement) float64 { return float64(m.Wall) / float64(time.Millisecond) }))
	}}
	memory = column{"peak MB", func(r, _ *row, _ *scenario) string {
		return fmt.Sprintf("%.1f", r.median(measurement.peak)/1e6)
	}}
	memoryRatio = column{"× volley's", func(r, base *row, _ *scenario) string {
		return ratio(r.median(measurement.peak), base.median(measurement.peak))
	}}
	memoryTenth = column{"MB at 10 %", func(r, _ *row, _ *scenario) string {
		return fmt.Sprintf("%.1f", r.median(func(m measurement) float64 { return float64(m.RSSTenth) })/1e6)
	}}
	gigabytes = column{"GB/s", func(r, _ *row, s *scenario) string {
		return fmt.Sprintf("%.2f", r.median(measurement.rate)*float64(s.Length)/1e9)
	}}
	wrongOnes = column{"wrong", func(r, _ *row, _ *scenario) string {
		n := 0
		for _, m := range r.Runs {
			n += m.Wrong
		}
		return fmt.Sprint(n)
	}}
)

var (
	usualColumns  = []column{perSecond, cpuEach, cpuRatio, memory, memoryRatio, wrongOnes}
	bulkColumns   = []column{gigabytes, cpuMillis, cpuRatio, memory, memoryRatio, wrongOnes}
	growthColumns = []column{perSecond, cpuEach, cpuRatio, memoryTenth, memory, memoryRatio, wrongOnes}
	startColumns  = []column{wallMillis, cpuStart, cpuRatio, memory, memoryRatio}
)

func (m measurement) answered() float64 { return float64(m.OK + m.Wrong) }
func (m measurement) rate() float64     { return m.answered() / m.Wall.Seconds() }
func (m measurement) peak() float64     { return float64(m.RSS) }

// cpuEach is CPU time for one request, in nanoseconds.
func (m measurement) cpuEach() float64 { return float64(m.CPU) / max(1, m.answered()) }

// median of a figure over the runs; of an even number the upper of the two in
// the middle.
func (r *row) median(of func(measurement) float64) float64 {
	if r == nil || len(r.Runs) == 0 {
		return 0
	}
	var values []float64
	for _, m := range r.Runs {
		values = append(values, of(m))
	}
	sort.Float64s(values)
	return values[len(values)/2]
}

// ratio of a to b; a dash where there is none to compare with.
func ratio(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a/b)
}

// print prints a scenario's table; the first row is the base of the
// ratios if it is volley's.
func (r *result) print(out io.Writer, s *scenario) {
	_, _ = fmt.Fprintf(out, "\n%s: %s\n", r.Scenario, r.About)
	_, _ = fmt.Fprintf(out, "%d requests, %d connections, server: %s\n", r.N, r.Conns, r.Server)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	heads := []string{"client"}
	for _, c := range s.Columns {
		heads = append(heads, c.Head)
	}
	_, _ = fmt.Fprintln(w, strings.Join(heads, "\t"))
	base := r.base()
	var absent absentees
	var failed []string
	for _, row := range r.Rows {
		switch {
		case row.Absent != "":
			absent.add(row.Client, row.Absent)
			continue
		case row.Failed != "":
			failed = append(failed, fmt.Sprintf("%s failed in round %d: %s", row.Client, len(row.Runs)+1, row.Failed))
		}
		if len(row.Runs) == 0 {
			continue
		}
		cells := []string{row.Client}
		for _, c := range s.Columns {
			cells = append(cells, c.Of(row, base, s))
		}
		if row.Note != "" {
			cells = append(cells, row.Note)
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush() // standard output: nobody is left to tell
	for _, line := range append(failed, absent.lines()...) {
		_, _ = fmt.Fprintln(out, line)
	}
}

// base is volley's row, nil without one.
func (r *result) base() *row {
	if len(r.Rows) > 0 && strings.HasPrefix(r.Rows[0].Client, "volley") {
		return r.Rows[0]
	}
	return nil
}
