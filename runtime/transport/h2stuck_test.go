package transport_test

import (
	"io"
	"sync/atomic"
	"testing"
	"time"

	"volley/runtime"
	"volley/runtime/runtimetest"
)

// TestH2StuckWrite (row 97): a server that asks for answers without end and
// reads none leaves net/http in a write. Whoever reads a body then waits behind
// it to grant more window, where no cancellation reaches him; his time ends it
// all the same, with the connection.
func TestH2StuckWrite(t *testing.T) {
	runtimetest.Leaks(t)
	var pings atomic.Int64
	script := runtimetest.ListenH2(t, func(f *frames) {
		s := f.Request()
		f.Answer(s, false, ":status", "200")
		for range 3 {
			_ = f.WriteData(s, false, make([]byte, 16<<10))
		}
		for f.WritePing(false, [8]byte{}) == nil {
			pings.Add(1)
		}
	})
	tr := h2Transport(t)
	x := to(t, "https://"+script.Addr()+"/")
	x.ReadTimeout = 300 * time.Millisecond
	reply, err := tr.Do(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	for before := int64(-1); before != pings.Load(); time.Sleep(100 * time.Millisecond) {
		before = pings.Load()
	}
	_, failed := io.Copy(io.Discard, reply.Body)
	if e := runtime.AsError(failed); e == nil || !e.Kind.Is(runtime.KindTimeout) {
		t.Errorf("got %v", failed)
	}
	_ = reply.Body.Close()
	_ = tr.Close()
}
