package luaapi

import (
	"os"
	"path/filepath"

	lua "github.com/yuin/gopher-lua"

	"volley/runtime"
	"volley/runtime/client"
)

// netrcOf reads the user's logins when a session asks for them, once: $NETRC,
// else .netrc in the home folder. The script sees nothing of it, but it
// decides where the logins go, so the file must have been granted.
func (s *Script) netrcOf(v lua.LValue) (client.CredentialSource, error) {
	on, err := boolean(v)
	if err != nil || !on {
		return nil, err
	}
	path, err := s.netrcPath()
	if err != nil {
		return nil, err
	}
	data, err := s.readFile(path)
	if err == nil {
		return client.ParseNetrc(string(data)), nil
	}
	if runtime.AsError(err).Kind == runtime.KindDenied {
		return nil, runtime.Errorf(runtime.KindDenied, "netrc = true reads %s, which is denied: --allow-read %s or --unsafe allows it", path, path)
	}
	return nil, err
}

func (s *Script) netrcPath() (string, error) {
	if path := s.config.Env["NETRC"]; path != "" {
		return path, nil
	}
	if path := os.Getenv("NETRC"); path != "" {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", runtime.Errorf(runtime.KindInvalidArgument, "there is no home folder (%w): set NETRC to the file's path", err)
	}
	return filepath.Join(home, ".netrc"), nil
}
