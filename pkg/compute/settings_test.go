package compute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/schedule"
)

func hoursOf(t *testing.T, texts ...string) []compute.Schedule {
	t.Helper()
	hours, err := schedule.ParseHours(texts, "UTC")
	if err != nil {
		t.Fatal(err)
	}
	var out []compute.Schedule
	for _, e := range hours.Entries {
		out = append(out, compute.Schedule{Entry: e})
	}
	return out
}

func setTo(want []compute.Schedule) func(string, []compute.Schedule) ([]compute.Schedule, error) {
	return func(string, []compute.Schedule) ([]compute.Schedule, error) { return want, nil }
}

func explained(c *compute.Compute) string {
	var words []string
	for _, s := range c.Schedules() {
		words = append(words, s.Entry.Explain())
	}
	return strings.Join(words, "; ")
}

func TestChangeSchedulesReadsWritesAndReadsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "dev")
		saved := 0
		o := compute.ChangeOptions{Save: func(string, json.RawMessage) error { saved++; return nil }}
		first := b.ChangeSchedules(t.Context(), []string{"dev"}, o, setTo(hoursOf(t, "mon-thu 09:00-18:00", "fri 09:00-16:00")))[0]
		if first.Err != nil || first.Already || !first.Sent {
			t.Fatalf("first: %+v", first)
		}
		const want = "Start at 09:00 from Monday to Friday, UTC; Stop at 18:00 from Monday to Thursday, UTC; Stop at 16:00 on Friday, UTC"
		if got := explained(first.Now()); got != want {
			t.Fatalf("the instance has %s", got)
		}
		if got := b.requests.count(http.MethodPost, "/updateSchedules"); got != 1 {
			t.Fatalf("%d writes", got)
		}
		if saved != 0 {
			t.Error("there was nothing to save")
		}

		b.requests.reset()
		again := b.ChangeSchedules(t.Context(), []string{"dev"}, o, setTo(hoursOf(t, "fri 9-16", "mon-thu 9-18")))[0]
		if again.Err != nil || !again.Already || again.Sent || b.requests.count(http.MethodPost, "") != 0 {
			t.Fatalf("the same hours again: %+v", again)
		}

		// What stays keeps its id; what is replaced was saved.
		third := b.ChangeSchedules(t.Context(), []string{"dev"}, o, setTo(hoursOf(t, "mon-fri 09:00-18:00")))[0]
		if third.Err != nil || saved != 1 {
			t.Fatalf("third: %+v, saved %d times", third, saved)
		}
		if a, b := first.Now().Schedules()[0].Entry.ID, third.Now().Schedules()[0].Entry.ID; a == "" || a != b {
			t.Errorf("the start was %s and is %s", a, b)
		}
	})
}

func TestChangeSchedulesSendsNothing(t *testing.T) {
	t.Parallel()
	five := append(hoursOf(t, "mon 9-10", "tue 11-13"), hoursOf(t, "wed 9-18")...)
	for name, tt := range map[string]struct {
		compute string
		want    []compute.Schedule
		editErr error
		save    error
		kind    compute.Kind
		says    string
	}{
		"not there":      {compute: "nobody", kind: compute.KindNotFound},
		"a cluster":      {compute: "cpu", kind: compute.KindInvalid, says: "only compute instances have schedules"},
		"a fifth":        {compute: "dev", want: five, kind: compute.KindInvalid, says: "can have 4"},
		"no such":        {compute: "dev", editErr: errors.New("there is no schedule 7"), kind: compute.KindInvalid, says: "no schedule 7"},
		"never fires":    {compute: "dev", want: []compute.Schedule{{Entry: schedule.Entry{Action: schedule.Stop, Enabled: true}}}, kind: compute.KindInvalid},
		"cannot be kept": {compute: "dev", want: hoursOf(t, "-19:00"), save: errors.New("disk full"), kind: compute.KindFailed, says: "disk full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, emulator.PaceInstant)
				b.make(t, "dev")
				if out := b.Create(t.Context(), "cpu", &compute.Spec{Cluster: &compute.ClusterSpec{VMSize: "STANDARD_D3_V2", MaxNodes: 1}}, compute.CreateOptions{}); out.Err != nil {
					t.Fatal(out.Err)
				}
				if out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, setTo(hoursOf(t, "9-10")))[0]; out.Err != nil {
					t.Fatal(out.Err)
				}
				b.requests.reset()
				out := b.ChangeSchedules(t.Context(), []string{tt.compute}, compute.ChangeOptions{
					Save: func(string, json.RawMessage) error { return tt.save },
				}, func(string, []compute.Schedule) ([]compute.Schedule, error) { return tt.want, tt.editErr })[0]
				if out.Err == nil || compute.KindOf(out.Err) != tt.kind || !strings.Contains(out.Err.Error(), tt.says) {
					t.Errorf("error %v (%v), want %v with %q", out.Err, compute.KindOf(out.Err), tt.kind, tt.says)
				}
				if out.Sent || b.requests.count(http.MethodPost, "") != 0 {
					t.Error("something was sent")
				}
			})
		})
	}
}

// Schedules in another shape than a list are not taken for none, for what is sent
// would replace them.
func TestSchedulesOfAnotherShape(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{`"daily"`, `{"computeStartStop":{"action":"Stop"}}`, `7`} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, emulator.PaceInstant)
			b.make(t, "dev")
			b.requests.before = func(req *http.Request) (*http.Response, error) {
				if req.Method != http.MethodGet {
					return nil, nil
				}
				body := `{"id":"` + b.Workspace().ComputeID("dev") + `","name":"dev","properties":{"computeType":"ComputeInstance","properties":{"state":"Running","schedules":` + shape + `}}}`
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
			}
			out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, setTo(hoursOf(t, "9-10")))[0]
			if compute.KindOf(out.Err) != compute.KindFailed || out.Sent || b.requests.count(http.MethodPost, "/updateSchedules") != 0 {
				t.Errorf("%s: %+v", shape, out)
			}
		})
	}
}

// Somebody else changes the schedules between the two reads.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "dev")
		out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, func(string, []compute.Schedule) ([]compute.Schedule, error) {
			if other := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, setTo(hoursOf(t, "-12:00")))[0]; other.Err != nil {
				t.Error(other.Err)
			}
			return hoursOf(t, "9-18"), nil
		})[0]
		if compute.KindOf(out.Err) != compute.KindBusy || out.Sent {
			t.Fatalf("%+v", out)
		}
		if got := b.requests.count(http.MethodPost, "/updateSchedules"); got != 1 {
			t.Errorf("%d writes, and one was the other's", got)
		}
		now, err := b.Get(t.Context(), "dev")
		if err != nil || explained(now) != "Stop at 12:00 every day, UTC" {
			t.Errorf("the instance has %s (%v)", explained(now), err)
		}
	})
}

// A service that adds what is sent to what is there, and one whose answer is
// lost.
func TestWritesThatGoWrong(t *testing.T) {
	t.Parallel()
	t.Run("adds instead of replacing", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, emulator.PaceInstant)
			b.make(t, "dev")
			if out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, setTo(hoursOf(t, "-19:00")))[0]; out.Err != nil {
				t.Fatal(out.Err)
			}
			b.requests.before = func(req *http.Request) (*http.Response, error) {
				if req.Method != http.MethodPost || req.Body == nil {
					return nil, nil
				}
				text, err := io.ReadAll(req.Body)
				if err != nil {
					return nil, err
				}
				added := bytes.Replace(text, []byte("["), []byte(`[{"action":"Stop","status":"Enabled","triggerType":"Cron","cron":{"expression":"0 19 * * *"}},`), 1)
				req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(added)), int64(len(added))
				return nil, nil
			}
			var kept json.RawMessage
			begun := time.Now()
			out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{Save: func(_ string, old json.RawMessage) error { kept = old; return nil }},
				setTo(hoursOf(t, "-20:00")))[0]
			if out.Err == nil || compute.KindOf(out.Err) != compute.KindFailed || !out.Sent {
				t.Fatalf("%+v", out)
			}
			if !strings.Contains(out.Err.Error(), "Stop at 19:00") {
				t.Errorf("the error does not say what there is: %v", out.Err)
			}
			if took := time.Since(begun); took < 30*time.Second || took > 31*time.Second {
				t.Errorf("it was read back for %s", took)
			}
			b.requests.before = nil
			old, err := compute.ReadSchedules(kept)
			if err != nil || len(old) != 1 {
				t.Fatalf("kept %s: %v", kept, err)
			}
			restored := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, setTo(old))[0]
			if restored.Err != nil || explained(restored.Now()) != "Stop at 19:00 every day, UTC" {
				t.Errorf("restored: %s (%v)", explained(restored.Now()), restored.Err)
			}
		})
	})
	t.Run("its answer is lost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, emulator.PaceInstant)
			b.make(t, "dev")
			lost := false
			b.requests.after = func(req *http.Request, resp *http.Response) (*http.Response, error) {
				if req.Method == http.MethodPost && !lost {
					lost = true
					_ = resp.Body.Close()
					return nil, io.ErrUnexpectedEOF
				}
				return resp, nil
			}
			out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, setTo(hoursOf(t, "-20:00")))[0]
			if out.Err != nil || explained(out.Now()) != "Stop at 20:00 every day, UTC" {
				t.Errorf("%+v", out)
			}
		})
	})
	t.Run("cancelled while it is read back", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, emulator.PaceInstant)
			b.make(t, "dev")
			ctx, cancel := context.WithCancel(t.Context())
			b.requests.after = func(req *http.Request, resp *http.Response) (*http.Response, error) {
				if req.Method == http.MethodPost {
					cancel()
				}
				return resp, nil
			}
			out := b.ChangeSchedules(ctx, []string{"dev"}, compute.ChangeOptions{}, setTo(hoursOf(t, "-20:00")))[0]
			if compute.KindOf(out.Err) != compute.KindInterrupted {
				t.Errorf("%v", out.Err)
			}
		})
	})
}

// What the service sends and nobody here knows is sent back.
func TestUnknownFieldsSurvive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "dev")
		if out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, setTo(hoursOf(t, "9-18")))[0]; out.Err != nil {
			t.Fatal(out.Err)
		}
		const odd = `{"id":"odd-1","status":"Enabled","action":"Hibernate","triggerType":"Cron","cron":{"expression":"0 3 * * *"}},`
		b.requests.after = func(req *http.Request, resp *http.Response) (*http.Response, error) {
			if req.Method != http.MethodGet {
				return resp, nil
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			text = bytes.Replace(text, []byte(`"computeStartStop":[`), []byte(`"computeStartStop":[`+odd), 1)
			text = bytes.ReplaceAll(text, []byte(`"action":"Stop"`), []byte(`"action":"Stop","newField":{"kept":true}`))
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			resp.Header.Del("Content-Length")
			return resp, nil
		}
		var sent []byte
		b.requests.before = func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				sent, _ = io.ReadAll(req.Body)
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
			}
			return nil, nil
		}
		out := b.ChangeSchedules(t.Context(), []string{"dev"}, compute.ChangeOptions{}, func(_ string, have []compute.Schedule) ([]compute.Schedule, error) {
			if len(have) != 3 || have[0].Err == nil {
				t.Errorf("read %+v", have)
			}
			for i := range have {
				if have[i].Err == nil {
					have[i].Entry.Enabled = false
				}
			}
			return have, nil
		})[0]
		if out.Err == nil {
			t.Error("the change never shows, and nobody noticed")
		}
		for _, want := range []string{`"Hibernate"`, `"odd-1"`, `"newField":{"kept":true}`, `"status":"Disabled"`} {
			if !bytes.Contains(sent, []byte(want)) {
				t.Errorf("%s was not sent: %s", want, sent)
			}
		}
		if bytes.Contains(sent, []byte("provisioningStatus")) {
			t.Errorf("what only the service says was sent: %s", sent)
		}
	})
}

func TestChangeIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "dev", "gpu")
		for _, out := range b.ChangeIdle(t.Context(), []string{"dev", "gpu"}, 90*time.Minute, compute.ChangeOptions{}) {
			if d, ok := out.Now().Instance.IdleShutdown(); out.Err != nil || !ok || d != 90*time.Minute || out.Now().Instance.IdleTime != "PT90M" {
				t.Errorf("%+v", out)
			}
		}
		b.requests.reset()
		if out := b.ChangeIdle(t.Context(), []string{"dev"}, 90*time.Minute, compute.ChangeOptions{})[0]; out.Err != nil || !out.Already || b.requests.count(http.MethodPost, "") != 0 {
			t.Errorf("again: %+v", out)
		}
		for _, d := range []time.Duration{-time.Hour, time.Minute, 73 * time.Hour, 20*time.Minute + time.Second} {
			if out := b.ChangeIdle(t.Context(), []string{"dev"}, d, compute.ChangeOptions{})[0]; compute.KindOf(out.Err) != compute.KindInvalid || out.Before != nil {
				t.Errorf("%s: %+v", d, out)
			}
		}

		atMost := compute.ChangeOptions{AtMost: true}
		if out := b.ChangeIdle(t.Context(), []string{"dev"}, 2*time.Hour, atMost)[0]; out.Err != nil || !out.Already || b.requests.count(http.MethodPost, "") != 0 {
			t.Errorf("a longer time where a shorter one is: %+v", out)
		}
		if out := b.ChangeIdle(t.Context(), []string{"gpu"}, time.Hour, atMost)[0]; out.Err != nil || !out.Sent {
			t.Errorf("a shorter time: %+v", out)
		}

		// A service that says yes and does nothing.
		b.requests.before = func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
			}
			return nil, nil
		}
		out := b.ChangeIdle(t.Context(), []string{"dev"}, 0, compute.ChangeOptions{})[0]
		if compute.KindOf(out.Err) != compute.KindFailed || !out.Sent || !strings.Contains(out.Err.Error(), "still shows 1h30m, not off") {
			t.Errorf("%v", out.Err)
		}
	})
}

func TestResizeNamesTheSizesAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, emulator.PaceInstant)
		b.make(t, "dev")
		out := b.Resize(t.Context(), []string{"dev"}, "Standard_D3", compute.ActOptions{})[0]
		if compute.KindOf(out.Err) != compute.KindInvalid || !strings.Contains(out.Err.Error(), "it can have Standard_A1_v2") {
			t.Errorf("%v", out.Err)
		}
		if got := b.requests.count(http.MethodPost, "/resize"); got != 0 {
			t.Errorf("%d requests were sent", got)
		}
		if out := b.Resize(t.Context(), []string{"dev"}, "Standard_DS11_v2", compute.ActOptions{})[0]; out.Err != nil || out.Compute.VMSize() != "STANDARD_DS11_V2" {
			t.Errorf("%+v", out)
		}
	})
}

func FuzzReadSchedules(f *testing.F) {
	for _, seed := range []string{
		`[]`, `{"computeStartStop":[]}`, `{"computeStartStop":null}`, `null`, `[null]`, `[1]`, `[{}]`, `{"computeStartStop":[{"id":null,"action":"Stop","cron":{"expression":"0 9 * * *"}}]}`,
		`[{"action":"Stop","triggerType":"Recurrence","recurrence":{"frequency":"Week","interval":2,"schedule":{"hours":[9],"minutes":[0],"weekDays":["Monday"]}}}]`,
		`[{"action":"Start","cron":{"expression":5,"startTime":"x","timeZone":7}}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := compute.ReadSchedules(data)
		if err != nil {
			return
		}
		for _, s := range list {
			if s.Raw == nil {
				t.Fatal("a schedule without what it was read from")
			}
			if s.Err == nil && s.Entry.Explain() == "" {
				t.Fatal("a schedule that says nothing")
			}
		}
	})
}
