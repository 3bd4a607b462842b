package lualex

// keywords are Lua's words, which are no names.
var keywords = map[string]bool{
	"and": true, "break": true, "do": true, "else": true, "elseif": true, "end": true, "false": true, "for": true,
	"function": true, "goto": true, "if": true, "in": true, "local": true, "nil": true, "not": true, "or": true,
	"repeat": true, "return": true, "then": true, "true": true, "until": true, "while": true,
}

// Use is a name that is used without being declared in the same source.
type Use struct {
	Root   string
	Member string // of root.member or root["member"]; "" when there is none, or it is computed
	At     int    // byte offset of Root
	// Dashed reports that it stands right behind a name and a "-", as in
	// row.order-id, which Lua reads as a subtraction.
	Dashed bool
}

// Uses lists the free names of Lua source in order. A name that is declared
// anywhere in it, as a local, parameter or loop variable, is never free.
func Uses(s string) []Use {
	tokens := scan(s)
	declared := declarations(tokens)
	inTable := tableKeys(tokens)
	var uses []Use
	for i, t := range tokens {
		switch {
		case t.kind != name || keywords[t.value] || declared[t.value] || inTable[i]:
			continue
		case i > 0 && (is(tokens[i-1], ".") || is(tokens[i-1], ":")):
			continue
		}
		u := Use{Root: t.value, At: t.at, Member: member(tokens[i+1:])}
		if i > 1 && is(tokens[i-1], "-") && tokens[i-1].at+1 == t.at && tokens[i-2].kind == name {
			u.Dashed = tokens[i-2].at+len(tokens[i-2].value) == tokens[i-1].at
		}
		uses = append(uses, u)
	}
	return uses
}

// scan returns all tokens of s, closed by two of kind end.
func scan(s string) []token {
	var tokens []token
	for i := 0; ; {
		t, after := next(s, i)
		tokens = append(tokens, t)
		if t.kind == end {
			return append(tokens, t)
		}
		i = after
	}
}

func is(t token, op string) bool { return t.kind == operator && t.value == op }

// member returns the literal member that the tokens behind a name begin with.
func member(after []token) string {
	switch {
	case is(after[0], ".") && after[1].kind == name:
		return after[1].value
	case is(after[0], "[") && after[1].kind == text && is(after[2], "]"):
		return after[1].value
	}
	return ""
}

// declarations collects the names of locals, functions, parameters and loop
// variables.
func declarations(tokens []token) map[string]bool {
	var declared map[string]bool
	for i := 0; i < len(tokens); i++ {
		if tokens[i].kind != name {
			continue
		}
		switch tokens[i].value {
		case "local", "for", "function":
		default:
			continue
		}
		for i++; i < len(tokens); i++ {
			t := tokens[i]
			if t.kind == name && !keywords[t.value] {
				if declared == nil {
					declared = make(map[string]bool)
				}
				declared[t.value] = true
				continue
			}
			if !is(t, ",") && !is(t, "(") && !is(t, ".") && !is(t, ":") && !is(t, "...") && (t.kind != name || t.value != "function") {
				break
			}
		}
		i--
	}
	return declared
}

// tableKeys marks the names that are keys in table constructors: {name = 1}.
func tableKeys(tokens []token) []bool {
	keys := make([]bool, len(tokens))
	var open []string
	for i, t := range tokens {
		switch {
		case is(t, "{") || is(t, "(") || is(t, "["):
			open = append(open, t.value)
		case (is(t, "}") || is(t, ")") || is(t, "]")) && len(open) > 0:
			open = open[:len(open)-1]
		case t.kind == name && i > 0 && len(open) > 0 && open[len(open)-1] == "{" && is(tokens[i+1], "="):
			keys[i] = is(tokens[i-1], "{") || is(tokens[i-1], ",") || is(tokens[i-1], ";")
		}
	}
	return keys
}
