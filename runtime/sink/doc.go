// Package sink writes what a run did into files.
//
// A sink is a runtime.Sink: the consumer hands it each Result once, when
// nothing about it will change any more. NDJSON is the canonical record, one
// line of JSON for each request; every other format is a projection of it.
//
//	{"v":1,"run":…,"file":…,"sha256":…,"args":[…],"started":…}
//	{"v":1,"run":…,"batch":1,"index":1,"id":…,"attempts":1,"ok":true,"request":{…},"status":200,…}
//
// CSV has chosen fields of the records as columns, and Failed the rows of data
// whose requests failed, in the shape in which they were read. Open makes an
// output of a path by its ending.
//
// A line is whole or not there: lines gather in a buffer and leave it
// together. Records are encoded by hand into that buffer, since one is written
// for every request and nothing of it needs to be allocated.
//
// An output appears under its name with the first lines, in place of an older
// file; until then that one stays, and whoever reads it reads on. In a
// compressed file a member ends at least with every second in which the consumer
// waits, so that what a killed run leaves can be read up to there.
//
// What a record may not tell is masked on its way here: userinfo in URLs, the
// values of headers that carry credentials, and the secrets of the run.
package sink
