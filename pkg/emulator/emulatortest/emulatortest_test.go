package emulatortest_test

import (
	"context"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/emulatortest"
)

// A first test against the emulator, as somebody else would write it.
func TestServer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{})
	computes, err := armmachinelearning.NewComputeClient(srv.Subscription, srv.Credential(), srv.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	poller, err := computes.BeginCreateOrUpdate(ctx, srv.ResourceGroup, srv.Workspace, "desk", armmachinelearning.ComputeResource{
		Location: to.Ptr(emulator.Location),
		Properties: &armmachinelearning.ComputeInstance{
			ComputeType: to.Ptr(armmachinelearning.ComputeTypeComputeInstance),
			Properties:  &armmachinelearning.ComputeInstanceProperties{VMSize: to.Ptr("STANDARD_DS3_V2")},
		},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	made, err := poller.PollUntilDone(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := *made.Properties.(*armmachinelearning.ComputeInstance).Properties.State; got != armmachinelearning.ComputeInstanceStateRunning {
		t.Errorf("state = %s", got)
	}

	srv.Clock.Advance(time.Hour)
	st, err := srv.Emulator.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := emulatortest.Start.Add(time.Hour); !st.Now.Equal(want) {
		t.Errorf("the server's time is %s, want %s", st.Now, want)
	}
	if other := emulatortest.NewServer(t, emulator.Options{}); other.URL == srv.URL {
		t.Error("two servers share an address")
	}
}

// What a test says of faults it finds again in the requests.
func TestFaultAndRequests(t *testing.T) {
	t.Parallel()
	srv := emulatortest.NewServer(t, emulator.Options{})
	srv.Fault(emulator.Fault{Match: "GET */computes/desk", Status: 404, Times: 1})
	if _, err := srv.Computes.Get(context.Background(), "desk"); err == nil {
		t.Error("the fault did not strike")
	}
	if got := srv.Requests(); len(got) != 1 || got[0].Status != 404 || got[0].Fault != "1" {
		t.Errorf("the requests are %+v", got)
	}
}
