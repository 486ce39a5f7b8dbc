package cmd_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// operation reports whether a request asks an operation how it stands.
func operation(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/computeOperationsStatus/")
}

// looks reports whether a request reads a compute, or the list.
func looks(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/computes")
}

// useless are answers from which nothing can be learnt.
var useless = map[string]func(r *http.Request) (*http.Response, error){
	"500":          func(r *http.Request) (*http.Response, error) { return answered(r, 500, armSays), nil },
	"502 HTML":     func(r *http.Request) (*http.Response, error) { return answered(r, 502, "<html>"), nil },
	"200 HTML":     func(r *http.Request) (*http.Response, error) { return answered(r, 200, "<html>"), nil },
	"200 empty":    func(r *http.Request) (*http.Response, error) { return answered(r, 200, ""), nil },
	"200 garbage":  func(r *http.Request) (*http.Response, error) { return answered(r, 200, `{"status": `), nil },
	"200 {}":       func(r *http.Request) (*http.Response, error) { return answered(r, 200, "{}"), nil },
	"200 null":     func(r *http.Request) (*http.Response, error) { return answered(r, 200, "null"), nil },
	"200 an error": func(r *http.Request) (*http.Response, error) { return answered(r, 200, armSays), nil },
	"reset":        func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
}

// An operation's address that gives nothing usable is dropped: the compute
// decides, whether what was asked for comes or not.
func TestAddressesOfNoUse(t *testing.T) {
	t.Parallel()
	answers := map[string]func(r *http.Request) (*http.Response, error){
		"401":             func(r *http.Request) (*http.Response, error) { return answered(r, 401, ""), nil },
		"an unknown word": func(r *http.Request) (*http.Response, error) { return answered(r, 200, `{"status":"Banana"}`), nil },
	}
	for what, answer := range useless {
		answers[what] = answer
	}
	for what, answer := range answers {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := virtual(t)
			b.load("dev", "Running")
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				if operation(r) {
					return answer(r)
				}
				return next.RoundTrip(r)
			}
			if got := b.must("stop", "dev"); got.took > 100*time.Second {
				t.Errorf("a stop of a minute was seen after %s", got.took)
			}
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				switch {
				case operation(r):
					return answer(r)
				case r.Method == http.MethodPost:
					return answered(r, 202, "", "Azure-AsyncOperation: https://"+r.URL.Host+"/computeOperationsStatus/x"), nil
				}
				return next.RoundTrip(r)
			}
			code := 1
			if what == "401" {
				code = 6 // the sign-in is what keeps it from being known
			}
			got := b.run("start", "dev", "--timeout", "30m")
			if got.code != code || got.took > 70*time.Second || !strings.Contains(got.errors, "was accepted, but nothing happened: 1m0s later dev is Stopped") {
				t.Errorf("exit code %d after %s", got.code, got.took)
			}
			if got := b.run("start", "dev", "--timeout", "20s"); got.code != 4 || !strings.Contains(got.errors, "to wait again: ") {
				t.Errorf("exit code %d after %s", got.code, got.took)
			}
		})
	}
}

// The first look is as patient as any: nothing was asked for yet, and nothing
// is known either.
func TestPatienceOfTheFirstLook(t *testing.T) {
	t.Parallel()
	troubles := map[string]func(r *http.Request) (*http.Response, error){
		"429": func(r *http.Request) (*http.Response, error) {
			return answered(r, 429, `{"error":{"code":"TooManyRequests","message":"Slow down."}}`, "Retry-After: 1"), nil
		},
	}
	for what, answer := range useless {
		troubles[what] = answer
	}
	for what, answer := range troubles {
		times := 2
		if what == "429" {
			times = 10
		}
		for _, args := range []string{"stop dev gpu", "stop dev", "create new -s Standard_DS3_v2", "show dev", "list", "idle dev 1h", "wait dev", "delete dev --yes"} {
			if what == "429" && (args == "show dev" || args == "list") {
				continue // they have no timeout within which to be patient
			}
			t.Run(what+"/"+args, func(t *testing.T) {
				t.Parallel()
				b := virtual(t)
				b.load("dev", "Running")
				b.load("gpu", "Running")
				met := 0
				b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if looks(r) && met < times {
						met++
						return answer(r)
					}
					return next.RoundTrip(r)
				}
				b.must(append(strings.Fields(args), "-o", "none")...)
				if met != times {
					t.Errorf("%d troubles were met", met)
				}
			})
		}
	}
}

// A secret that is cut off is asked for again.
func TestKeysThatBreakOff(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.must("create", "aks", "k8s")
	broken := 0
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/listKeys") && broken < 2 {
			broken++
			resp := answered(r, 200, `{"computeType":"AKS","userKub`)
			resp.ContentLength = 1000
			return resp, nil
		}
		return next.RoundTrip(r)
	}
	b.must("get-credentials", "k8s", "--query", "userKubeConfig")
}

// A timeout tells the last answer, and what there is to know about it, also when
// it comes while a request is being repeated.
func TestTimeoutsTellTheLastAnswer(t *testing.T) {
	t.Parallel()
	const denied = `{"error":{"code":"UserError","message":"Access to workspace was denied based on workspace private link configuration"}}`
	for _, args := range []string{"stop dev", "stop dev gpu", "create new -s Standard_DS3_v2", "wait dev --for stopped", "idle dev 1h", "schedule set dev 9-18 --time-zone UTC"} {
		for _, after := range []time.Duration{0, 2 * time.Second} {
			t.Run(fmt.Sprint(args, " ", after), func(t *testing.T) {
				t.Parallel()
				b := virtual(t)
				b.load("dev", "Running")
				b.load("gpu", "Running")
				begun := sync.OnceValue(time.Now)
				b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if looks(r) && time.Since(begun()) >= after {
						return answered(r, 502, denied), nil
					}
					if !looks(r) && strings.Contains(r.URL.Path, "pdate") {
						return answered(r, 200, "{}"), nil // and nothing is done
					}
					return next.RoundTrip(r)
				}
				got := b.run(append(strings.Fields(args), "--timeout", "5s")...)
				if got.code != 4 || got.took > 6*time.Second || !strings.Contains(got.errors, "Access to workspace was denied") || !strings.Contains(got.errors, "hint: ") {
					t.Errorf("exit code %d after %s", got.code, got.took)
				}
			})
		}
	}
}

// What reads something back keeps to the timeout.
func TestReadBackKeepsToTheTimeout(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"idle dev 1h", "update computeinstance dev --idle-shutdown 1h", "schedule set dev 9-18 --time-zone UTC", "schedule create dev --action stop --frequency day --interval 1 --at 20:00 --time-zone UTC"} {
		b := virtual(t)
		b.load("dev", "Running")
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodPost {
				return answered(r, 200, "{}"), nil
			}
			return next.RoundTrip(r)
		}
		if got := b.run(append(strings.Fields(args), "--timeout", "10s")...); got.code != 4 || got.took != 10*time.Second {
			t.Errorf("exit code %d after %s", got.code, got.took)
		}
		b.set("COMPUTETARGET_TIMEOUT=12s")
		if got := b.run(strings.Fields(args)...); got.code != 4 || got.took != 12*time.Second {
			t.Errorf("exit code %d after %s", got.code, got.took)
		}
		for _, status := range []int{200, 202} { // and nothing is done
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				if r.Method == http.MethodPost {
					return answered(r, status, ""), nil
				}
				return next.RoundTrip(r)
			}
			if got := b.run(append(strings.Fields(args), "--timeout", "0")...); got.code != 1 || got.took != 30*time.Second {
				t.Errorf("%d: exit code %d after %s", status, got.code, got.took)
			}
		}
	}
}

// A look that is refused after something was accepted says that it goes on, and
// is not a fault of the command line.
func TestRefusedLooksAfterAnAcceptance(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]int{400: 1, 401: 6, 403: 6, 404: 1} {
		b := virtual(t)
		b.load("dev", "Running")
		accepted := false
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodPost {
				accepted = true
			} else if accepted {
				return answered(r, status, `{"error":{"code":"InvalidApiVersionParameter","message":"no"}}`), nil
			}
			return next.RoundTrip(r)
		}
		got := b.run("stop", "dev", "--timeout", "10m")
		if status == 404 && got.code == 4 {
			continue // it may be anything, so it is waited for
		}
		if got.code != code || !strings.Contains(got.errors, "the stop of dev goes on") || !strings.Contains(got.errors, "to wait again: ") {
			t.Errorf("%d: exit code %d", status, got.code)
		}
	}
}

// Only the service's word that this compute is not there is its absence.
func TestOnlyNotFoundIsAbsence(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		body   string
		absent bool
		code   int // of show
	}{
		"ResourceNotFound":         {`{"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.MachineLearningServices/workspaces/ws/computes/dev' under resource group 'rg' was not found."}}`, true, 3},
		"NotFound":                 {`{"error":{"code":"NotFound","message":"not here"}}`, true, 3},
		"the workspace":            {`{"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.MachineLearningServices/workspaces/ws' under resource group 'rg' was not found."}}`, false, 3},
		"ParentResourceNotFound":   {`{"error":{"code":"ParentResourceNotFound","message":"Can not perform requested operation on nested resource."}}`, false, 3},
		"ResourceGroupNotFound":    {`{"error":{"code":"ResourceGroupNotFound","message":"Resource group 'rg' could not be found."}}`, false, 3},
		"SubscriptionNotFound":     {`{"error":{"code":"SubscriptionNotFound","message":"The subscription could not be found."}}`, false, 3},
		"InvalidResourceType":      {`{"error":{"code":"InvalidResourceType","message":"The resource type could not be found in the namespace for api version."}}`, false, 1},
		"InvalidResourceNamespace": {`{"error":{"code":"InvalidResourceNamespace","message":"The resource namespace is invalid."}}`, false, 1},
		"plain text":               {"404 page not found\n", false, 1},
		"a page":                   {"<html><title>Not here</title></html>", false, 1},
		"nothing":                  {"", false, 1},
		"an object":                {"{}", false, 1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for args, done := range map[string]bool{
				"wait dev --for deleted": test.absent, "delete dev --yes": false, "detach dev --yes": false, "stop dev": false, "show dev": false, "schedule delete dev --all --yes": false,
			} {
				b := virtual(t)
				b.load("dev", "Running")
				b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if looks(r) {
						return answered(r, 404, test.body), nil
					}
					if r.Method == http.MethodDelete || strings.HasSuffix(r.URL.Path, "/stop") {
						t.Errorf("%s: %s %s was sent", args, r.Method, r.URL.Path)
					}
					return next.RoundTrip(r)
				}
				words := strings.Fields(args)
				if args != "show dev" {
					words = append(words, "--timeout", "3m")
				}
				got := b.run(words...)
				if (got.code == 0) != done {
					t.Errorf("%s: exit code %d", args, got.code)
				}
				if !test.absent && strings.Contains(got.errors, "(ResourceNotFound)") && !strings.Contains(test.body, `"ResourceNotFound"`) {
					t.Errorf("%s: an absence is made up", args)
				}
				if args == "show dev" && got.code != test.code {
					t.Errorf("%s: exit code %d, not %d", args, got.code, test.code)
				}
			}
		})
	}
}

// What is printed of a compute is what the service says about it, or nothing.
func TestShowsOnlyWhatItAskedFor(t *testing.T) {
	t.Parallel()
	for what, body := range map[string]string{
		"nothing": "", "an empty object": "{}", "null": "null", "a list": "[]", "nulls": `{"id":null,"name":null,"properties":null}`,
		"no properties": `{"id":"/computes/dev","name":"dev","properties":null}`, "another compute": theirs, "an error": armSays, "a page": "<html>",
	} {
		b := virtual(t)
		b.load("dev", "Running")
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if looks(r) {
				return answered(r, 200, body), nil
			}
			return next.RoundTrip(r)
		}
		for _, args := range []string{"show dev", "show dev -v", "show dev --raw", "schedule list dev", "wait dev --timeout 1m"} {
			if got := b.run(strings.Fields(args)...); got.code != 1 && got.code != 4 || got.out != "" {
				t.Errorf("%s: %s: exit code %d", what, args, got.code)
			}
		}
	}
}

// A create that came out as something else than it was asked for says so.
func TestCreateComparesWhatItGot(t *testing.T) {
	t.Parallel()
	const subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n"
	const somebody = "44444444-4444-4444-4444-444444444444"
	for _, test := range []struct{ args, from, to, says string }{
		{"create new -s Standard_DS3_v2", "", "", ""},
		{"create new -s Standard_DS3_v2", `"STANDARD_DS3_V2"`, `"STANDARD_DS12_V2"`, "vmSize is STANDARD_DS12_V2, not"},
		{"create new -s Standard_DS3_v2 --no-public-ip --subnet-id " + subnet, `"enableNodePublicIp":false`, `"enableNodePublicIp":true`, "enableNodePublicIp is true, not false"},
		{"create new -s Standard_DS3_v2 --no-public-ip --subnet-id " + subnet, `"publicIpAddress":null`, `"publicIpAddress":"203.0.113.7"`, "publicIpAddress is 203.0.113.7, not empty"},
		{"create new -s Standard_DS3_v2 --no-public-ip --subnet-id " + subnet, `"publicIpAddress":null`, `"publicIpAddress":"10.0.0.7"`, ""},
		{"create new -s Standard_DS3_v2 --subnet-id " + subnet, `"subnet":{"id":"` + subnet + `"}`, `"subnet":null`, "subnet is empty, not"},
		{"create new -s Standard_DS3_v2 --user-object-id " + somebody + " --user-tenant-id 66666666-6666-6666-6666-666666666666", somebody, "55555555-5555-5555-5555-555555555555", "assignedUser is 55555555"},
		{"create new -s Standard_DS3_v2 --idle-shutdown 1h", `"PT60M"`, "null", "idleTimeBeforeShutdown is off, not 1h"},
		{"create new -s Standard_DS3_v2 --tag team=vision", `"vision"`, `"sales"`, "tags.team is sales, not vision"},
		{"create new -s Standard_DS3_v2 --tag team=vision", `{"team":"vision"}`, `null`, "tags.team is empty, not vision"},
		{"create amlcompute new -s Standard_DS3_v2 --max-nodes 2", `"maxNodeCount":2`, `"maxNodeCount":1`, "maxNodeCount is 1, not 2"},
		{"create amlcompute new -s Standard_DS3_v2 --max-nodes 2 --assign-identity [system]", `"SystemAssigned"`, `"None"`, "identity is None, not SystemAssigned"},
	} {
		t.Run(test.args+" "+test.to, func(t *testing.T) {
			t.Parallel()
			b := virtual(t)
			var changed atomic.Bool
			b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if err != nil || !looks(r) || test.from == "" || resp.StatusCode != 200 {
					return resp, err
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					return nil, err
				}
				if strings.Contains(string(body), test.from) {
					changed.Store(true)
				}
				return answered(r, 200, strings.ReplaceAll(string(body), test.from, test.to)), nil
			}
			got := b.run(strings.Fields(test.args)...)
			switch {
			case test.says == "" && got.code == 0:
			case got.code != 1 || !strings.Contains(got.errors, test.says) || !strings.Contains(got.errors, "new was created, but not as it was asked for"):
				t.Errorf("exit code %d", got.code)
			case !changed.Load():
				t.Errorf("no answer held %s", test.from)
			}
		})
	}
}

// Old versions wrap the list of sizes in another word.
func TestSizesAtOldVersions(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/vmSizes") {
			return answered(r, 200, `{"amlCompute":[{"name":"Standard_DS3_v2","vCPUs":4}]}`), nil
		}
		return next.RoundTrip(r)
	}
	if got := b.must("list-sizes", "--api-version", "2020-08-01", "--query", "[].name", "-o", "tsv"); got.out != "Standard_DS3_v2\n" {
		t.Errorf("sizes %q", got.out)
	}
}
