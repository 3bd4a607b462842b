package specs

import (
	"strconv"
	"strings"

	"volley/runtime/report"
	"volley/specs/shape"
	"volley/specs/tree"
)

// comparisons are the operators of conditions, as Lua writes them.
var comparisons = map[string]string{"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

// comparisonNames are the names of comparisons, in order.
var comparisonNames = []string{"lt", "lte", "gt", "gte"}

func thresholdsShape() *shape.Shape {
	condition := conditionShape()
	subjects := []shape.Field{
		{Name: "error_rate", Doc: "Share of failed requests: {lt: 0.01} or {lt: 1%}.", Shape: condition},
		{Name: "rps", Doc: "Requests per second.", Shape: condition},
		{Name: "checks", Doc: "Share of checks that held.", Shape: condition},
		{Name: "max", Doc: "Longest time of a request.", Shape: condition},
		{Name: "avg", Doc: "Mean time of a request.", Shape: condition},
		{Name: "p50", Doc: "Median time of a request.", Shape: condition},
		{Name: "p90", Doc: "Time that 90% keep within; so for any other number.", Shape: condition},
		{Name: "p95", Shape: condition},
		{Name: "p99", Shape: condition},
		{Name: "abort_on", Doc: "End the run while it goes on.", Shape: abortShape()},
	}
	return &shape.Shape{Name: "thresholds", Kinds: []tree.Kind{tree.Map}, Fields: subjects, Rest: condition}
}

// conditionShape is a map of operators, or a text such as "<800ms".
func conditionShape() *shape.Shape {
	limit := &shape.Shape{Kinds: []tree.Kind{tree.Int, tree.Float, tree.String}}
	var operators []shape.Field
	for _, name := range comparisonNames {
		operators = append(operators, shape.Field{Name: name, Shape: limit})
	}
	of := record(operators...)
	of.Need = [][]string{comparisonNames}
	return &shape.Shape{Name: "condition", OneOf: []*shape.Shape{of, {Kinds: []tree.Kind{tree.String}}}}
}

func abortShape() *shape.Shape {
	number := &shape.Shape{Kinds: []tree.Kind{tree.Int, tree.Float, tree.String}, Format: share}
	fields := []shape.Field{{Name: "after", Doc: "Not before that many requests are done; default 1.", Shape: whole(1)}}
	for _, name := range comparisonNames {
		fields = append(fields, shape.Field{Name: name, Shape: number})
	}
	of := record(fields...)
	of.Exclusive, of.Need = [][]string{comparisonNames}, [][]string{comparisonNames}
	return record(shape.Field{Name: "error_rate", Doc: "{gt: 0.2, after: 200}", Shape: of, Required: true})
}

func (d *decoder) decodeThresholds() {
	n := present(d.root, "thresholds")
	members(n, func(m tree.Member) {
		path := shape.Member("thresholds", m.Name)
		switch {
		case m.Name == "abort_on":
			d.decodeAbort(m.Value)
		case m.Value.Kind == tree.Map:
			members(m.Value, func(op tree.Member) {
				if sign, ok := comparisons[op.Name]; ok && isScalar(op.Value) {
					d.threshold(m, op.Value, path, sign+limitText(m.Name, op.Value))
				}
			})
		case m.Value.Kind == tree.String:
			d.threshold(m, m.Value, path, m.Value.Text)
		}
	})
}

func (d *decoder) threshold(m tree.Member, at *tree.Node, path, condition string) {
	t, err := report.ParseThreshold(m.Name, condition)
	if err == nil {
		d.spec.Thresholds = append(d.spec.Thresholds, t)
		return
	}
	pos, message := at.Pos, strings.TrimPrefix(err.Error(), m.Name+": ")
	if strings.HasPrefix(message, "unknown threshold") {
		pos = m.Pos
	}
	message, hint, _ := strings.Cut(message, "; ")
	d.add(pos, path, message, hint)
}

// limitText gives a bare number of a latency its unit: seconds, as everywhere.
func limitText(subject string, n *tree.Node) string {
	latency := subject == "max" || subject == "avg" || strings.HasPrefix(subject, "p") && !strings.Contains(subject, ":")
	if latency && n.Kind != tree.String {
		return n.Text + "s"
	}
	return n.Text
}

func (d *decoder) decodeAbort(n *tree.Node) {
	members(n, func(subject tree.Member) {
		members(subject.Value, func(op tree.Member) {
			if _, ok := comparisons[op.Name]; !ok {
				return
			}
			after := wholeOf(present(subject.Value, "after"))
			d.spec.AbortOn = append(d.spec.AbortOn, AbortOn{
				Pos: subject.Pos, Subject: subject.Name, Operator: op.Name,
				Limit: parsed(op.Value, parseShare), After: max(after, 1),
			})
		})
	})
}

// parseShare reads a fraction up to 1, or a percentage.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(number, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return 0, errNoShare
	}
	return v, nil
}
