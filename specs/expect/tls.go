package expect

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"time"
)

// tlsMembers are what can be asked of the connection's TLS.
var tlsMembers = map[string]struct {
	kind valueKind
	doc  string
	read func(*tls.ConnectionState) found
}{
	"version": {kindVersion, "1.2 or 1.3.", func(s *tls.ConnectionState) found {
		return single(strings.TrimPrefix(tls.VersionName(s.Version), "TLS "))
	}},
	"alpn":   {kindText, "The protocol that was agreed on: h2, http/1.1.", func(s *tls.ConnectionState) found { return single(s.NegotiatedProtocol) }},
	"cipher": {kindText, "The cipher suite.", func(s *tls.ConnectionState) found { return single(tls.CipherSuiteName(s.CipherSuite)) }},
	"issuer": {kindText, "Who signed the certificate: CN=…,O=….", func(s *tls.ConnectionState) found {
		return ofCertificate(s, func(c *x509.Certificate) any { return c.Issuer.String() })
	}},
	"subject": {kindText, "Whom the certificate is for.", func(s *tls.ConnectionState) found {
		return ofCertificate(s, func(c *x509.Certificate) any { return c.Subject.String() })
	}},
	"dns_names": {kindAny, "The names that the certificate is for, a list.", func(s *tls.ConnectionState) found {
		return ofCertificate(s, dnsNames)
	}},
	"serial": {kindText, "The certificate's serial number, hexadecimal.", func(s *tls.ConnectionState) found {
		return ofCertificate(s, func(c *x509.Certificate) any { return c.SerialNumber.Text(16) })
	}},
	"expires_in": {kindDuration, "How long the certificate is still good.", func(s *tls.ConnectionState) found {
		return ofCertificate(s, func(c *x509.Certificate) any { return time.Until(c.NotAfter).Seconds() })
	}},
}

// tlsNames lists tlsMembers.
func tlsNames() []string {
	names := make([]string, 0, len(tlsMembers))
	for name := range tlsMembers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func ofCertificate(s *tls.ConnectionState, read func(*x509.Certificate) any) found {
	if len(s.PeerCertificates) == 0 {
		return found{}
	}
	return single(read(s.PeerCertificates[0]))
}

func dnsNames(c *x509.Certificate) any {
	list := make([]any, len(c.DNSNames))
	for i, name := range c.DNSNames {
		list[i] = name
	}
	return list
}

func readTLS(read func(*tls.ConnectionState) found) reader {
	return func(a *Answer) found {
		if a.resp.TLS == nil {
			return nothing(errPlain)
		}
		return read(a.resp.TLS)
	}
}

// readSecure is the subject tls itself: it exists where there is TLS.
func readSecure(a *Answer) found {
	if a.resp.TLS == nil {
		return found{}
	}
	return single(true)
}
