package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// slowness is how long /slow waits.
const slowness = 2 * time.Second

// serve answers until in ends, as cheaply as Go can. It prints the URL that it
// serves, and with the folder of a comparison a second one, over TLS.
func serve(in io.Reader, out io.Writer, dir string) error {
	answers, err := prepared(dir)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	ln, err := listen()
	if err != nil {
		return err
	}
	defer ln.Close() //nolint:errcheck // nothing is served any more
	if _, err := fmt.Fprintf(out, "http://%s\n", ln.Addr()); err != nil {
		return err
	}
	go func() { failed <- accept(ln, answers) }()
	if dir != "" {
		ln, err := listen()
		if err != nil {
			return err
		}
		server := &http.Server{Handler: answers, ReadHeaderTimeout: time.Minute}
		defer server.Close() //nolint:errcheck // nothing is served any more
		if _, err := fmt.Fprintf(out, "https://%s\n", ln.Addr()); err != nil {
			return err
		}
		go func() {
			failed <- server.ServeTLS(ln, filepath.Join(dir, certificate), filepath.Join(dir, privateKey))
		}()
	}
	go func() {
		_, err := io.Copy(io.Discard, in)
		failed <- err
	}()
	return <-failed
}

func listen() (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// answers are whole answers of HTTP/1.1 by path. The one for "/" also stands
// for every path that is not there.
type answers map[string]*answer

type answer struct {
	head []byte // status line and fields, with the empty line
	body []byte
	file string // instead of body
	wait time.Duration
}

// prepared returns the answers; those with large bodies only where dir has them.
func prepared(dir string) (answers, error) {
	small := []byte(smallAnswer)
	all := answers{
		"/":     {body: small},
		"/post": {body: small},
		"/slow": {body: small, wait: slowness},
		"/json": {body: jsonAnswer()},
		"/body": {body: make([]byte, bodyLength)},
	}
	if dir != "" {
		all["/file"] = &answer{file: filepath.Join(dir, served, "file")}
	}
	for _, a := range all {
		length := int64(len(a.body))
		if a.file != "" {
			info, err := os.Stat(a.file)
			if err != nil {
				return nil, err
			}
			length = info.Size()
		}
		a.head = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", length)
		if length < 1<<10 { // head and body in one write
			a.head, a.body = append(a.head, a.body...), nil
		}
	}
	return all, nil
}

func (all answers) at(path string) *answer {
	if a := all[path]; a != nil {
		return a
	}
	return all["/"]
}

// ServeHTTP is for TLS, where net/http speaks HTTP/2.
func (all answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, smallAnswer) // a client that is gone is no concern here
}

func accept(ln net.Listener, all answers) error {
	for {
		conn, err := ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		go answerAll(conn, all)
	}
}

// answerAll answers one request of a connection after the other.
func answerAll(conn net.Conn, all answers) {
	defer conn.Close() //nolint:errcheck // its client is gone
	r := bufio.NewReaderSize(conn, 4096)
	for {
		a, length, err := readRequest(r, all)
		if err != nil {
			return
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		if a.wait > 0 {
			time.Sleep(a.wait)
		}
		if a.writeTo(conn) != nil {
			return
		}
	}
}

var lengthName = []byte("content-length:")

// readRequest reads a head and returns the answer to it and the length of the
// body that follows.
func readRequest(r *bufio.Reader, all answers) (a *answer, length int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, 0, err
	}
	a = all["/"]
	if parts := bytes.SplitN(line, []byte(" "), 3); len(parts) == 3 {
		a = all.at(string(parts[1]))
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, 0, err
		}
		if len(line) <= 2 {
			return a, length, nil
		}
		if len(line) > len(lengthName) && bytes.EqualFold(line[:len(lengthName)], lengthName) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthName):]))); err != nil {
				return nil, 0, err
			}
		}
	}
}

func (a *answer) writeTo(conn net.Conn) error {
	if _, err := conn.Write(a.head); err != nil {
		return err
	}
	if a.file == "" {
		if len(a.body) == 0 {
			return nil
		}
		_, err := conn.Write(a.body)
		return err
	}
	in, err := os.Open(a.file)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	_, err = io.Copy(conn, in)
	return err
}
