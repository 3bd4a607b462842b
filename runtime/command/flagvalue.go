package command

import (
	"regexp"
	"slices"

	"github.com/urfave/cli/v2"
)

// How the flag package and urfave/cli speak of a value that cannot be read.
var (
	badFlag     = regexp.MustCompile(`^invalid (?:boolean )?value ("(?:[^"\\]|\\.)*") for (?:flag )?-(\S+): `)
	badVariable = regexp.MustCompile(`^could not parse ("(?:[^"\\]|\\.)*") as \w+ value from environment variable "(\w+)" for flag (\S+): `)
)

// badValue says in this program's words which flag or variable is wrong, and
// what it takes.
func badValue(err error, flags []cli.Flag) error {
	text := err.Error()
	if m := badFlag.FindStringSubmatch(text); m != nil {
		return usage("--%s must be %s, got %s", m[2], wanted(flags, m[2]), m[1])
	}
	if m := badVariable.FindStringSubmatch(text); m != nil {
		return usage("%s in the environment must be %s, got %s", m[2], wanted(flags, m[3]), m[1])
	}
	return usage("%s", text)
}

// wanted names the values that the flag takes.
func wanted(flags []cli.Flag, name string) string {
	i := slices.IndexFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		return "something else"
	}
	switch flags[i].(type) {
	case *cli.BoolFlag:
		return "true or false"
	case *cli.IntFlag, *cli.Int64Flag:
		return "a whole number"
	case *cli.DurationFlag:
		return "a time with its unit, such as 30s or 5m"
	}
	return "something else"
}
