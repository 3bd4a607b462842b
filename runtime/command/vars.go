package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/joho/godotenv"
	"gopkg.in/yaml.v3"

	"volley/runtime"
)

// maxSource bounds what is read from standard input as a script.
const maxSource = 16 << 20

func readAllLimited(r io.Reader) ([]byte, error) {
	src, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err == nil && len(src) > maxSource {
		err = fmt.Errorf("standard input is larger than %d MiB", maxSource>>20)
	}
	return src, err
}

// osError says what is wrong with a file in few words.
func osError(path string, err error) string { return path + ": " + osReason(err) }

// osReason leaves out what the file is.
func osReason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return err.Error()
}

// readVars merges --vars FILE and --var NAME=VALUE; the latter win.
func readVars(file string, pairs []string) (map[string]string, error) {
	out := map[string]string{}
	if file != "" {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, usage("--vars %s", osError(file, err))
		}
		if err := parseVars(file, src, out); err != nil {
			return nil, err
		}
	}
	for _, p := range pairs {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, usage("--var %q must be NAME=VALUE", firstWord(p))
		}
		out[name] = value
	}
	return out, nil
}

// exposed returns the names of the variables whose values are secrets by their
// names, and stand on the command line.
func exposed(args []string) []string {
	var out []string
	for i, arg := range args {
		if arg == "--" {
			break
		}
		flag, pair, joined := strings.Cut(arg, "=")
		if !isOneOf(flag, "--var", "-var") {
			continue
		}
		if !joined && i+1 < len(args) {
			pair = args[i+1]
		}
		if name, value, _ := strings.Cut(pair, "="); value != "" && runtime.SecretName(name) {
			out = append(out, name)
		}
	}
	return out
}

// parseVars reads a YAML (or JSON) mapping of names to scalars. Nodes are
// walked here, since positions are needed and scalars keep their text.
func parseVars(file string, src []byte, out map[string]string) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return usage("--vars %s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return usage("--vars %s:%d:%d: must be a mapping of names to values", file, top.Line, top.Column)
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if value.Kind != yaml.ScalarNode {
			return usage("--vars %s:%d:%d: %s must be a single value", file, value.Line, value.Column, key.Value)
		}
		if _, twice := out[key.Value]; twice {
			return usage("--vars %s:%d:%d: %s is given twice", file, key.Line, key.Column, key.Value)
		}
		out[key.Value] = value.Value
	}
	return nil
}

// firstWord returns the name that text begins with, and … for what follows,
// which may be a secret that was meant to be its value.
func firstWord(text string) string {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return text[:i] + "…"
		}
	}
	return text
}

func readEnvFile(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("--env-file %s", osError(file, err))
	}
	out, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		// The parser's own message shows what it could not read: secrets.
		return nil, usage("--env-file %s:%d: must be NAME=VALUE, with every quote closed", file, badLine(string(text)))
	}
	return out, nil
}

// badLine returns the line behind the longest beginning of an environment file
// that can be read. A value in quotes may reach over lines.
func badLine(text string) int {
	line, number, end := 1, 0, 0
	for part := range strings.Lines(text) {
		number++
		end += len(part)
		if _, err := godotenv.Unmarshal(text[:end]); err == nil {
			line = number + 1
		}
	}
	return line
}
