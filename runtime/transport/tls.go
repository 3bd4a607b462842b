package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"volley/runtime"
)

// sessionsPerRoute bounds the TLS sessions kept for resumption.
const sessionsPerRoute = 256

// baseTLS returns what every TLS connection of a new route starts from.
func (t *Transport) baseTLS() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.config.TLS != nil {
		c = t.config.TLS.Clone()
		c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	}
	// Sessions are not shared between routes: resuming one skips the checks
	// of the certificate.
	c.ClientSessionCache = tls.NewLRUClientSessionCache(sessionsPerRoute)
	return c
}

// routeTLS loads the certificates a route names.
func (t *Transport) routeTLS(config RouteConfig) (*tls.Config, *runtime.Error) {
	c := t.baseTLS()
	if config.VerifyOff {
		c.InsecureSkipVerify = true
	}
	if config.CA != "" {
		pool, err := loadCA(config.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = pool
	}
	if config.Cert != "" {
		key := config.Key
		if key == "" {
			key = config.Cert
		}
		if err := readable("client certificate", config.Cert); err != nil {
			return nil, err
		}
		if err := readable("client key", key); err != nil {
			return nil, err
		}
		pair, err := tls.LoadX509KeyPair(config.Cert, key)
		if err != nil {
			return nil, runtime.Errorf(runtime.KindTLS, "client certificate %s with key %s: %w", config.Cert, key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// loadCA reads the certificates of a PEM file, or of all files of a folder.
func loadCA(path string) (*x509.CertPool, *runtime.Error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindTLS, "CA bundle %s cannot be read: %w", path, cause(err))
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*")); err != nil {
			return nil, runtime.Errorf(runtime.KindTLS, "CA folder %s cannot be read: %w", path, cause(err))
		}
	}
	pool, found := x509.NewCertPool(), false
	for _, f := range files {
		pem, err := os.ReadFile(f)
		if err != nil {
			if info.IsDir() {
				continue // subfolders, dangling links of c_rehash
			}
			return nil, runtime.Errorf(runtime.KindTLS, "CA bundle %s cannot be read: %w", path, cause(err))
		}
		found = pool.AppendCertsFromPEM(pem) || found
	}
	if !found {
		return nil, runtime.Errorf(runtime.KindTLS, "CA bundle %s holds no PEM certificate", path)
	}
	return pool, nil
}

// clientTLS returns the config for connections to o, made once.
func (t *Transport) clientTLS(o *origin) *tls.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.tls == nil {
		route := o.key.route
		o.tls = route.tls.Clone()
		o.tls.ServerName = serverName(o.key.host)
		if route.config.SNI != "" {
			o.tls.ServerName = route.config.SNI
		}
		switch route.config.Version {
		case "1.1":
			o.tls.NextProtos = []string{"http/1.1"}
		case "2":
			o.tls.NextProtos = []string{"h2"}
		default:
			o.tls.NextProtos = []string{"h2", "http/1.1"}
		}
	}
	return o.tls
}

// serverName is host as certificates and SNI know it: no trailing dot, no
// zone.
func serverName(host string) string {
	host, _, _ = strings.Cut(strings.TrimSuffix(host, "."), "%")
	return host
}

// secure puts TLS to the origin over nc.
func (d *dialing) secure(nc net.Conn) (*tls.Conn, *runtime.Error) {
	config := d.transport.clientTLS(d.origin)
	conn, err := d.handshake(nc, config)
	if err != nil {
		return nil, err
	}
	if d.origin.key.route.config.Version == "2" && conn.ConnectionState().NegotiatedProtocol != "h2" {
		return nil, runtime.Errorf(runtime.KindTLS, "%s does not offer HTTP/2; use http_version \"auto\"", d.trip.exchange.origin())
	}
	return conn, nil
}

// handshake runs a TLS handshake as client.
func (d *dialing) handshake(nc net.Conn, config *tls.Config) (*tls.Conn, *runtime.Error) {
	d.phase = runtime.PhaseTLS
	began := time.Now()
	conn := tls.Client(nc, config)
	err := conn.HandshakeContext(d.ctx)
	d.trip.timings.TLS += time.Since(began)
	if err == nil {
		return conn, nil
	}
	if d.ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		return nil, d.trip.interrupted(d.parent, runtime.PhaseTLS, err)
	}
	return nil, tlsFault(err, config.ServerName)
}

// tlsFault explains what went wrong with TLS to host. Only a connection that
// broke may do better the next time.
func tlsFault(err error, host string) *runtime.Error {
	e := &runtime.Error{Kind: runtime.KindTLS, Cause: err}
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.As(err, &certificate):
		e.Message = certificateFault(certificate, host)
	case errors.As(err, &record):
		e.Message = "the server does not speak TLS on this port (is it http://?): " + record.Msg
	case errors.As(err, &op) && op.Op == "remote error":
		e.Message = fmt.Sprintf("the server refused the TLS connection: %v", op.Err)
		if strings.Contains(e.Message, "certificate required") || strings.Contains(e.Message, "bad certificate") {
			e.Message += " (it wants a client certificate: cert)"
		}
	case errors.As(err, &op) && op.Op == "local error":
		e.Message = fmt.Sprintf("the server broke the TLS protocol: %v", op.Err)
	case isReset(err):
		e.Kind, e.Retryable = runtime.KindClosed, true
		e.Message = fmt.Sprintf("the connection broke %s: %v", during(runtime.PhaseTLS), cause(err))
	case isEOF(err):
		e.Kind, e.Retryable, e.Cause = runtime.KindClosed, true, io.ErrUnexpectedEOF
		e.Message = "the server closed the connection " + during(runtime.PhaseTLS)
	default:
		e.Message = err.Error()
	}
	return e
}

// certificateFault words what is wrong with a certificate: the names or the
// date, and what to do.
func certificateFault(err *tls.CertificateVerificationError, host string) string {
	var names x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var bad x509.CertificateInvalidError
	switch {
	case errors.As(err, &names):
		return fmt.Sprintf("the certificate is not for %s but for %s", host, certificateNames(names.Certificate))
	case errors.As(err, &unknown):
		return fmt.Sprintf("the certificate of %s is signed by an unknown authority (%s); name its CA file with verify or --ca",
			host, issuer(err.UnverifiedCertificates))
	case errors.As(err, &bad) && bad.Reason == x509.Expired && bad.Cert != nil:
		if now := time.Now(); now.Before(bad.Cert.NotBefore) {
			return fmt.Sprintf("the certificate of %s is not valid before %s", host, bad.Cert.NotBefore.Format(time.DateTime))
		}
		return fmt.Sprintf("the certificate of %s expired on %s", host, bad.Cert.NotAfter.Format(time.DateTime))
	}
	return fmt.Sprintf("the certificate of %s does not verify: %v", host, err.Err)
}

func certificateNames(c *x509.Certificate) string {
	var names []string
	if c != nil {
		names = append(names, c.DNSNames...)
		for _, ip := range c.IPAddresses {
			names = append(names, ip.String())
		}
	}
	if len(names) == 0 {
		return "no name at all"
	}
	if len(names) > 5 {
		names = append(names[:5], "…")
	}
	return strings.Join(names, ", ")
}

func issuer(chain []*x509.Certificate) string {
	if len(chain) == 0 {
		return "no issuer"
	}
	name := chain[0].Issuer.CommonName
	if name == "" {
		name = chain[0].Issuer.String()
	}
	return quote(name)
}
