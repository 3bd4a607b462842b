package specs

import (
	"time"

	"volley/specs/expect"
	"volley/specs/shape"
	"volley/specs/tree"
)

// Defaults of poll and paginate.
const (
	defaultEvery       = time.Second
	defaultPollTimeout = 5 * time.Minute
	defaultMaxPages    = 1000
)

// decodeRequests reads setup, requests and teardown, with defaults and what
// they extend merged in.
func (d *decoder) decodeRequests() {
	merged := d.mergeRequests()
	d.spec.Setup = d.list("setup", merged)
	d.spec.Requests = d.list("requests", merged)
	d.spec.Teardown = d.list("teardown", merged)
	if n := present(d.root, "requests"); n == nil || n.Kind == tree.List && len(n.Items) == 0 {
		d.add(d.root.Pos, "requests", "there are no requests", `give at least one: requests: [{url: "https://…"}]`)
	}
}

func (d *decoder) list(name string, merged map[*tree.Node]*tree.Node) []*Request {
	n := present(d.root, name)
	if n == nil || n.Kind != tree.List {
		return nil
	}
	var list []*Request
	for i, item := range n.Items {
		if r := merged[item]; r != nil {
			list = append(list, d.request(r, item, name, shape.Item(name, i)))
		}
	}
	return list
}

// request reads one request, n; written is the part of it that stands in its
// own place.
func (d *decoder) request(n, written *tree.Node, list, path string) *Request {
	r := &Request{
		Name:    textOf(present(n, "name")),
		Path:    path,
		Pos:     written.Pos,
		Session: textOf(present(n, "session")),
		Defer:   isTrue(present(n, "defer")),
	}
	if session := present(n, "session"); session != nil {
		r.sessionPos = session.Pos
	}
	r.Vars = d.inOrder(d.varsOf(d.overlays[written], "vars", r))
	r.When = d.condition(r, n, "when", path, inRequest)
	r.Needs = d.needs(present(n, "needs"))
	d.foreach(r, present(n, "foreach"), shape.Member(path, "foreach"))
	d.matrix(r, present(n, "matrix"), shape.Member(path, "matrix"))
	r.Repeat = d.compile(present(n, "repeat"), shape.Member(path, "repeat"), beforeUnit, r)
	d.fields(r, n, path)
	d.bodyInputs(r, present(n, "files"), shape.Member(path, "files"))
	if present(n, "url") == nil && !d.halved[written] {
		d.add(r.Pos, shape.Member(path, "url"), "url is missing", "neither the request nor what it extends has one")
	}
	r.Save = d.compile(present(n, "save"), shape.Member(path, "save"), inRequest, r)
	r.IdempotencyKey = d.compile(present(n, "idempotency_key"), shape.Member(path, "idempotency_key"), inRequest, r)
	d.poll(r, present(n, "poll"), shape.Member(path, "poll"))
	d.paginate(r, present(n, "paginate"), shape.Member(path, "paginate"))
	d.expectations(r, n, path)
	d.captures(r, present(n, "capture"), list, shape.Member(path, "capture"))
	d.hooks(r, n, path)
	return r
}

// fields compiles the request fields of the Lua API.
func (d *decoder) fields(r *Request, n *tree.Node, path string) {
	members(n, func(m tree.Member) {
		if !requestFieldNames[m.Name] {
			return
		}
		at := shape.Member(path, m.Name)
		v := d.compile(m.Value, at, inRequest, r)
		if m.Name == "json" {
			d.compiler.Lint(m.Value, at)
		}
		r.Fields = append(r.Fields, Field{Name: m.Name, Pos: m.Pos, Value: v})
		d.tryField(m, v, at)
	})
	if data := present(n, "data"); data != nil && present(n, "files") != nil && isScalar(data) && !shape.IsTemplate(data) {
		d.add(data.Pos, shape.Member(path, "data"), "data must be names and values when files are given: they go into the same form", "")
	}
}

// hooks takes the request's own functions, or those of handlers.
func (d *decoder) hooks(r *Request, n *tree.Node, path string) {
	own := d.hooksOf(n, path)
	r.OnRequest, r.OnResponse, r.OnError = own.onRequest, own.onResponse, own.onError
	if r.OnRequest == nil {
		r.OnRequest = d.handlers.onRequest
	}
	if r.OnResponse == nil {
		r.OnResponse = d.handlers.onResponse
	}
	if r.OnError == nil {
		r.OnError = d.handlers.onError
	}
}

// needs reads a name, a map of name → all, or a list of both.
func (d *decoder) needs(n *tree.Node) []Need {
	switch {
	case n == nil:
		return nil
	case isScalar(n):
		return []Need{{Name: n.Text, Pos: n.Pos}}
	case n.Kind == tree.List:
		var list []Need
		for _, item := range n.Items {
			list = append(list, d.needs(item)...)
		}
		return list
	}
	var list []Need
	members(n, func(m tree.Member) {
		list = append(list, Need{Name: m.Name, Pos: m.Pos, All: true})
	})
	return list
}

func (d *decoder) foreach(r *Request, n *tree.Node, path string) {
	switch {
	case n == nil:
	case isScalar(n) && !shape.IsTemplate(n):
		r.Foreach = &Foreach{Pos: n.Pos, Source: n.Text}
		if d.spec.sources[n.Text] == nil {
			names := namesOf(present(d.root, "data"))
			d.add(n.Pos, path, "there is no data source "+quote(n.Text), d.oneOf(n.Text, names))
		}
	default:
		r.Foreach = &Foreach{Pos: n.Pos, List: d.compile(n, path, beforeRows, r)}
	}
}

func (d *decoder) poll(r *Request, n *tree.Node, path string) {
	if n == nil || n.Kind != tree.Map {
		return
	}
	p := &Poll{Pos: n.Pos, Every: defaultEvery, Timeout: defaultPollTimeout}
	for _, method := range []string{"get", "post"} {
		if url := present(n, method); url != nil {
			p.Method = map[string]string{"get": "GET", "post": "POST"}[method]
			p.URL = d.compile(url, shape.Member(path, method), inAnswer, r)
		}
	}
	p.Until = d.condition(r, n, "until", path, inAnswer)
	p.FailIf = d.condition(r, n, "fail_if", path, inAnswer)
	if every := present(n, "every"); every != nil {
		p.Every = parsed(every, shape.ParseDuration)
	}
	if timeout := present(n, "timeout"); timeout != nil {
		p.Timeout = parsed(timeout, shape.ParseDuration)
		if p.Timeout == 0 {
			d.add(timeout.Pos, shape.Member(path, "timeout"), "the timeout is 0: nothing could be waited for", "")
		}
	}
	r.Poll = p
}

func (d *decoder) paginate(r *Request, n *tree.Node, path string) {
	if n == nil || n.Kind != tree.Map {
		return
	}
	p := &Paginate{Pos: n.Pos, MaxPages: defaultMaxPages}
	if pages := present(n, "max_pages"); pages != nil {
		p.MaxPages = wholeOf(pages)
	}
	if next := present(n, "next"); textOf(next) == "link" {
		p.Link = true
	} else {
		p.Next = d.compile(next, shape.Member(path, "next"), inAnswer, r)
	}
	r.Paginate = p
}

func (d *decoder) expectations(r *Request, n *tree.Node, path string) {
	at := shape.Member(path, "expect")
	block := present(n, "expect")
	if d.sets[block] == nil { // that of defaults serves many
		d.sets[block] = expect.Compile(block, at, d.compiler)
	}
	r.Expect = d.sets[block]
	d.usesOf(r.Expect.Uses(), at, r)
}

// capturer is a request that captures a name.
type capturer struct {
	request *Request
	list    string // setup, requests or teardown
}

func (d *decoder) captures(r *Request, n *tree.Node, list, path string) {
	if n == nil || n.Kind != tree.Map {
		return
	}
	r.Capture = expect.CompileCaptures(n, path, d.compiler)
	for _, c := range r.Capture {
		d.usesOf(c.Uses(), shape.Member(path, c.Name), r)
	}
	members(n, func(m tree.Member) { // also those that did not compile
		d.captured[m.Name] = append(d.captured[m.Name], capturer{r, list})
	})
}

// usesOf notes what an expectation or a capture needs.
func (d *decoder) usesOf(u expect.Uses, path string, r *Request) {
	for _, v := range u.Values {
		d.use(v, path, inAnswer, r)
	}
	for _, f := range u.Functions {
		d.spec.lua = true
		d.function(false, f.Pos, path, f.Text)
	}
	for _, name := range u.Requests {
		d.compared = append(d.compared, comparison{name, path})
	}
}
