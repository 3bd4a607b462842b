package run

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"volley/runtime"
	"volley/runtime/client"
	"volley/specs"
	"volley/specs/expect"
)

// defaultEvery is the pause of a poll that names none.
const defaultEvery = time.Second

// polls reports that the request is sent once more, since its answer is not
// the one that is waited for.
func (p *phase) polls(u *unit, res *runtime.Result) bool {
	poll := u.step.Poll
	if poll == nil {
		return false
	}
	u.polls++
	if u.polls == 1 {
		u.began = time.Now()
	}
	if poll.URL != nil && u.polls == 1 {
		// What began the work was refused: there is nothing to wait for.
		return res.Response.OK() && p.ask(u, res)
	}
	u.scope.res = expect.NewAnswer(res.Response)
	defer func() { u.scope.res = nil }()
	if waits, err := p.waits(u, res); err != nil {
		fail(res, err)
		return false
	} else if !waits {
		return false
	}
	p.again(u, res, nil, pauseOf(poll.Every))
	return true
}

// waits judges one answer of a poll.
func (p *phase) waits(u *unit, res *runtime.Result) (bool, error) {
	poll := u.step.Poll
	done, err := poll.Until.Truth(&u.scope)
	if err != nil || done {
		return false, err
	}
	if poll.FailIf != nil {
		failed, err := poll.FailIf.Truth(&u.scope)
		if err != nil {
			return false, err
		}
		if failed {
			unmet(res, "poll.fail_if", "poll: the answer is one that fail_if describes")
			return false, nil
		}
	}
	if poll.Timeout > 0 && time.Since(u.began)+pauseOf(poll.Every) > poll.Timeout {
		unmet(res, "poll.until", fmt.Sprintf("poll: until did not hold within %v", poll.Timeout))
		return false, nil
	}
	return true, nil
}

func pauseOf(every time.Duration) time.Duration {
	if every <= 0 {
		return defaultEvery
	}
	return every
}

func unmet(res *runtime.Result, subject, message string) {
	res.Expect = append(res.Expect, runtime.Expectation{Subject: subject, Operator: "poll", Want: true, Got: false, Message: message})
}

// ask goes over from the request that began the work to the one that asks how
// it goes on.
func (p *phase) ask(u *unit, res *runtime.Result) bool {
	poll := u.step.Poll
	u.scope.res = expect.NewAnswer(res.Response)
	defer func() { u.scope.res = nil }()
	target, err := poll.URL.Text(&u.scope)
	if err != nil {
		fail(res, err)
		return false
	}
	req := u.bare(res, target)
	if req.Method = "GET"; poll.Method != "" {
		req.Method = poll.Method
	}
	p.again(u, res, req, 0)
	return true
}

// again sends a request, or nil for the same, in the slot of res.
func (p *phase) again(u *unit, res *runtime.Result, req *runtime.Request, after time.Duration) {
	if req != nil {
		delete(p.flying, res.Request)
		p.flying[req] = u
	}
	p.batch.Again(res, req, after)
}

// bare returns a copy of the request of res for another URL, without what
// belonged to the first: its parameters, its body, and at another origin its
// credentials, as behind a redirect.
func (u *unit) bare(res *runtime.Result, target string) *runtime.Request {
	req := res.Request
	var made struct {
		req     runtime.Request
		options runtime.Options
	}
	made.req = *req
	if req.Options != nil {
		made.options = *req.Options
	}
	made.options.Params = runtime.Params{}
	made.req.URL, made.req.Options, made.req.Body, made.req.Owner = target, &made.options, nil, nil
	if !sameOrigin(asked(res), target) {
		u.detach(&made.req)
	}
	return &made.req
}

// asked is where the request of res went before any redirect.
func asked(res *runtime.Result) string {
	if len(res.Response.History) > 0 {
		return res.Response.History[0].URL
	}
	return res.Response.URL
}

// sameOrigin compares scheme, host and port; a relative URL stays where it is.
func sameOrigin(from, to string) bool {
	host := runtime.HostOf(to)
	if host == "" {
		return true
	}
	scheme, _, _ := strings.Cut(from, ":")
	other, _, _ := strings.Cut(to, ":")
	return strings.EqualFold(scheme, other) && runtime.HostOf(from) == host
}

// detach takes what is for the first origin off req.
func (u *unit) detach(req *runtime.Request) {
	secrets := []string{"Authorization", "Cookie", "Proxy-Authorization", "Host"}
	if s, ok := req.Session.(interface {
		SecretHeaders(*runtime.Request) []string
	}); ok {
		secrets = append(secrets, s.SecretHeaders(req)...)
	}
	o := req.Options
	o.Auth, o.Cookies, o.Cert, o.Detached = nil, nil, nil, true
	o.Unset = append(o.Unset[:len(o.Unset):len(o.Unset)], secrets...)
	req.Header = req.Header.Clone()
	for _, name := range secrets {
		req.Header.Del(name)
	}
}

// nextPage returns the request for the page after a good answer, nil after the
// last one.
func (p *phase) nextPage(u *unit, res *runtime.Result) *runtime.Request {
	paginate := u.step.Paginate
	if paginate == nil {
		return nil
	}
	target, err := u.nextURL(paginate, res.Response)
	if err != nil {
		fail(res, err)
		return nil
	}
	if target == "" {
		return nil
	}
	most := paginate.MaxPages
	if most <= 0 {
		most = defaultPages
	}
	if u.page >= most {
		if !u.step.pages {
			u.step.pages = true
			p.run.warn(fmt.Sprintf("%s: %s: there are pages after page %d, which is max_pages: they were not fetched", paginate.Pos, u.step.Label(), most))
		}
		return nil
	}
	if target, err = against(res.Response.URL, target); err != nil {
		fail(res, err)
		return nil
	}
	next := u.bare(res, target)
	next.Body = res.Request.Body
	if to, ok := next.Session.(*savingTo); ok {
		next.Session = to.nextPage()
	}
	return next
}

// against resolves the URL of a page against that of the one before.
func against(base, ref string) (string, error) {
	from, err := url.Parse(base)
	if err != nil {
		return "", runtime.Errorf(runtime.KindInvalidURL, "paginate: %s: %w", runtime.MaskURL(base), err)
	}
	to, err := from.Parse(ref)
	if err != nil {
		return "", runtime.Errorf(runtime.KindInvalidURL, "paginate: the next page %q is no URL", runtime.MaskURL(ref))
	}
	return to.String(), nil
}

// defaultPages bounds a pagination that names no max_pages.
const defaultPages = 1000

// nextURL is where the next page is, "" at the end.
func (u *unit) nextURL(p *specs.Paginate, resp *runtime.Response) (string, error) {
	if p.Link {
		links := client.Links(resp.Header)
		if i := slices.IndexFunc(links, func(l client.Link) bool { return l.Rel == "next" }); i >= 0 {
			return links[i].URL, nil
		}
		return "", nil
	}
	u.scope.res = expect.NewAnswer(resp)
	defer func() { u.scope.res = nil }()
	v, err := p.Next.Any(&u.scope)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case bool:
		if !v {
			return "", nil
		}
	case string:
		return v, nil
	}
	return "", runtime.Errorf(runtime.KindInvalidArgument, "%s: paginate.next must be the URL of the next page, or nil at the end; got %v", p.Pos, v)
}
