package compute_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/computetarget/computetarget/pkg/compute"
)

// instanceJSON is an instance as the service lists it, of about 2 kB.
func instanceJSON(name, state string) string {
	return fmt.Sprintf(`{"id":"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/computes/%[1]s",
"name":"%[1]s","type":"Microsoft.MachineLearningServices/workspaces/computes","location":"westeurope","tags":{"team":"search"},
"identity":{"type":"SystemAssigned","principalId":"11111111-1111-1111-1111-111111111111","tenantId":"22222222-2222-2222-2222-222222222222"},
"properties":{"createdOn":"2026-02-04T05:56:08.1617498+00:00","modifiedOn":"2026-02-04T05:58:48.3360386+00:00","disableLocalAuth":true,
"description":"for the ranking experiments","resourceId":null,"computeType":"ComputeInstance","computeLocation":"westeurope",
"provisioningState":"Succeeded","provisioningErrors":null,"isAttachedCompute":false,"properties":{"vmSize":"STANDARD_DS3_V2","subnet":null,
"sshSettings":{"sshPublicAccess":"Disabled","adminUserName":"azureuser","sshPort":4000,"adminPublicKey":null},"autologgerSettings":null,"errors":[],
"connectivityEndpoints":{"publicIpAddress":"203.0.113.17","privateIpAddress":"10.0.18.4"},
"applications":[{"displayName":"Jupyter","endpointUri":"https://%[1]s.westeurope.instances.azureml.ms/tree/"},{"displayName":"Jupyter Lab","endpointUri":"https://%[1]s.westeurope.instances.azureml.ms/lab"}],
"state":"%[2]s","lastOperation":{"operationName":"Start","operationTime":"2026-03-02T08:00:12.799+00:00","operationStatus":"Succeeded","operationTrigger":"Schedule"},
"createdBy":{"userName":"anna@example.com","userOrgId":"22222222-2222-2222-2222-222222222222","userId":"33333333-3333-3333-3333-333333333333"},
"applicationSharingPolicy":"Personal","computeInstanceAuthorizationType":"personal","personalComputeInstanceSettings":null,"setupScripts":null,
"schedules":{"computeStartStop":[{"id":"a1","provisioningStatus":"Completed","status":"Enabled","action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * 1-5","startTime":"2026-01-01T00:00:00","timeZone":"W. Europe Standard Time"}}]},
"idleTimeBeforeShutdown":"PT60M","dataMounts":null,"dataDisks":null,"containers":null,"updateStatus":null,"versions":{"runtime":"3.0.02094.0004"},
"customServices":[],"osImageMetadata":{"currentImageVersion":"26.01.10","latestImageVersion":"26.02.14","isLatestOsImageVersion":false}}}}`, name, state)
}

// listServer serves n instances in pages.
func listServer(tb testing.TB, n, page int) *httptest.Server {
	tb.Helper()
	var pages [][]byte
	for from := 0; from < n; from += page {
		var b bytes.Buffer
		b.WriteString(`{"value":[`)
		for i := from; i < min(n, from+page); i++ {
			if i > from {
				b.WriteByte(',')
			}
			b.WriteString(instanceJSON(fmt.Sprintf("ci-%05dx", i), "Running"))
		}
		b.WriteString(`]`)
		pages = append(pages, b.Bytes())
	}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("$skip"), &i)
		_, _ = w.Write(pages[i])
		if i+1 < len(pages) {
			_, _ = fmt.Fprintf(w, `,"nextLink":"%s%s?api-version=x&$skip=%d"`, server.URL, r.URL.Path, i+1)
		}
		_, _ = io.WriteString(w, "}")
	}))
	tb.Cleanup(server.Close)
	return server
}

func newClient(tb testing.TB, endpoint string, o compute.Options) *compute.Client {
	tb.Helper()
	o.Endpoint = endpoint
	c, err := compute.New(compute.Workspace{Subscription: "00000000-0000-0000-0000-000000000000", ResourceGroup: "rg", Name: "ws"}, o)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestListFollowsPages(t *testing.T) {
	t.Parallel()
	server := listServer(t, 25, 10)
	all, err := newClient(t, server.URL, compute.Options{}).All(t.Context())
	if err != nil || len(all) != 25 {
		t.Fatalf("%d computes, err %v", len(all), err)
	}
	last := all[24]
	if last.Name != "ci-00024x" || last.State() != "Running" || last.Owner().Name != "anna@example.com" || len(last.Schedules()) != 1 {
		t.Errorf("last is %+v", last)
	}
	var raw map[string]any
	if err := json.Unmarshal(last.Raw, &raw); err != nil || raw["name"] != "ci-00024x" {
		t.Errorf("raw of the last is %v, err %v", raw["name"], err)
	}
	count := 0
	for range newClient(t, server.URL, compute.Options{}).List(t.Context()) {
		if count++; count == 12 {
			break
		}
	}
	if count != 12 {
		t.Errorf("a list that was left early gave %d", count)
	}
}

func BenchmarkList(b *testing.B) {
	server := listServer(b, 10000, 200)
	c := newClient(b, server.URL, compute.Options{})
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			all, err := c.All(b.Context())
			if err != nil || len(all) != 10000 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("maps", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			url := server.URL + "/x?$skip=0"
			var all []map[string]any
			for url != "" {
				resp, err := http.Get(url) //nolint:noctx // a yardstick
				if err != nil {
					b.Fatal(err)
				}
				var page struct {
					Value    []map[string]any `json:"value"`
					NextLink string           `json:"nextLink"`
				}
				if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
					b.Fatal(err)
				}
				_ = resp.Body.Close()
				all = append(all, page.Value...)
				url = page.NextLink
			}
			if len(all) != 10000 {
				b.Fatal(len(all))
			}
		}
	})
}

func TestAllKeepsOrder(t *testing.T) {
	t.Parallel()
	server := listServer(t, 1500, 40)
	all, err := newClient(t, server.URL, compute.Options{}).All(t.Context())
	if err != nil || len(all) != 1500 {
		t.Fatalf("%d computes, err %v", len(all), err)
	}
	for i, c := range all {
		name := fmt.Sprintf("ci-%05dx", i)
		if c.Name != name || c.Instance == nil || !bytes.Contains(c.Raw, []byte(name)) {
			t.Fatalf("compute %d is %q", i, c.Name)
		}
	}
}
