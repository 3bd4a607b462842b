package main

import (
	"testing"
)

// TestCounts reads what the clients print, as they printed it.
func TestCounts(t *testing.T) {
	for _, c := range []struct {
		name      string
		count     func(printed) (int, int, error)
		said      printed
		ok, wrong int
	}{
		{"volley", twoNumbers, printed{out: "a tenth is done\n98\t2\n"}, 98, 2},
		{"a spec", summary, printed{errs: "12,000 done = 11,990 ok + 10 failed + 0 skipped, in 1.2s, 10,000/s\n"}, 11990, 10},
		{"the bench", ownOutcome, printed{out: `{"Client":"net/http","OK":9,"Failed":1}`}, 9, 1},
		{"wrk", wrkCounts, printed{out: wrkOutput}, 149925, 75 + 2 + 3 + 5},
		{"wrk with a script", wrkCounts, printed{out: "  150 requests in 3.00s, 12.00MB read\nbad answers: 7\n"}, 143, 7},
		{"hey", heyCounts, printed{out: heyOutput}, 9990, 8 + 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok, wrong, err := c.count(c.said)
			if err != nil || ok != c.ok || wrong != c.wrong {
				t.Errorf("%d right, %d wrong, %v", ok, wrong, err)
			}
			if _, _, err := c.count(printed{out: "nothing of use", errs: "nothing of use"}); err == nil {
				t.Error("counts were found where none are")
			}
		})
	}
}

const wrkOutput = `Running 3s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.21ms  310.00us  12.11ms   88.41%
    Req/Sec    50.00k     1.00k   52.00k    70.00%
  150000 requests in 3.00s, 25.00MB read
  Socket errors: connect 0, read 2, write 3, timeout 5
  Non-2xx or 3xx responses: 75
Requests/sec:  50000.00
Transfer/sec:      8.33MB
`

const heyOutput = `
Summary:
  Total:	0.5012 secs
  Requests/sec:	19952.1

Status code distribution:
  [200]	9990 responses
  [502]	8 responses

Error distribution:
  [2]	Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused
`

func TestVegetaReport(t *testing.T) {
	ok, wrong, err := vegetaReport([]byte(`{"requests":100,"status_codes":{"0":1,"200":97,"500":2},"errors":["500"]}`))
	if err != nil || ok != 97 || wrong != 3 {
		t.Errorf("%d %d %v", ok, wrong, err)
	}
}

func TestPeakIn(t *testing.T) {
	kb, err := peakIn("Name:\twrk\nVmPeak:\t  9000 kB\nVmHWM:\t    5120 kB\nVmRSS:\t    4000 kB\n")
	if err != nil || kb != 5120 {
		t.Errorf("%d %v", kb, err)
	}
	if _, err := peakIn("Name:\tgone\n"); err == nil {
		t.Error("a peak was found where none is")
	}
}

func TestPostBody(t *testing.T) {
	if n := len(postBody()); n != postLength {
		t.Errorf("%d bytes", n)
	}
	if n := len(smallAnswer); n != 59 {
		t.Errorf("%d bytes", n)
	}
	if n := len(jsonAnswer()); n < 9<<10 || n > 12<<10 {
		t.Errorf("%d bytes", n)
	}
}
