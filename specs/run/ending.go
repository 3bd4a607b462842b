package run

import (
	"fmt"
	"time"
)

// readOn is how long the rows of files are read on after a stop, so that those
// that were not sent are told.
const readOn = 5 * time.Second

// lose ends the rows of a group with what is wrong with them. What was begun is
// sent, and everything else skipped; rows of which none came are one thing
// skipped.
func (p *phase) lose(g *group, fault error) {
	p.fault = first(p.fault, fault)
	p.halt = p.halt || p.strict
	for _, s := range g.steps {
		s.bad, s.lost = true, true
	}
	if !g.begun {
		p.begin(g, &instance{})
	}
}

// late reports that no row is begun any more: after a stop, or a fault.
func (p *phase) late() bool { return p.stopped() || p.fault != nil && !p.last }

// enough ends the rows of a phase that was stopped: those of a stream, which
// might never end, at once; the others after a while, or when nobody is told
// of them.
func (p *phase) enough(stream bool) bool {
	r := p.run
	switch {
	case r.planned != nil:
		return r.planned.over()
	case !p.late():
		return false
	case stream || r.config.Unheard != nil && r.config.Unheard():
		return true
	}
	if r.readUntil.IsZero() {
		r.readUntil = time.Now().Add(readOn)
	}
	return time.Now().After(r.readUntil)
}

// tellCut tells of a source that may have more rows than were read.
func (p *phase) tellCut(g *group) {
	r := p.run
	if !g.rows.cut() || r.planned != nil || r.config.Note == nil || r.config.Unheard != nil && r.config.Unheard() {
		return
	}
	n, rows := g.rows.read.Read(), "rows"
	if n == 1 {
		rows = "row"
	}
	r.config.Note(fmt.Sprintf("stopped reading data.%s after %d %s", g.source, n, rows))
}
