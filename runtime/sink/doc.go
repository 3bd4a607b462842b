// Package sink writes what a run did into files.
//
// A sink is a runtime.Sink: the consumer hands it each Result once, when
// nothing about it will change any more. NDJSON is the canonical record, one
// line of JSON for each request; every other format is a projection of it.
//
//	{"v":1,"run":…,"file":…,"sha256":…,"args":[…],"started":…}
//	{"v":1,"run":…,"batch":1,"index":1,"id":…,"attempts":1,"ok":true,"request":{…},"status":200,…}
//
// A line is whole or not there: lines gather in a buffer and leave it
// together. Records are encoded by hand into that buffer, since one is written
// for every request and nothing of it needs to be allocated.
//
// What a record may not tell is masked on its way here: userinfo in URLs, and
// the values of headers that carry credentials.
package sink
