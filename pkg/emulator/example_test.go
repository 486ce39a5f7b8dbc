package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const computesURL = "https://management.azure.com/subscriptions/" + emulator.Subscription + "/resourceGroups/" + emulator.ResourceGroup +
	"/providers/Microsoft.MachineLearningServices/workspaces/" + emulator.Workspace + "/computes"

// desk is an instance as the service lists it.
const desk = `[{
	"id": "/subscriptions/` + emulator.Subscription + `/resourceGroups/` + emulator.ResourceGroup +
	`/providers/Microsoft.MachineLearningServices/workspaces/` + emulator.Workspace + `/computes/desk",
	"properties": {"computeType": "ComputeInstance", "properties": {
		"vmSize": "STANDARD_DS3_V2", "state": "Running", "idleTimeBeforeShutdown": "PT1H"}}}]`

func send(client *http.Client, method, url, body string) string {
	req, err := http.NewRequestWithContext(context.Background(), method, url+"?api-version=2024-10-01", strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	var shown struct {
		Properties struct{ Properties struct{ State string } }
	}
	_ = json.Unmarshal(raw, &shown) // an error has no state
	return strings.TrimSpace(res.Status + " " + shown.Properties.Properties.State)
}

// An emulator answers in this process, under any host name.
func Example() {
	e, err := emulator.New(emulator.Options{Pace: emulator.PaceInstant})
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: e.Transport()}
	fmt.Println(send(client, "PUT", computesURL+"/desk", `{
		"location": "eastus",
		"properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "STANDARD_DS3_V2"}}}`))
	fmt.Println(send(client, "GET", computesURL+"/desk", ""))
	// Output:
	// 201 Created
	// 200 OK Running
}

// What a list of the service shows can be rehearsed on.
func ExampleEmulator_Load() {
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	n, err := e.Load(context.Background(), []byte(desk))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, send(&http.Client{Transport: e.Transport()}, "GET", computesURL+"/desk", ""))
	// Output: 1 200 OK Running
}

// Schedules fire and idle instances stop when their time comes.
func ExampleEmulator_Advance() {
	ctx := context.Background()
	e, err := emulator.New(emulator.Options{Clock: emulator.NewManualClock(time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC))})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := e.Load(ctx, []byte(desk)); err != nil {
		log.Fatal(err)
	}
	for _, by := range []time.Duration{59 * time.Minute, 2 * time.Minute} {
		st, err := e.Advance(ctx, by)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(st.Now.Format("15:04"), st.States)
	}
	// Output:
	// 08:59 map[Running:1]
	// 09:01 map[Stopped:1]
}

// With a directory, the state outlives the process, and other processes may use
// it at the same time.
func ExampleOptions() {
	dir, err := os.MkdirTemp("", "emulator")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for range 2 {
		e, err := emulator.New(emulator.Options{Dir: dir, Pace: emulator.PaceInstant, StrictWorkspaces: true})
		if err != nil {
			log.Fatal(err)
		}
		client := &http.Client{Transport: e.Transport()}
		fmt.Println(send(client, "PUT", computesURL+"/gpu", `{"location": "eastus", "properties": {"computeType": "AmlCompute",
			"properties": {"vmSize": "STANDARD_NC6", "scaleSettings": {"maxNodeCount": 4}}}}`))
		if err := e.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 201 Created
	// 200 OK
}

// A server answers clients in other processes of this machine.
func ExampleEmulator_Listen() {
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	srv, err := e.Listen(emulator.ListenOptions{Address: "127.0.0.1:0", NoTLS: true})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx) }()
	path := strings.TrimPrefix(computesURL, "https://management.azure.com")
	fmt.Println(send(http.DefaultClient, "GET", srv.Endpoint+path, ""))
	cancel()
	fmt.Println(<-ended)
	// Output:
	// 200 OK
	// <nil>
}

// The state of a compute can be set, here as if it ran a job.
func ExampleEmulator_Set() {
	ctx := context.Background()
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := e.Load(ctx, []byte(desk)); err != nil {
		log.Fatal(err)
	}
	state := "JobRunning"
	id := strings.TrimPrefix(computesURL, "https://management.azure.com") + "/desk"
	if err := e.Set(ctx, id, emulator.Change{State: &state}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(send(&http.Client{Transport: e.Transport()}, "GET", computesURL+"/desk", ""))
	// Output: 200 OK JobRunning
}

// The first request that matches a fault meets it, and the journal says so.
func ExampleEmulator_AddFault() {
	ctx := context.Background()
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := e.AddFault(ctx, emulator.Fault{Match: "GET */computes", Status: 503, Times: 1}); err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: e.Transport()}
	fmt.Println(send(client, "GET", computesURL, ""))
	fmt.Println(send(client, "GET", computesURL, ""))
	sent, err := e.Requests(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range sent {
		fmt.Printf("%s …%s %d %q\n", r.Method, r.Path[strings.LastIndex(r.Path, "/"):], r.Status, r.Fault)
	}
	// Output:
	// 503 Service Unavailable
	// 200 OK
	// GET …/computes 503 "1"
	// GET …/computes 200 ""
}
