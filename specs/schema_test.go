package specs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"volley/specs"
	"volley/specs/tree"
)

// TestSchemaFile holds schema.json to what Load checks.
func TestSchemaFile(t *testing.T) { golden(t, "schema.json", specs.Schema()) }

func TestSchemaIsTheSameEachTime(t *testing.T) {
	if !bytes.Equal(specs.Schema(), specs.Schema()) {
		t.Error("two schemas differ")
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(specs.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler() // checks it against the meta-schema of 2020-12
	if err := c.AddResource(specs.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(specs.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	if schema.DraftVersion != 2020 {
		t.Errorf("draft %d, want 2020", schema.DraftVersion)
	}
	return schema
}

func instance(t *testing.T, file string) any {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := &tree.Problems{}
	n := tree.Parse(file, src, p)
	if n == nil {
		t.Fatalf("%s: no YAML: %v", file, p.Err())
	}
	return n.Plain()
}

func TestExamplesFitTheSchema(t *testing.T) {
	schema := compiledSchema(t)
	for _, file := range specFiles(t) {
		if err := schema.Validate(instance(t, file)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestWrongSpecsDoNotFitTheSchema takes those whose fault is in their shape.
func TestWrongSpecsDoNotFitTheSchema(t *testing.T) {
	schema := compiledSchema(t)
	for _, name := range []string{
		"unknown_field", "wrong_type", "bad_duration", "bad_size", "bad_rate", "bad_enum", "missing_volley", "missing_until",
		"two_bodies", "missing_url", "max_pages", "bad_method", "secret_without_source",
	} {
		if schema.Validate(instance(t, filepath.Join("testdata", "errors", name+".yaml"))) == nil {
			t.Errorf("%s.yaml fits the schema", name)
		}
	}
}

func TestSchemaTakesWhatNobodyReads(t *testing.T) {
	schema := compiledSchema(t)
	var doc any
	if err := json.Unmarshal([]byte(`{"volley":1,"x-team":"a","requests":[{"url":"http://a","x-note":{"b":1},"json":null,"expect":{"status":200}}]}`), &doc); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
}
