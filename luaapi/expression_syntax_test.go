package luaapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"volley/luaapi/vm"
)

func TestExpressionSyntax(t *testing.T) {
	for source, want := range map[string]string{
		`row.id ==`:        "spec.yaml:4:18",
		`row id`:           "spec.yaml:4:13",
		"1 +\n  * 2":       "spec.yaml:5:3",
		`1; volley.exit()`: "spec.yaml:4:12",
		`x = 1`:            "spec.yaml:4:11",
		`end`:              "spec.yaml:4:9",
		"(1\n  + 2":        "spec.yaml:5:6",
	} {
		_, err := CompileExpression(source, Place{"spec.yaml", 4, 9})
		var syntax *vm.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: got %v", source, err)
			continue
		}
		if got := fmt.Sprintf("%s:%d:%d", syntax.File, syntax.Line, syntax.Column); got != want {
			t.Errorf("%s: at %s, want %s: %s", source, got, want, syntax.Message)
		}
		if strings.Contains(syntax.Source, "return") {
			t.Errorf("%s: the source line shows what nobody wrote: %q", source, syntax.Source)
		}
	}
}
