package policy_test

import (
	"errors"
	"testing"

	"volley/runtime"
	"volley/runtime/policy"
)

func TestReach(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  policy.Config
		address string
		denied  bool
	}{
		{"no flags", policy.Config{}, "127.0.0.1:80", false},
		{"no address", policy.Config{}, "localhost:80", true},
		{"private", policy.Config{DenyPrivate: true}, "10.1.2.3:80", true},
		{"mapped private", policy.Config{DenyPrivate: true}, "[::ffff:10.1.2.3]:80", true},
		{"public", policy.Config{DenyPrivate: true}, "192.0.9.1:80", false},
		{"exempt", policy.Config{DenyPrivate: true, AllowHost: []string{"10.1.2.3:80"}}, "10.1.2.3:80", false},
		{"exempt at another port", policy.Config{DenyPrivate: true, AllowHost: []string{"10.1.2.3:80"}}, "10.1.2.3:81", true},
		{"the address", policy.Config{AllowHost: []string{"10.1.2.3"}}, "10.1.2.3:443", false},
		{"another address", policy.Config{AllowHost: []string{"10.1.2.3"}}, "10.1.2.4:443", true},
		{"what a name may mean", policy.Config{AllowHost: []string{"api.example.com:443"}}, "10.1.2.4:443", false},
		{"a name at another port", policy.Config{AllowHost: []string{"api.example.com:443"}}, "10.1.2.4:22", true},
		{"a private one for a name", policy.Config{DenyPrivate: true, AllowHost: []string{"api.example.com"}}, "10.1.2.4:443", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := policy.New(c.config)
			if err != nil {
				t.Fatal(err)
			}
			err = p.Reach(c.address)
			if got := errors.Is(err, &runtime.Error{Kind: runtime.KindDenied}); got != c.denied || err != nil && !got {
				t.Errorf("%v", err)
			}
		})
	}
}

// The built-in httpbin is open whatever hosts are.
func TestReachExempt(t *testing.T) {
	p, err := policy.New(policy.Config{DenyPrivate: true, AllowHost: []string{"api.example.com:443"}})
	if err != nil {
		t.Fatal(err)
	}
	p.Exempt("127.0.0.1:8080")
	if err := p.Reach("127.0.0.1:8080"); err != nil {
		t.Error(err)
	}
}
