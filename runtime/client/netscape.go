package client

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"volley/runtime"
)

const (
	netscapeTitle  = "# Netscape HTTP Cookie File\n"
	httpOnlyPrefix = "#HttpOnly_"
)

// Write writes the cookies in the Netscape format that curl and browsers
// share: domain, names below it, path, secure, expiry, name, value. A cookie
// with a tab in its name or path, which the format cannot hold, is left out.
func (j *Jar) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString(netscapeTitle)
	for _, c := range j.List() {
		if strings.Contains(c.Name+c.Path, "\t") {
			continue
		}
		prefix, domain := "", c.Domain
		if c.HTTPOnly {
			prefix = httpOnlyPrefix
		}
		if !c.HostOnly && domain != "" {
			domain = "." + domain
		}
		expires := int64(0)
		if !c.Expires.IsZero() {
			expires = c.Expires.Unix()
		}
		_, _ = fmt.Fprintf(b, "%s%s\t%s\t%s\t%s\t%d\t%s\t%s\n",
			prefix, domain, upperBool(!c.HostOnly), c.Path, upperBool(c.Secure), expires, c.Name, strings.ReplaceAll(c.Value, "\t", "%09"))
	}
	if err := b.Flush(); err != nil {
		return ioError(err)
	}
	return nil
}

func upperBool(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

// Read adds the cookies of a file in the Netscape format. A line that is none
// is an error of kind invalid_argument that names it; those before it are in
// the jar then.
func (j *Jar) Read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimRight(lines.Text(), "\r")
		text, httpOnly := strings.CutPrefix(line, httpOnlyPrefix)
		if !httpOnly && strings.HasPrefix(text, "#") || strings.TrimSpace(text) == "" {
			continue
		}
		c, err := parseNetscape(text)
		if err == nil {
			c.HTTPOnly = httpOnly
			err = j.restore(c)
		}
		if err != nil {
			return runtime.Errorf(runtime.KindInvalidArgument, "cookie file, line %d: %s", number, runtime.AsError(err).Message)
		}
	}
	if err := lines.Err(); err != nil {
		return ioError(err)
	}
	return nil
}

// restore puts a saved cookie back, unless it has expired.
func (j *Jar) restore(c Cookie) error {
	if c.expired(time.Now()) {
		return nil
	}
	return j.Set(c)
}

func parseNetscape(line string) (Cookie, error) {
	fields := strings.SplitN(line, "\t", 7)
	if len(fields) == 6 {
		fields = append(fields, "")
	}
	bad := runtime.Errorf(runtime.KindInvalidArgument, "it has not the seven fields domain, TRUE or FALSE, path, TRUE or FALSE, expiry, name and value")
	if len(fields) != 7 {
		return Cookie{}, bad
	}
	expires, err := strconv.ParseInt(fields[4], 10, 64)
	if err != nil {
		return Cookie{}, bad
	}
	c := Cookie{
		Domain: strings.TrimPrefix(fields[0], "."), HostOnly: !strings.EqualFold(fields[1], "TRUE"),
		Path: fields[2], Secure: strings.EqualFold(fields[3], "TRUE"), Name: fields[5], Value: fields[6],
	}
	if expires > 0 {
		c.Expires = time.Unix(expires, 0)
	}
	return c, nil
}
