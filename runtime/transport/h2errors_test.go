package transport

import (
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every text that h2errors.go goes by is one that this Go's net/http has. A
// new Go release that words an error differently fails here first.
func TestTextsAreThoseOfNetHTTP(t *testing.T) {
	folder := filepath.Join(build.Default.GOROOT, "src", "net", "http")
	var source strings.Builder
	for _, name := range []string{"h2_bundle.go", "clientconn.go", "transport.go"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		source.Write(data)
	}
	for _, text := range []string{
		textGoAway, textUnusable, textNotEstablished, textHeaderList, textInterimList, textOverLength,
		textLooksHTTP1, textStreamError, textConnError, textFrameTooLarge, textGoAwayClosed, textGoAwayFirst,
		textConnGone, textInvalidHeader, strings.TrimPrefix(textRefused, "; "), strings.TrimPrefix(textHTTP11, "; "),
	} {
		if !strings.Contains(source.String(), text) {
			t.Errorf("net/http says %q no more", text)
		}
	}
}
