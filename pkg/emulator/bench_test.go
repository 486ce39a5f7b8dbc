package emulator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// thousands is an emulator with ten thousand instances in a directory.
func thousands(b *testing.B, dir string) *emulator.Emulator {
	b.Helper()
	e, err := emulator.New(emulator.Options{Dir: dir, Clock: emulator.NewManualClock(monday)})
	if err != nil {
		b.Fatal(err)
	}
	var list strings.Builder
	for n := range 10000 {
		fmt.Fprintf(&list, `%c{"id":"%s/computes/desk%da","location":"eastus","properties":{"computeType":"ComputeInstance","properties":{
			"vmSize":"STANDARD_DS3_V2","state":"Running","idleTimeBeforeShutdown":"PT60M","schedules":{"computeStartStop":[%s]}}}}`,
			"[,"[min(n, 1)], workspacePath, n, cronEntry("Stop", "0 18 * * *", "UTC"))
	}
	if _, err := e.Load(context.Background(), []byte(list.String()+"]")); err != nil {
		b.Fatal(err)
	}
	return e
}

func listAll(b *testing.B, e *emulator.Emulator) {
	b.Helper()
	client := &http.Client{Transport: e.Transport()}
	for next := host + workspacePath + "/computes?api-version=" + stable; next != ""; {
		res, err := client.Get(next)
		if err != nil {
			b.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			b.Fatal(err)
		}
		_, link, _ := strings.Cut(string(raw[max(0, len(raw)-500):]), `"nextLink":"`)
		next, _, _ = strings.Cut(link, `"`)
		next = strings.ReplaceAll(next, `\u0026`, "&")
	}
}

// Every page of ten thousand computes.
func BenchmarkList(b *testing.B) {
	e := thousands(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		listAll(b, e)
	}
}

// What a new process pays before its first answer.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	thousands(b, dir)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := emulator.New(emulator.Options{Dir: dir, Clock: emulator.NewManualClock(monday)}); err != nil {
			b.Fatal(err)
		}
	}
}

// One small change among ten thousand computes.
func BenchmarkStop(b *testing.B) {
	e := thousands(b, b.TempDir())
	client := &http.Client{Transport: e.Transport()}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		res, err := client.Post(fmt.Sprintf("%s%s/computes/desk%da/stop?api-version=%s", host, workspacePath, n%10000, stable), "", nil)
		if err != nil {
			b.Fatal(err)
		}
		_ = res.Body.Close()
		n++
	}
}
