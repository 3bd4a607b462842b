package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

const (
	maxChecks     = 200 // names of checks, and of metrics, counted one by one
	maxThresholds = 200
	maxNameBytes  = 200
)

// Checks counts what a run's scripts check and measure, and knows what they
// want of it, in fixed memory: of more than 200 names of a sort the rest is
// counted as "others". The zero value is ready. Any goroutine may call its
// methods.
type Checks struct {
	mu         sync.Mutex
	checks     map[string]*CheckCount
	metrics    map[string]*samples
	thresholds []Threshold
}

// CheckCount is how often one check was made and how often it held.
type CheckCount struct {
	Name        string
	Held, Total int64
}

func (c CheckCount) text() string { return share(c.Held, c.Total) }

// Check counts one outcome of the check called name.
func (c *Checks) Check(name string, held bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := slot(&c.checks, name)
	n.Total++
	if held {
		n.Held++
	}
}

// Sample counts one value of the metric called name. It must be finite.
func (c *Checks) Sample(name string, value float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot(&c.metrics, name).add(value)
}

// Want adds thresholds to what the end of the run must show; one that is known
// already counts once. More than 200 are an error, and then none is added.
func (c *Checks) Want(thresholds ...Threshold) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.thresholds)
	for _, t := range thresholds {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	if len(all) > maxThresholds {
		return fmt.Errorf("a run has at most %d thresholds, these would make %d", maxThresholds, len(all))
	}
	c.thresholds = all
	return nil
}

// AddTo completes a Summary with the checks and metrics so far, by name.
func (c *Checks) AddTo(s *Summary) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, n := range c.checks {
		s.Checks = append(s.Checks, CheckCount{name, n.Held, n.Total})
	}
	for name, n := range c.metrics {
		s.Metrics = append(s.Metrics, n.summary(name))
	}
	slices.SortFunc(s.Checks, func(a, b CheckCount) int { return byName(a.Name, b.Name) })
	slices.SortFunc(s.Metrics, func(a, b MetricCount) int { return byName(a.Name, b.Name) })
}

// slot returns what is counted under a name, or under "others".
func slot[T any](m *map[string]*T, name string) *T {
	if n := (*m)[nameKey(name)]; n != nil {
		return n
	}
	if *m == nil {
		*m = map[string]*T{}
	}
	if len(*m) >= maxChecks {
		name = otherNames
	}
	n := (*m)[nameKey(name)]
	if n == nil {
		n = new(T)
		(*m)[strings.Clone(nameKey(name))] = n // name may be a piece of something large
	}
	return n
}

// nameKey bounds what a name can hold in memory.
func nameKey(name string) string { return name[:min(len(name), maxNameBytes)] }

// byName sorts names, those not counted one by one last.
func byName(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == otherNames:
		return 1
	case b == otherNames:
		return -1
	}
	return cmp.Compare(a, b)
}
