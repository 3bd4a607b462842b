// Package oauth2 fetches access tokens with client credentials (RFC 6749
// section 4.4) and puts them on requests (RFC 6750).
//
// One Auth holds one token. Who needs it first fetches it, and the others
// wait for that; it is fetched again shortly before it expires, and once when
// a server refuses it with 401, after which the refused request is sent again:
//
//	Authorize ─► token ─► Authorization: Bearer …
//	                ▲
//	401 ─► drop ────┘ ─► the request once more
//
// What is said to the token endpoint is x/oauth2's part; the request itself
// goes the way of the request that needs the token, over its session's
// connections, proxies and certificates, but with nothing of its headers,
// cookies or hooks. Redirects are not followed there: the secret is for one
// address only.
package oauth2
