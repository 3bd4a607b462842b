package policy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"volley/runtime"
	"volley/runtime/policy"
)

// tree is a working directory, a script's folder and a folder outside.
type tree struct{ work, script, outside string }

func newTree(t *testing.T) tree {
	t.Helper()
	base := t.TempDir()
	tr := tree{filepath.Join(base, "work"), filepath.Join(base, ".hidden", "script"), filepath.Join(base, "outside")}
	for path, text := range map[string]string{
		filepath.Join(tr.work, "a.txt"):             "a",
		filepath.Join(tr.work, "sub", "b.txt"):      "b",
		filepath.Join(tr.work, ".env"):              "SECRET=1",
		filepath.Join(tr.work, ".git", "config"):    "c",
		filepath.Join(tr.script, "lib.lua"):         "l",
		filepath.Join(tr.outside, "secret.txt"):     "s",
		filepath.Join(tr.outside, ".ssh", "id_rsa"): "k",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func (tr tree) policy(t *testing.T, cfg policy.Config) *policy.Policy {
	t.Helper()
	cfg.WorkDir, cfg.ScriptDir = tr.work, tr.script
	return newPolicy(t, cfg)
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, p *policy.Policy, path, want string) {
	t.Helper()
	got, err := p.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("ReadFile(%s) = %q, %v; want %q", path, got, err, want)
	}
}

func wantIO(t *testing.T, err error, text string) {
	t.Helper()
	if !errors.Is(err, &runtime.Error{Kind: runtime.KindIO}) || !strings.Contains(err.Error(), text) {
		t.Errorf("error = %v, want kind io with %q", err, text)
	}
}

func TestReadsBelowScriptAndWorkingDirectory(t *testing.T) {
	tr := newTree(t)
	p := tr.policy(t, policy.Config{})
	wantText(t, p, "a.txt", "a")
	wantText(t, p, "./sub/../sub/b.txt", "b")
	wantText(t, p, filepath.Join(tr.work, "sub", "b.txt"), "b")
	wantText(t, p, filepath.Join(tr.script, "lib.lua"), "l")
	link(t, "sub/b.txt", filepath.Join(tr.work, "link.txt"))
	link(t, filepath.Join(tr.script, "lib.lua"), filepath.Join(tr.work, "lib.lua"))
	wantText(t, p, "link.txt", "b")
	wantText(t, p, "lib.lua", "l")
}

func TestReadingElsewhereIsDenied(t *testing.T) {
	tr := newTree(t)
	link(t, filepath.Join(tr.outside, "secret.txt"), filepath.Join(tr.work, "innocent.txt"))
	link(t, tr.outside, filepath.Join(tr.work, "folder"))
	link(t, ".env", filepath.Join(tr.work, "plain.txt"))
	p := tr.policy(t, policy.Config{})
	for path, hint := range map[string]string{
		"/etc/passwd":                             "reading /etc/passwd is denied: it is outside the script's folder and the working directory; --allow-read /etc allows it",
		filepath.Join(tr.outside, "secret.txt"):   "--allow-read " + tr.outside,
		filepath.Join(tr.outside, "no-such-file"): "--allow-read " + tr.outside,
		"../outside/secret.txt":                   "--allow-read " + tr.outside,
		"innocent.txt":                            "(which leads to " + filepath.Join(tr.outside, "secret.txt") + ")",
		"folder/secret.txt":                       "--allow-read " + tr.outside,
		".env":                                    "names that begin with a dot are left out; --allow-read " + filepath.Join(tr.work, ".env"),
		".git/config":                             "--allow-read " + filepath.Join(tr.work, ".git", "config"),
		".git/no-such-file":                       "names that begin with a dot",
		"plain.txt":                               "names that begin with a dot",
	} {
		_, err := p.ReadFile(path)
		wantDenied(t, err, hint)
		wantDenied(t, p.Readable(path), hint)
	}
}

func TestAllowReadWidens(t *testing.T) {
	tr := newTree(t)
	link(t, tr.outside, filepath.Join(tr.work, "folder"))
	p := tr.policy(t, policy.Config{AllowRead: []string{tr.outside, ".env", ".git"}})
	wantText(t, p, filepath.Join(tr.outside, "secret.txt"), "s")
	wantText(t, p, "folder/secret.txt", "s")
	wantText(t, p, ".env", "SECRET=1")
	wantText(t, p, ".git/config", "c")
	_, err := p.ReadFile(filepath.Join(tr.outside, ".ssh", "id_rsa"))
	wantDenied(t, err, "--allow-read "+filepath.Join(tr.outside, ".ssh", "id_rsa"))
}

func TestKernelFoldersNeedTheirName(t *testing.T) {
	p := newPolicy(t, policy.Config{WorkDir: "/"})
	_, err := p.ReadFile("/proc/version")
	wantDenied(t, err, "--allow-read /proc/version")
	p = newPolicy(t, policy.Config{WorkDir: "/", AllowRead: []string{"/proc/version"}})
	if _, err := p.ReadFile("proc/version"); err != nil {
		t.Errorf("granted by name: %v", err)
	}
}

func TestWhatCannotBeReadIsIO(t *testing.T) {
	tr := newTree(t)
	if err := syscall.Mkfifo(filepath.Join(tr.work, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, "loop", filepath.Join(tr.work, "loop"))
	p := tr.policy(t, policy.Config{})
	_, err := p.Open("missing.txt")
	wantIO(t, err, "reading missing.txt: no such file or directory")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want one that is fs.ErrNotExist", err)
	}
	for _, path := range []string{"sub", ".", "pipe"} {
		_, err := p.Open(path)
		wantIO(t, err, "no regular file")
	}
	_, err = p.Open("loop")
	wantIO(t, err, "reading loop")
	_, err = p.Open("a\x00b")
	wantIO(t, err, "invalid argument")
}

func TestWriting(t *testing.T) {
	tr := newTree(t)
	out := filepath.Join(tr.work, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	p := tr.policy(t, policy.Config{AllowWrite: []string{"out"}})
	for _, text := range []string{"one", "two, longer"} {
		if err := p.WriteFile("out/x.txt", []byte(text), false); err != nil {
			t.Fatal(err)
		}
		wantText(t, p, "out/x.txt", text)
	}
	for _, text := range []string{"1\n", "2\n"} {
		if err := p.WriteFile("out/log", []byte(text), true); err != nil {
			t.Fatal(err)
		}
	}
	wantText(t, p, "out/log", "1\n2\n")
	wantNames(t, out, "log", "x.txt")

	link(t, "x.txt", filepath.Join(out, "alias"))
	if err := p.WriteFile("out/alias", []byte("through"), false); err != nil {
		t.Fatal(err)
	}
	wantText(t, p, "out/x.txt", "through")
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

func TestModes(t *testing.T) {
	tr := newTree(t)
	p := tr.policy(t, policy.Config{AllowWrite: []string{"."}})
	plain := filepath.Join(tr.work, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := p.WriteFile("new", nil, false); err != nil {
		t.Fatal(err)
	}
	if err := p.WriteFile("a.txt", []byte("still private"), false); err != nil {
		t.Fatal(err)
	}
	if a, b := mode(t, plain), mode(t, filepath.Join(tr.work, "new")); a != b {
		t.Errorf("a new file has mode %v, want %v as the system makes them", b, a)
	}
	if m := mode(t, filepath.Join(tr.work, "a.txt")); m != 0o600 {
		t.Errorf("a replaced file has mode %v, want its old 0600", m)
	}
	for _, path := range []string{"plain", "secret"} {
		if err := p.WriteSecret(path, []byte("s")); err != nil {
			t.Fatal(err)
		}
		if m := mode(t, filepath.Join(tr.work, path)); m != 0o600 {
			t.Errorf("the secret file %s has mode %v, want 0600", path, m)
		}
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestWritingElsewhereIsDenied(t *testing.T) {
	tr := newTree(t)
	out := filepath.Join(tr.work, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	link(t, filepath.Join(tr.outside, "secret.txt"), filepath.Join(out, "leak"))
	link(t, tr.outside, filepath.Join(out, "away"))
	wantDenied(t, tr.policy(t, policy.Config{}).WriteFile("a.txt", nil, false), "no --allow-write folder holds it; --allow-write "+tr.work)
	p := tr.policy(t, policy.Config{AllowWrite: []string{"out"}})
	for _, path := range []string{"a.txt", "out/../a.txt", "out/leak", "out/away/new", "out/.bashrc", filepath.Join(tr.script, "lib.lua")} {
		for _, appending := range []bool{false, true} {
			wantDenied(t, p.WriteFile(path, []byte("x"), appending), "--allow-write ")
		}
	}
	wantText(t, tr.policy(t, policy.Config{AllowRead: []string{tr.outside}}), filepath.Join(tr.outside, "secret.txt"), "s")
	wantDenied(t, p.Socket("/var/run/docker.sock"), "--allow-write ")
	if err := p.Socket("out/s.sock"); err != nil {
		t.Errorf("Socket below a granted folder: %v", err)
	}
}

func TestWhatCannotBeWrittenIsIO(t *testing.T) {
	tr := newTree(t)
	link(t, filepath.Join(tr.outside, "planted"), filepath.Join(tr.work, "dangling"))
	p := tr.policy(t, policy.Config{AllowWrite: []string{"."}})
	for _, appending := range []bool{false, true} {
		wantIO(t, p.WriteFile("sub", nil, appending), "no regular file")
		wantIO(t, p.WriteFile("dangling", []byte("x"), appending), "no regular file")
		wantIO(t, p.WriteFile("none/x", nil, appending), "no such file or directory")
	}
	wantNames(t, tr.outside, ".ssh", "secret.txt")
}

func TestCreateIsAllOrNothing(t *testing.T) {
	tr := newTree(t)
	p := tr.policy(t, policy.Config{AllowWrite: []string{"sub"}})
	f, err := p.Create("sub/b.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	wantText(t, p, "sub/b.txt", "b")
	f.Discard()
	wantText(t, p, "sub/b.txt", "b")
	wantNames(t, filepath.Join(tr.work, "sub"), "b.txt")

	f, err = p.Create("sub/b.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.Discard()
	if err := f.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	wantText(t, p, "sub/b.txt", "whole")
	wantNames(t, filepath.Join(tr.work, "sub"), "b.txt")
}

// The target turns into a folder between Create and Close: the rename fails,
// and nothing is left behind.
func TestFailedCloseLeavesNothing(t *testing.T) {
	tr := newTree(t)
	p := tr.policy(t, policy.Config{AllowWrite: []string{"sub"}})
	f, err := p.Create("sub/new")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(tr.work, "sub", "new"), 0o755); err != nil {
		t.Fatal(err)
	}
	wantIO(t, f.Close(), "writing sub/new")
	wantIO(t, f.Close(), "writing sub/new")
	wantNames(t, filepath.Join(tr.work, "sub"), "b.txt", "new")
}

// A folder is swapped for a link to elsewhere after it was judged.
func TestSwappedFolderLeadsNowhere(t *testing.T) {
	tr := newTree(t)
	p := tr.policy(t, policy.Config{AllowWrite: []string{"."}})
	f, err := p.Create("sub/new")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(tr.work, "sub"), filepath.Join(tr.work, "moved")); err != nil {
		t.Fatal(err)
	}
	link(t, tr.outside, filepath.Join(tr.work, "sub"))
	wantIO(t, f.Close(), "writing sub/new")
	wantNames(t, tr.outside, ".ssh", "secret.txt")
}

func TestUnsafeLiftsFilesAndEnvironment(t *testing.T) {
	tr := newTree(t)
	t.Setenv("VOLLEY_TEST_SECRET", "s")
	p := tr.policy(t, policy.Config{Unsafe: true})
	wantText(t, p, filepath.Join(tr.outside, ".ssh", "id_rsa"), "k")
	wantText(t, p, "/proc/self/comm", comm(t))
	if err := p.WriteFile(filepath.Join(tr.outside, "new"), []byte("n"), false); err != nil {
		t.Error(err)
	}
	if v, ok, err := p.Getenv("VOLLEY_TEST_SECRET"); v != "s" || !ok || err != nil {
		t.Errorf("Getenv = %q, %v, %v", v, ok, err)
	}
}

func comm(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestGetenv(t *testing.T) {
	t.Setenv("VOLLEY_TEST_A", "a")
	t.Setenv("VOLLEY_TEST_B", "b")
	p := newPolicy(t, policy.Config{AllowEnv: []string{"VOLLEY_TEST_A, VOLLEY_TEST_UNSET"}})
	if v, ok, err := p.Getenv("VOLLEY_TEST_A"); v != "a" || !ok || err != nil {
		t.Errorf("granted: %q, %v, %v", v, ok, err)
	}
	if v, ok, err := p.Getenv("VOLLEY_TEST_UNSET"); v != "" || ok || err != nil {
		t.Errorf("granted but unset: %q, %v, %v", v, ok, err)
	}
	_, _, err := p.Getenv("VOLLEY_TEST_B")
	wantDenied(t, err, "--allow-env VOLLEY_TEST_B allows it")
	_, _, err = p.Getenv("VOLLEY_TEST_NONE")
	wantDenied(t, err, "--allow-env VOLLEY_TEST_NONE allows it")
}

func TestSocketPathsAreReadOneWay(t *testing.T) {
	tr := newTree(t)
	p := tr.policy(t, policy.Config{AllowWrite: []string{"."}})
	for _, path := range []string{"", "@abstract", "a/../b.sock", "a.sock\x00/b", ".."} {
		if err := p.Socket(path); runtime.AsError(err).Kind != runtime.KindDenied {
			t.Errorf("%q: %v", path, err)
		}
	}
	if err := p.Socket("a.sock"); err != nil {
		t.Error(err)
	}
}
