// Package sigv4 signs requests as AWS and what imitates it expect (Signature
// Version 4), with the signer of the AWS SDK for Go.
//
// The signature covers the request as it goes out: every header that is on it
// when all others have had their say, the host, the URL and a hash of the
// body. Fields that proxies may change on the way, and those that say how the
// message is framed, are left out of it. Each attempt and each hop is signed
// anew, with the time of that moment.
//
// The package stands apart from client since the SDK is large.
package sigv4
