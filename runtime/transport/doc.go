// Package transport puts one request on a connection and reads its answer:
// dialling, TLS, proxies, the connection pool, and our own HTTP/1.1 codec;
// HTTP/2 is net/http's, over connections dialled here.
//
//	Do ─► acquire ─► idle connection ─────────────► conn.exchange (HTTP/1.1)
//	         │                                        compose · send · final · reply
//	         ├─► slot ─► dial ─► proxy ─► TLS ──────► the same, or
//	         └─► stream of a shared connection ─────► h2conn.exchange (HTTP/2)
//
// One goroutine does the whole exchange on its HTTP/1.1 connection. There are
// no read and write loops, so a reused connection costs three system calls (a
// look whether it is still good, the write, the read) and no hand-off. Only a
// body too long for one write is sent by a goroutine of its own, so that an
// answer that comes early is heard. Deadlines are set once in a read timeout,
// not per read, and a batch's context is watched once per connection, not per
// request.
//
// A Body returns its connection to the pool with its last byte. Whatever else
// happens closes the connection: bytes that nobody asked for, an error, a
// close before the end.
//
// Names are looked up once for all who want them, and remembered for as long as
// their server says (namecache.go, lifetime.go). A server that says
// ENHANCE_YOUR_CALM is asked for half as much for a while (calm.go), and one
// that would make net/http wait for ever loses its connection (h2guard.go).
//
// The package knows nothing of sessions, cookies, redirects, content codings
// or retries of its caller. It repeats three things only: a request that met a
// pooled connection which died before the first response byte, if that is
// harmless, one that an HTTP/2 server vouches not to have processed, and one
// that it wants to have over HTTP/1.1.
//
// Errors are classified here, once: errors.go for the socket, tls.go for
// certificates, http1_read.go, framing.go and chunked.go for what a server
// may not send, h2errors.go for what net/http says of HTTP/2.
package transport
