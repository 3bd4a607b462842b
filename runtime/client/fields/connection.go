package fields

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime"
	"volley/runtime/client"
)

// open opens a file that a field names.
func (o *Options) open(path string) (*os.File, error) {
	path = o.at(path)
	if o.OpenFile != nil {
		return o.OpenFile(path)
	}
	return os.Open(path)
}

// at is where a path of a field leads.
func (o *Options) at(path string) string {
	if o.Dir == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(o.Dir, path)
}

// path reads the name of a file that a connection is to read.
func (o *Options) path(v jsontext.Value) (string, error) {
	path, err := text(v)
	switch {
	case err != nil:
		return "", err
	case path == "":
		return "", errors.New("must not be empty")
	}
	path = o.at(path)
	if o.Readable != nil {
		return path, o.Readable(path)
	}
	return path, nil
}

// verify reads true, false, or the path of a CA file or directory.
func (o *Options) verify(v jsontext.Value) (*runtime.Verify, error) {
	switch v.Kind() {
	case 't', 'f':
		return &runtime.Verify{Off: v.Kind() == 'f'}, nil
	case '"':
		path, err := o.path(v)
		return &runtime.Verify{CA: path}, err
	default:
		return nil, fmt.Errorf("must be true, false, or the path of a CA file or directory, got %s", kindName(v.Kind()))
	}
}

// cert reads the path of a PEM file, or {"cert": …, "key": …}.
func (o *Options) cert(v jsontext.Value) (*runtime.Cert, error) {
	if v.Kind() == '"' {
		path, err := o.path(v)
		return &runtime.Cert{Cert: path}, err
	}
	if v.Kind() != '{' {
		return nil, fmt.Errorf(`must be a PEM path or {"cert": path, "key": path}, got %s`, kindName(v.Kind()))
	}
	var c runtime.Cert
	err := members(v, func(name string, v jsontext.Value) error {
		path, err := o.path(v)
		switch name {
		case "cert":
			c.Cert = path
		case "key":
			c.Key = path
		default:
			return unknown(name, []string{"cert", "key"})
		}
		return inside(name, err)
	})
	if err == nil && c.Cert == "" {
		err = errors.New("cert is missing")
	}
	return &c, err
}

func httpVersion(v jsontext.Value) (string, error) {
	s, err := scalar(v)
	if err != nil {
		return "", err
	}
	return s, client.CheckHTTPVersion(s)
}

// timeout reads a time for connect and read, or an object of parts.
func timeout(v jsontext.Value) (runtime.Timeout, error) {
	var t runtime.Timeout
	if v.Kind() != '{' {
		d, err := seconds(v)
		return runtime.Timeout{Connect: d, Read: d}, err
	}
	err := members(v, func(name string, v jsontext.Value) error {
		d, err := seconds(v)
		switch name {
		case "connect":
			t.Connect = d
		case "read":
			t.Read = d
		case "total":
			t.Total = d
		default:
			return fmt.Errorf("takes connect, read and total, got %q", name)
		}
		if err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
		return nil
	})
	return t, err
}
