package tree

// Merge lays over on top of under and returns the result; neither changes.
// Maps are merged member by member, under's names first; anything else of
// over replaces what is below it, and a null deletes the member. A null over
// nothing stays. Positions are those of the text that won, a merged map has
// over's.
func Merge(under, over *Node) *Node {
	switch {
	case over == nil:
		return under
	case under == nil || under.Kind != Map || over.Kind != Map:
		return over
	}
	merged := *over
	merged.Members = make([]Member, 0, len(under.Members)+len(over.Members))
	above := index(over.Members)
	for _, m := range under.Members {
		i, ok := above(m.Name)
		switch {
		case !ok:
			merged.Members = append(merged.Members, m)
		case over.Members[i].Value.Kind != Null:
			win := over.Members[i]
			win.Value = Merge(m.Value, win.Value)
			merged.Members = append(merged.Members, win)
		}
	}
	below := index(under.Members)
	for _, m := range over.Members {
		if _, ok := below(m.Name); !ok {
			merged.Members = append(merged.Members, m)
		}
	}
	return &merged
}

// index returns a look-up of members by name. Few are searched, many hashed.
func index(members []Member) func(name string) (int, bool) {
	if len(members) <= 16 {
		return func(name string) (int, bool) {
			for i := range members {
				if members[i].Name == name {
					return i, true
				}
			}
			return 0, false
		}
	}
	byName := make(map[string]int, len(members))
	for i := range members {
		byName[members[i].Name] = i
	}
	return func(name string) (int, bool) {
		i, ok := byName[name]
		return i, ok
	}
}
