package run

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client/fields"
	"volley/specs"
	"volley/specs/template"
	"volley/specs/tree"
)

// draft is what a step's requests are made from: what all have is read once,
// what has templates for each.
type draft struct {
	base    *fields.Draft
	url     *template.Value // nil: part of base
	changes []*specs.Field  // the others with templates
	session runtime.Executor
	hooks   *runtime.Hooks
	save    *saving
	unsent  *runtime.Request // stands for a request that is skipped
	early   bool             // url is known before anything is sent
}

// newDraft reads the fields of a request that are the same for all.
func newDraft(req *specs.Request, o fields.Options) (draft, error) {
	d := draft{base: fields.New(&runtime.Request{Name: req.Name}, o)}
	d.unsent = &runtime.Request{Method: "GET", Name: req.Name}
	for i := range req.Fields {
		f := &req.Fields[i]
		if f.Name == "url" {
			d.unsent.URL = f.Value.Node().Text
		}
		if f.Name == "url" && !f.Value.Static() {
			d.url, d.early = f.Value, knownEarly(f.Value)
			continue
		}
		if !f.Value.Static() {
			d.changes = append(d.changes, f)
			continue
		}
		text, err := f.Value.AppendJSON(nil, nil, literal(f.Name))
		if err == nil {
			err = d.base.Set(f.Name, text)
		}
		if err != nil {
			return d, at(f.Pos, err)
		}
	}
	if sample := d.base.Request(); sample.Method != "" {
		d.unsent.Method = sample.Method
	}
	return d, nil
}

// knownEarly reports a template that no answer and no code has a part in.
func knownEarly(v *template.Value) bool {
	return !v.NeedsLua() && !slices.ContainsFunc(v.References(), func(r template.Reference) bool {
		return r.Root == "captures" || r.Root == "res"
	})
}

// unsentFor stands for a unit that is skipped: with its URL if that is known,
// else as the spec writes it.
func (d *draft) unsentFor(u *unit) *runtime.Request {
	if d.url == nil || !d.early {
		return d.unsent
	}
	target, err := d.url.Text(&u.scope)
	if err != nil {
		return d.unsent
	}
	req := *d.unsent
	req.URL = target
	return &req
}

// literal reports a field whose numbers keep the text they are written with.
func literal(field string) bool { return field != "json" && field != "meta" }

// render makes the request of a unit, or sets its skip. What goes wrong makes
// the request invalid: it fails in its slot.
func (r *Run) render(u *unit) *runtime.Request {
	if u.next != nil {
		req := u.next
		u.next = nil
		return req
	}
	if u.invalid != nil {
		return failing(u.step, u.invalid)
	}
	if when := u.step.when; when != nil {
		holds, err := when.Truth(&u.scope)
		if err != nil {
			return failing(u.step, invalid(err))
		}
		if !holds {
			u.skip = skippedWhen
			return nil
		}
	}
	req, err := r.compose(u)
	if err != nil {
		return failing(u.step, invalid(err))
	}
	return req
}

// compose renders the fields with templates over those without.
func (r *Run) compose(u *unit) (*runtime.Request, error) {
	d := &u.step.draft
	one := d.base.Clone()
	for _, f := range d.changes {
		text, err := f.Value.AppendJSON(r.text[:0], &u.scope, literal(f.Name))
		if err != nil {
			return nil, err
		}
		r.text = text
		if err := one.Set(f.Name, jsontext.Value(text)); err != nil {
			return nil, at(f.Pos, err)
		}
	}
	req := one.Request()
	req.Session, req.Hooks = d.session, d.hooks
	if d.url != nil {
		var err error
		if req.URL, err = d.url.Text(&u.scope); err != nil {
			return nil, err
		}
	}
	if v := u.step.IdempotencyKey; v != nil {
		key, err := v.Text(&u.scope)
		if err != nil {
			return nil, err
		}
		req.Header = req.Header.Clone()
		req.Header.Set("Idempotency-Key", key)
	}
	if d.save != nil {
		to, err := d.save.to(u)
		if err != nil {
			return nil, err
		}
		req.Session = to
	}
	return req, nil
}

// failing is a request that fails with err instead of being sent.
func failing(s *step, err *runtime.Error) *runtime.Request {
	req := *s.draft.unsent
	req.Invalid = err
	return &req
}

// at puts the place in the spec before a message that has none.
func at(pos tree.Pos, err error) error {
	var e *runtime.Error
	if errors.As(err, &e) {
		c := *e
		c.Message = pos.String() + ": " + e.Message
		return &c
	}
	return &runtime.Error{Kind: runtime.KindInvalidArgument, Message: fmt.Sprintf("%s: %s", pos, err), Cause: err}
}

// invalid returns err as what makes a request invalid.
func invalid(err error) *runtime.Error {
	var e *runtime.Error
	if errors.As(err, &e) {
		return e
	}
	return &runtime.Error{Kind: runtime.KindInvalidArgument, Message: err.Error(), Cause: err}
}
