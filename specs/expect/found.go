package expect

// found is what a subject reads from an answer: one value, a list of matches,
// or nothing.
type found struct {
	value any
	ok    bool // there is a value
	many  bool // list holds the matches, of which there may be none
	list  []any
	why   error // there is nothing
}

func single(v any) found       { return found{value: v, ok: true} }
func several(list []any) found { return found{many: true, list: list} }
func nothing(why error) found  { return found{why: why} }
func optional(v string, ok bool) found {
	if !ok {
		return found{}
	}
	return single(v)
}

// plain returns what was found, for the record: nil for nothing.
func (f found) plain() any {
	if f.many {
		return f.list
	}
	return f.value
}

func (f found) exists() bool { return f.ok || f.many && len(f.list) > 0 }

func (f found) empty() bool {
	v := f.value
	if f.many {
		v = f.list
	}
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
