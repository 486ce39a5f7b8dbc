package compute_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// emulatedClient is a client of an emulator in this process, with instances of
// these names. With Azure, leave Endpoint and Transport out and give a Credential
// of azidentity.
func emulatedClient(names ...string) *compute.Client {
	service, err := emulator.New(emulator.Options{Pace: emulator.PaceInstant, PageSize: 2})
	if err != nil {
		log.Fatal(err)
	}
	client, err := compute.New(compute.Workspace{
		Subscription:  emulator.Subscription,
		ResourceGroup: emulator.ResourceGroup,
		Name:          emulator.Workspace,
	}, compute.Options{Endpoint: "https://emulator.local", Transport: service.Transport()})
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		spec := &compute.Spec{Instance: &compute.InstanceSpec{VMSize: "Standard_D3_v2"}}
		if out := client.Create(context.Background(), name, spec, compute.CreateOptions{}); out.Err != nil {
			log.Fatal(out.Err)
		}
	}
	return client
}

// Create an instance, stop it, and list what there is.
func Example() {
	ctx, client := context.Background(), emulatedClient()
	spec := &compute.Spec{Instance: &compute.InstanceSpec{VMSize: "Standard_D3_v2"}}
	if out := client.Create(ctx, "dev", spec, compute.CreateOptions{}); out.Err != nil {
		log.Fatal(out.Err)
	}
	for _, out := range client.Stop(ctx, []string{"dev"}, compute.ActOptions{}) {
		fmt.Println(out.Name, out.Compute.State(), out.Err)
	}
	for c, err := range client.List(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.Name, c.State(), c.VMSize())
	}
	// Output:
	// dev Stopped <nil>
	// dev Stopped STANDARD_D3_V2
}

// A credential of azidentity, or one of your own, signs the requests. A token
// goes to the endpoint and to TokenHosts only, over https.
func ExampleNew() {
	client, err := compute.New(compute.Workspace{Subscription: "s", ResourceGroup: "rg", Name: "ws"}, compute.Options{
		Endpoint:   "https://management.chinacloudapi.cn",
		Audience:   "https://management.core.chinacloudapi.cn",
		Credential: staticToken("secret"),
		TokenHosts: []string{"*.ml.azure.cn"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Workspace().ComputeID("dev"))
	_, err = compute.New(client.Workspace(), compute.Options{Endpoint: "http://example.com"})
	fmt.Println(err)
	// Output:
	// /subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/computes/dev
	// the endpoint example.com is not https, so no token may go there; only a loopback address may be http
}

type staticToken string

func (t staticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Pages are read as the loop asks for them; All reads them all.
func ExampleClient_List() {
	ctx, client := context.Background(), emulatedClient("anna", "bert", "carl", "dora", "emil")
	for c, err := range client.List(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if fmt.Println(c.Name); c.Name == "carl" {
			break // the third page is never asked for
		}
	}
	all, err := client.All(ctx)
	fmt.Println(len(all), err)
	// Output:
	// anna
	// bert
	// carl
	// 5 <nil>
}

// What has a field is typed; the service's own JSON is kept beside it.
func ExampleClient_Get() {
	client := emulatedClient("dev")
	c, err := client.Get(context.Background(), "dev")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.IsInstance(), c.IsRunning(), c.Instance.ApplicationSharingPolicy, len(c.Raw) > 500)
	// Output: true true Shared true
}

// Everything that is wrong is told at once, before anything is sent.
func ExampleClient_Create() {
	ctx, client := context.Background(), emulatedClient("dev")
	spec := &compute.Spec{Instance: &compute.InstanceSpec{VMSize: "Standard_D3v2", IdleShutdown: time.Minute}}
	out := client.Create(ctx, "my_instance", spec, compute.CreateOptions{})
	var wrong *compute.CheckError
	if errors.As(out.Err, &wrong) {
		for _, f := range wrong.Findings {
			fmt.Println(f.Field, f.Suggestions)
		}
	}
	// One that exists is never overwritten.
	spec = &compute.Spec{Instance: &compute.InstanceSpec{VMSize: "Standard_D2_v2"}}
	out = client.Create(ctx, "dev", spec, compute.CreateOptions{})
	fmt.Println(compute.KindOf(out.Err), out.Err)
	// Output:
	// name [my-instance]
	// idleShutdown []
	// vmSize [Standard_D3_v2]
	// conflict dev exists with other settings: vmSize is STANDARD_D3_V2, not Standard_D2_v2; nothing was sent
}

// Several are brought to their goal together. Events tell what happens.
func ExampleClient_Stop() {
	ctx, client := context.Background(), emulatedClient("dev", "gpu")
	client.Stop(ctx, []string{"gpu"}, compute.ActOptions{})
	outs := client.Stop(ctx, []string{"dev", "gpu", "nobody"}, compute.ActOptions{
		Timeout: 10 * time.Minute,
		OnEvent: func(e compute.Event) {
			if e.Name == "dev" && e.Kind == compute.EventState {
				fmt.Println(e.Name, e.State)
			}
		},
	})
	for _, out := range outs {
		fmt.Println(out.Name, "already:", out.Already, "error:", out.Err)
	}
	// Output:
	// dev Running
	// dev Stopped
	// dev already: false error: <nil>
	// gpu already: true error: <nil>
	// nobody already: false error: (ResourceNotFound) there is no compute nobody in the workspace local-ws
}

// A verb can return once the service accepted it, and be waited for later.
func ExampleClient_Wait() {
	ctx, client := context.Background(), emulatedClient("dev")
	sent := client.Stop(ctx, []string{"dev"}, compute.ActOptions{NoWait: true})[0]
	fmt.Println(sent.Unfinished, sent.Err)
	waited := client.Wait(ctx, []compute.Target{{Name: "dev", Operation: sent.Operation}}, compute.WaitOptions{})[0]
	fmt.Println(waited.Compute.State(), waited.Err)
	// Without an operation, wait for a state.
	waited = client.Wait(ctx, []compute.Target{{Name: "dev"}}, compute.WaitOptions{Goal: compute.GoalStopped})[0]
	fmt.Println(waited.Already, waited.Err)
	// Output:
	// true <nil>
	// Stopped <nil>
	// true <nil>
}

// Before decides when all were looked at and nothing was sent.
func ExampleActOptions() {
	ctx, client := context.Background(), emulatedClient("dev", "gpu")
	outs := client.Stop(ctx, []string{"dev", "gpu"}, compute.ActOptions{Before: func(seen []compute.Outcome) error {
		for _, out := range seen {
			fmt.Println(out.Name, "is", out.Compute.State())
		}
		return errors.New("not before six")
	}})
	fmt.Println(outs[0].Err)
	// Output:
	// dev is Running
	// gpu is Running
	// not before six
}

// A change of schedules says what an instance is to have. What it has already
// stays as the service keeps it.
func ExampleClient_ChangeSchedules() {
	ctx, client := context.Background(), emulatedClient("dev")
	hours, err := schedule.ParseHours([]string{"mon-fri 09:00-18:00"}, "UTC")
	if err != nil {
		log.Fatal(err)
	}
	changes := client.ChangeSchedules(ctx, []string{"dev"}, compute.ChangeOptions{}, func(_ string, have []compute.Schedule) ([]compute.Schedule, error) {
		for _, e := range hours.Entries {
			have = append(have, compute.Schedule{Entry: e})
		}
		return have, nil
	})
	for _, s := range changes[0].Now().Schedules() {
		fmt.Println(s.Entry.Explain(), s.Err)
	}
	// Output:
	// Start at 09:00 from Monday to Friday, UTC <nil>
	// Stop at 18:00 from Monday to Friday, UTC <nil>
}

// Instances that are not used stop themselves.
func ExampleClient_ChangeIdle() {
	ctx, client := context.Background(), emulatedClient("dev")
	change := client.ChangeIdle(ctx, []string{"dev"}, 90*time.Minute, compute.ChangeOptions{})[0]
	idle, on := change.Now().Instance.IdleShutdown()
	fmt.Println(idle, on, change.Err)
	change = client.ChangeIdle(ctx, []string{"dev"}, time.Minute, compute.ChangeOptions{})[0]
	fmt.Println(compute.KindOf(change.Err), change.Sent)
	// Output:
	// 1h30m0s true <nil>
	// invalid false
}

// Every failure has a kind; the service's own words and ids are in an *Error.
func ExampleError() {
	client := emulatedClient()
	_, err := client.Get(context.Background(), "nobody")
	var e *compute.Error
	switch {
	case compute.IsNotFound(err) && errors.As(err, &e):
		fmt.Println(e.Kind, e.Status, e.Code, e.Name, e.Operation, e.RequestID != "")
	case compute.KindOf(err) == compute.KindBusy && errors.As(err, &e):
		time.Sleep(e.RetryAfter)
	case err != nil:
		log.Fatal(err)
	}
	// Output: not found 404 ResourceNotFound nobody Compute_Get true
}
