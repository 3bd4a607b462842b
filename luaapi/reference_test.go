package luaapi

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"volley/luaapi/vm"
)

// eachFunction calls f for every function and method with its full name.
func eachFunction(r *Registry, f func(name string, fn *Function)) {
	for i := range r.Modules {
		for j := range r.Modules[i].Functions {
			f(r.Modules[i].Name+"."+r.Modules[i].Functions[j].Name, &r.Modules[i].Functions[j])
		}
	}
	for i := range r.Classes {
		for j := range r.Classes[i].Methods {
			f(r.Classes[i].Name+"."+r.Classes[i].Methods[j].Name, &r.Classes[i].Methods[j])
		}
	}
}

// plainlyUsed need no example: theirs would repeat that of volley.request.
var plainlyUsed = []string{
	"volley.get", "volley.options", "volley.head", "volley.post", "volley.put", "volley.patch", "volley.delete", "volley.exit",
	"Session.get", "Session.options", "Session.head", "Session.post", "Session.put", "Session.patch", "Session.delete", "Session.request",
}

func TestEverythingIsDocumented(t *testing.T) {
	r := NewRegistry()
	eachFunction(r, func(name string, f *Function) {
		if f.Doc == "" {
			t.Errorf("%s has no text", name)
		}
		if f.Example == "" && !slices.Contains(plainlyUsed, name) {
			t.Errorf("%s has no example", name)
		}
		for _, p := range f.Params {
			if p.Type == "" {
				t.Errorf("%s: the parameter %s has no type", name, p.Name)
			}
		}
	})
	for _, c := range r.Classes {
		if c.Doc == "" {
			t.Errorf("%s has no text", c.Name)
		}
		for _, f := range c.Fields {
			if f.Type == "" {
				t.Errorf("%s.%s has no type", c.Name, f.Name)
			}
		}
	}
	for _, o := range r.Options {
		for _, option := range o.List {
			if option.Doc == "" || option.Type == "" {
				t.Errorf("%s.%s has no text or no type", o.Name, option.Name)
			}
		}
	}
}

func TestExamplesRun(t *testing.T) {
	base := serveHTTPBin(t)
	eachFunction(NewRegistry(), func(name string, f *Function) {
		if f.Example == "" {
			return
		}
		t.Run(name, func(t *testing.T) {
			l := newLibrary(t)
			l.config.HTTPBin = func() (string, error) { return base, nil }
			l.pass(t, "local base = \""+base+"\"\n"+f.Example)
		})
	})
}

func TestTextOfEveryName(t *testing.T) {
	r := NewRegistry()
	for _, name := range r.Names() {
		text, ok := r.Text(name)
		if !ok || strings.TrimSpace(text) == "" {
			t.Errorf("%s: no text", name)
		}
	}
}

func TestText(t *testing.T) {
	r := NewRegistry()
	for name, parts := range map[string][]string{
		"":                   {"volley.json\n", "volley.get(url, opts?)", "Response\n", "RequestOptions\n"},
		"get":                {"volley.get(url, opts?) → volley.Request", "Builds a GET request."},
		"volley.get":         {"volley.get(url, opts?) → volley.Request"},
		"volley.json.decode": {"volley.json.decode(s, opts?) → any", "bigint", "    local v = volley.json.decode("},
		"json.decode":        {"volley.json.decode(s, opts?) → any"},
		"decode":             {"volley.json.decode", "volley.base64.decode"},
		"volley.json":        {"JSON as RFC 8259 has it.", "volley.json.encode(value)"},
		"Response":           {"Response.status_code: integer", "Response:json(opts?)"},
		"volley.Response":    {"Response.status_code: integer"},
		"response.JSON":      {"Response:json(opts?) → any"},
		"Response:json()":    {"Response:json(opts?) → any"},
		"volley.codes":       {"volley.codes: table<string, integer>"},
		"timeout":            {"volley.timeout(", "RequestOptions.timeout", "SessionOptions.timeout"},
		"max_redirects":      {"max_redirects = integer"},
		"map":                {"volley.map("},
		"RequestOptions":     {"params = "},
	} {
		text, ok := r.Text(name)
		if !ok {
			t.Errorf("%q is not known", name)
		}
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%q: %q is not in\n%s", name, part, text)
			}
		}
	}
	if text, ok := r.Text("nothing_like_it"); ok {
		t.Errorf("an unknown name is explained:\n%s", text)
	}
}

func TestMarkdown(t *testing.T) {
	r := NewRegistry()
	text := r.Markdown()
	eachFunction(r, func(name string, f *Function) {
		if !strings.Contains(text, signature(f)) {
			t.Errorf("%s is missing", name)
		}
	})
	unescaped := regexp.MustCompile(`[^\\]\|`)
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "|") && len(unescaped.FindAllString(line, -1)) != 3 {
			t.Errorf("a row has not three cells: %s", line)
		}
	}
}

func TestLuaLS(t *testing.T) {
	r := NewRegistry()
	text := r.LuaLS()
	if _, err := vm.Compile("volley.lua", []byte(text)); err != nil {
		t.Fatalf("the definitions are no Lua: %v", err)
	}
	eachFunction(r, func(name string, _ *Function) {
		declared := regexp.MustCompile(`(?m)^function ` + strings.ReplaceAll(name, ".", "[.:]") + `\(`)
		if !declared.MatchString(text) {
			t.Errorf("%s is not declared", name)
		}
	})
	declared := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^---@class (\S+)$`).FindAllStringSubmatch(text, -1) {
		if declared[m[1]] {
			t.Errorf("%s is declared twice", m[1])
		}
		declared[m[1]] = true
	}
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "---@") {
			continue
		}
		for _, name := range regexp.MustCompile(`volley\.[A-Z]\w*`).FindAllString(line, -1) {
			if !declared[name] {
				t.Errorf("the type %s is not declared: %s", name, line)
			}
		}
	}
}

func TestSplitTypes(t *testing.T) {
	for list, want := range map[string]string{
		"":                            "",
		"string":                      "string",
		"string?, volley.Error?":      "string? + volley.Error?",
		"table<string, integer>, any": "table<string, integer> + any",
		"fun(): string?, integer?":    "fun(): string?, integer?",
		"any, fun(a: x, b: y): z, w":  "any + fun(a: x, b: y): z, w",
	} {
		if got := strings.Join(splitTypes(list), " + "); got != want {
			t.Errorf("%q: got %q, want %q", list, got, want)
		}
	}
}
