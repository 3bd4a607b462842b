package fields

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client"
)

// parts reads name → file, or a list of pairs for repeats. null leaves one
// out.
func (o *Options) parts(v jsontext.Value) ([]client.Part, error) {
	var out []client.Part
	add := func(name string, v jsontext.Value) error {
		if v.Kind() == 'n' {
			return nil
		}
		part, err := o.part(name, v)
		if err != nil {
			return fmt.Errorf("%q %w", name, err)
		}
		out = append(out, part)
		return nil
	}
	switch v.Kind() {
	case '{':
		err := members(v, add)
		return out, err
	case '[':
		err := items(v, func(v jsontext.Value) error { return pair(v, add) })
		return out, err
	default:
		return nil, fmt.Errorf("must be an object of names and files, or a list of pairs, got %s", kindName(v.Kind()))
	}
}

// part reads one file: its text, or an object that says more.
func (o *Options) part(name string, v jsontext.Value) (client.Part, error) {
	part := client.Part{Name: name, Filename: name, Named: true}
	if v.Kind() != '{' {
		content, err := scalar(v)
		if err != nil {
			return part, fmt.Errorf(`must be a text, {"path": …} or {"content": …}, got %s`, kindName(v.Kind()))
		}
		part.Content = &runtime.Bytes{Data: []byte(content)}
		return part, nil
	}
	named := false
	err := members(v, func(field string, v jsontext.Value) error {
		named = named || field == "filename"
		return inside(field, o.partField(&part, field, v))
	})
	if file, ok := part.Content.(*client.FileBody); ok && !named {
		part.Filename = filepath.Base(file.Path)
	}
	return part, err
}

func (o *Options) partField(part *client.Part, field string, v jsontext.Value) error {
	switch field {
	case "path", "content":
		if part.Content != nil {
			return errors.New("path and content exclude each other")
		}
		s, err := scalar(v)
		if field == "path" {
			part.Content = &client.FileBody{Path: o.at(s), OpenFile: o.OpenFile}
		} else {
			part.Content = &runtime.Bytes{Data: []byte(s)}
		}
		return err
	case "filename":
		if isOff(v) {
			part.Named, part.Filename = false, ""
			return nil
		}
		s, err := text(v)
		part.Filename = s
		return err
	case "type":
		s, err := text(v)
		part.Type = s
		return err
	case "headers":
		return pairs(v, target{add: part.Header.Add})
	}
	return fmt.Errorf("takes path, content, filename, type and headers, got %q", field)
}
