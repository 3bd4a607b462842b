package sigv4

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"volley/runtime"
)

// Config says who signs, and for what.
type Config struct {
	AccessKey, SecretKey string
	SessionToken         string // of temporary credentials; "": none
	Region, Service      string // such as "eu-central-1", "s3"
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Auth signs requests. It is a runtime.Auth, safe for use by many goroutines.
type Auth struct {
	config Config
	signer *v4.Signer
	s3     bool // S3 takes the path as it is, and wants the body's hash in a field
}

// New returns an Auth.
func New(config Config) *Auth {
	if config.Now == nil {
		config.Now = time.Now
	}
	s3 := strings.HasPrefix(config.Service, "s3")
	return &Auth{
		config: config,
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s3 }),
		s3:     s3,
	}
}

// unsigned stands for the hash of a body that is not known before it is sent.
const unsigned = "UNSIGNED-PAYLOAD"

// Fields of a signed request.
const (
	fieldDate  = "X-Amz-Date"
	fieldToken = "X-Amz-Security-Token"
	fieldHash  = "X-Amz-Content-Sha256"
)

// Authorize implements runtime.Auth. It adds Authorization, X-Amz-Date and,
// where they are called for, X-Amz-Security-Token and X-Amz-Content-Sha256.
// The error is unrewindable_body, for a one-shot body without TLS, or that of
// reading the body.
func (a *Auth) Authorize(ctx context.Context, prepared *runtime.Request) error {
	hash, err := hashOf(prepared)
	if err != nil {
		return err
	}
	if a.s3 || hash == unsigned {
		prepared.Header.Set(fieldHash, hash)
	}
	prepared.URL = unambiguous(prepared.URL)
	request, err := a.httpRequest(prepared)
	if err != nil {
		return err
	}
	credentials := aws.Credentials{AccessKeyID: a.config.AccessKey, SecretAccessKey: a.config.SecretKey, SessionToken: a.config.SessionToken}
	if err := a.signer.SignHTTP(ctx, credentials, request, hash, a.config.Service, a.config.Region, a.config.Now()); err != nil {
		return runtime.Errorf(runtime.KindInvalidArgument, "signing for AWS: %w", err)
	}
	for _, name := range []string{fieldDate, fieldToken, "Authorization"} {
		if value := request.Header.Get(name); value != "" {
			prepared.Header.Set(name, value)
		}
	}
	return nil
}

// hashOf returns the SHA-256 of the body in hexadecimal.
func hashOf(prepared *runtime.Request) (string, error) {
	h := sha256.New()
	switch body := prepared.Body.(type) {
	case nil:
	case *runtime.Bytes:
		_, _ = h.Write(body.Data) // a hash never fails
	default:
		if !body.Replayable() {
			if !strings.HasPrefix(prepared.URL, "https:") {
				return "", runtime.Errorf(runtime.KindUnrewindableBody,
					"the body is hashed for the AWS signature before it is sent, but it can be read only once: use a string, a file or https")
			}
			return unsigned, nil
		}
		r, _, err := body.Open()
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, r)
		if closing := r.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// unambiguous spells out what servers read in two ways in a query: a plus
// sign, which is a space or itself, and a semicolon, which may separate.
func unambiguous(raw string) string {
	sent, fragment, hasFragment := strings.Cut(raw, "#")
	at, query, _ := strings.Cut(sent, "?")
	if !strings.ContainsAny(query, "+;") {
		return raw
	}
	spelled := at + "?" + strings.NewReplacer("+", "%20", ";", "%3B").Replace(query)
	if hasFragment {
		spelled += "#" + fragment
	}
	return spelled
}

// httpRequest returns the request as the signer takes it. There is no scheme
// in it: the signer would take a port off the host that is sent with it.
func (a *Auth) httpRequest(prepared *runtime.Request) (*http.Request, error) {
	u, err := url.Parse(prepared.URL)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindInvalidURL, "signing for AWS: %w", err)
	}
	signed := &http.Request{
		Method: prepared.Method,
		URL:    &url.URL{Host: u.Host, Opaque: "//" + u.Host + a.path(u.EscapedPath()), RawQuery: u.RawQuery},
		Host:   prepared.Header.Get("Host"),
		Header: http.Header{},
	}
	for _, field := range prepared.Header {
		if !leftOut(field.Name) {
			signed.Header.Add(field.Name, field.Value)
		}
	}
	return signed, nil
}

// path returns the path as it is signed: for S3 with everything escaped that
// can be, else without dot segments and empty ones, which services pass over;
// the signer then escapes it once more.
func (a *Auth) path(escaped string) string {
	if a.s3 {
		return escapeAll(escaped)
	}
	if escaped == "" {
		return "/"
	}
	cleaned := path.Clean(escaped)
	if strings.HasSuffix(escaped, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return cleaned
}

// escapeAll escapes all but unreserved characters and slashes in a path that
// is escaped as far as it must be.
func escapeAll(escaped string) string {
	var b strings.Builder
	for i := 0; i < len(escaped); i++ {
		c := escaped[i]
		switch {
		case c == '%' && i+2 < len(escaped):
			b.WriteString(strings.ToUpper(escaped[i : i+3]))
			i += 2
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// leftOut names what is not signed beside what the signer itself leaves out:
// the host, which it takes from elsewhere, and fields that are set after
// signing or belong to one connection.
func leftOut(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Connection", "Accept-Encoding", "Te", "Via", "Proxy-Authorization", "Proxy-Connection":
		return true
	}
	return false
}
