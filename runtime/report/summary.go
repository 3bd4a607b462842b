package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"volley/runtime"
)

// Summary is how a run went: plain data, made by Tally.Summary.
type Summary struct {
	Counts
	Elapsed     time.Duration
	Codes       []CodeCount // of answers, by code
	Kinds       []KindCount // of failures, most frequent first
	Warned      KindCount   // expectations of severity warn that did not hold
	Names       []NameCount // most requests first; empty when no request had a name
	Latency     Latency     // of answers
	Received    int64       // bytes of headers and bodies, as on the wire
	Connections Connections
	Checks      []CheckCount  // by name
	Metrics     []MetricCount // by name
	Notes       []string      // what is to be known of how the run ended
}

// CodeCount is how many answers had a status; Code 0 is one out of range.
type CodeCount struct {
	Code  int
	Count int64
}

// KindCount is how many requests failed in one way, with the first of them.
type KindCount struct {
	Kind  runtime.Kind
	Count int64
	First Example
}

// Example is one failed request, its URL masked, its texts escaped.
type Example struct {
	Batch, Index         int
	Method, URL, Message string
}

// NameCount is the part of a Summary that belongs to one Request.Name.
type NameCount struct {
	Name string
	Counts
	P50, P99 time.Duration
}

// Latency is the time from a request's start to the end of its body.
type Latency struct {
	P50, P90, P99, Max, Mean time.Duration
}

// Connections says how well connections were used: Opened of them carried
// Exchanges, Reused of which went over one that had served before.
type Connections struct {
	Opened, Exchanges, Reused int64
}

const (
	labelWidth = 9
	maxMessage = 160 // runes of an example's message
	maxURL     = 120
)

func (t *Tally) example(r *runtime.Result, message string) Example {
	e := Example{Batch: r.Batch, Index: r.Index, Message: clip(Escape(t.Secrets.Mask(message)), maxMessage)}
	if r.Request != nil {
		e.Method = Escape(r.Request.Method)
		e.URL = clip(Escape(t.Secrets.Mask(runtime.MaskURL(r.Request.URL))), maxURL)
	}
	return e
}

// clip shortens s to n runes, the last an ellipsis.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// Empty reports that there is nothing to tell: no requests, checks or metrics.
func (s *Summary) Empty() bool {
	return s.Done == 0 && len(s.Checks) == 0 && len(s.Metrics) == 0 && len(s.Notes) == 0
}

// Write writes the summary as text for a person: one line for the account,
// one each for what there is to say. It makes one call of w.Write, and leaves
// its error: there is no better place to report it.
func (s *Summary) Write(w io.Writer, color bool) {
	b := &bytes.Buffer{}
	paint := painter(color)
	if s.Done == 0 {
		b.WriteString("no requests\n")
	} else {
		s.writeAccount(b, paint)
		s.writeStatus(b, paint)
		s.writeTimes(b, paint)
		s.writeTraffic(b, paint)
		s.writeKinds(b, paint)
		s.writeNames(b, paint)
	}
	s.writeChecks(b, paint)
	s.writeMetrics(b, paint)
	for _, note := range s.Notes {
		line(b, paint, "note", note)
	}
	_, _ = w.Write(b.Bytes())
}

func (s *Summary) writeAccount(b *bytes.Buffer, paint painter) {
	failed := count(s.Failed) + " failed"
	if s.Failed > 0 {
		failed = paint.red(failed)
	}
	ok := count(s.OK) + " ok"
	if s.OK == s.Done {
		ok = paint.green(ok)
	}
	fmt.Fprintf(b, "%s done = %s + %s + %s skipped, in %s", count(s.Done), ok, failed, count(s.Skipped), span(s.Elapsed))
	if sent := s.Done - s.Skipped; sent > 1 && s.Elapsed > 0 {
		fmt.Fprintf(b, ", %s", rate(float64(sent)/s.Elapsed.Seconds()))
	}
	b.WriteByte('\n')
}

// writeStatus counts by class; the codes of a class that tells of trouble
// stand behind it.
func (s *Summary) writeStatus(b *bytes.Buffer, paint painter) {
	if len(s.Codes) == 0 {
		return
	}
	if s.Done == 1 {
		line(b, paint, "status", strconv.Itoa(s.Codes[0].Code))
		return
	}
	var parts []string
	for from := 0; from < len(s.Codes); {
		class := s.Codes[from].Code / 100
		to := from
		var sum int64
		for to < len(s.Codes) && s.Codes[to].Code/100 == class {
			sum += s.Codes[to].Count
			to++
		}
		parts = append(parts, classText(class, sum, s.Codes[from:to], paint))
		from = to
	}
	line(b, paint, "status", strings.Join(parts, "   "))
}

func classText(class int, sum int64, codes []CodeCount, paint painter) string {
	text := fmt.Sprintf("%dxx %s", class, count(sum))
	if class >= 1 && class < 4 {
		return text
	}
	codes = slices.Clone(codes)
	slices.SortStableFunc(codes, func(a, b CodeCount) int { return cmp.Compare(b.Count, a.Count) })
	var parts []string
	for i, c := range codes {
		if i == 3 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprintf("%d: %s", c.Code, count(c.Count)))
	}
	return paint.yellow(text) + " (" + strings.Join(parts, ", ") + ")"
}

func (s *Summary) writeTimes(b *bytes.Buffer, paint painter) {
	l := s.Latency
	switch {
	case l.Max <= 0:
	case s.Done == 1:
		line(b, paint, "latency", span(l.Max))
	default:
		line(b, paint, "latency", fmt.Sprintf("p50 %s   p90 %s   p99 %s   max %s", span(l.P50), span(l.P90), span(l.P99), span(l.Max)))
	}
}

func (s *Summary) writeTraffic(b *bytes.Buffer, paint painter) {
	c := s.Connections
	if s.Done == 1 || s.Received == 0 && c.Opened == 0 {
		return
	}
	text := size(s.Received) + " received"
	if c.Opened > 0 {
		text += fmt.Sprintf(", %s opened", plural(c.Opened, "connection"))
	}
	if c.Exchanges > 0 {
		text += fmt.Sprintf(", %.1f%% of requests on a reused one", 100*float64(c.Reused)/float64(c.Exchanges))
	}
	line(b, paint, "traffic", text)
}

func (s *Summary) writeKinds(b *bytes.Buffer, paint painter) {
	label := "failed"
	counts, kinds := 0, 0
	for _, k := range s.Kinds {
		counts = max(counts, len(count(k.Count)))
		kinds = max(kinds, len(k.Kind))
	}
	for _, k := range s.Kinds {
		text := paint.red(fmt.Sprintf("%*s %-*s", counts, count(k.Count), kinds, k.Kind)) + "  " + k.First.text(k.Count == 1)
		line(b, paint, label, text)
		label = ""
	}
	if handled := s.Failed - s.Unhandled; handled > 0 {
		line(b, paint, "", fmt.Sprintf("%s handled by the script, %s not", count(handled), count(s.Unhandled)))
	}
	if w := s.Warned; w.Count > 0 {
		line(b, paint, "warned", paint.yellow(count(w.Count)+" "+string(w.Kind))+"  "+w.First.text(w.Count == 1))
	}
}

func (e Example) text(only bool) string {
	text := e.Message
	if e.URL != "" {
		text = e.Method + " " + e.URL + ": " + text
	}
	switch {
	case e.Index > 0 && e.Batch > 1:
		text = fmt.Sprintf("batch %d #%d %s", e.Batch, e.Index, text)
	case e.Index > 0:
		text = fmt.Sprintf("#%d %s", e.Index, text)
	}
	if only {
		return text
	}
	return "first: " + text
}

func (s *Summary) writeNames(b *bytes.Buffer, paint painter) {
	label := "names"
	names, counts, fails := 0, 0, 0
	for _, n := range s.Names {
		names = max(names, utf8.RuneCountInString(shownName(n.Name)))
		counts = max(counts, len(count(n.Done)))
		fails = max(fails, len(count(n.Failed)))
	}
	for _, n := range s.Names {
		text := fmt.Sprintf("%-*s  %*s done  %*s failed", names, shownName(n.Name), counts, count(n.Done), fails, count(n.Failed))
		if n.P99 > 0 {
			text += fmt.Sprintf("  p50 %s  p99 %s", span(n.P50), span(n.P99))
		}
		line(b, paint, label, text)
		label = ""
	}
}

func (s *Summary) writeChecks(b *bytes.Buffer, paint painter) {
	label := "checks"
	names := 0
	for _, c := range s.Checks {
		names = max(names, utf8.RuneCountInString(shownName(c.Name)))
	}
	for _, c := range s.Checks {
		text := c.text()
		if c.Held < c.Total {
			text = paint.red(text)
		}
		line(b, paint, label, fmt.Sprintf("%-*s  %s", names, shownName(c.Name), text))
		label = ""
	}
}

func (s *Summary) writeMetrics(b *bytes.Buffer, paint painter) {
	label := "metrics"
	names := 0
	for _, m := range s.Metrics {
		names = max(names, utf8.RuneCountInString(shownName(m.Name)))
	}
	for _, m := range s.Metrics {
		line(b, paint, label, fmt.Sprintf("%-*s  %s  min %s  mean %s  p50 %s  p95 %s  p99 %s  max %s", names, shownName(m.Name),
			plural(m.Count, "sample"), decimal(m.Min), decimal(m.Mean), decimal(m.P50), decimal(m.P95), decimal(m.P99), decimal(m.Max)))
		label = ""
	}
}

func shownName(name string) string { return clip(Escape(name), 40) }

func line(b *bytes.Buffer, paint painter, label, text string) {
	b.WriteString(paint.dim(fmt.Sprintf("%-*s", labelWidth, label)))
	b.WriteString(text)
	b.WriteByte('\n')
}
