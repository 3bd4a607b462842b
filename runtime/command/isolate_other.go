//go:build !linux

package command

func confineProcess(*runSettings) error { return isolate(nil) }

// isolate needs limits that only Linux holds a process to.
func isolate(*environment) error {
	return usage("--isolate needs Linux; --max-memory and --max-instructions work everywhere")
}
