package command

import (
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"volley/runtime"
	"volley/runtime/sink"
)

// commonSettings are the flags that every command has that sends, checked.
type commonSettings struct {
	size  int
	rate  runtime.Rate
	host  runtime.PerHost
	retry *runtime.Retry
	limit time.Duration

	insecure  bool
	proxy, ca string

	allowHost   []string
	denyPrivate bool

	outputs []string // files of results
	record  string

	quiet, verbose bool
	progress       string
}

// The makers of flags; each but a list has a form in the environment.

func variable(name string) []string {
	return []string{"VOLLEY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
}

func textFlag(name, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Usage: usage, EnvVars: variable(name)}
}

func toggleFlag(name, usage string, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Name: name, Usage: usage, EnvVars: variable(name), Aliases: aliases}
}

func listFlag(name, usage string) cli.Flag { return &cli.StringSliceFlag{Name: name, Usage: usage} }

// limitFlags bound what is sent. The condition says when those count that
// a script may overrule.
func limitFlags(condition string) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "size", Usage: "requests in flight" + condition, Value: runtime.DefaultSize, EnvVars: variable("size")},
		textFlag("rate", "requests per second of the whole run: 200/s, 30/m"),
		&cli.IntFlag{Name: "per-host", Usage: "requests in flight to one host", EnvVars: variable("per-host")},
		&cli.IntFlag{Name: "retry", Usage: "further tries" + condition, EnvVars: variable("retry")},
		&cli.DurationFlag{Name: "timeout", Usage: "deadline of the whole run: 30s, 5m", EnvVars: variable("timeout")},
	}
}

// wayFlags say how servers are reached, and which may be.
func wayFlags(condition string) []cli.Flag {
	return []cli.Flag{
		toggleFlag("insecure", "do not check certificates"),
		textFlag("proxy", "proxy URL"+condition),
		textFlag("ca", "file or directory of CA certificates"+condition),
		listFlag("allow-host", "host[:port] that may be reached, * is wild; repeatable"),
		&cli.BoolFlag{Name: "deny-private", Usage: "refuse loopback and private addresses"},
	}
}

// resultFlags say where results go.
func resultFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "output", Aliases: []string{"o"}, Usage: "file of results: .ndjson, .jsonl, .csv, each also .gz or .zst; - is standard output; repeatable", EnvVars: variable("output")},
		&cli.StringFlag{Name: "record", Usage: "bodies kept in results: none, errors or all", Value: "none", EnvVars: variable("record")},
	}
}

// outputFlags say what is told; verbose is what that flag adds.
func outputFlags(verbose string) []cli.Flag {
	return []cli.Flag{
		toggleFlag("quiet", "no progress, no summary", "q"),
		toggleFlag("verbose", verbose, "v"),
		&cli.StringFlag{Name: "progress", Usage: "auto, plain or none", Value: "auto", EnvVars: variable("progress")},
	}
}

// readCommon reads and checks the flags of limitFlags, wayFlags, resultFlags
// and outputFlags.
func readCommon(c *cli.Context) (commonSettings, error) {
	s := commonSettings{
		size: c.Int("size"), limit: c.Duration("timeout"),
		insecure: c.Bool("insecure"), proxy: c.String("proxy"), ca: c.String("ca"),
		allowHost: c.StringSlice("allow-host"), denyPrivate: c.Bool("deny-private"),
		outputs: c.StringSlice("output"), record: c.String("record"),
		quiet: c.Bool("quiet"), verbose: c.Bool("verbose"), progress: c.String("progress"),
	}
	if err := s.readLimits(c); err != nil {
		return s, err
	}
	if s.ca != "" {
		if _, err := os.Stat(s.ca); err != nil {
			return s, usage("--ca %s", osError(s.ca, err))
		}
	}
	if _, ok := sink.ParseBodies(s.record); !ok {
		return s, usage("--record must be none, errors or all, got %q", s.record)
	}
	switch s.progress {
	case "auto", "plain", "none":
		return s, nil
	}
	return s, usage("--progress must be auto, plain or none, got %q", s.progress)
}

func (s *commonSettings) readLimits(c *cli.Context) error {
	if s.size < 1 {
		return usage("--size must be at least 1, got %d", s.size)
	}
	if text := c.String("rate"); text != "" {
		rate, err := runtime.ParseRate(text)
		if err != nil {
			return usage("--rate: %s", err.Error())
		}
		s.rate = rate
	}
	if c.IsSet("per-host") {
		if s.host.Concurrency = c.Int("per-host"); s.host.Concurrency < 1 {
			return usage("--per-host must be at least 1, got %d", s.host.Concurrency)
		}
	}
	if c.IsSet("retry") {
		n := c.Int("retry")
		if n < 0 {
			return usage("--retry must not be negative, got %d", n)
		}
		s.retry = &runtime.Retry{Total: n}
	}
	if s.limit < 0 {
		return usage("--timeout must not be negative, got %v", s.limit)
	}
	return nil
}
