package isolate_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is the confined process as well, which the tests start.
func TestMain(m *testing.M) {
	if os.Getenv(confinedVariable) != "" {
		os.Exit(confinedMain(os.Stdout))
	}
	goleak.VerifyTestMain(m)
}
