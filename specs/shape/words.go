package shape

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"volley/specs/tree"
)

// words says what s wants: "a number, a list or ${{ }}".
func (s *Shape) words() string {
	list := s.alternatives(nil)
	if i := slices.Index(list, templateWord); i >= 0 { // it goes last
		list = append(slices.Delete(list, i, i+1), templateWord)
	}
	return either(list)
}

const templateWord = "${{ }}"

func (s *Shape) alternatives(list []string) []string {
	add := func(word string) {
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	if s.Template {
		add(templateWord)
	}
	for _, one := range s.OneOf {
		list = one.alternatives(list)
	}
	if len(s.OneOf) > 0 {
		return list
	}
	switch {
	case s.Format == nil:
	case s.Format.Name == "":
		add(s.Format.Example)
	default:
		add("a " + s.Format.Name + " such as " + s.Format.Example)
	}
	for _, k := range s.Kinds {
		switch {
		case k == tree.String && len(s.Enum) > 0:
			for _, word := range s.Enum {
				add(word)
			}
		case k == tree.Bool && s.Format == nil:
			add("true")
			add("false")
		case s.Format == nil || k == tree.List || k == tree.Map:
			add(s.kindWord(k))
		}
	}
	return list
}

func (s *Shape) kindWord(k tree.Kind) string {
	switch k {
	case tree.Null:
		return "null"
	case tree.Int:
		if slices.Contains(s.Kinds, tree.Float) {
			return "a number"
		}
		return "a whole number"
	case tree.Float:
		return "a number"
	case tree.String:
		return "a text"
	case tree.List:
		return "a list"
	default:
		return "a map"
	}
}

// got says what a node is.
func got(n *tree.Node) string {
	switch n.Kind {
	case tree.Null:
		return "nothing"
	case tree.Bool, tree.Int, tree.Float:
		return clip(n.Text)
	case tree.String:
		return strconv.Quote(clip(n.Text))
	case tree.List:
		return "a list"
	default:
		return "a map"
	}
}

// either joins with commas and a final or.
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

const longest = 60 // of a text in a message, in bytes

// clip shortens a text for a message.
func clip(text string) string {
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
