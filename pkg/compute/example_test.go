package compute_test

import (
	"context"
	"fmt"
	"log"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// Create an instance, stop it, and look at what was seen on the way. Here the
// service is the emulator, in this process; with Azure, leave Endpoint and
// Transport out and give a Credential of azidentity.
func Example() {
	service, err := emulator.New(emulator.Options{Pace: emulator.PaceInstant})
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
	ctx := context.Background()
	spec := &compute.Spec{Instance: &compute.InstanceSpec{VMSize: "Standard_D3_v2"}}
	if out := client.Create(ctx, "dev", spec, compute.CreateOptions{}); out.Err != nil {
		log.Fatal(out.Err)
	}
	for _, out := range client.Stop(ctx, []string{"dev"}, compute.ActOptions{}) {
		fmt.Println(out.Name, out.Compute.State(), out.Err)
	}
	for _, out := range client.Stop(ctx, []string{"dev", "nobody"}, compute.ActOptions{}) {
		if out.Err != nil {
			fmt.Println(out.Name, compute.KindOf(out.Err))
			continue
		}
		fmt.Println(out.Name, "already:", out.Already)
	}
	for c, err := range client.List(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(c.Name, c.State(), c.VMSize())
	}
	// Output:
	// dev Stopped <nil>
	// dev already: true
	// nobody not found
	// dev Stopped STANDARD_D3_V2
}
