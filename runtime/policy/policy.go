package policy

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"volley/runtime"
)

// Config is what the flags say. The zero value is a script read from stdin
// without flags. Entries of the lists may hold several values with commas
// between them, but for folders.
type Config struct {
	AllowRead  []string // folders or files
	AllowWrite []string // folders or files
	AllowEnv   []string // names
	AllowHost  []string // patterns
	// DenyPrivate shuts out loopback, private and other special addresses.
	DenyPrivate bool
	// Unsafe lifts the limits on files and environment.
	Unsafe    bool
	ScriptDir string // "": none, the script has no file
	WorkDir   string // base of relative paths; "": the process's
	// Unfinished gathers the files being written; nil: nobody asks.
	Unfinished *Unfinished
}

// Policy answers what a run may touch. Its methods may be called on any
// goroutine.
type Policy struct {
	unsafe      bool
	denyPrivate bool
	workDir     string
	read, write []string // absolute, links resolved
	env         map[string]bool
	unfinished  *Unfinished

	hosts    []pattern // narrow, if there are any
	exempt   atomic.Pointer[[]endpoint]
	exemptMu sync.Mutex // taken to replace exempt
}

// New returns the policy for cfg. A host pattern that cannot be meant is an
// error of kind invalid_argument, a working directory that is gone one of
// kind io.
func New(cfg Config) (*Policy, error) {
	p := &Policy{unsafe: cfg.Unsafe, denyPrivate: cfg.DenyPrivate, env: map[string]bool{}, unfinished: cfg.Unfinished}
	work, err := filepath.Abs(cfg.WorkDir)
	if err != nil {
		return nil, runtime.Errorf(runtime.KindIO, "finding the working directory: %w", err)
	}
	p.workDir = work
	p.read = append(p.read, resolve(work))
	if cfg.ScriptDir != "" {
		p.read = append(p.read, p.target(cfg.ScriptDir))
	}
	for _, dir := range cfg.AllowRead {
		p.read = append(p.read, p.target(dir))
	}
	for _, dir := range cfg.AllowWrite {
		p.write = append(p.write, p.target(dir))
	}
	for name := range values(cfg.AllowEnv) {
		p.env[name] = true
	}
	if err := p.setHosts(cfg.AllowHost); err != nil {
		return nil, err
	}
	return p, nil
}

// values yields the comma-separated parts of every entry, without blanks.
func values(entries []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, entry := range entries {
			for part := range strings.SplitSeq(entry, ",") {
				part = strings.TrimSpace(part)
				if part != "" && !yield(part) {
					return
				}
			}
		}
	}
}

// Getenv returns a variable of the environment and whether it is set. One
// that --allow-env does not name is denied, set or not.
func (p *Policy) Getenv(name string) (string, bool, error) {
	if !p.unsafe && !p.env[name] {
		return "", false, denied("reading the environment variable %s is denied; --allow-env %s allows it", name, name)
	}
	value, ok := os.LookupEnv(name)
	return value, ok, nil
}

func denied(format string, args ...any) error {
	return runtime.Errorf(runtime.KindDenied, format, args...)
}
