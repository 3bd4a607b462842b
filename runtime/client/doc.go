// Package client turns what a caller asks for into an exchange on the wire,
// and what came back into a Response.
//
// A Client owns the transport. Its Sessions hold what requests share:
// headers, credentials, cookies, proxies, timeouts, hooks. Either executes a
// runtime.Request in one flight:
//
//	merge settings ─► URL, params ─► headers, cookies, body ─► hooks, auth
//	      ▲                                                        │
//	      └──────── redirect, challenge ◄── transport.Do ◄─────────┘
//	                                             │
//	                         decode, limit, charset ─► Response
//
// Settings are compiled into a profile when they change, one for the session
// and one for each mount, and swapped as a whole: a request reads one
// snapshot from beginning to end, and an absent feature costs it nothing.
// Every hop of a flight is built afresh from the caller's request, so what
// must not cross to another origin is left out rather than removed.
//
// The package never retries: that is the Engine's part, which asks a Session
// for its policy.
package client
