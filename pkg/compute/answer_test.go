package compute

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// No header makes anybody wait less than nothing or more than an hour.
func FuzzRetryAfter(f *testing.F) {
	f.Add("5", "")
	f.Add("Mon, 02 Mar 2026 09:00:05 GMT", "")
	f.Add("-1", "99999999999999999999")
	f.Add("9223372036854775807", "9223372036854775807")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, ms string) {
		h := http.Header{}
		h.Set("Retry-After", after)
		h.Set("Retry-After-Ms", ms)
		if d := retryAfter(h, now); d < 0 || d > maxRetryAfter {
			t.Fatalf("%q and %q are %s", after, ms, d)
		}
	})
}

// Whatever is answered to a read is the compute that was asked for or an error,
// and only a 404 or 410 can mean that it is not there.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"name":"a","properties":{"computeType":"ComputeInstance"}}`, "application/json")
	f.Add(200, `{"name":"b"}`, "")
	f.Add(200, `{"error":{"code":"ResourceNotFound","message":"x"}}`, "")
	f.Add(404, `{"error":{"code":"ResourceNotFound","message":"x"}}`, "")
	f.Add(404, "<html>", "text/html")
	f.Add(204, "", "")
	f.Add(500, `{"error":{"code":1,"details":[null]}}`, "")
	f.Add(200, "\ufeffnull", "text/plain; charset=utf-16")
	f.Fuzz(func(t *testing.T, status int, body, contentType string) {
		synctest.Test(t, func(t *testing.T) {
			if status < 200 || status > 599 {
				return
			}
			c := dial(t, func(*http.Request) (*http.Response, error) {
				resp := reply(status, body)
				resp.Header["Content-Type"] = []string{contentType}
				return resp, nil
			}, Options{})
			got, err := c.Get(context.Background(), "a")
			if (got == nil) == (err == nil) || IsNotFound(err) && status != http.StatusNotFound && status != http.StatusGone {
				t.Fatalf("%d %q gave %+v, %v", status, body, got, err)
			}
			if err == nil && !strings.EqualFold(got.Name, "a") {
				t.Fatalf("%d %q gave %q", status, body, got.Name)
			}
		})
	})
}

// An operation is over only when its address says so in a known word.
func FuzzOperationStatus(f *testing.F) {
	f.Add(200, `{"status":"Succeeded"}`)
	f.Add(200, `{"status":"Failed","error":{"code":"x","message":"y"}}`)
	f.Add(200, `{"status":{}}`)
	f.Add(202, `<html>`)
	f.Add(204, "")
	f.Add(200, "[]")
	f.Fuzz(func(t *testing.T, status int, body string) {
		synctest.Test(t, func(t *testing.T) {
			if status < 200 || status > 599 {
				return
			}
			c := dial(t, func(*http.Request) (*http.Response, error) { return reply(status, body), nil }, Options{})
			s, err := c.status(context.Background(), &Operation{Name: "a"}, "https://management.azure.com/op")
			if err == nil && status == http.StatusOK && s.over && s.err == nil && !strings.Contains(strings.ToLower(body), "succe") && !strings.Contains(strings.ToLower(body), "complet") && !strings.Contains(body, `\u`) {
				t.Fatalf("%d %q is taken for the end", status, body)
			}
		})
	})
}

func TestAllRefusesWhatIsNoCompute(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{`"b"`, `null`, `[]`, `7`} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			c := dial(t, func(*http.Request) (*http.Response, error) {
				asked++
				return reply(200, `{"value":[{"name":"a"},`+odd+`,{"name":"c"}]}`), nil
			}, Options{})
			if all, err := c.All(t.Context()); err == nil || asked < 2 {
				t.Errorf("%s between two computes: %d computes after %d requests; leaving it out could be taken for its absence", odd, len(all), asked)
			}
		})
	}
}
