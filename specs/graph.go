package specs

import "slices"

// graph is a set of names, and what each needs. The zero graph is ready.
type graph struct {
	names []string
	index map[string]int // of what the caller calls so
	needs map[string][]string
	edges map[[2]string]bool
}

func (g *graph) add(name string, index int) {
	if g.index == nil {
		g.index, g.needs, g.edges = map[string]int{}, map[string][]string{}, map[[2]string]bool{}
	}
	if _, known := g.index[name]; !known {
		g.names = append(g.names, name)
		g.index[name] = index
	}
}

// edge says that from needs to; names that were not added are passed over.
func (g *graph) edge(from, to string) {
	_, a := g.index[from]
	_, b := g.index[to]
	if edge := [2]string{from, to}; a && b && !g.edges[edge] {
		g.edges[edge] = true
		g.needs[from] = append(g.needs[from], to)
	}
}

// sort returns the names so that each follows what it needs, in the order they
// were added where that is free; or a circle, "a", "b", "a".
func (g *graph) sort() (order, circle []string) {
	const open, done = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		switch state[name] {
		case done:
			return nil
		case open:
			return append(slices.Clone(path[slices.Index(path, name):]), name)
		}
		state[name] = open
		path = append(path, name)
		for _, need := range g.needs[name] {
			if round := visit(need); round != nil {
				return round
			}
		}
		path = path[:len(path)-1]
		state[name] = done
		order = append(order, name)
		return nil
	}
	for _, name := range g.names {
		if circle = visit(name); circle != nil {
			return nil, circle
		}
	}
	return order, nil
}
