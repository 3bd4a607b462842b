package specs

import (
	"fmt"
	"path/filepath"
	"strings"

	"volley/specs/shape"
	"volley/specs/tree"
)

func environmentShape() *shape.Shape { return formatted("", environmentName) }

func secretsShape() *shape.Shape {
	source := record(
		shape.Field{Name: "env", Doc: "An environment variable.", Shape: environmentShape()},
		shape.Field{Name: "file", Doc: "A file, relative to this one; a line end at its end is not part of it.", Shape: word("")},
	)
	source.Exclusive, source.Need = [][]string{{"env", "file"}}, [][]string{{"env", "file"}}
	return mapOf(source)
}

func (d *decoder) decodeSecrets() {
	members(present(d.root, "secrets"), func(m tree.Member) {
		d.spec.Secrets = append(d.spec.Secrets, Secret{
			Name: m.Name,
			Pos:  m.Pos,
			Env:  textOf(present(m.Value, "env")),
			File: textOf(present(m.Value, "file")),
		})
	})
}

// Given are the values that a run takes from outside of its spec.
type Given struct {
	Env     map[string]string // of the names in env that are set
	Secrets map[string]string
}

// Resolve reads the environment variables and files that the spec names. A
// secret that is not there is a problem; a variable of env that is not set is
// nil in expressions.
func (s *Spec) Resolve(environ func(name string) (string, bool), readFile func(path string) ([]byte, error)) (*Given, *tree.Problems) {
	p := &tree.Problems{}
	g := &Given{Env: map[string]string{}, Secrets: map[string]string{}}
	for _, name := range s.Env {
		if value, ok := environ(name); ok {
			g.Env[name] = value
		}
	}
	for _, secret := range s.Secrets {
		value, message, hint := secret.read(environ, readFile)
		if message != "" {
			p.Add(secret.Pos, "secrets."+secret.Name, message, hint)
			continue
		}
		g.Secrets[secret.Name] = value
	}
	return g, p
}

func (s *Secret) read(environ func(string) (string, bool), readFile func(string) ([]byte, error)) (value, message, hint string) {
	if s.Env != "" {
		value, ok := environ(s.Env)
		if !ok || value == "" {
			return "", fmt.Sprintf("the secret %q is not there: the environment variable %s is not set", s.Name, s.Env),
				"set it for this run: export " + s.Env + "=…"
		}
		return value, "", ""
	}
	content, err := readFile(Beside(s.Pos, s.File))
	if err != nil {
		return "", fmt.Sprintf("the secret %q is not there: %s", s.Name, err), "the path is relative to the file it is written in"
	}
	value = strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if value == "" {
		return "", fmt.Sprintf("the secret %q is not there: %s is empty", s.Name, s.File), ""
	}
	return value, "", ""
}

// Beside returns a path that is relative to the file that pos is in.
func Beside(pos tree.Pos, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(pos.File), filepath.FromSlash(path))
}
