package compute_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
)

// sleepless is a clock that moves by itself when somebody sleeps.
type sleepless struct{ now time.Time }

func (s *sleepless) Now() time.Time { return s.now }

func (s *sleepless) Sleep(ctx context.Context, d time.Duration) error {
	s.now = s.now.Add(d)
	return ctx.Err()
}

type answers func(*http.Request) []byte

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req, Body: io.NopCloser(bytes.NewReader(a(req)))}, nil
}

// BenchmarkWait waits for 500 instances that stop at the twentieth look at
// them, from memory and without sleeping: what is left is the work of a tick.
func BenchmarkWait(b *testing.B) {
	const computes, ticks = 500, 20
	list := func(state string) []byte {
		var page []string
		for i := range computes {
			page = append(page, instanceJSON(fmt.Sprintf("ci-%03dx", i), state))
		}
		return []byte(`{"value":[` + strings.Join(page, ",") + `]}`)
	}
	stopping, stopped := list(compute.StateStopping), list(compute.StateStopped)
	targets := make([]compute.Target, computes)
	for i := range targets {
		targets[i].Name = fmt.Sprintf("ci-%03dx", i)
	}
	b.ReportAllocs()
	requests := 0
	for b.Loop() {
		looks := 0
		c := newClient(b, "https://management.azure.com", compute.Options{
			Clock: &sleepless{time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)},
			Transport: answers(func(*http.Request) []byte {
				if looks++; looks < ticks {
					return stopping
				}
				return stopped
			}),
		})
		for _, o := range c.Wait(b.Context(), targets, compute.WaitOptions{Goal: compute.GoalStopped}) {
			if o.Err != nil || o.Compute == nil || o.Compute.State() != compute.StateStopped {
				b.Fatalf("%s: %v", o.Name, o.Err)
			}
		}
		requests = looks
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/ticks, "µs/tick")
	b.ReportMetric(float64(requests), "requests")
}
