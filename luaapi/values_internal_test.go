package luaapi

import (
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func TestSeconds(t *testing.T) {
	for n, want := range map[lua.LNumber]time.Duration{1.5: 1500 * time.Millisecond, 1e-9: 1, 1e-12: 1, 5e-324: 1, 1e300: -1} {
		if got, err := seconds(n); err != nil || got != want {
			t.Errorf("%v: %v, %v, want %v", n, got, err, want)
		}
	}
	if got := duration(0); got != 0 {
		t.Errorf("0: %v", got)
	}
}
