// Package transport puts one request on a connection and reads its answer:
// dialling, TLS, proxies, the connection pool, and our own HTTP/1.1 codec;
// HTTP/2 is net/http's, over connections dialled here.
//
// One goroutine does the whole exchange on its connection. There are no
// read and write loops, so a reused connection costs two system calls and no
// hand-off. The package knows nothing of sessions, cookies, redirects,
// content codings or retries of its caller; it retries one thing only, a
// request that met a pooled connection which had died before the first
// response byte.
package transport
