//go:build linux

package scripts_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"volley/runtime/runtimetest"
)

// sameIsolated are scripts that print the same with --isolate and without. In
// flags and sources stand: {tls} a server of HTTP/2, {ca} its certificate,
// {plain} its like without TLS, {dns} a name server that knows name.test,
// {socks} a proxy, {hole} an address that never answers, {dir} the folder, {outside} another.
var sameIsolated = []struct {
	name, flags, src string
	want             string // what it prints, as lines
	code             int
}{
	{"httpbin", "", `print(volley.get(volley.httpbin() .. "/get"):send().status_code)`, "200", 0},
	{"http2", "--ca {ca}", `local r = volley.get("{tls}/"):send() print(r.status_code, r.protocol)`, "200\tHTTP/2.0", 0},
	{"wrong certificate", "", `print(select(2, volley.get("{tls}/"):send()).kind)`, "tls", 0},
	{"proxy", "--proxy {socks}", `print(volley.get("{plain}/"):send().status_code)`, "200", 0},
	{"proxy by the script", "--ca {ca}", `print(volley.get("{tls}/", {proxies={all="{socks}"}}):send().status_code)`, "200", 0},
	{
		"unix socket", "--allow-write {dir}",
		`print(volley.session({unix="{dir}/sock"}):get("http://any/"):send().status_code)`, "200", 0,
	},
	{
		"unix socket that is not allowed", "",
		`print(pcall(function() return volley.session({unix="/run/sock"}):get("http://any/"):send() end))`, "", 0,
	},
	{
		"name server", "",
		`local s = volley.session({resolver="{dns}"})
		for _, host in ipairs({"name.test", "none.test", "broken.test"}) do
			local r, err = s:get("http://" .. host .. ":{port}/"):send()
			print(host, r and r.status_code, err and err.kind, err and err.phase)
		end`, "name.test\t200\tnil\tnil\nnone.test\tnil\tdns\tdns\nbroken.test\tnil\tdns\tdns", 0,
	},
	{"hosts file", "", `print(volley.get("http://localhost:{port}/"):send().status_code)`, "200", 0},
	{"refused", "", `print(select(2, volley.get("http://127.0.0.1:1/"):send()))`, "GET http://127.0.0.1:1/: connect: cannot connect to 127.0.0.1:1: connection refused", 0},
	{"no such local address", "", `print(select(2, volley.session({local_addr="192.0.2.77"}):get("{plain}/"):send()).kind)`, "connect", 0},
	{"connect timeout", "", `print(select(2, volley.get("http://{hole}/", {timeout={connect=0.1}}):send()).kind)`, "connect_timeout", 0},
	{"private", "--deny-private", `print(select(2, volley.get("http://127.0.0.1:1/"):send()).kind)`, "denied", 0},
	{"httpbin while private", "--deny-private", `print(volley.get(volley.httpbin() .. "/get"):send().status_code)`, "200", 0},
	{"allowed host", "--allow-host 127.0.0.1", `print(volley.get("{plain}/"):send().status_code)`, "200", 0},
	{"other host", "--allow-host 127.0.0.2", `print(select(2, volley.get("{plain}/"):send()).kind)`, "denied", 0},
	{"named proxy beside hosts", "--allow-host 127.0.0.1:{port} --proxy socks5://localhost:{socksport}", `print(volley.get("{plain}/"):send().status_code)`, "200", 0},
	{
		"files", "--allow-read {outside}/one.txt --allow-write {outside}/out",
		`print(volley.lines("{outside}/one.txt")()) volley.write("{outside}/out/two.txt", "two") volley.append("{outside}/out/old.txt", "er")`,
		"one\t1", 0,
	},
	{"files that are not allowed", "", `print(pcall(volley.lines, "{outside}/one.txt")) print(pcall(volley.write, "{outside}/two.txt", ""))`, "", 0},
	{"many at once", "", `local u, t, n = "{plain}/", {}, 0
		for i = 1, 400 do t[i] = volley.get(u .. i, {headers={Connection="close"}}) end
		for r in volley.imap(t, {size=200}) do n = n + 1 end
		print(n)`, "400", 0},
}

func TestSameIsolated(t *testing.T) {
	t.Parallel()
	for _, c := range sameIsolated {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			fill := isolatedWorld(t, dir)
			if err := os.WriteFile(filepath.Join(dir, "s.lua"), []byte(fill.Replace(c.src)), 0o600); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"volley", "run", "-q", "s.lua"}, strings.Fields(fill.Replace(c.flags))...)
			free, walled := runIn(t, dir, "", args...), runIn(t, dir, "", append(args, "--isolate")...)
			if free != walled {
				t.Errorf("without --isolate %+v\nwith it %+v", free, walled)
			}
			if walled.code != c.code || c.want != "" && walled.stdout != c.want+"\n" {
				t.Errorf("%+v, want %d and %s", walled, c.code, c.want)
			}
		})
	}
}

// isolatedWorld starts what a script may talk to, and returns what its source
// names it by.
func isolatedWorld(t *testing.T, dir string) *strings.Replacer {
	t.Helper()
	answer := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	certificates := runtimetest.NewCertificates(t)
	secure := httptest.NewUnstartedServer(answer)
	secure.EnableHTTP2 = true
	secure.TLS = runtimetest.Server(certificates.Good)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // who refuses the certificate is what is tested
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(answer)
	t.Cleanup(plain.Close)
	runtimetest.ListenUnix(t, filepath.Join(dir, "sock"), func(p *runtimetest.Peer) {
		p.Request()
		p.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	names := runtimetest.ListenDNS(t, func(name string) runtimetest.DNSAnswer {
		switch name {
		case "name.test.":
			return runtimetest.DNSAnswer{Addresses: []string{"127.0.0.1"}}
		case "none.test.":
			return runtimetest.DNSAnswer{Code: dnsmessage.RCodeNameError}
		}
		return runtimetest.DNSAnswer{Code: dnsmessage.RCodeServerFailure}
	})
	socks := runtimetest.ListenSocks(t, "", "")
	outside := t.TempDir()
	for name, text := range map[string]string{"one.txt": "one", "out/old.txt": "old"} {
		file := filepath.Join(outside, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(plain.URL, "http://"), ":")
	return strings.NewReplacer(
		"{tls}", secure.URL, "{ca}", certificates.CAFile(t), "{plain}", plain.URL, "{port}", port, "{dns}", names.Addr(),
		"{socksport}", socks.Port(), "{socks}", "socks5://"+socks.Addr(), "{hole}", runtimetest.Blackhole(t, "127.0.0.1:0"), "{dir}", dir, "{outside}", outside,
	)
}

// TestIsolatedExamples runs an example and a spec behind the walls.
func TestIsolatedExamples(t *testing.T) {
	t.Parallel()
	got := runIn(t, "..", "", "volley", "run", "--isolate", "scripts/examples/quickstart.lua")
	if got.code != 0 {
		t.Fatalf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	expectLines(t, got.stdout, examples["quickstart.lua"])
	dir := t.TempDir()
	spec := `volley: 1
data: {rows: {csv: rows.csv}}
requests:
  - {foreach: rows, url: "${{ volley.httpbin() }}/get?n=${{ row.n }}"}
outputs:
  - {ndjson: results/all.ndjson}
`
	for name, text := range map[string]string{"s.yaml": spec, "rows.csv": "n\n1\n2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got = runIn(t, dir, "", "volley", "run", "--isolate", "s.yaml", "-o", "deep/er/too.csv", "--report", "junit/r.xml")
	if got.code != 0 {
		t.Fatalf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for name, lines := range map[string]int{"results/all.ndjson": 4, "deep/er/too.csv": 3} {
		if text := readFile(t, filepath.Join(dir, name)); strings.Count(text, "\n") < lines-1 {
			t.Errorf("%s: %s", name, text)
		}
	}
	if text := readFile(t, filepath.Join(dir, "junit/r.xml")); !strings.Contains(text, `tests="2"`) {
		t.Error(text)
	}
}

// TestIsolatedFiles: what a spec names has to be allowed as well, unless it is
// in the spec's folder.
func TestIsolatedFiles(t *testing.T) {
	t.Parallel()
	if _, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1); errno != 0 {
		return // the kernel has no such wall
	}
	dir, outside := t.TempDir(), t.TempDir()
	rows := filepath.Join(outside, "rows.csv")
	spec := "volley: 1\ndata: {rows: {csv: " + rows + "}}\nrequests:\n  - {foreach: rows, url: \"${{ volley.httpbin() }}/get?n=${{ row.n }}\"}\n"
	for name, text := range map[string]string{filepath.Join(dir, "s.yaml"): spec, rows: "n\n1\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		flags string
		code  int
	}{{"", 0}, {"--isolate --allow-read " + outside, 0}, {"--isolate", 1}} {
		got := runIn(t, dir, "", append([]string{"volley", "run", "s.yaml"}, strings.Fields(c.flags)...)...)
		if (got.code != 0) != (c.code != 0) || strings.Contains(got.stderr, "permission denied") != (c.code != 0) {
			t.Errorf("%s: %+v", c.flags, got)
		}
	}
}

// TestIsolatedIsFiltered looks at the child of a run from outside.
func TestIsolatedIsFiltered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.lua"), []byte(`print("now") volley.sleep(60)`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := commandIn(ctx, dir, []string{"volley", "run", "-q", "--isolate", "--allow-env", "GRANTED,OTHER", "s.lua"})
	c.Env = append(c.Env, "HELD_BACK=secret", "GRANTED=granted", "https_proxy=http://proxy.test")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	status, environ := childOf(t, c.Process.Pid)
	_ = c.Process.Kill()
	_ = c.Wait() // killed
	for _, line := range []string{"\nSeccomp:\t2\n", "\nNoNewPrivs:\t1\n"} {
		if !strings.Contains(status, line) {
			t.Errorf("no %q in\n%s", line, status)
		}
	}
	if strings.Contains(environ, "HELD_BACK") || !strings.Contains(environ, "\x00GRANTED=granted\x00") || !strings.Contains(environ, "\x00https_proxy=") {
		t.Errorf("the child's environment is %q", environ)
	}
}

// childOf are /proc/PID/status and environ of the one child that a process has.
func childOf(t *testing.T, parent int) (status, environ string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(text), "\nPPid:\t"+strconv.Itoa(parent)+"\n") {
			variables, err := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
			if err != nil {
				t.Fatal(err)
			}
			return string(text), string(variables)
		}
	}
	t.Fatal("there is no child")
	return "", ""
}
