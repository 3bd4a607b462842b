package luaapi

import (
	"crypto/hmac"
	"crypto/md5" // for checksums and protocols that ask for it
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/google/uuid"
	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/spell"
)

func base64Module() Module {
	return Module{
		Name: "volley.base64",
		Doc:  "Base64 (RFC 4648).",
		Functions: []Function{
			{
				Name: "encode", Params: []Param{{"s", "string", "Any bytes."}, {"alphabet", `"url"?`, `"url": the alphabet of URLs and tokens, without padding.`}},
				Returns: "string",
				Doc:     "Encodes with padding, or for URLs without.",
				Example: `assert(volley.base64.encode("hi?>") == "aGk/Pg==" and volley.base64.encode("hi?>", "url") == "aGk_Pg")`,
				call: func(c call) int {
					alphabet := base64.StdEncoding
					switch name := c.textOr(2, "standard"); name {
					case "standard":
					case "url":
						alphabet = base64.RawURLEncoding
					default:
						c.raisef(`alphabet must be "url" or left out, got %q`, name)
					}
					s := c.text(1)
					return c.push(lua.LString(apartOn(c, len(s), func() string { return alphabet.EncodeToString([]byte(s)) })))
				},
			},
			{
				Name: "decode", Params: []Param{{"s", "string", "Either alphabet, padded or not; line breaks do not count."}},
				Returns: "string",
				Doc:     "Decodes; raises kind `invalid_argument` for what is no base64.",
				Example: `assert(volley.base64.decode("aGk/Pg==") == "hi?>" and volley.base64.decode("aGk_Pg") == "hi?>")`,
				call: func(c call) int {
					s := c.text(1)
					data, err := apart(c, len(s) >= longText, func() ([]byte, error) { return decodeBase64(s) })
					if err != nil {
						c.raisef("%s", err.Error())
					}
					return c.push(lua.LString(data))
				},
			},
		},
	}
}

func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(s)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// hashes are the algorithms of volley.hash.
var hashes = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

func hashModule() Module {
	m := Module{Name: "volley.hash", Doc: "Digests and message authentication codes."}
	for _, h := range []struct{ name, of3 string }{
		{"md5", "900150983cd24fb0d6963f7d28e17f72"},
		{"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	} {
		m.Functions = append(m.Functions, hashFunction(h.name, h.of3))
	}
	m.Functions = append(m.Functions, Function{
		Name: "hmac",
		Params: []Param{
			{"algorithm", `"md5"|"sha1"|"sha256"|"sha512"`, "The digest below."},
			{"key", "string", "The secret."},
			{"s", "string", "What is signed."},
			{"encoding", encodingType, encodingDoc},
		},
		Returns: "string",
		Doc:     "The HMAC (RFC 2104) of `s`.",
		Example: `assert(volley.hash.hmac("sha256", "key", "message") == "6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a")`,
		call: func(c call) int {
			name := c.text(1)
			algorithm := hashes[name]
			if algorithm == nil {
				c.raisef("unknown algorithm %q%s", name, spell.Hint(name, hashNames()))
			}
			key := c.text(2)
			mac := apartOn(c, len(key), func() hash.Hash { return hmac.New(algorithm, []byte(key)) })
			return c.digest(mac, c.text(3), 4)
		},
	})
	return m
}

const (
	encodingType = `"hex"|"base64"|"raw"?`
	encodingDoc  = `Of the result: "hex" (lower case, the default), "base64" or "raw" bytes.`
)

func hashNames() []string {
	out := make([]string, 0, len(hashes))
	for name := range hashes {
		out = append(out, name)
	}
	return out
}

func hashFunction(name, ofABC string) Function {
	return Function{
		Name: name, Params: []Param{{"s", "string", "Any bytes."}, {"encoding", encodingType, encodingDoc}}, Returns: "string",
		Doc:     "The " + strings.ToUpper(name) + " digest of `s`.",
		Example: `assert(volley.hash.` + name + `("abc") == "` + ofABC + `")`,
		call:    func(c call) int { return c.digest(hashes[name](), c.text(1), 2) },
	}
}

// digest pushes the hash of s in the encoding that parameter i names.
func (c call) digest(h hash.Hash, s string, i int) int {
	sum := apartOn(c, len(s), func() []byte {
		h.Write([]byte(s))
		return h.Sum(nil)
	})
	switch encoding := c.textOr(i, "hex"); encoding {
	case "hex":
		return c.push(lua.LString(hex.EncodeToString(sum)))
	case "base64":
		return c.push(lua.LString(base64.StdEncoding.EncodeToString(sum)))
	case "raw":
		return c.push(lua.LString(sum))
	default:
		c.raisef(`encoding must be "hex", "base64" or "raw", got %q`, encoding)
		return 0
	}
}

func uuidFunction() Function {
	return Function{
		Name: "uuid", Returns: "string",
		Doc:     "A random UUID (version 4).",
		Example: `assert(#volley.uuid() == 36 and volley.uuid() ~= volley.uuid())`,
		call: func(c call) int {
			id, err := uuid.NewRandom()
			if err != nil {
				c.raise(runtime.Errorf(runtime.KindIO, "%s: no random bytes from the system: %w", c.name(), err))
			}
			return c.push(lua.LString(id.String()))
		},
	}
}
