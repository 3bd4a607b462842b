package specs

import (
	"volley/specs/shape"
	"volley/specs/tree"
)

func runShape() *shape.Shape {
	return &shape.Shape{Name: "run", Kinds: []tree.Kind{tree.Map}, Fields: []shape.Field{
		{Name: "deadline", Doc: "For all of it, but teardown.", Shape: numeric(shape.Duration)},
		{Name: "record", Doc: "Whose bodies are recorded.", Shape: recordShape()},
		{Name: "seed", Doc: "Of sample and shuffle; the same seed gives the same rows.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.Int}, Format: shape.Whole(0)}},
	}}
}

func recordShape() *shape.Shape {
	return enum(string(RecordNone), string(RecordErrors), string(RecordAll))
}

func (d *decoder) decodeRun() {
	n := present(d.root, "run")
	r := &d.spec.Run
	r.Deadline = parsed(present(n, "deadline"), shape.ParseDuration)
	r.Record = Record(textOf(present(n, "record")))
	if seed := present(n, "seed"); seed != nil {
		v := parsed(seed, shape.ParseWhole)
		r.Seed = &v
	}
}
