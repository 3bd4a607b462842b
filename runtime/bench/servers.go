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
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// servers are the processes that answer, and what they are called.
type servers struct {
	plain, secure, slow string // URLs without a path
	name                string // of the server of all but slow
	stops               []func()
}

const ownName = "the bench's own server"

// startServers starts the server that comes with the bench, and nginx where it
// is installed. dir holds the files.
func startServers(dir string) (*servers, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &servers{name: ownName}
	if err := s.startOwn(self, dir); err != nil {
		return nil, err
	}
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		return s, nil
	}
	if err := s.startNginx(nginx, dir); err != nil {
		s.stop()
		return nil, fmt.Errorf("nginx: %w", err)
	}
	return s, nil
}

func (s *servers) stop() {
	for _, stop := range s.stops {
		stop()
	}
}

// at returns the URL of a scenario's server and its name.
func (s *servers) at(p place) (url, name string) {
	switch p {
	case plain:
		return s.plain, s.name
	case secure:
		return s.secure, s.name
	case slow:
		return s.slow, ownName
	case nowhere:
		return "", "none"
	}
	return "", ""
}

func (s *servers) startOwn(self, dir string) error {
	cmd := exec.CommandContext(context.Background(), self, "-server", "-dir", dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // the server ends when this closes
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.stops = append(s.stops, func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	r := bufio.NewReader(out)
	for _, url := range []*string{&s.plain, &s.secure} {
		line, err := r.ReadString('\n')
		if err != nil {
			s.stop()
			return fmt.Errorf("the server did not start: %w", err)
		}
		*url = strings.TrimSpace(line)
	}
	s.slow = s.plain
	return nil
}

// nginxConfig is a server of one worker with everything of it in one folder:
// the folder, the user's line, two ports, the folder twice for files.
const nginxConfig = `daemon off;
%[2]sworker_processes 1;
worker_rlimit_nofile 16384;
pid %[1]s/nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  sendfile on;
  default_type application/json;
  client_body_temp_path %[1]s/nginx-body;
  proxy_temp_path %[1]s/nginx-proxy;
  fastcgi_temp_path %[1]s/nginx-fastcgi;
  uwsgi_temp_path %[1]s/nginx-uwsgi;
  scgi_temp_path %[1]s/nginx-scgi;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:%[3]d backlog=8192;
    listen 127.0.0.1:%[4]d ssl http2 backlog=8192;
    ssl_certificate %[1]s/` + certificate + `;
    ssl_certificate_key %[1]s/` + privateKey + `;
    root %[1]s/` + served + `;
    location = / { return 200 '` + smallAnswer + `'; }
    location = /post { return 200 '` + smallAnswer + `'; }
  }
}
`

func (s *servers) startNginx(nginx, dir string) error {
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	var as string // workers may read a folder of their user only
	if me, err := user.Current(); err == nil && me.Uid == "0" {
		as = "user " + me.Username + ";\n"
	}
	path := filepath.Join(dir, "nginx.conf")
	config := fmt.Sprintf(nginxConfig, dir, as, ports[0], ports[1])
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return err
	}
	version, err := exec.CommandContext(context.Background(), nginx, "-v").CombinedOutput()
	if err != nil {
		return fmt.Errorf("-v: %w", err)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(context.Background(), nginx, "-e", "stderr", "-p", dir, "-c", path)
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	s.stops = append(s.stops, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	s.plain, s.secure = fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("https://127.0.0.1:%d", ports[1])
	s.name = strings.ReplaceAll(regexp.MustCompile(`nginx/[\d.]+`).FindString(string(version)), "/", " ") + ", one worker"
	if err := answering(s.plain, ended); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

// answering waits until url answers with what it should.
func answering(url string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return errors.New("it does not answer")
		case <-ended:
			return errors.New("it ended")
		case <-time.After(10 * time.Millisecond):
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			continue
		}
		data, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil && string(data) == smallAnswer {
			return nil
		}
		return fmt.Errorf("it answers %q", data)
	}
}

// freePorts returns ports of 127.0.0.1 that nothing listens at.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		ln, err := listen()
		if err != nil {
			return nil, err
		}
		defer ln.Close() //nolint:errcheck // all at the end, so that they differ
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
