package transport_test

import (
	"crypto/tls"
	"testing"

	"volley/runtime/runtimetest"
	"volley/runtime/transport"
)

type frames = runtimetest.Frames

func h2Transport(t *testing.T) *transport.Transport {
	return open(t, transport.Config{TLS: &tls.Config{RootCAs: runtimetest.NewCertificates(t).Roots}})
}
