package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	maxSize  = 1 << 20 // bytes of a file
	maxDepth = 100     // levels of lists and maps
)

// Parse reads the one YAML document of src into a Node. What is wrong with it
// goes to p, with file as its name; nil means that there is no usable root.
func Parse(file string, src []byte, p *Problems) *Node {
	start := Pos{File: file, Line: 1, Column: 1}
	if len(src) > maxSize {
		p.Add(Pos{File: file}, "", "the file has "+strconv.Itoa(len(src))+" bytes; a spec may have 1 MiB",
			"rows belong into a data file, which is read as a stream")
		return nil
	}
	src = bytes.TrimPrefix(src, []byte("\uFEFF"))
	s := newSource(file, string(src))
	p.files = append(p.files, s)
	if !legible(s, src, p) {
		return nil
	}
	if deep := tooDeep(s, src); deep != nil {
		p.Add(*deep, "", "lists and maps are nested deeper than 100 levels", "move data into a file of its own")
		return nil
	}
	document := parseYAML(s, src, p)
	if document == nil {
		return nil
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Value == "" && root.Style&^yaml.TaggedStyle == 0 {
		p.Add(start, "", "empty spec", "a spec begins with volley: 1 and has requests:")
		return nil
	}
	w := walker{source: s, problems: p, anchors: make(map[*yaml.Node]*anchor)}
	return w.node(root, "", 0).node
}

// legible refuses what yaml.v3 would refuse without a place: text that is not
// UTF-8 and control characters.
func legible(s *source, src []byte, p *Problems) bool {
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		p.Add(Pos{s.name, 1, 1}, "", "the file is UTF-16", "save it as UTF-8")
		return false
	}
	for i, line := range s.lines {
		for at, r := range line {
			switch {
			case r == utf8.RuneError && !strings.HasPrefix(line[at:], "\uFFFD"):
				p.Add(s.at(i+1, at), "", fmt.Sprintf("the byte 0x%02x is not UTF-8", line[at]), "save the file as UTF-8")
				return false
			case r < ' ' && r != '\t', r == 0x7F, r > 0x7F && r < 0xA0, r == 0xFEFF, r == 0xFFFE, r == 0xFFFF:
				p.Add(s.at(i+1, at), "", fmt.Sprintf("the control character U+%04X is not allowed", r),
					fmt.Sprintf(`in double quotes it is written "\u%04X"`, r))
				return false
			}
		}
	}
	return true
}

// tooDeep returns where [ and { open too many levels, nil if they do not: on
// ten thousand of them yaml.v3 spends a second.
func tooDeep(s *source, src []byte) *Pos {
	depth, deepest := 0, 0
	for _, c := range src {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	if deepest <= maxDepth {
		return nil
	}
	return suspects(s).deep
}

// parseYAML returns the only document of src, nil with a problem when there is
// none or more than one.
func parseYAML(s *source, src []byte, p *Problems) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	document, err := decode(decoder)
	switch {
	case errors.Is(err, io.EOF):
		p.Add(Pos{s.name, 1, 1}, "", "empty spec", "a spec begins with volley: 1 and has requests:")
		return nil
	case err != nil:
		explain(s, src, err, p)
		return nil
	}
	second, err := decode(decoder)
	if errors.Is(err, io.EOF) {
		return document
	}
	at := Pos{s.name, 1, 1}
	if err == nil {
		at = Pos{s.name, second.Line, 1}
	}
	p.Add(at, "", "a second document begins here, and a spec is one", "put it into a file of its own and include: that")
	return nil
}

// decode returns the next document. A panic of yaml.v3, which it has for
// events that it does not expect, is an error too.
func decode(d *yaml.Decoder) (document *yaml.Node, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("yaml: the parser gave up: %v", fault)
		}
	}()
	var n yaml.Node
	if err := d.Decode(&n); err != nil {
		return nil, err
	}
	return &n, nil
}
