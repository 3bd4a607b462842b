package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"volley/runtime"
	"volley/runtime/client"
	"volley/runtime/policy"
	"volley/runtime/report"
	"volley/runtime/sink"
)

func sendCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "send",
		Usage:     "send requests without a file",
		ArgsUsage: "[METHOD] URL…",
		Description: "Prints the body of one URL. Of several it prints one line of JSON each, as they\n" +
			"complete; with -o - of one as well. - reads from standard input, a line for a\n" +
			"request: a URL, or a JSON object of request fields (url, method, headers, json, …),\n" +
			"which go over what flags say.",
		Flags: sendFlags(),
		Action: func(c *cli.Context) error {
			settings, err := readSendSettings(c, env)
			if err != nil {
				return err
			}
			code, err := newSend(settings, env).execute(c.Context)
			if err == nil && code != exitOK {
				err = &failure{code: code}
			}
			return err
		},
	}
}

func sendFlags() []cli.Flag {
	flags := []cli.Flag{
		&cli.StringSliceFlag{Name: "header", Aliases: []string{"H"}, KeepSpace: true, Usage: "'Name: value', or 'Name:' to leave out a default one; repeatable"},
		&cli.StringSliceFlag{Name: "data", Aliases: []string{"d"}, KeepSpace: true, Usage: "body: text, @FILE or @- for standard input; several are joined with &; the method is POST"},
		&cli.StringFlag{Name: "json", Usage: "body: JSON, @FILE or @- for standard input; the method is POST"},
		&cli.StringSliceFlag{Name: "form", Aliases: []string{"F"}, KeepSpace: true, Usage: "multipart body: NAME=VALUE or NAME=@FILE[;type=TYPE][;filename=NAME]; repeatable; the method is POST"},
		&cli.StringFlag{Name: "auth", Usage: "USER:PASSWORD"},
	}
	flags = append(flags, limitFlags("")...)
	flags = append(flags, resultFlags()...)
	flags = append(flags, wayFlags("")...)
	return append(flags, outputFlags("a summary also for one URL")...)
}

// sendSettings are the flags and arguments of send, checked.
type sendSettings struct {
	commonSettings
	template template
	urls     []string
	lines    bool     // requests come from standard input
	args     []string // for the record
}

func readSendSettings(c *cli.Context, env *environment) (*sendSettings, error) {
	args := append(c.Args().Slice(), env.scriptArgs...)
	s := &sendSettings{}
	if len(args) > 0 && isMethod(args[0]) {
		s.template.method, args = args[0], args[1:]
		s.args = append(s.args, s.template.method)
	}
	if err := checkTargets(s.template.method, args); err != nil {
		return nil, err
	}
	if s.lines = args[0] == "-"; !s.lines {
		s.urls = args
	}
	for _, url := range args {
		s.args = append(s.args, runtime.MaskURL(url))
	}
	var err error
	if s.commonSettings, err = readCommon(c); err != nil {
		return nil, err
	}
	input := &onceInput{in: env.In}
	if s.lines {
		input.take("the requests")
	}
	if err := s.template.read(c, input); err != nil {
		return nil, err
	}
	return s, s.claimOutputs(&input.files, env.Out)
}

// claimOutputs refuses outputs that are a file of the requests, another output,
// or where standard output leads anyway.
func (s *sendSettings) claimOutputs(files *claims, stdout *os.File) error {
	switch {
	case len(s.outputs) == 0 || s.recorded():
	case s.one():
		files.writes("the body", standardOutput, stdout)
	default:
		files.writes("the records", standardOutput, stdout)
	}
	if s.ca != "" {
		files.reads("--ca", s.ca, false)
	}
	return files.claimOutputs("--output", s.outputs, stdout)
}

// one reports that there is one URL: standard output is its body, unless it is
// recorded there.
func (s *sendSettings) one() bool { return len(s.urls) == 1 }

// recorded reports that records go to standard output because -o says so.
func (s *sendSettings) recorded() bool { return slices.Contains(s.outputs, standardOutput) }

// keeps reports that a record of the one body may hold it.
func (s *sendSettings) keeps() bool { return len(s.outputs) > 0 && s.record != "none" }

// isMethod tells METHOD from URL: a word in capitals.
func isMethod(arg string) bool {
	return arg != "" && strings.Trim(arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == "" && strings.ContainsAny(arg[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

func checkTargets(method string, args []string) error {
	if len(args) == 0 {
		if method == "" {
			method = "https://example.com/"
		} else {
			method += " https://example.com/"
		}
		return usage("send needs a URL, or - for standard input: volley send %s", method)
	}
	if slices.Contains([]string{"get", "head", "options", "post", "put", "patch", "delete"}, strings.ToLower(args[0])) {
		return usage("%q is no URL; a method is written in capitals: volley send %s URL", args[0], strings.ToUpper(args[0]))
	}
	if len(args) > 1 && slices.Contains(args, "-") {
		return usage("- reads all requests from standard input: give it alone")
	}
	return nil
}

// send is one `volley send`.
type send struct {
	*session
	settings *sendSettings
	inbox    runtime.Inbox
	lines    *lineSource // nil: the URLs are arguments
	busy     atomic.Bool // the body is on its way to standard output
}

func newSend(settings *sendSettings, env *environment) *send {
	s := &send{settings: settings}
	switch {
	case settings.one() && !settings.verbose:
		settings.quiet = true // whoever asks for one body wants nothing beside it
	case !settings.one() && !settings.recorded():
		settings.outputs = append([]string{standardOutput}, settings.outputs...)
	}
	s.session = newSession(settings.commonSettings, env, s)
	s.strict = true
	if settings.lines {
		s.lines = newLineSource(env.In, &settings.template, &s.inbox)
	}
	return s
}

// execute sends everything and returns the exit code. The error is wrong
// usage: nothing was sent then.
func (s *send) execute(ctx context.Context) (int, error) {
	if err := s.open(ctx, policy.Config{AllowHost: s.settings.allowHost, DenyPrivate: s.settings.denyPrivate}); err != nil {
		return 0, err
	}
	s.settings.template.reach = reachOf(s.policy, s.client)
	if err := s.check(ctx); err != nil {
		s.close()
		return 0, err
	}
	if err := s.openResults(sink.Run{ID: s.id, Args: s.settings.args, Started: s.began}); err != nil {
		s.discard()
		return 0, err
	}
	if len(s.sinks) > 0 {
		s.flushNowAndThen()
	}
	stop := s.watch()
	err := guarded(func() error {
		if s.settings.one() {
			s.single()
		} else {
			s.records()
		}
		return nil
	})
	if fault := panicOf(err); fault != nil {
		s.outcome.script = true
		s.tellPanic(fault)
	}
	stop()
	s.close()
	return s.outcome.code(), nil
}

// check prepares each request of the command line as the client would, so that
// a wrong one is found before any is sent.
func (s *send) check(ctx context.Context) error {
	session, err := s.client.NewSession(client.Settings{})
	if err != nil {
		return err
	}
	defer session.Close() //nolint:errcheck // it has no connections of its own
	for _, url := range s.settings.urls {
		if _, err := session.Prepare(ctx, s.settings.template.request(url)); err != nil {
			return usage("%s: %s", report.Escape(runtime.MaskURL(url)), report.Escape(runtime.AsError(err).Message))
		}
	}
	return nil
}

// records sends all requests and records each.
func (s *send) records() {
	batch := s.engine.Batch(&s.inbox, s.source(), runtime.BatchOptions{List: s.lines == nil})
	defer batch.Close()
	if s.lines != nil {
		s.lines.begin(batch.Offer)
		defer s.lines.halt()
	}
	printed := s.sinks[slices.Index(s.common.outputs, standardOutput)]
	waiter := &flushing{Inbox: &s.inbox, flush: func() { s.show(printed) }}
	for {
		res, err := batch.Next(waiter)
		if err != nil {
			s.inputEnded(err)
			return
		}
		nameLine(res)
		s.engine.Record(res)
	}
}

// source yields the requests.
func (s *send) source() runtime.Source {
	if s.lines != nil {
		s.announce(-1)
		return s.lines.next
	}
	s.announce(len(s.settings.urls))
	urls := s.settings.urls
	return func() (*runtime.Request, error) {
		if len(urls) == 0 {
			return nil, io.EOF
		}
		req := s.settings.template.request(urls[0])
		urls = urls[1:]
		return req, nil
	}
}

func (s *send) inputEnded(err error) {
	if errors.Is(err, io.EOF) || s.outcome.stopped() {
		return
	}
	fmt.Fprintln(s.stderr, "volley: "+osError("standard input", err)) //nolint:errcheck // stderr is gone
	s.outcome.failed = true
}

// halt implements job: no further line is taken.
func (s *send) halt() {
	if s.lines != nil {
		s.lines.halt()
	}
}

// idle implements job.
func (s *send) idle() bool { return !s.busy.Load() }

// interrupt implements job; what is in flight the engine has cancelled.
func (s *send) interrupt(error) { s.halt() }

// flushing shows what there is before it waits for more.
type flushing struct {
	*runtime.Inbox
	flush func()
}

// Park implements runtime.Waiter.
func (f *flushing) Park() error {
	f.flush()
	return f.Inbox.Park()
}
