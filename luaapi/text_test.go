package luaapi

import (
	"fmt"
	"strings"
	"testing"

	"volley/runtime"
)

func TestURL(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
local u = volley.url.parse("https://me:p%40ss@[::1]:8443/a%20b/c;d?x=1&x=2&e=&f&g=a+b%26#top%20x")
assert(u.scheme == "https" and u.user == "me" and u.password == "p@ss" and u.host == "::1" and u.port == 8443)
assert(u.path == "/a%20b/c;d" and u.query == "x=1&x=2&e=&f&g=a+b%26" and u.fragment == "top%20x")
assert(u.params.x[1] == "1" and u.params.x[2] == "2" and u.params.e == "" and u.params.f == "" and u.params.g == "a b&")
local r = volley.url.parse("a/b?q=1")
assert(r.scheme == nil and r.host == nil and r.port == nil and r.path == "a/b" and r.fragment == nil)
assert(volley.url.parse("mailto:a@b").path == "a@b")
local b = volley.url.build
assert(b{scheme = "http", host = "::1", port = 80, path = "x"} == "http://[::1]:80/x")
assert(b{scheme = "http", host = "h", user = "a:b", password = "c@d"} == "http://a%3Ab:c%40d@h")
assert(b{path = "/a b%20c%", query = "x=é", fragment = "f g"} == "/a%20b%20c%25?x=%C3%A9#f%20g")
assert(b{host = "h", params = {{"b", 1}, {"a", true}, {"l", {1, 2}}}} == "//h?b=1&a=true&l=1&l=2")
assert(b{host = "h", params = {b = "x y", a = "&"}} == "//h?a=%26&b=x%20y")
for _, url in ipairs{"https://me:p%40@example.com:8443/a%20b?x=1&y=%20#top", "http://[::1]/"} do
  local parts = volley.url.parse(url)
  parts.params = nil
  assert(b(parts) == url, b(parts))
end
assert(volley.url.join("https://h/a/b?c", "") == "https://h/a/b?c")
assert(volley.url.join("https://h/a/b", "//other/x") == "https://other/x")
assert(volley.url.quote("a/b c~é&") == "a/b%20c~%C3%A9%26" and volley.url.quote("a/b:", ":") == "a%2Fb:")
assert(volley.url.unquote("%41%zz%4") == "A%zz%4" and volley.url.unquote("a+b") == "a+b")
`)
	l.raises(t, `volley.url.parse("http://a b/")`, runtime.KindInvalidURL, "invalid character")
	l.raises(t, `volley.url.build{hots = "h"}`, runtime.KindInvalidArgument, `did you mean "host"?`)
	l.raises(t, `volley.url.build{port = 70000}`, runtime.KindInvalidArgument, "65535")
	l.raises(t, `volley.url.build()`, runtime.KindInvalidArgument, "must be a table, got nothing")
}

func TestBase64(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
local e, d = volley.base64.encode, volley.base64.decode
assert(e("") == "" and d("") == "")
assert(e("\0\255\254") == "AP/+" and e("\0\255\254", "url") == "AP_-" and d("AP_-") == "\0\255\254" and d("AP/+") == "\0\255\254")
assert(d("aGVs\r\nbG8") == "hello" and d("aGVsbG8=") == "hello" and d("aGVsbG8") == "hello")
`)
	l.raises(t, `volley.base64.decode("a*b")`, runtime.KindInvalidArgument, "illegal base64")
	l.raises(t, `volley.base64.decode("a")`, runtime.KindInvalidArgument, "illegal base64")
	l.raises(t, `volley.base64.encode("a", "hex")`, runtime.KindInvalidArgument, "alphabet")
}

func TestHash(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
local h = volley.hash
assert(h.md5("") == "d41d8cd98f00b204e9800998ecf8427e")
assert(#h.sha1("a", "raw") == 20 and h.sha1("abc", "base64") == "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
-- RFC 4231, test case 2
assert(h.hmac("sha256", "Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
assert(h.hmac("sha512", "Jefe", "what do ya want for nothing?"):sub(1, 32) == "164b7a7bfcf819e2e395fbe73b56e0a3")
assert(h.hmac("md5", "key", "x", "base64") == volley.base64.encode(h.hmac("md5", "key", "x", "raw")))
`)
	l.raises(t, `volley.hash.hmac("sha265", "k", "s")`, runtime.KindInvalidArgument, `unknown algorithm "sha265"; did you mean "sha256"?`)
	l.raises(t, `volley.hash.md5("a", "hexa")`, runtime.KindInvalidArgument, "encoding must be")
	l.raises(t, `volley.hash.sha3("a")`, runtime.KindInvalidArgument, `volley.hash has no "sha3"`)
}

func TestUUID(t *testing.T) {
	newLibrary(t).pass(t, `
local id = volley.uuid()
assert(volley.re.match("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id), id)
`)
}

func TestRegularExpressions(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
local re = volley.re
assert(re.match("b+", "abbc") == "bb" and re.match("x", "abc") == nil and select("#", re.match("x", "abc")) == 1)
local a, b, c = re.match("(a)|(b)(c)?", "b")
assert(a == nil and b == "b" and c == nil and select("#", re.match("(a)|(b)(c)?", "b")) == 3)
assert(re.match("(?i)ÉTÉ", "été") == "été")
assert(re.match(".b", "\255b") == "\255b" and re.find_all("b", "\255b\255b")[2] == "b")
local all = re.find_all("a(.)?", "axa")
assert(#all == 2 and all[1] == "x" and all[2] == "")
local pairs_found = re.find_all("(\\w)(\\d)?", "a1b")
assert(pairs_found[1][1] == "a" and pairs_found[1][2] == "1" and pairs_found[2][2] == "")
assert(#re.find_all("a", "aaa", 2) == 2 and #re.find_all("a", "aaa", 0) == 0 and #re.find_all("x", "aaa") == 0)
local s, n = re.replace("(?P<first>\\w)(\\w)", "abcd", "$2${first}x$$")
assert(s == "bax$dcx$" and n == 2, s)
assert(re.replace("x*", "ab", "-") == "-a-b-")
assert(re.replace("\\d", "a1b2", function(d) if d == "1" then return nil end return 7 end) == "a1b7")
assert(re.replace("(a)(b)?", "a", function(x, y) assert(x == "a" and y == nil) return "" end) == "")
local ok, err = pcall(re.replace, "a", "a", function() error("mine") end)
assert(not ok and tostring(err):find("mine"))
-- the matcher is linear
assert(re.match("^(a?){30}a{30}$", ("a"):rep(30)))
`)
	l.raises(t, `volley.re.match("(a", "x")`, runtime.KindInvalidArgument, "missing closing ): `(a`")
	l.raises(t, `volley.re.match("(a)\\1", "x")`, runtime.KindInvalidArgument, "invalid escape sequence")
	l.raises(t, `volley.re.replace("(a)", "a", "$1x")`, runtime.KindInvalidArgument, `names the group "$1x"`)
	l.raises(t, `volley.re.replace("(a)", "a", "${b}")`, runtime.KindInvalidArgument, `names the group "$b"`)
	l.raises(t, `volley.re.replace("(a)", "a", {})`, runtime.KindInvalidArgument, "a string or a function")
	l.raises(t, `volley.re.replace("(a)", "a", function() return {} end)`, runtime.KindInvalidArgument, "must return a string or nil")
}

func TestReplacementsMayWait(t *testing.T) {
	newLibrary(t).pass(t, `
local other = 0
volley.spawn(function() other = 1 end)
local s = volley.re.replace("a", "aba", function() volley.sleep(0.001) return "x" end)
assert(s == "xbx" and other == 1)
`)
}

func TestPatternCacheIsBounded(t *testing.T) {
	var p patternCache
	often := &pattern{}
	p.keep("often", often)
	for i := range 1000 {
		p.keep(fmt.Sprintf("a{%d}", i), &pattern{})
		if p.kept("often") != often {
			t.Fatalf("a pattern in use was dropped after %d others", i)
		}
		if n := len(p.now) + len(p.old); n > 2*patternsPerTurn {
			t.Fatalf("%d patterns are kept", n)
		}
	}
	if p.keep("large", &pattern{size: largestKept + 1}); p.kept("large") != nil {
		t.Error("a large pattern is kept")
	}
}

// TestSearchGoesOn: a search that is taken up again finds what one search
// finds.
func TestSearchGoesOn(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
local n = 10000 -- more than are searched for at once
local text = ("aé1 "):rep(n)
for pattern, want in pairs{["a"] = n, ["(a)(é)"] = n, ["x*"] = 4 * n + 1, ["é|"] = 3 * n + 1, ["[^ ]+"] = n, ["[^ ]+$"] = 0, ["\\ba"] = n, ["^a"] = 1, [" $"] = 1, ["a|é1 a"] = n} do
  local all = volley.re.find_all(pattern, text)
  assert(#all == want, pattern .. ": " .. #all)
  local s, count = volley.re.replace(pattern, text, "<>")
  assert(count == want and #volley.re.find_all("<>", s) == want, pattern .. ": " .. count)
  for _, most in ipairs{0, 1, 4096, 4097, 9999} do
    assert(#volley.re.find_all(pattern, text, most) == math.min(most, want), pattern .. " " .. most)
  end
end
assert(volley.re.find_all("(a)(é)?", text)[9999][2] == "é")
assert(volley.re.replace("(a)(é)", text, "${2}$1$$") == ("éa$1 "):rep(n))
local ok, err = pcall(volley.re.find_all, "\\b", ("a "):rep(2^20))
assert(not ok and err.message:find("cut the text into parts"), err)
local ok, err = pcall(volley.re.replace, "(a+)", ("a"):rep(2^25), "$1$1$1")
assert(not ok and err.message:find("longer than 64 MiB"), err)
local ok, err = pcall(volley.re.replace, "a", "a", ("$0"):rep(2^20))
assert(not ok and err.message:find("longer than 64 KiB"), err)
`)
}

func TestTime(t *testing.T) {
	l := newLibrary(t)
	l.pass(t, `
local t = volley.time
local noon = 1714564800 -- 2024-05-01 12:00 UTC
for _, s in ipairs{"2024-05-01T12:00:00Z", "2024-05-01T14:00:00+02:00", "2024-05-01T14:00:00+0200", "2024-05-01 12:00:00", "2024-05-01T12:00:00",
  "2024-05-01 12:00", "Wed, 01 May 2024 12:00:00 GMT", "Wed, 1 May 2024 14:00:00 +0200"} do
  assert(t.parse(s) == noon, s)
end
assert(t.parse("2024-05-01") == noon - 12 * 3600)
assert(t.parse("2024-05-01T12:00:00.25Z") == noon + 0.25)
assert(t.parse("2024-05-01 14:00:00", nil, "Europe/Berlin") == noon)
assert(t.parse("2024-05-01T12:00:00Z", nil, "Europe/Berlin") == noon, "the text's zone wins")
assert(t.parse("01/May/2024:14:00:00 +0200", "%d/%b/%Y:%H:%M:%S %z") == noon)
assert(t.parse("20240501", "%Y%m%d", "America/New_York") == noon - 8 * 3600)
assert(t.format(noon + 0.5, "%Y-%m-%d %H:%M:%S.%L %j %a %B") == "2024-05-01 12:00:00.500 122 Wed May")
assert(t.format(noon, "%H %z", "Asia/Kolkata") == "17 +0530")
assert(t.format(noon, nil, "Europe/Berlin") == "2024-05-01T14:00:00+02:00")
assert(t.format(-1.5) == "1969-12-31T23:59:58Z" and t.format(-1.5, "%L") == "500")
assert(t.parse(t.format()) <= t.now() and t.now() - t.parse(t.format(nil, "%Y-%m-%d %H:%M:%S")) < 60)
assert(t.format(0, "%s", "local") == "0")
`)
	l.raises(t, `volley.time.parse("yesterday")`, runtime.KindInvalidArgument, "give its format")
	l.raises(t, `volley.time.parse("2024", "%d.%m")`, runtime.KindInvalidArgument, "does not fit")
	l.raises(t, `volley.time.parse("Wed, 01 May 2024 12:00:00 EST")`, runtime.KindInvalidArgument, `the zone "EST" has no certain meaning`)
	l.raises(t, `volley.time.format(0, "%Y", "Europe/Berlln")`, runtime.KindInvalidArgument, `unknown time zone "Europe/Berlln"`)
	l.raises(t, `volley.time.format(0, "%Y", "../../etc/passwd")`, runtime.KindInvalidArgument, "unknown time zone")
	l.raises(t, `volley.time.format(1714564800000)`, runtime.KindInvalidArgument, "milliseconds")
	l.raises(t, `volley.time.format(0/0)`, runtime.KindInvalidArgument, "seconds")
}

func TestLog(t *testing.T) {
	code := `
volley.log.debug("d")
volley.log.info("rows", 3, nil, setmetatable({}, {__tostring = function() return "mine" end}))
volley.log.warn("w")
volley.log.error()`
	for level, want := range map[LogLevel]string{
		LogQuiet: "warn: w\nerror: \n",
		LogInfo:  "info: rows\t3\tnil\tmine\nwarn: w\nerror: \n",
		LogDebug: "debug: d\ninfo: rows\t3\tnil\tmine\nwarn: w\nerror: \n",
	} {
		l := newLibrary(t)
		l.config.Log = level
		l.pass(t, code)
		if got := l.stderr.String(); got != want {
			t.Errorf("level %d: got %q, want %q", level, got, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("VOLLEY_TEST_GRANTED", "yes")
	t.Setenv("VOLLEY_TEST_SECRET", "no")
	l := newLibrary(t)
	l.config.Vars = map[string]string{"base": "http://x", "b": "2"}
	l.config.Args = []string{"one", "2"}
	l.config.Env = map[string]string{"FROM_FILE": "file", "EMPTY": ""}
	l.pass(t, `
assert(volley.vars.base == "http://x" and volley.vars.nothing == nil and volley.vars.b == "2")
local names = {}
for k, v in pairs(volley.vars) do names[#names + 1] = k .. "=" .. v end
assert(table.concat(names, " ") == "b=2 base=http://x")
assert(#volley.args == 2 and volley.args[2] == "2")
assert(volley.env.FROM_FILE == "file" and volley.env.EMPTY == "" and volley.env.VOLLEY_TEST_GRANTED == "yes")
assert(os.getenv("FROM_FILE") == "file" and os.getenv("VOLLEY_TEST_GRANTED") == "yes")
assert(volley.version == "1.2.3")
assert(volley.codes.not_found == 404 and volley.codes.teapot == 418)
assert(volley.null and tostring(volley.null) == "null" and volley.null == volley.null)
local marked = {1}
assert(volley.array(marked) == marked and volley.json.encode(volley.array()) == "[]")
`)
	l.raises(t, `return volley.env.VOLLEY_TEST_SECRET`, runtime.KindDenied, "--allow-env VOLLEY_TEST_SECRET")
	l.raises(t, `os.getenv("VOLLEY_TEST_SECRET")`, runtime.KindDenied, "--allow-env")
	l.raises(t, `volley.vars.base = "x"`, runtime.KindInvalidArgument, `volley.vars: "base" cannot be changed`)
	l.raises(t, `return volley.codes.not_fuond`, runtime.KindInvalidArgument, `did you mean "not_found"?`)
	l.raises(t, `volley.codes.x = 1`, runtime.KindInvalidArgument, "cannot be changed")
	l.raises(t, `volley.array(setmetatable({}, {}))`, runtime.KindInvalidArgument, "metatable")
}

func TestShared(t *testing.T) {
	l := newLibrary(t)
	l.config.Shared = NewShared()
	l.pass(t, `
local s = volley.shared
local t = {a = {1, 2}}
s.set("t", t)
t.a[1] = 9
assert(s.get("t").a[1] == 1, "a copy went in")
s.get("t").a[2] = 9
assert(s.get("t").a[2] == 2, "a copy comes out")
assert(s.incr("n") == 1 and s.incr("n", 2.5) == 3.5 and s.incr("n", -1) == 2.5 and s.get("n") == 2.5)
assert(s.append("l", "a") == 1 and s.append("l", {x = 1}) == 2 and s.get("l")[2].x == 1)
s.set("e", {})
assert(s.append("e", 1) == 1)
s.set("f", false)
assert(s.get("f") == false)
s.set("n", nil)
assert(s.get("n") == nil and s.incr("n") == 1)
`)
	l.pass(t, `assert(volley.shared.get("t").a[1] == 1, "another script sees it")`)
	l.raises(t, `volley.shared.set("f", print)`, runtime.KindInvalidArgument, "function")
	l.raises(t, `volley.shared.append("f", {x = {print}})`, runtime.KindInvalidArgument, "value.x[1]")
	l.raises(t, `volley.shared.incr("t")`, runtime.KindInvalidArgument, `"t" holds no number`)
	l.raises(t, `volley.shared.append("t", 1)`, runtime.KindInvalidArgument, "not a list")
	l.raises(t, `volley.shared.append("l", nil)`, runtime.KindInvalidArgument, "must be a value")
}

func TestSharedFromManyScripts(t *testing.T) {
	shared := NewShared()
	const scripts, rounds = 4, 200
	done := make(chan error, scripts)
	for range scripts {
		go func() {
			var err error
			for i := range rounds {
				if _, err = shared.incr("n", 1); err == nil {
					_, err = shared.append("list", float64(i))
				}
				if err != nil {
					break
				}
				list, _ := shared.get("list")
				for range list.([]any) { // readers hold no lock
				}
			}
			done <- err
		}()
	}
	for range scripts {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	n, _ := shared.get("n")
	list, _ := shared.get("list")
	if n != float64(scripts*rounds) || len(list.([]any)) != scripts*rounds {
		t.Errorf("counted %v and appended %d, want %d", n, len(list.([]any)), scripts*rounds)
	}
}

func TestModulesAreGuarded(t *testing.T) {
	l := newLibrary(t)
	for _, module := range []string{"json", "url", "base64", "hash", "re", "csv", "jsonl", "log", "time", "shared"} {
		l.raises(t, `return volley.`+module+`.nothing_like_it`, runtime.KindInvalidArgument, strings.Join([]string{"volley", module}, ".")+` has no "nothing_like_it"`)
	}
}
