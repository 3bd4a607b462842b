// Package digest answers HTTP Digest challenges (RFC 7616, and RFC 2069 and
// 2617 where servers still speak them).
//
// The first request to an origin goes out without credentials. Its refusal
// brings one or more challenges; the strongest that can be answered is kept
// and the request sent once more. From then on requests to that origin carry
// their answer at once, each with the next count of the same nonce, until the
// server refuses it as stale: then its new nonce is taken and the request sent
// once more.
//
//	401 ─► challenges ─► strongest ─► space of (origin, realm) ─► answer
//
// A space never serves another origin, and what cannot be answered, because
// of its algorithm or quality of protection, leaves the refusal as the result.
package digest
