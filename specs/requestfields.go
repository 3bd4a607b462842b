package specs

import (
	"volley/specs/shape"
	"volley/specs/tree"
)

// requestFieldShapes are the request fields of the Lua API, in their order
// there.
func requestFieldShapes() []shape.Field {
	retry := retryShape()
	return []shape.Field{
		{Name: "method", Doc: "GET unless there is a body.", Shape: &shape.Shape{Kinds: []tree.Kind{tree.String}, Format: shape.Method, Template: true}},
		{Name: "url", Doc: "Absolute, or relative to the session's base_url.", Shape: text()},
		{Name: "params", Doc: "Query parameters: names and values (a list repeats its name), a list of pairs, or a text.", Shape: either(pairsShape(), text())},
		{Name: "headers", Doc: "Names and values, or a list of pairs; false leaves out one of the session or the defaults.", Shape: pairsShape()},
		{Name: "cookies", Doc: "For this request and its host only.", Shape: pairsShape()},
		{Name: "json", Doc: "The body, as JSON; numbers in quotes stay texts.", Shape: anything()},
		{Name: "data", Doc: "The body: a text, or the fields of a form; with files, the form's other fields.", Shape: either(pairsShape(), text())},
		{Name: "files", Doc: "A multipart form: names and files, or a list of pairs.", Shape: filesShape()},
		{Name: "auth", Doc: "[user, password], {basic: […]}, {bearer: …}, {digest: […]}, {aws_sigv4: {…}}, {oauth2: {…}}, or false for none.", Shape: authShape()},
		{Name: "timeout", Doc: "For connecting and for reading, or {connect, read, total}; default 10s, 30s, none; false is none.", Shape: timeoutShape()},
		{Name: "allow_redirects", Doc: "Follow them; default true, but for HEAD.", Shape: templated(boolean())},
		{Name: "max_redirects", Doc: "Default 30.", Shape: templated(whole(0))},
		{Name: "proxies", Doc: "By scheme (http, https, all, scheme://host) or no_proxy; false goes direct.", Shape: proxiesShape()},
		{Name: "verify", Doc: "Check certificates: true, false, or a CA file or folder.", Shape: templated(either(boolean(), text()))},
		{Name: "cert", Doc: "A client certificate: a PEM file or {cert, key}.", Shape: certShape()},
		{Name: "stream", Doc: "Hand the answer over at its headers.", Shape: templated(boolean())},
		{Name: "retry", Doc: "Further tries, or {total, on, methods, …}; false is none.", Shape: retry},
		{Name: "raise_for_status", Doc: "A 4xx or 5xx is a failure of kind http.", Shape: templated(boolean())},
		{Name: "meta", Doc: "Yours; never sent, recorded with the result.", Shape: anything()},
		{Name: "max_body", Doc: "Bytes after decoding; default 64MiB; false is no bound.", Shape: templated(either(numeric(shape.Size), off()))},
		{Name: "http_version", Doc: `auto, "1.1", "2" or h2c.`, Shape: versionOfHTTP()},
		{Name: "id", Doc: "For outputs and logs.", Shape: text()},
		{Name: "tags", Doc: "Texts by name, for outputs.", Shape: mapOf(text())},
	}
}

// requestFieldNames tells the fields of the Lua API from those of specs.
var requestFieldNames = func() map[string]bool {
	names := map[string]bool{}
	for _, f := range requestFieldShapes() {
		names[f.Name] = true
	}
	return names
}()

// bodies are the fields that make a request's body.
var bodies = []string{"json", "data", "files"}

// pairsShape is a map of names and values, or a list of [name, value].
func pairsShape() *shape.Shape {
	one := &shape.Shape{Kinds: append([]tree.Kind{tree.Null}, texts...), Template: true}
	value := either(one, listOf(one))
	return &shape.Shape{Name: "pairs", Template: true, OneOf: []*shape.Shape{mapOf(value), listOf(pairShape())}}
}

func pairShape() *shape.Shape {
	return &shape.Shape{Name: "pair", Kinds: []tree.Kind{tree.List}}
}

func filesShape() *shape.Shape {
	path := record(
		shape.Field{Name: "path", Doc: "A file, streamed.", Shape: text()},
		shape.Field{Name: "content", Doc: "The content itself.", Shape: text()},
		shape.Field{Name: "filename", Doc: "The name that is sent.", Shape: text()},
		shape.Field{Name: "type", Doc: "Its Content-Type.", Shape: text()},
		shape.Field{Name: "headers", Doc: "Further headers of the part.", Shape: pairsShape()},
	)
	path.Exclusive = [][]string{{"path", "content"}}
	path.Need = [][]string{{"path", "content"}}
	return either(mapOf(either(text(), path)), listOf(pairShape()))
}

func authShape() *shape.Shape {
	login := listOf(text())
	signature := record(
		shape.Field{Name: "access_key", Shape: text(), Required: true},
		shape.Field{Name: "secret_key", Shape: text(), Required: true},
		shape.Field{Name: "session_token", Shape: text()},
		shape.Field{Name: "region", Shape: text(), Required: true},
		shape.Field{Name: "service", Shape: text(), Required: true},
	)
	grant := record(
		shape.Field{Name: "token_url", Shape: text(), Required: true},
		shape.Field{Name: "client_id", Shape: text(), Required: true},
		shape.Field{Name: "client_secret", Shape: text(), Required: true},
		shape.Field{Name: "scopes", Shape: either(text(), listOf(text()))},
	)
	schemes := record(
		shape.Field{Name: "basic", Doc: "[user, password]", Shape: login},
		shape.Field{Name: "bearer", Doc: "A token.", Shape: text()},
		shape.Field{Name: "digest", Doc: "[user, password]", Shape: login},
		shape.Field{Name: "aws_sigv4", Doc: "AWS Signature Version 4.", Shape: signature},
		shape.Field{Name: "oauth2", Doc: "Client credentials; tokens are fetched and renewed.", Shape: grant},
	)
	names := []string{"basic", "bearer", "digest", "aws_sigv4", "oauth2"}
	schemes.Exclusive, schemes.Need = [][]string{names}, [][]string{names}
	return &shape.Shape{Name: "auth", Template: true, OneOf: []*shape.Shape{login, schemes, off()}}
}

func timeoutShape() *shape.Shape {
	part := either(templated(numeric(shape.Duration)), off())
	parts := record(
		shape.Field{Name: "connect", Doc: "DNS, proxy, TCP and TLS.", Shape: part},
		shape.Field{Name: "read", Doc: "Every wait for the peer.", Shape: part},
		shape.Field{Name: "total", Doc: "All tries and redirects.", Shape: part},
	)
	return &shape.Shape{Name: "timeout", OneOf: []*shape.Shape{templated(numeric(shape.Duration)), parts, off()}}
}

func proxiesShape() *shape.Shape {
	return &shape.Shape{Name: "proxies", Template: true, OneOf: []*shape.Shape{mapOf(either(text(), off())), off()}}
}

func certShape() *shape.Shape {
	return &shape.Shape{Name: "cert", OneOf: []*shape.Shape{text(), record(
		shape.Field{Name: "cert", Shape: text(), Required: true},
		shape.Field{Name: "key", Shape: text()},
	)}}
}

func versionOfHTTP() *shape.Shape {
	return &shape.Shape{Kinds: []tree.Kind{tree.String, tree.Int, tree.Float}, Format: httpVersion, Template: true}
}

func retryShape() *shape.Shape {
	on := &shape.Shape{Kinds: []tree.Kind{tree.String, tree.Int}, Format: retryOn, Template: true}
	parts := record(
		shape.Field{Name: "total", Doc: "Further tries after the first; default 3.", Shape: templated(whole(0))},
		shape.Field{Name: "on", Doc: `What is tried again, instead of the default: statuses, "5xx", "500-599", kinds of errors.`, Shape: listOf(on)},
		shape.Field{Name: "methods", Doc: "Which methods, instead of the idempotent ones.", Shape: either(enum("all"), listOf(formatted("", shape.Method)))},
		shape.Field{Name: "backoff", Doc: "Base of the pause; default 500ms, doubled each time.", Shape: templated(numeric(shape.Duration))},
		shape.Field{Name: "max_delay", Doc: "Longest pause; default 60s.", Shape: templated(numeric(shape.Duration))},
		shape.Field{Name: "jitter", Doc: "Default true: each pause is uniform up to its bound.", Shape: templated(boolean())},
		shape.Field{Name: "respect_retry_after", Doc: "Default true.", Shape: templated(boolean())},
	)
	return &shape.Shape{Name: "retry", Template: true, OneOf: []*shape.Shape{whole(0), parts, off()}}
}
