package scripts_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"volley/runtime/runtimetest"
)

// answers are bodies that are small to send and large to read: rows 113 to 116
// of the fault table. {json}, {xml} and so on in a script is the URL of one.
var answers = []struct {
	name, body, src string
	code            int
	want            string // of the output, or of the error
}{
	{"row 113 200,000 deep", strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000), decoding, 0, `^json	.*nested more than 500 deep`},
	{"row 113 200,000 objects deep", strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_000), decoding, 0, `^json	.*nested more than 500 deep`},
	{"row 113 2,000,000 objects", "[" + strings.Repeat("{},", 2_000_000) + "{}]", decoding, 3, `script_memory: the script was stopped`},
	{"row 113 an endless number", "[1e999999]", decoding, 0, `^json	.*the number is out of range near`},
	{"row 113 a long number", "0." + strings.Repeat("0", 1<<20) + "1", decoding, 0, `^json	.*the number is longer than 256 KiB`},
	{"row 113 cut", `{"a": [1, {"b": "c`, decoding, 0, `^json	.*the text ends too early`},
	{"row 114 entities", billionLaughs, `
		local resp = volley.get(url):send()
		assert(#resp:html():text() < 10000)
		print(#resp:xpath("string(//lolz)") < 10000, resp:xpath("string(//lolz)"))`, 0, `^true	&lol9;`},
	{"row 114 an external entity", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, `
		local resp = volley.get(url):send()
		print(resp:html():find("a"):text(), resp:xpath("string(//a)"))`, 0, `^&x;	&x;$`},
	{"row 114 200,000 deep", strings.Repeat("<div>", 200_000), `
		local resp = volley.get(url):send()
		for _, f in ipairs{"html", "xpath"} do
			local ok, err = pcall(resp[f], resp, "//a")
			print(ok, err.kind, err.message)
		end`, 0, `^(false	decode	the body is no HTML: .*exceeds 512 nodes\n?){2}$`},
	{"row 115 a line of 8 MiB", strings.Repeat("x", 8<<20) + "\nend\n", lines, 0, `^8388608\n3$`},
	{"row 115 a line of 8 MiB without an end", strings.Repeat("x", 8<<20), lines, 0, `^8388608$`},
	{"row 116 answers that are kept", strings.Repeat("x", 1<<10), `
		local kept = {}
		for resp in volley.imap((function()
			local i = 0
			return function() i = i + 1 if i <= 1000000 then return volley.get(url) end end
		end)(), {size = 16}) do kept[#kept + 1] = resp end`, 3, `script_memory: the script was stopped`},
}

const (
	decoding = `
		local resp = volley.get(url):send()
		assert(resp.ok)
		local v, err
		local ok = pcall(function() v = resp:json() end)
		ok, err = pcall(resp.json, resp)
		print(err.kind, err.message)`
	lines = `
		for _, stream in ipairs{true, false} do
			local sizes = {}
			for line in volley.get(url, {stream = stream}):send():iter_lines() do sizes[#sizes + 1] = #line end
			if not stream then print(table.concat(sizes, "\n")) end
		end`
)

// billionLaughs is a document of 1 KiB that says ten to the ninth times lol.
var billionLaughs = func() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol0 "lol">`)
	for i := range 9 {
		fmt.Fprintf(&b, `<!ENTITY lol%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&lol%d;", i), 10))
	}
	b.WriteString("]><lolz>&lol9;</lolz>")
	return b.String()
}()

// TestAnswers reads answers that were made to be hard to read, in a process
// that stays small.
func TestAnswers(t *testing.T) {
	t.Parallel()
	most := int64(256 << 20)
	if underRace() {
		most *= 4 // the detector's own memory
	}
	for _, a := range answers {
		t.Run(a.name, func(t *testing.T) {
			server := runtimetest.Listen(t, func(p *runtimetest.Peer) {
				for {
					p.Request()
					p.Write(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(a.body), a.body))
				}
			})
			src := fmt.Sprintf("local url = \"http://%s/\"\n%s", server.Addr(), a.src)
			got, resident := measured(t, src, "-q", "--max-memory", "96MiB")
			t.Logf("%d MiB", resident>>20)
			said := got.stderr
			if a.code == 0 {
				said = strings.TrimSuffix(got.stdout, "\n")
			}
			if got.code != a.code || !regexp.MustCompile(a.want).MatchString(said) {
				t.Errorf("exit %d, stdout %.500s, stderr %.500s", got.code, got.stdout, got.stderr)
			}
			if resident > most {
				t.Errorf("%d MiB were resident", resident>>20)
			}
		})
	}
}
