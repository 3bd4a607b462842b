package command

import (
	"context"
	"errors"
	"fmt"
	"io"
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
			"complete. - reads from standard input, a line for a request: a URL, or a JSON object\n" +
			"of request fields (url, method, headers, json, …), which go over what flags say.",
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
		input.taken = "the requests"
	}
	if err := s.template.read(c, input); err != nil {
		return nil, err
	}
	return s, nil
}

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
	busy     atomic.Bool // a body is on its way to standard output
}

func newSend(settings *sendSettings, env *environment) *send {
	s := &send{settings: settings}
	if s.one() && !settings.verbose {
		settings.quiet = true // whoever asks for one body wants nothing beside it
	}
	s.session = newSession(settings.commonSettings, env, s)
	s.strict = true
	if settings.lines {
		s.lines = newLineSource(env.In, &settings.template, &s.inbox)
	}
	return s
}

// one reports that the output is the body of the one URL.
func (s *send) one() bool { return len(s.settings.urls) == 1 }

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
	stop := s.watch()
	err := guarded(func() error {
		if s.one() {
			s.body()
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

// body sends the one request and copies its answer's body to standard output.
func (s *send) body() {
	req := s.settings.template.request(s.settings.urls[0])
	req.Options.Stream = runtime.Yes
	batch := s.engine.Batch(&s.inbox, runtime.List([]*runtime.Request{req}), runtime.BatchOptions{List: true})
	defer batch.Close()
	s.announce(1)
	res, err := batch.Next(&s.inbox)
	if err != nil {
		return // a list of one has no other end than its result
	}
	if res.Err == nil {
		if failure := s.copyBody(res.Response); failure != nil {
			failure.Request, failure.Index, failure.Attempts = req, res.Index, res.Response.Attempts
			res.Err, res.Response = failure, nil
		}
	}
	s.engine.Record(res)
	if res.Err != nil && !s.outcome.stopped() {
		fmt.Fprintln(s.stderr, "volley: "+report.Escape(res.Err.Error())) //nolint:errcheck // stderr is gone
	}
}

// copyBody returns why the body did not come to its end. That standard output
// did not take it is another matter, which is known there.
func (s *send) copyBody(resp *runtime.Response) *runtime.Error {
	s.busy.Store(true)
	defer s.busy.Store(false)
	defer resp.Close() //nolint:errcheck // it was read, or nobody wants the rest
	var out io.Writer = s.stdout
	if report.Terminal(s.env.Out) {
		text := &terminalText{w: s.stdout}
		defer text.end()
		out = text
	}
	if _, err := io.Copy(out, resp.Stream); err != nil && !s.outcome.output.Load() {
		return runtime.AsError(err)
	}
	return nil
}

// records sends all requests and prints a record of each.
func (s *send) records() {
	results := sink.NewNDJSON(s.stdout, sink.Run{ID: s.id, Args: s.settings.args, Started: s.began}, sink.Options{Name: "standard output"})
	s.sinks = append(s.sinks, results)
	batch := s.engine.Batch(&s.inbox, s.source(), runtime.BatchOptions{List: s.lines == nil})
	defer batch.Close()
	if s.lines != nil {
		s.lines.begin(batch.Offer)
		defer s.lines.halt()
	}
	waiter := &flushing{Inbox: &s.inbox, flush: results.Flush}
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
	flush func() error
}

// Park implements runtime.Waiter. An output that failed stops the run where
// its next record is written, or at its end.
func (f *flushing) Park() error {
	_ = f.flush()
	return f.Inbox.Park()
}
