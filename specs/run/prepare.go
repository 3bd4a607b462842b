package run

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/client/fields"
	"volley/specs"
	"volley/specs/expect"
)

// read fills env, secrets and vars, in this order since each may use those
// before it.
func (r *Run) read() error {
	r.vars, r.env, r.secrets = map[string]any{}, map[string]any{}, map[string]any{}
	given := r.config.Given
	if given == nil {
		given = &specs.Given{}
	}
	for _, name := range r.spec.Env {
		r.env[name] = nil
		if v, ok := given.Env[name]; ok {
			r.env[name] = v
		}
	}
	for _, s := range r.spec.Secrets {
		v, ok := given.Secrets[s.Name]
		if !ok {
			v = "***" // of a plan, which shows no secrets
		}
		r.secrets[s.Name] = v
		r.hide(v)
	}
	return r.readVars(r.spec.Vars, r.vars, &scope{run: r})
}

func (r *Run) readVars(list []specs.Var, into map[string]any, sc *scope) error {
	for i := range list {
		v := &list[i]
		if v.Value == nil {
			into[v.Name] = v.Text
			continue
		}
		value, err := v.Value.Any(sc)
		if err != nil {
			return err
		}
		into[v.Name] = value
	}
	return nil
}

// open opens a file for reading, if that is allowed.
func (r *Run) open(path string) (*os.File, error) {
	if r.config.OpenFile != nil {
		return r.config.OpenFile(path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindIO, "%w", err)
	}
	return file, nil
}

// hide makes a value one that no output shows.
func (r *Run) hide(v any) {
	if r.config.Secrets == nil {
		return
	}
	switch v := v.(type) {
	case string:
		r.config.Secrets.Add(v)
	case json.Number:
		r.config.Secrets.Add(v.String())
	case []any:
		for _, item := range v {
			r.hide(item)
		}
	case map[string]any:
		for _, item := range v {
			r.hide(item)
		}
	}
}

// fieldOptions are the gates of request and session fields. Paths start at the
// folder of the spec.
func (r *Run) fieldOptions(s *client.Session) fields.Options {
	o := fields.Options{Dir: filepath.Dir(r.spec.File), Readable: r.config.Readable, Socket: r.config.Socket, OpenFile: r.open}
	if s != nil {
		o.Executor = s
	}
	return o
}

// openSessions makes the sessions; there is always a default one.
func (r *Run) openSessions() error {
	r.sessions = map[string]*client.Session{}
	for _, s := range r.spec.Sessions {
		if err := r.openSession(s); err != nil {
			return at(s.Pos, err)
		}
	}
	if r.spec.Session(defaultSession) == nil {
		return r.openSession(&specs.Session{Name: defaultSession})
	}
	return nil
}

const defaultSession = "default"

func (r *Run) openSession(s *specs.Session) error {
	var settings client.Settings
	var cookies []client.Cookie
	if s.Settings != nil {
		o := r.fieldOptions(nil)
		if r.config.Client != nil {
			o.Executor = r.config.Client
		}
		text, err := s.Settings.AppendJSON(nil, &scope{run: r}, true)
		if err == nil {
			cookies, err = fields.Settings(text, &settings, o)
		}
		if err != nil {
			return err
		}
	}
	if r.placeholders {
		r.bases[s.Name] = settings.BaseURL
		return nil
	}
	session, err := r.config.Client.NewSession(settings)
	if err != nil {
		return err
	}
	r.sessions[s.Name] = session
	for _, c := range cookies {
		if err := session.Jar().Set(c); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) closeSessions() error {
	var err error
	for _, s := range r.sessions {
		err = first(err, s.Close())
	}
	return err
}

// complete gives a step its draft, its vars and its hooks.
func (r *Run) complete(s *step) error {
	if len(s.Vars) > 0 {
		s.vars = maps.Clone(r.vars)
		if err := r.readVars(s.Vars, s.vars, &scope{run: r, unit: &unit{step: s, at: &instance{}}}); err != nil {
			return err
		}
	}
	if s.Matrix != nil && isStatic(s.Matrix) {
		var err error
		if s.fixed, err = renderMatrix(s.Matrix, &scope{run: r}); err != nil {
			return err
		}
	}
	name := s.Session
	if name == "" {
		name = defaultSession
	}
	session := r.sessions[name]
	var err error
	if s.draft, err = newDraft(s.Request, r.fieldOptions(session)); err != nil {
		return err
	}
	if session != nil {
		s.draft.session = session
	}
	if s.Save != nil {
		create := r.config.Create
		if create == nil {
			create = refuseFiles
		}
		s.draft.save = &saving{Session: session, path: s.Save, create: create, saved: &r.saved}
	}
	return r.findHooks(s)
}

func refuseFiles(path string) (File, error) {
	return nil, runtime.Errorf(runtime.KindDenied, "writing %s is denied", path)
}

// findHooks looks up every function that a step names.
func (r *Run) findHooks(s *step) error {
	if r.functions == nil {
		r.functions = map[string]Function{}
	}
	if r.placeholders {
		return nil
	}
	request, err := r.function(s.OnRequest)
	if err != nil {
		return err
	}
	if request != nil {
		s.draft.hooks = request.Request()
	}
	if s.hooks.response, err = r.function(s.OnResponse); err != nil {
		return err
	}
	if s.hooks.failure, err = r.function(s.OnError); err != nil {
		return err
	}
	uses := []expect.Uses{s.Expect.Uses()}
	for _, c := range s.Capture {
		uses = append(uses, c.Uses())
	}
	for _, u := range uses {
		for _, n := range u.Functions {
			if r.functions[n.Text], err = r.function(&specs.Function{Source: n.Text, Pos: n.Pos}); err != nil {
				return err
			}
		}
	}
	return nil
}

// function finds f, nil when a place names none.
func (r *Run) function(f *specs.Function) (Function, error) {
	switch {
	case f == nil:
		return nil, nil
	case r.config.Hooks == nil:
		return nil, runtime.Errorf(runtime.KindInvalidArgument, "%s: %s needs a handler script (handlers.script)", f.Pos, f.Source)
	}
	function, err := r.config.Hooks.Function(f.Source, f.Inline, f.Pos)
	if err != nil {
		return nil, at(f.Pos, err)
	}
	return function, nil
}
