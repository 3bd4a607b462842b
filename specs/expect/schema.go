package expect

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"volley/runtime"
	"volley/specs/tree"
)

// schemaCheck wants the body to be JSON that a JSON Schema allows.
type schemaCheck struct {
	schema   *jsonschema.Schema
	file     string // "" when it is written in place
	severity runtime.Severity
}

// schema reads a JSON Schema, written in place or in a file beside the spec.
func (b *blocks) schema(n *tree.Node, path string) {
	var schema any
	file := ""
	switch n.Kind {
	case tree.Map, tree.Bool:
		schema = n.Plain()
	case tree.String:
		file = n.Text
		var err error
		if schema, err = b.readSchema(n); err != nil {
			b.problem(n.Pos, path, err.Error(), "a path is relative to the spec's folder")
			return
		}
	default:
		b.problem(n.Pos, path, "schema must be a JSON Schema or the path of one, got "+n.Kind.String(), "schema: {type: object, required: [id]}")
		return
	}
	compiled, err := compileSchema(schema)
	if err != nil {
		b.problem(n.Pos, path, "the JSON Schema is not valid: "+err.Error(), "")
		return
	}
	b.checks = append(b.checks, &schemaCheck{compiled, file, b.severity})
}

func (c *compiling) readSchema(n *tree.Node) (any, error) {
	if c.c.ReadFile == nil {
		return nil, errors.New("a JSON Schema cannot be read from a file here")
	}
	file := n.Text
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(n.Pos.File), file)
	}
	data, err := c.c.ReadFile(file)
	if err != nil {
		var fault *fs.PathError
		if errors.As(err, &fault) {
			err = fault.Err
		}
		return nil, fmt.Errorf("the JSON Schema %s cannot be read: %w", shortText(n.Text, longestValue), err)
	}
	schema, err := decodeJSON(string(data))
	if err != nil {
		return nil, errors.New(strings.Replace(err.Error(), "the body", shortText(n.Text, longestValue), 1))
	}
	return schema, nil
}

// notLoaded keeps references within the schema itself.
type notLoaded struct{}

// Load implements jsonschema.URLLoader.
func (notLoaded) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not loaded: a schema has to be one document, use $defs", url)
}

const schemaURL = "volley:schema"

func compileSchema(schema any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(notLoaded{})
	if err := c.AddResource(schemaURL, schema); err != nil {
		return nil, schemaFault(err)
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, schemaFault(err)
	}
	return compiled, nil
}

func schemaFault(err error) error {
	var wrong *jsonschema.SchemaValidationError
	if errors.As(err, &wrong) {
		err = wrong.Err
	}
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return errors.New(violations(invalid))
	}
	text := strings.ReplaceAll(err.Error(), schemaURL, "")
	return errors.New(shorten(strings.ReplaceAll(text, "\n", " "), longestMessage))
}

func (c *schemaCheck) run(r *running) error {
	e := runtime.Expectation{Subject: "schema", Operator: "schema", Severity: c.severity}
	if c.file != "" {
		e.Want = c.file
	}
	body, err := r.a.JSON()
	if err == nil {
		err = c.schema.Validate(body)
	}
	var invalid *jsonschema.ValidationError
	switch {
	case errors.As(err, &invalid):
		e.Message = "schema: " + violations(invalid)
	case err != nil:
		e.Message = "schema: " + err.Error()
	}
	r.expectation(e)
	return nil
}

// violations tells the first two places of a document that a schema does not
// allow, and how many more there are.
func violations(err *jsonschema.ValidationError) string {
	var list []string
	printer := message.NewPrinter(language.English)
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			at := "$" + strings.Join(append([]string{""}, e.InstanceLocation...), ".")
			list = append(list, at+": "+e.ErrorKind.LocalizedString(printer))
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(err)
	slices.SortFunc(list, func(a, b string) int { // the library goes through maps
		placeA, _, _ := strings.Cut(a, ": ")
		placeB, _, _ := strings.Cut(b, ": ")
		return cmp.Or(strings.Compare(placeA, placeB), strings.Compare(a, b))
	})
	more := ""
	if len(list) > 2 {
		more = "; and " + strconv.Itoa(len(list)-2) + " more"
		list = list[:2]
	}
	return shorten(strings.Join(list, "; "), longestMessage-len("schema: ")-len(more)) + more
}
