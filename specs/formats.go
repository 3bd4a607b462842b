package specs

import (
	"errors"
	"fmt"
	"strings"

	"volley/runtime"
	"volley/specs/shape"
)

var (
	versionOne = &shape.Format{Name: "version", Example: "1", Pattern: "^1$", Check: func(text string) error {
		if text != "1" {
			return fmt.Errorf("this program reads version 1 of the notation, got %s", text)
		}
		return nil
	}}
	plainText = &shape.Format{Name: "text", Example: "name", Pattern: `\S`, Check: func(text string) error {
		switch {
		case strings.Contains(text, "${{"):
			return errors.New("takes plain text, got a template")
		case strings.TrimSpace(text) == "":
			return errors.New("must not be empty")
		}
		return nil
	}}
	onlyFalse = &shape.Format{Example: "false", Check: func(text string) error {
		if !strings.EqualFold(text, "false") {
			return errors.New("must be false to switch it off, got " + text)
		}
		return nil
	}}
	httpVersion = &shape.Format{Name: "version of HTTP", Example: `"1.1"`, Pattern: `^(auto|1\.1|2|h2c)$`, Check: func(text string) error {
		switch text {
		case "auto", "1.1", "2", "h2c":
			return nil
		}
		return fmt.Errorf(`must be auto, "1.1", "2" or h2c, got %s`, text)
	}}
	retryOn = &shape.Format{Name: "reason", Example: `429, "5xx", "500-599" or timeout`, Pattern: `^([1-9][0-9]{2}(-[1-9][0-9]{2})?|[1-5][xX]{2}|[a-z_]+)$`, Check: func(text string) error {
		if _, ok := runtime.ParseRetryOn(text); !ok {
			return fmt.Errorf(`%q is no status (429), class ("5xx"), range ("500-599") or kind of error (timeout)`, text)
		}
		return nil
	}}
	share = &shape.Format{Name: "share", Example: "0.2 or 20%", Pattern: `^\s*[0-9.eE+-]+\s*%?\s*$`, Check: func(text string) error {
		_, err := parseShare(text)
		return err
	}}
	errNoShare = errors.New("must be a fraction from 0 to 1, or a percentage such as 20%")

	functionName = &shape.Format{Name: "name of a function", Example: "sign", Pattern: `^[A-Za-z_][A-Za-z0-9_.]*$`, Check: func(text string) error {
		if strings.ContainsFunc(text, notInFunctionName) || text == "" {
			return fmt.Errorf("%q is no name of a function; code goes under lua", text)
		}
		return nil
	}}

	environmentName = &shape.Format{Name: "name of an environment variable", Example: "API_TOKEN", Pattern: `^[A-Za-z_][A-Za-z0-9_]*$`, Check: func(text string) error {
		if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" || text == "" || text[0] >= '0' && text[0] <= '9' {
			return fmt.Errorf("%q is no name of an environment variable", text)
		}
		return nil
	}}
)

func notInFunctionName(r rune) bool {
	return r != '_' && r != '.' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}
