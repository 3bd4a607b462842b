package report

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"volley/runtime/spell"
)

// Threshold is one thing that a run wants of its numbers. ParseThreshold makes
// it.
type Threshold struct {
	Subject   string // p95, max, avg, error_rate, rps, checks, check:NAME, metric:NAME
	Condition string // as it was written

	kind      subjectKind
	name      string // of the check or metric
	statistic string // p95, max, …, of the latencies or of the metric
	op        string
	limit     float64 // seconds, a fraction, requests per second, or a metric's value
}

type subjectKind int

const (
	ofLatency subjectKind = iota
	ofErrors
	ofRate
	ofChecks
	ofCheck
	ofMetric
)

var (
	subjects    = []string{"p50", "p90", "p95", "p99", "max", "avg", "error_rate", "rps", "checks", "check:", "metric:"}
	statistics  = []string{"p50", "p90", "p95", "p99", "max", "avg", "min", "count"}
	percentileN = regexp.MustCompile(`^p(\d{1,2}(?:\.\d{1,3})?)$`)
	conditionRE = regexp.MustCompile(`^\s*([a-zA-Z][\w.]*)?\s*([<>=!]*)\s*(.*?)\s*$`)
	operators   = []string{"<", "<=", ">", ">="}
)

// ParseThreshold reads a condition of a subject: "<800ms" of a latency (pN,
// max, avg), "<1%" of error_rate, checks or check:NAME, ">100" of rps, "<5" (the
// mean) or "p95<5" of metric:NAME. The error says what is wrong and what was
// probably meant.
func ParseThreshold(subject, condition string) (Threshold, error) {
	t := Threshold{Subject: subject, Condition: strings.TrimSpace(condition)}
	if err := t.parseSubject(); err != nil {
		return t, err
	}
	m := conditionRE.FindStringSubmatch(t.Condition)
	if m == nil {
		return t, t.wrong("is no condition", t.example())
	}
	if err := t.parseStatistic(m[1]); err != nil {
		return t, err
	}
	t.op = m[2]
	if t.op == "" && m[3] == "" {
		return t, t.wrong("compares with nothing", t.example())
	}
	if t.op == "" {
		return t, t.wrong("does not begin with < <= > or >=", m[1]+"<"+m[3])
	}
	if !slices.Contains(operators, t.op) {
		return t, t.wrong(fmt.Sprintf("compares with %q, which is none of < <= > >=", t.op), m[1]+nearestOperator(t.op)+m[3])
	}
	return t, t.parseLimit(m[3])
}

func nearestOperator(op string) string {
	if strings.HasPrefix(strings.TrimLeft(op, "="), ">") {
		return ">="
	}
	return "<="
}

// wrong is an error about the condition with what may have been meant.
func (t *Threshold) wrong(why, meant string) error {
	return fmt.Errorf("%s: the condition %q %s; did you mean %q?", t.Subject, clip(t.Condition, maxMessage), why, clip(meant, maxMessage))
}

// example is a condition that fits the subject.
func (t *Threshold) example() string {
	switch t.kind {
	case ofLatency:
		return "<800ms"
	case ofErrors:
		return "<1%"
	case ofChecks, ofCheck:
		return ">99%"
	case ofRate:
		return ">100"
	case ofMetric:
	}
	return "<5"
}

func (t *Threshold) parseSubject() error {
	if name, ok := strings.CutPrefix(t.Subject, "check:"); ok && name != "" {
		t.kind, t.name = ofCheck, nameKey(name)
		return nil
	}
	if name, ok := strings.CutPrefix(t.Subject, "metric:"); ok && name != "" {
		t.kind, t.name, t.statistic = ofMetric, nameKey(name), "avg"
		return nil
	}
	switch t.Subject {
	case "error_rate":
		t.kind = ofErrors
	case "rps":
		t.kind = ofRate
	case "checks":
		t.kind = ofChecks
	case "check:", "metric:":
		return fmt.Errorf("%q lacks the name: %s", t.Subject, t.Subject+"NAME")
	default:
		if _, ok := percentileOf(t.Subject); !ok && t.Subject != "max" && t.Subject != "avg" {
			return fmt.Errorf("unknown threshold %q%s", t.Subject, spell.Hint(t.Subject, subjects))
		}
		t.kind, t.statistic = ofLatency, t.Subject
	}
	return nil
}

// percentileOf reads p95 or p99.9.
func percentileOf(name string) (float64, bool) {
	m := percentileN.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	p, err := strconv.ParseFloat(m[1], 64)
	return p, err == nil && p > 0
}

// parseStatistic takes what stands before the comparison, which only metrics
// have.
func (t *Threshold) parseStatistic(word string) error {
	switch {
	case word == "":
		return nil
	case t.kind != ofMetric:
		return t.wrong("does not begin with < <= > or >=", t.example())
	}
	if _, ok := percentileOf(word); !ok && !slices.Contains(statistics, word) {
		return fmt.Errorf("%s: the condition %q has an unknown statistic %q%s", t.Subject, t.Condition, word, spell.Hint(word, statistics))
	}
	t.statistic = word
	return nil
}

func (t *Threshold) parseLimit(text string) error {
	if t.kind == ofLatency {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil && isNumber(text):
			return t.wrong("has no unit, such as ms, s or µs", t.op+text+"ms")
		case err != nil || d < 0:
			return t.wrong("has no duration behind the comparison", t.example())
		}
		t.limit = d.Seconds()
		return nil
	}
	if t.kind == ofErrors || t.kind == ofChecks || t.kind == ofCheck {
		return t.parseShare(text)
	}
	if !isNumber(text) {
		return t.wrong("has no number behind the comparison", t.example())
	}
	t.limit, _ = strconv.ParseFloat(text, 64) // it is a number
	return nil
}

// parseShare reads 1% or the fraction 0.01. Of 1 nobody knows which is meant.
func (t *Threshold) parseShare(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	number = strings.TrimSpace(number)
	if !isNumber(number) {
		return t.wrong("has no percentage behind the comparison", t.example())
	}
	v, _ := strconv.ParseFloat(number, 64) // it is a number
	switch {
	case v < 0 || v > 100:
		return t.wrong("is not within 0% and 100%", t.example())
	case percent:
		// Not v / 100, which may miss the fraction of two counts by a bit.
		exact, err := strconv.ParseFloat(number+"e-2", 64)
		if err != nil {
			return t.wrong("has no percentage behind the comparison", t.example())
		}
		t.limit = exact
	case v >= 1:
		return t.wrong("is neither a percentage nor a fraction below 1", t.op+number+"%")
	default:
		t.limit = v
	}
	return nil
}

func isNumber(text string) bool {
	v, err := strconv.ParseFloat(text, 64)
	return err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}

func (t *Threshold) holds(v float64) bool {
	switch t.op {
	case "<":
		return v < t.limit
	case "<=":
		return v <= t.limit
	case ">":
		return v > t.limit
	default:
		return v >= t.limit
	}
}
