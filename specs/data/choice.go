package data

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"volley/runtime"
	"volley/specs/shape"
	"volley/specs/template"
	"volley/specs/tree"
)

// maxHeld bounds the rows that a shuffle or a sample keeps in memory.
const maxHeld = 1_000_000

// choice says which rows of a source there are, and in what order.
type choice struct {
	where, key          *template.Value
	sample, skip, limit *template.Value
	seed                *template.Value
	shuffle             bool
	window              *template.Value // nil: all rows
}

func (d *decoder) choice() choice {
	c := choice{
		where:  d.expression("where"),
		key:    d.expression("key"),
		sample: d.value("sample", tree.Int, tree.Float, tree.String),
		skip:   d.value("skip", tree.Int, tree.String),
		limit:  d.value("limit", tree.Int, tree.String),
		seed:   d.value("seed", tree.Int, tree.String),
	}
	n := d.get("shuffle", tree.Bool, tree.Int, tree.Map)
	if n == nil {
		return c
	}
	seed := n
	switch n.Kind {
	case tree.Bool:
		c.shuffle, seed = strings.EqualFold(n.Text, "true"), nil
	case tree.Map:
		c.shuffle, seed = true, n.Get("seed")
		c.window = d.template(n.Get("window"), "shuffle.window")
	default:
		c.shuffle = true
	}
	if seed != nil {
		if c.seed != nil {
			d.problem(seed, "shuffle", "shuffle and seed give a seed each", "keep one of them")
		}
		c.seed = d.template(seed, "shuffle")
	}
	return c
}

// picker yields the rows that are left, io.EOF after the last one.
type picker interface {
	next() (*runtime.Row, error)
}

// next lets Rows without options pick themselves.
func (r *Rows) next() (*runtime.Row, error) { return r.read() }

// open makes the chain of pickers: sample, shuffle, skip, limit.
func (c *choice) open(o *opening, r *Rows) (picker, error) {
	seed := o.Seed
	if c.seed != nil {
		var err error
		if seed, err = whole(c.seed, o.scope(), "seed", math.MinInt64); err != nil {
			return nil, err
		}
	}
	salt := hash(o.source.Name)
	random := rand.New(rand.NewPCG(uint64(seed), salt))
	var p picker = r
	p, err := c.sampled(p, o, r, sampling{seed: uint64(seed) ^ salt, random: random})
	if err != nil {
		return nil, err
	}
	if c.shuffle {
		s := &shuffled{from: p, random: random, source: o.source.Name, size: maxHeld, whole: true}
		if c.window != nil {
			size, err := whole(c.window, o.scope(), "window", 1)
			if err != nil {
				return nil, err
			}
			s.size, s.whole = min(size, maxHeld), false
		}
		p = s
	}
	return c.cut(p, o)
}

func (c *choice) cut(p picker, o *opening) (picker, error) {
	if c.skip == nil && c.limit == nil {
		return p, nil
	}
	cut := &part{from: p, left: math.MaxInt64}
	var err error
	if c.skip != nil {
		if cut.skip, err = whole(c.skip, o.scope(), "skip", 0); err != nil {
			return nil, err
		}
	}
	if c.limit != nil {
		if cut.left, err = whole(c.limit, o.scope(), "limit", 0); err != nil {
			return nil, err
		}
	}
	return cut, nil
}

// part is what skip and limit leave.
type part struct {
	from       picker
	skip, left int64
}

func (p *part) next() (*runtime.Row, error) {
	for p.left > 0 {
		row, err := p.from.next()
		switch {
		case err != nil:
			return nil, err
		case p.skip > 0:
			p.skip--
		default:
			p.left--
			return row, nil
		}
	}
	return nil, io.EOF
}

// sampling is what a sample takes rows by.
type sampling struct {
	seed   uint64
	random *rand.Rand
}

func (c *choice) sampled(p picker, o *opening, r *Rows, by sampling) (picker, error) {
	if c.sample == nil {
		return p, nil
	}
	text, err := scalarText(c.sample, o.scope())
	if err != nil {
		return nil, err
	}
	size, err := parseSample(text)
	switch {
	case err != nil:
		return nil, optionError(c.sample, "sample", err)
	case size.count > maxHeld:
		return nil, optionError(c.sample, "sample", fmt.Errorf("%d rows are more than the %d that are kept in memory; give a fraction", size.count, maxHeld))
	case size.fraction >= 0:
		return &fraction{from: p, rows: r, sampling: by, share: size.fraction}, nil
	}
	return &reservoir{from: p, sampling: by, size: int(size.count)}, nil
}

// sampleSize is a fraction, or a count when fraction is negative.
type sampleSize struct {
	fraction float64
	count    int64
}

func parseSample(text string) (sampleSize, error) {
	if n, err := shape.ParseWhole(text); err == nil && n >= 0 {
		return sampleSize{fraction: -1, count: n}, nil
	}
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f >= 0 && f <= 1) {
		return sampleSize{}, fmt.Errorf("%q is neither a fraction from 0 to 1, such as 0.1 or 10%%, nor a number of rows", text)
	}
	return sampleSize{fraction: f}, nil
}

// fraction takes each row by the hash of its key or number: the same seed
// takes the same rows, and with a key all rows that share it.
type fraction struct {
	sampling
	from  picker
	rows  *Rows
	share float64
}

func (f *fraction) next() (*runtime.Row, error) {
	for {
		row, err := f.from.next()
		if err != nil {
			return nil, err
		}
		h := uint64(row.Index)
		if f.rows.source.choice.key != nil {
			key, err := f.rows.Key(row)
			if err != nil {
				return nil, f.rows.failed("key", row, err)
			}
			h = hash(key)
		}
		if float64(mix(h^f.seed)>>11)/(1<<53) < f.share {
			return row, nil
		}
	}
}

// reservoir takes so many rows, each as likely as any other, in their order
// (Algorithm R).
type reservoir struct {
	sampling
	from   picker
	size   int
	seen   int64
	rows   []*runtime.Row
	filled bool
}

func (s *reservoir) next() (*runtime.Row, error) {
	for !s.filled {
		row, err := s.from.next()
		switch {
		case errors.Is(err, io.EOF):
			s.filled = true
			slices.SortFunc(s.rows, func(a, b *runtime.Row) int { return a.Index - b.Index })
		case err != nil:
			return nil, err
		default:
			s.offer(row)
		}
	}
	if len(s.rows) == 0 {
		return nil, io.EOF
	}
	row := s.rows[0]
	s.rows[0], s.rows = nil, s.rows[1:]
	return row, nil
}

func (s *reservoir) offer(row *runtime.Row) {
	s.seen++
	if len(s.rows) < s.size {
		s.rows = append(s.rows, row)
	} else if at := s.random.Int64N(s.seen); at < int64(s.size) {
		s.rows[at] = row
	}
}

// shuffled hands out rows at random from a window that it keeps full. When the
// window holds all rows, each order is as likely as any other.
type shuffled struct {
	from   picker
	random *rand.Rand
	source string
	size   int64
	whole  bool // more rows than the window are an error
	rows   []*runtime.Row
	ended  bool
}

func (s *shuffled) next() (*runtime.Row, error) {
	for !s.ended && (s.whole || int64(len(s.rows)) < s.size) {
		row, err := s.from.next()
		switch {
		case errors.Is(err, io.EOF):
			s.ended = true
		case err != nil:
			return nil, err
		case int64(len(s.rows)) == s.size:
			return nil, runtime.Errorf(runtime.KindIO, "the data source %s has more than the %d rows that shuffle keeps in memory; give it a window: shuffle: {window: 100000}", s.source, s.size)
		default:
			s.rows = append(s.rows, row)
		}
	}
	if len(s.rows) == 0 {
		return nil, io.EOF
	}
	at, last := s.random.IntN(len(s.rows)), len(s.rows)-1
	row := s.rows[at]
	s.rows[at], s.rows[last] = s.rows[last], nil
	s.rows = s.rows[:last]
	return row, nil
}

// hash returns the FNV-1a hash of s.
func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s) // a hash never fails
	return h.Sum64()
}

// mix spreads the bits of x (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// scalarText renders a number; one that is no template keeps its notation.
func scalarText(v *template.Value, scope template.Scope) (string, error) {
	if v.Static() {
		return v.Node().Text, nil
	}
	return v.Text(scope)
}

// whole renders a whole number of at least low.
func whole(v *template.Value, scope template.Scope, name string, low int64) (int64, error) {
	text, err := scalarText(v, scope)
	if err != nil {
		return 0, err
	}
	n, err := shape.ParseWhole(strings.TrimSpace(text))
	if err != nil || n < low {
		if low == math.MinInt64 {
			return 0, optionError(v, name, fmt.Errorf("must be a whole number, got %q", text))
		}
		return 0, optionError(v, name, fmt.Errorf("must be a whole number of at least %d, got %q", low, text))
	}
	return n, nil
}

// optionError is a fault of the spec that shows when it is run.
func optionError(v *template.Value, name string, err error) error {
	return runtime.Errorf(runtime.KindInvalidArgument, "%s: %s: %w", v.Node().Pos, name, err)
}
