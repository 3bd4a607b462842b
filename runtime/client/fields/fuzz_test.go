package fields_test

import (
	"errors"
	"os"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"volley/runtime/client"
	"volley/runtime/client/fields"
)

// FuzzRead: whatever stands there, it is taken or refused, and a request comes
// of it.
func FuzzRead(f *testing.F) {
	f.Add(`{"url":"http://a.test/","headers":[["a",1]],"files":{"f":{"path":"x"}},"auth":{"digest":["u","p"]}}`)
	f.Add(`{"pool":{"per_host":1},"resolve":{"a":"::1"},"cookies":"x","retry":{"on":["5xx"]}}`)
	o := fields.Options{OpenFile: func(string) (*os.File, error) { return nil, errors.New("refused") }}
	f.Fuzz(func(t *testing.T, text string) {
		d := fields.New(nil, o)
		_ = d.Read(jsontext.Value(text)) // refused or not
		if r := d.Request(); r.Method == "" && r.Invalid == nil {
			t.Error("no method")
		}
		var settings client.Settings
		if _, err := fields.Settings(jsontext.Value(text), &settings, o); err == nil && fields.Fault([]byte(text)) != nil {
			t.Errorf("taken, but it is no JSON: %s", text)
		}
	})
}
