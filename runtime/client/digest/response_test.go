package digest

import (
	"strings"
	"testing"

	"volley/runtime"
)

// parameter returns one parameter of an Authorization value.
func parameter(t *testing.T, value, name string) string {
	t.Helper()
	list := split(value)
	if len(list) != 1 || list[0].scheme != "Digest" {
		t.Fatalf("no Digest credentials: %s", value)
	}
	for _, p := range list[0].parameters {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// TestPublishedExamples are those of RFC 7616 section 3.9.1, of 3.9.2 as
// erratum 4897 corrects it, of RFC 2617 section 3.5, and that in the form of
// RFC 2069.
func TestPublishedExamples(t *testing.T) {
	const common = `realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	const commonCnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	const old = `realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`
	for name, c := range map[string]struct {
		challenge, user, password, uri, cnonce, response, username string
	}{
		"7616 MD5": {
			`Digest qop="auth, auth-int", algorithm=MD5, ` + common,
			"Mufasa", "Circle of Life", "/dir/index.html", commonCnonce, "8ca523f5e9506fed4657c9700eebdbec", "Mufasa",
		},
		"7616 SHA-256": {
			`Digest qop="auth, auth-int", algorithm=SHA-256, ` + common,
			"Mufasa", "Circle of Life", "/dir/index.html", commonCnonce, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", "Mufasa",
		},
		"7616 SHA-512-256": {
			`Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ` +
				`opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true`,
			"J\u00e4s\u00f8n Doe", "Secret, or not?", "/doe.json", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
			"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
			"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
		},
		"2617": {
			`Digest qop="auth,auth-int", ` + old, "Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b", "6629fae49393a05397450978507c4ef1", "Mufasa",
		},
		"2069": {
			`Digest ` + old, "Mufasa", "Circle Of Life", "/dir/index.html", "", "670fd8c2df070c60b045671b8b24ff02", "Mufasa",
		},
	} {
		ch, ok := strongest(runtime.Header{{Name: "WWW-Authenticate", Value: c.challenge}})
		if !ok {
			t.Errorf("%s: the challenge is not understood", name)
			continue
		}
		s := open(ch, c.user, c.password, c.cnonce)
		value, err := s.answer("GET", c.uri, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := parameter(t, value, "response"); got != c.response {
			t.Errorf("%s: got %s, want %s", name, got, c.response)
		}
		if got := parameter(t, value, "username"); got != c.username {
			t.Errorf("%s: the user is %s, want %s", name, got, c.username)
		}
		for _, same := range []string{"realm", "nonce", "opaque", "algorithm"} {
			if want := parameter(t, c.challenge, same); parameter(t, value, same) != want {
				t.Errorf("%s: %s is %q, want %q", name, same, parameter(t, value, same), want)
			}
		}
	}
}

// TestEveryAlgorithm compares with values that another implementation made.
func TestEveryAlgorithm(t *testing.T) {
	const rest = `, realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"`
	for challenge, want := range map[string]string{
		`algorithm=MD5-sess, qop="auth"`:             "e783283f46242139c486a698fec7211d",
		`algorithm=MD5, qop="auth-int"`:              "1707eaf5c6ed1a8f6ff2e49286b06bc2",
		`algorithm=md5-SESS, qop="auth-int"`:         "6a1a4afa9798b44b19c2a93b62d15219",
		`algorithm=SHA-256-sess, qop=auth`:           "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
		`algorithm="SHA-256", qop="auth-int"`:        "887bb8d7a6c4cc95528278df0ec68f641244105a1d6a3aa8769488086b20e097",
		`algorithm=SHA-256-sess, qop="auth-int"`:     "84a87498d03b113c7971267b821f7ff9dec19d9a133971ebb6c8f5e22d763a57",
		`algorithm=SHA-512-256, qop="auth"`:          "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0",
		`algorithm=SHA-512-256, qop="auth-int"`:      "22967e9d752a22df88ed3b06b4100071cf40f061328f9415ca94ef1adad6e072",
		`algorithm=SHA-512-256-sess, qop="auth"`:     "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e",
		`algorithm=SHA-512-256-sess, qop="AUTH-INT"`: "624a95ce6eb0c4d02a07dac0bb173ab759426c02a61f702aa580f06705bd6bfd",
	} {
		ch, ok := strongest(runtime.Header{{Name: "WWW-Authenticate", Value: "Digest " + challenge + rest}})
		if !ok {
			t.Errorf("%s: not understood", challenge)
			continue
		}
		s := open(ch, "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
		value, err := s.answer("GET", "/dir/index.html", &runtime.Bytes{Data: []byte("hello")}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := parameter(t, value, "response"); got != want {
			t.Errorf("%s: got %s, want %s", challenge, got, want)
		}
	}
}

func TestCredentialsAsWritten(t *testing.T) {
	s := open(challenge{algorithm: algorithmOf("MD5"), spelled: "md5", realm: `a "b" \c`, nonce: "n", qop: "auth"}, `back\slash`, "p", "c")
	value, err := s.answer("GET", `/x?y="z"`, nil, 0x2a)
	if err != nil {
		t.Fatal(err)
	}
	want := `Digest username="back\\slash", realm="a \"b\" \\c", nonce="n", uri="/x?y=\"z\"", response="` + parameter(t, value, "response") +
		`", algorithm=md5, qop=auth, nc=0000002a, cnonce="c"`
	if value != want {
		t.Errorf("got  %s\nwant %s", value, want)
	}

	// A user that is not ASCII goes in the extended notation once the server
	// has said that it reads UTF-8, composed (NFC) whatever was typed.
	utf8 := challenge{algorithm: algorithmOf("SHA-256"), nonce: "n", qop: "auth", utf8: true}
	s = open(utf8, "Ja\u0308son Doe", "p", "c")
	if value, err = s.answer("GET", "/", nil, 1); err != nil || !strings.HasPrefix(value, "Digest username*=UTF-8''J%C3%A4son%20Doe, realm=") {
		t.Errorf("got %s, %v", value, err)
	}
	composed := open(utf8, "J\u00e4son Doe", "p", "c")
	if composed.key != s.key {
		t.Error("the two spellings of one name have different keys")
	}
}
