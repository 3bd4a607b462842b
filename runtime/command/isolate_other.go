//go:build !linux

package command

func confineProcess(s *runSettings, env *environment) error { return isolated(s, env) }

// isolated needs limits and walls that only Linux holds a process to.
func isolated(*runSettings, *environment) error {
	return usage("--isolate needs Linux; --max-memory and --max-instructions work everywhere")
}
