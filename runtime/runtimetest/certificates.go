package runtimetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Certificates are server certificates by what is right or wrong with them.
// All but SelfSigned and Stranger are signed by the CA, and all but WrongHost
// are for 127.0.0.1, localhost and example.test.
type Certificates struct {
	Good, Expired, NotYet, WrongHost, SelfSigned, Stranger tls.Certificate

	Roots      *x509.CertPool  // the CA
	Client     tls.Certificate // a client certificate signed by the CA
	ClientOnly tls.Certificate // one that no server may use

	ca *x509.Certificate
}

// NewCertificates returns the certificates, which are made once per process.
func NewCertificates(t testing.TB) *Certificates {
	t.Helper()
	c, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// CAFile writes the CA as PEM and returns its path.
func (c *Certificates) CAFile(t testing.TB) string {
	t.Helper()
	return writePEM(t, "ca.pem", &pem.Block{Type: "CERTIFICATE", Bytes: c.ca.Raw})
}

// ClientFiles writes the client certificate and its key and returns the paths.
func (c *Certificates) ClientFiles(t testing.TB) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.Client.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "client.pem", &pem.Block{Type: "CERTIFICATE", Bytes: c.Client.Certificate[0]}),
		writePEM(t, "client.key", &pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func writePEM(t testing.TB, name string, block *pem.Block) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Server returns a config that serves certificate, with ALPN protos.
func Server(certificate tls.Certificate, protos ...string) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: protos, MinVersion: tls.VersionTLS12}
}

// ServerWantsClient is Server that refuses clients without a certificate of
// the CA.
func (c *Certificates) ServerWantsClient() *tls.Config {
	config := Server(c.Good)
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, c.Roots
	return config
}

// authority signs certificates; the zero value signs each with its own key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var made = sync.OnceValues(func() (*Certificates, error) {
	now := time.Now()
	past, soon := now.Add(-time.Hour), now.Add(24*time.Hour)
	names := []string{"localhost", "example.test"}
	ca, err := newAuthority("runtimetest CA", past, soon)
	if err != nil {
		return nil, err
	}
	other, err := newAuthority("somebody else", past, soon)
	if err != nil {
		return nil, err
	}
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	c := &Certificates{ca: ca.cert, Roots: x509.NewCertPool()}
	c.Roots.AddCert(ca.cert)
	for _, make := range []struct {
		into  *tls.Certificate
		by    authority
		from  time.Time
		until time.Time
		names []string
		uses  []x509.ExtKeyUsage
	}{
		{&c.Good, ca, past, soon, names, both},
		{&c.Expired, ca, past.Add(-24 * time.Hour), past, names, both},
		{&c.NotYet, ca, soon, soon.Add(time.Hour), names, both},
		{&c.WrongHost, ca, past, soon, []string{"other.test"}, both},
		{&c.SelfSigned, authority{}, past, soon, names, both},
		{&c.Stranger, other, past, soon, names, both},
		{&c.Client, ca, past, soon, []string{"client.test"}, both},
		{&c.ClientOnly, ca, past, soon, names, both[1:]},
	} {
		if *make.into, err = make.by.issue(make.from, make.until, make.names, make.uses); err != nil {
			return nil, err
		}
	}
	return c, nil
})

func newAuthority(name string, from, until time.Time) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return authority{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return authority{cert, key}, err
}

func (a authority) issue(from, until time.Time, names []string, uses []x509.ExtKeyUsage) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: names[0]},
		NotBefore: from, NotAfter: until, DNSNames: names, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: uses,
	}
	if names[0] == "localhost" {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
