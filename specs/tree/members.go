package tree

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// members fills in a map: names as text, none twice, merge keys resolved. A
// name that is written in the map itself wins over a merged one.
func (w *walker) members(to *built, n *yaml.Node, path string, depth int) {
	own := make(map[string]int, len(n.Content)/2) // lines of the names written here
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		line := key.Line
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if _, ok := own[key.Value]; !ok && !merges(n.Content[i]) && key.Kind == yaml.ScalarNode {
			own[key.Value] = line
		}
	}
	there := make(map[string]bool, len(own))
	mergedAt := 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if merges(key) {
			if mergedAt > 0 {
				w.problems.Add(w.pos(key), path, "<< is written twice; first on line "+strconv.Itoa(mergedAt),
					"write one with a list: <<: [*a, *b]")
				continue
			}
			mergedAt = key.Line
			w.merge(to, value, path, depth, own, there)
			continue
		}
		name, ok := w.name(key, path)
		if !ok {
			continue
		}
		built := w.node(value, Name(path, name), depth+1)
		to.add(built)
		if there[name] {
			w.problems.Add(w.pos(key), Name(path, name),
				strconv.Quote(clip(name))+" is written twice; first on line "+strconv.Itoa(own[name]), "")
			continue
		}
		there[name] = true
		to.node.Members = append(to.node.Members, Member{Name: name, Pos: w.pos(key), Value: built.node})
	}
}

// merges reports a merge key: << without quotes.
func merges(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Style == 0
}

// name returns the text of a member's name.
func (w *walker) name(key *yaml.Node, path string) (string, bool) {
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	if key.Kind == yaml.ScalarNode {
		w.tag(key, path)
		named := Node{Pos: w.pos(key), Text: key.Value, Quoted: key.Style != 0, source: w.source}
		w.unclosed(&named, Name(path, key.Value))
		return key.Value, true
	}
	pos := w.pos(key)
	text := w.source.line(pos.Line)
	if strings.HasPrefix(text[w.source.offset(pos):], "{") && strings.Contains(text, "{{") {
		w.problems.Add(pos, path, "a template is written ${{ }}, not {{ }}", `write "${{ … }}"`)
		return "", false
	}
	what := "a list"
	if key.Kind == yaml.MappingNode {
		what = "a map"
	}
	w.problems.Add(pos, path, fmt.Sprintf("a name must be text, got %s", what), "quote it if it is text that begins with [ or {")
	return "", false
}

// merge adds the members of a merge key's map, or maps in a list of which the
// first one wins, that are not written in the map itself.
func (w *walker) merge(to *built, value *yaml.Node, path string, depth int, own map[string]int, there map[string]bool) {
	from := w.node(value, Name(path, "<<"), depth)
	to.height = max(to.height, from.height)
	to.size += from.size
	to.aliases += from.aliases
	sources := []*Node{from.node}
	if from.node.Kind == List {
		sources = from.node.Items
	}
	for _, source := range sources {
		if source.Kind != Map {
			if source.Kind != Null || source.Text != "" || value.Kind == yaml.ScalarNode {
				w.problems.Add(source.Pos, Name(path, "<<"), "<< merges maps, got "+source.Kind.String(), "write <<: *name, where &name marks a map")
			}
			continue
		}
		for _, m := range source.Members {
			if _, ok := own[m.Name]; ok || there[m.Name] {
				continue
			}
			there[m.Name] = true
			to.node.Members = append(to.node.Members, m)
		}
	}
}
