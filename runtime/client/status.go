package client

import "volley/runtime"

// RaiseForStatus returns an error of kind http that carries resp when its
// status is 4xx or 5xx, in requests' words, and nil otherwise.
func RaiseForStatus(resp *runtime.Response) *runtime.Error {
	who := "Client"
	switch {
	case resp.Status < 400 || resp.Status > 599:
		return nil
	case resp.Status >= 500:
		who = "Server"
	}
	err := runtime.Errorf(runtime.KindHTTP, "%d %s Error: %s for url: %s",
		resp.Status, who, runtime.Escape(resp.Reason), runtime.Escape(runtime.MaskURL(resp.URL)))
	err.Response, err.Sent, err.Timings = resp, runtime.SentYes, resp.Timings
	return err
}
