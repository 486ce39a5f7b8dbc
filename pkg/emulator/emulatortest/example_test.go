package emulatortest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/emulatortest"
)

// In a test, srv := emulatortest.NewServer(t, emulator.Options{}) takes the
// place of the first lines.
func Example() {
	srv, err := emulatortest.Serve(emulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	ctx := context.Background()
	computes, err := armmachinelearning.NewComputeClient(srv.Subscription, srv.Credential(), srv.ClientOptions())
	if err != nil {
		log.Fatal(err)
	}
	poller, err := computes.BeginCreateOrUpdate(ctx, srv.ResourceGroup, srv.Workspace, "desk", armmachinelearning.ComputeResource{
		Location: to.Ptr(emulator.Location),
		Properties: &armmachinelearning.ComputeInstance{
			ComputeType: to.Ptr(armmachinelearning.ComputeTypeComputeInstance),
			Properties:  &armmachinelearning.ComputeInstanceProperties{VMSize: to.Ptr("STANDARD_DS3_V2")},
		},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	made, err := poller.PollUntilDone(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*made.Properties.(*armmachinelearning.ComputeInstance).Properties.State)
	// Output: Running
}

// srv.Computes is a client that is ready. Time passes when the test says so: schedules fire and idle instances stop.
func ExampleServer_computes() {
	srv, err := emulatortest.Serve(emulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	list := []byte(`[{
		"id": "/subscriptions/` + srv.Subscription + `/resourceGroups/` + srv.ResourceGroup +
		`/providers/Microsoft.MachineLearningServices/workspaces/` + srv.Workspace + `/computes/desk",
		"properties": {"computeType": "ComputeInstance", "properties": {
			"vmSize": "STANDARD_DS3_V2", "state": "Running", "idleTimeBeforeShutdown": "PT1H"}}}]`)
	if _, err := srv.Emulator.Load(context.Background(), list); err != nil {
		log.Fatal(err)
	}
	for _, pass := range []time.Duration{59 * time.Minute, 2 * time.Minute} {
		srv.Clock.Advance(pass)
		desk, err := srv.Computes.Get(context.Background(), "desk")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(desk.State())
	}
	// Output:
	// Running
	// Stopped
}

// A fault strikes the requests that match, and the journal tells what was sent.
func ExampleServer_Fault() {
	srv, err := emulatortest.Serve(emulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()

	srv.Fault(emulator.Fault{Match: "GET */computes/desk", Status: 403, Times: 1})
	_, err = srv.Computes.Get(context.Background(), "desk")
	fmt.Println(err != nil)
	for _, r := range srv.Requests() {
		fmt.Println(r.Method, r.Status)
	}
	// Output:
	// true
	// GET 403
}
