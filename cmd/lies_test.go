package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// lie is an answer to a write that may have nothing to do with what became of
// it.
type lie struct {
	name   string
	status int
	body   string // %s is the compute's own body
	header string
	// formed are the methods for which it is a well-formed acceptance, which is
	// all that --no-wait asks for.
	formed string
}

const (
	theirs  = `{"id":"/subscriptions/s/computes/other","name":"other","properties":{"computeType":"ComputeInstance","provisioningState":"Succeeded","properties":{"state":"Stopped","vmSize":"STANDARD_DS3_V2"}}}`
	armSays = `{"error":{"code":"InternalServerError","message":"It went wrong."}}`
)

var lies = []lie{
	{"202 without an address", 202, "", "", "POST DELETE"},
	{"202 with an address that says done", 202, "", "Azure-AsyncOperation: https://emulator.localhost/lies/done", "POST DELETE PUT PATCH"},
	{"202 with an address that is a page", 202, "", "Azure-AsyncOperation: https://emulator.localhost/lies/page", "POST DELETE PUT PATCH"},
	{"200 empty", 200, "", "", "POST DELETE"},
	{"204", 204, "", "", "POST DELETE"},
	{"200 []", 200, "[]", "", ""},
	{"200 null", 200, "null", "", ""},
	{"202 null with an address", 202, "null", "Azure-AsyncOperation: https://emulator.localhost/lies/done", ""},
	{"201 {}", 201, "{}", "", ""},
	{"200 garbage", 200, `{"id": `, "", ""},
	{"200 HTML", 200, "<html><title>Sign in</title></html>", "", ""},
	{"200 about another compute", 200, theirs, "", ""},
	{"200 with its own body as it was", 200, "%s", "", "POST DELETE PUT PATCH"},
	{"200 with an ARM error", 200, armSays, "", ""},
	{"200 with a bare error", 200, `{"code":"Conflict","message":"no"}`, "", ""},
	{"404 in plain text", 404, "404 page not found\n", "", ""},
	{"404 HTML", 404, "<html>", "", ""},
	{"404 InvalidResourceType", 404, `{"error":{"code":"InvalidResourceType","message":"The resource type could not be found."}}`, "", ""},
	{"404 ParentResourceNotFound", 404, `{"error":{"code":"ParentResourceNotFound","message":"Can not perform requested operation on nested resource."}}`, "", ""},
	{"404 ResourceNotFound", 404, `{"error":{"code":"ResourceNotFound","message":"The resource was not found."}}`, "", ""},
}

// write is a command that changes something, and what the service shows of a
// compute when it was carried out.
type write struct {
	args string
	name string // of the compute
	// goal is what the service's body of it must match; "" is that it is not there.
	goal string
	// begun is what it must match after --no-wait.
	begun string
	// own is set where the command does not wait and has no --no-wait.
	own bool
	// keeps is true when the verb has no --no-wait.
	keeps bool
}

const aksID = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks"

var writes = []write{
	{args: "create new -s Standard_DS3_v2", name: "new", goal: `"state": "Running"`, begun: `"Creating"`},
	{args: "create amlcompute fresh -s Standard_DS3_v2 --max-nodes 2", name: "fresh", goal: `"provisioningState": "Succeeded"`, begun: `"provisioningState": "Creating"`},
	{args: "create aks fresh", name: "fresh", goal: `"provisioningState": "Succeeded"`, begun: `"provisioningState": "Creating"`},
	{args: "create datafactory fresh", name: "fresh", goal: `"provisioningState": "Succeeded"`, begun: `"provisioningState": "Creating"`},
	{args: "attach aks fresh -i " + aksID, name: "fresh", goal: `"AKS"`, own: true},
	{args: "attach kubernetes fresh -i " + aksID, name: "fresh", goal: `"Kubernetes"`, own: true},
	{args: "attach remote fresh -a 10.0.0.4 -u me -p secret", name: "fresh", goal: `"VirtualMachine"`, own: true},
	{args: "start off", name: "off", goal: `"state": "Running"`, begun: `"state": "Starting"`},
	{args: "stop dev", name: "dev", goal: `"state": "Stopped"`, begun: `"state": "Stopping"`},
	{args: "restart dev", name: "dev", goal: `"operationName": "Restart"`, begun: `"operationName": "Restart"`},
	{args: "resize off -s Standard_DS12_v2", name: "off", goal: `(?i)"vmSize": "STANDARD_DS12_V2"`, begun: `"state": "Resizing"`},
	{args: "delete dev --yes", name: "dev", begun: `"provisioningState": "Deleting"`},
	{args: "detach k8s --yes", name: "k8s", begun: `"provisioningState": "Deleting"`},
	{args: "update amlcompute cpu --max-nodes 4", name: "cpu", goal: `"maxNodeCount": 4`, keeps: true},
	{args: "update cpu --tag a=1", name: "cpu", goal: `"a": "1"`, keeps: true},
	{args: "update with-id --identity-type None", name: "with-id", goal: `"type": "None"|"identity": null`, keeps: true},
	{args: "ml compute update -n cpu --max-instances 4", name: "cpu", goal: `"maxNodeCount": 4`, keeps: true},
	{args: "ml compute stop -n dev", name: "dev", goal: `"state": "Stopped"`, begun: `"state": "Stopping"`},
	{args: "update aks k8s --load-balancer-type InternalLoadBalancer", name: "k8s", goal: `"loadBalancerType": "InternalLoadBalancer"`, begun: `"loadBalancerType": "InternalLoadBalancer"`},
	{args: "update computeinstance dev --idle-shutdown 1h", name: "dev", goal: `"idleTimeBeforeShutdown": "PT60M"`, keeps: true},
	{args: "amlcompute identity assign cpu --identities [system]", name: "cpu", goal: `"SystemAssigned"`, keeps: true},
	{args: "amlcompute identity remove with-id --identities [system]", name: "with-id", goal: `"type": "None"|"identity": null`, keeps: true},
	{args: "enable-sso dev --disable", name: "dev", goal: `"enableSSO": false`, keeps: true},
	{args: "idle dev 1h", name: "dev", goal: `"idleTimeBeforeShutdown": "PT60M"`, keeps: true},
	{args: "schedule set dev 8-17 --time-zone UTC", name: "dev", goal: `"0 17 \* \* \*"|"hours"`, keeps: true},
	{args: "schedule create dev --action stop --frequency day --interval 1 --at 23:00 --time-zone UTC", name: "dev", goal: `23`, keeps: true},
	{args: "schedule disable dev --all", name: "dev", goal: `"status": "Disabled"`, keeps: true},
	{args: "schedule delete dev --all --yes", name: "dev", goal: `"computeStartStop": (null|\[\])|"schedules": null`, keeps: true},
}

// Whatever a write is answered, a command ends with 0 only when the service's
// own read shows what was asked for, or with --no-wait when the answer is one
// that accepts it. What was carried out although the answer said nothing is
// found out.
func TestAnswersThatLie(t *testing.T) {
	t.Parallel()
	long(t)
	// What there is before, and nothing that the write is not about: every
	// command reads the whole state several times.
	made := map[string]*bubble{}
	for name, lines := range map[string][]string{
		"dev":     {"create dev -s Standard_DS3_v2", "schedule set dev 9-18 --time-zone UTC"},
		"off":     {"create off -s Standard_DS3_v2 --stopped"},
		"cpu":     {"create amlcompute cpu -s Standard_DS3_v2 --max-nodes 2"},
		"with-id": {"create amlcompute with-id -s Standard_DS3_v2 --max-nodes 2 --assign-identity [system]"},
		"k8s":     {"create aks k8s"},
		"new":     {"attach kubernetes box -i " + aksID, "wait box"},
		"fresh":   {"attach kubernetes box -i " + aksID, "wait box"},
	} {
		made[name] = virtual(t)
		for _, args := range lines {
			made[name].must(strings.Fields(args)...)
		}
	}
	for _, w := range writes {
		t.Run(w.args, func(t *testing.T) {
			t.Parallel()
			told := virtual(t, "XDG_CACHE_HOME=/dev/null") // nobody completes a name here
			made := made[w.name]
			told.like(made)
			before := told.body(w.name)
			for _, l := range lies {
				for _, mode := range []string{"swallowed", "carried out"} {
					t.Run(l.name+"/"+mode, func(t *testing.T) {
						b := *told
						b.t = t
						b.like(made)
						tellLie(&b, before, w, l, mode == "carried out", false)
						if !w.own && !w.keeps {
							b.like(made)
							tellLie(&b, before, w, l, mode == "carried out", true)
						}
					})
				}
			}
		})
	}
}

func tellLie(b *bubble, before string, w write, l lie, carried, noWait bool) {
	t := b.t
	t.Helper()
	method := ""
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		switch {
		case r.URL.Path == "/lies/done":
			return answered(r, 200, `{"status":"Succeeded"}`), nil
		case r.URL.Path == "/lies/page":
			return answered(r, 200, `<html>`), nil
		case r.Method == http.MethodGet || reading(r.URL.Path):
			return next.RoundTrip(r)
		}
		method = r.Method
		if carried {
			if _, err := lost(r, next); !errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, err
			}
		}
		return answered(r, l.status, strings.ReplaceAll(l.body, "%s", before), l.header), nil
	}
	args := strings.Fields(w.args)
	if !w.own {
		args = append(args, "--timeout", "20m")
	}
	if noWait {
		args = append(args, "--no-wait")
	}
	got := b.run(args...)
	b.network = nil
	now := b.body(w.name)
	goal := w.goal
	if noWait {
		goal = w.begun
	}
	holds := goal == "" && now == "" || goal != "" && now != "" && regexp.MustCompile(goal).MatchString(now)
	if noWait && w.goal == "" {
		holds = holds || now == ""
	}
	if method == "" {
		t.Fatal("nothing was sent")
	}
	formed := slices.Contains(strings.Fields(l.formed), method)
	switch {
	case got.code == 0 && !holds && !(formed && (noWait || w.own)):
		t.Errorf("exit code 0, and it is\n%s", now)
	case got.code == 2 && l.status < 300:
		t.Error("exit code 2, though something may have been changed")
	case carried && l.status < 300 && got.code != 0:
		t.Errorf("it was carried out: exit code %d", got.code)
	case l.status >= 300 && !carried && got.code == 0:
		t.Error("a refusal was taken for success")
	}
}

// reading reports whether a POST to this path only reads.
func reading(path string) bool {
	for _, end := range []string{"/listKeys", "/listNodes", "/checkComputeNameAvailability", "/getAllowedVmSizesForResize"} {
		if strings.HasSuffix(path, end) {
			return true
		}
	}
	return false
}

// body is a compute as the service shows it, "" when it is not there; nothing
// is in the way of this look.
func (b *bubble) body(name string) string {
	b.t.Helper()
	var body bytes.Buffer
	b.emulator(func(e *emulator.Emulator) error {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://emulator.localhost"+computePath(name)+"?api-version=2025-12-01", nil)
		if err != nil {
			return err
		}
		resp, err := e.Transport().RoundTrip(r)
		if err != nil {
			return err
		}
		defer resp.Body.Close() //nolint:errcheck // it has been read
		text, err := io.ReadAll(resp.Body)
		if resp.StatusCode == http.StatusNotFound {
			return err
		}
		return errors.Join(err, json.Indent(&body, text, "", "  "))
	})
	return body.String()
}
