package run

import (
	"fmt"
	"time"
)

// readOn is how long the rows of files are read on after a stop, so that those
// that were not sent are told.
const readOn = 5 * time.Second

// enough ends the rows of a phase that was stopped: those of a stream, which
// might never end, at once; the others after a while, or when nobody is told
// of them.
func (p *phase) enough(stream bool) bool {
	r := p.run
	switch {
	case r.planned != nil:
		return r.planned.over()
	case !p.stopped():
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
