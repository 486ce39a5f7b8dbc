package app

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/render"
)

// roundTripper answers requests.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// az signs in once for each account, however many subscriptions it has, and the
// workspaces stand in the order of the subscriptions.
func TestWorkspacesOfEverySubscription(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the az of this test is a shell script")
	}
	const id = "00000000-0000-0000-0000-00000000000"
	tenants := []string{"a", "b", "a", "a", "b"}
	folder, bin, log := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "log")
	var profile, subscriptions []string
	for i, tenant := range tenants {
		profile = append(profile, fmt.Sprintf(`{"id": "%s%d", "name": "s%d", "state": "Enabled", "environmentName": "AzureCloud", "tenantId": %q,
			"user": {"name": "me@example.com", "type": "user"}}`, id, i, i, tenant))
		subscriptions = append(subscriptions, fmt.Sprintf(`{"subscriptionId": "%s%d", "displayName": "s%d", "state": "Enabled"}`, id, i, i))
	}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(folder, "azureProfile.json"), `{"subscriptions": [`+strings.Join(profile, ",")+`]}`)
	write(filepath.Join(bin, "az"), fmt.Sprintf(`#!/bin/sh
echo "$*" >> '%s'
echo '{"accessToken": "t", "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": %d, "tokenType": "Bearer"}'
`, log, time.Now().Add(time.Hour).Unix()))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	env := map[string]string{"AZURE_CONFIG_DIR": folder, "HOME": t.TempDir(), "COMPUTETARGET_AUTH_MODE": "azurecli"}

	answers := roundTripper(func(r *http.Request) (*http.Response, error) {
		body := `{"value": [` + strings.Join(subscriptions, ",") + `]}`
		if strings.HasSuffix(r.URL.Path, "/workspaces") {
			of := strings.Split(r.URL.Path, "/")[2]
			body = fmt.Sprintf(`{"value": [{"id": "/subscriptions/%s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w%s", "name": "w%s"}]}`,
				of, of[len(of)-1:], of[len(of)-1:])
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
	streams, _, _ := render.TestStreams("", 0, 0)
	a, err := Begin(World{Streams: streams, Getenv: func(name string) string { return env[name] },
		Network: func(http.RoundTripper) http.RoundTripper { return answers }}, Call{Flags: pflag.NewFlagSet("", pflag.ContinueOnError)})
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.Workspaces(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, info := range found {
		names = append(names, info.Name)
	}
	if want := []string{"w0", "w1", "w2", "w3", "w4"}; !slices.Equal(names, want) {
		t.Errorf("found %v, not %v", names, want)
	}
	calls, err := os.ReadFile(log)
	if n := strings.Count(string(calls), "\n"); err != nil || n != 3 { // without a subscription, for a and for b
		t.Errorf("az was called %d times (%v):\n%s", n, err, calls)
	}
}
