package oauth2

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"volley/runtime"
	"volley/runtime/client"
)

// maxAnswer is how many bytes a token endpoint may answer with.
const maxAnswer = 1 << 20

// carrier is an http.RoundTripper over an Executor, for one fetch.
type carrier struct {
	executor runtime.Executor
	like     *runtime.Options // of the request that needs the token; may be nil
	failed   error            // of the first request that got no answer
	answer   *runtime.Response
}

// client returns an http.Client that follows no redirects.
func (c *carrier) client() *http.Client {
	return &http.Client{Transport: c, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// RoundTrip implements http.RoundTripper. x/oauth2 tries a second way to send
// the secret after any failure; one without an answer ends that.
func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	req, err := c.request(r)
	if err != nil {
		return nil, err
	}
	resp, err := c.executor.Do(r.Context(), req)
	if err != nil {
		c.failed = err
		return nil, err
	}
	c.answer = resp
	header := make(http.Header, len(resp.Header))
	for _, f := range resp.Header {
		header.Add(f.Name, f.Value)
	}
	return &http.Response{
		Status: strconv.Itoa(resp.Status) + " " + resp.Reason, StatusCode: resp.Status, Header: header,
		Body: io.NopCloser(bytes.NewReader(resp.Content)), ContentLength: int64(len(resp.Content)), Request: r,
	}, nil
}

// request is r with the connection settings that the other request has for
// itself.
func (c *carrier) request(r *http.Request) (*runtime.Request, error) {
	req := &runtime.Request{Method: r.Method, URL: r.URL.String(), Options: &runtime.Options{
		Auth: client.NoAuth{}, AllowRedirects: runtime.No, Stream: runtime.No, RaiseForStatus: runtime.No, MaxBody: maxAnswer,
	}}
	if c.like != nil {
		o := req.Options
		o.Proxies, o.Verify, o.Cert, o.HTTPVersion, o.Timeout = c.like.Proxies, c.like.Verify, c.like.Cert, c.like.HTTPVersion, c.like.Timeout
	}
	for name, values := range r.Header {
		for _, v := range values {
			req.Header.Add(name, v)
		}
	}
	slices.SortFunc(req.Header, func(a, b runtime.Field) int { return strings.Compare(a.Name, b.Name) })
	if r.Body == nil {
		return req, nil
	}
	data, err := io.ReadAll(r.Body)
	if closing := r.Body.Close(); err == nil {
		err = closing
	}
	req.Body = &runtime.Bytes{Data: data}
	return req, err
}
