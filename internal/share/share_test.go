package share_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/share"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/emulatortest"
)

const setup = "#!/bin/bash\nset -e\necho ready\n"

// rig is a share at an emulator, with what was sent and may be changed on its way.
type rig struct {
	*share.Share
	t   *testing.T
	srv *emulatortest.Server

	mu     sync.Mutex
	sent   []string                   // method and path of each request
	signed []string                   // how: SharedKey or Bearer, or nothing
	change func(*http.Response) error // of each response, when set
	wrote  int
	log    strings.Builder
}

func newRig(t *testing.T, options func(*share.Options)) *rig {
	t.Helper()
	r := &rig{t: t, srv: emulatortest.NewServer(t, emulator.Options{})}
	client, err := compute.New(r.srv.Computes.Workspace(), compute.Options{Endpoint: r.srv.URL, Credential: r.srv.Credential(), Transport: r})
	if err != nil {
		t.Fatal(err)
	}
	o := share.Options{Client: client, Storage: r.srv.URL + "/storage", Credential: storageToken{}, Transport: r, OnWrite: func() { r.wrote++ },
		Log: func(line string) { r.log.WriteString(line + "\n") }}
	if options != nil {
		options(&o)
	}
	r.Share = share.New(o)
	return r
}

// Upload puts one file into the share.
func (r *rig) Upload(ctx context.Context, folder, name string, text []byte, replace bool) (at string, wrote bool, err error) {
	return put(ctx, r.Share, folder, name, text, replace)
}

func put(ctx context.Context, s *share.Share, folder, name string, text []byte, replace bool) (at string, wrote bool, err error) {
	at, err = share.Path(folder, name)
	if err != nil {
		return "", false, err
	}
	files, err := s.Put(ctx, []share.File{{Path: at, Text: text}}, replace)
	return at, err == nil && len(files) == 1, err
}

// RoundTrip implements http.RoundTripper.
func (r *rig) RoundTrip(q *http.Request) (*http.Response, error) {
	how, _, _ := strings.Cut(q.Header.Get("Authorization"), " ")
	r.mu.Lock()
	r.sent = append(r.sent, q.Method+" "+q.URL.Path)
	r.signed = append(r.signed, how)
	change := r.change
	r.mu.Unlock()
	res, err := r.srv.Client().Transport.RoundTrip(q)
	if err == nil && change != nil {
		err = change(res)
	}
	return res, err
}

// since returns the requests that f makes, in short.
func (r *rig) since(f func()) []string {
	r.mu.Lock()
	from := len(r.sent)
	r.mu.Unlock()
	f()
	var short []string
	for _, q := range r.sent[from:] {
		method, path, _ := strings.Cut(q, " ")
		path = path[strings.LastIndexByte(path, '/')+1:]
		short = append(short, method+" "+path)
	}
	return short
}

type storageToken struct{}

func (storageToken) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if !slices.Equal(o.Scopes, []string{"https://storage.azure.com/.default"}) {
		return azcore.AccessToken{}, fmt.Errorf("a token for %q", o.Scopes)
	}
	return azcore.AccessToken{Token: "e30.e30.", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// rewrite replaces text in the answers about a path.
func rewrite(path, old, replacement string) func(*http.Response) error {
	return func(res *http.Response) error {
		if !strings.HasSuffix(res.Request.URL.Path, path) {
			return nil
		}
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		raw = bytes.ReplaceAll(raw, []byte(old), []byte(replacement))
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
		res.Header.Del("Content-Length")
		return nil
	}
}

func wantExit(t *testing.T, err error, code int, parts ...string) {
	t.Helper()
	var e *exit.Error
	if !errors.As(err, &e) || e.Exit != code {
		t.Fatalf("want exit code %d, got %v", code, err)
	}
	for _, part := range parts {
		if !strings.Contains(e.Error()+"\n"+e.Tip, part) {
			t.Errorf("%q is not in: %s\n%s", part, e.Error(), e.Tip)
		}
	}
}

// A file is put into the share in few requests, once, and never over another one.
func TestUpload(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, nil)
	upload := func(text string, replace bool) (string, bool, error) {
		return r.Upload(ctx, "Users/me/", "set up.sh", []byte(text), replace)
	}
	sent := r.since(func() {
		if at, wrote, err := upload(setup, false); err != nil || at != "Users/me/set up.sh" || !wrote {
			t.Fatalf("%q %v %v", at, wrote, err)
		}
	})
	want := []string{"GET workspaceworkingdirectory", "POST listSecrets", "GET set up.sh", "PUT me", "PUT set up.sh", "GET set up.sh"}
	if !slices.Equal(sent, want) {
		t.Errorf("sent %q", sent)
	}
	if r.wrote == 0 {
		t.Error("nobody was told that something was written")
	}
	sent = r.since(func() {
		if _, _, err := r.Upload(ctx, "Team/a/b", "x", nil, false); err != nil {
			t.Fatal(err)
		}
	})
	if want := []string{"GET x", "PUT b", "PUT a", "PUT Team", "PUT a", "PUT b", "PUT x", "GET x"}; !slices.Equal(sent, want) {
		t.Errorf("in new folders: sent %q", sent)
	}
	r.wrote = 0
	sent = r.since(func() {
		if _, wrote, err := upload(setup, false); err != nil || wrote {
			t.Errorf("%v %v", wrote, err)
		}
	})
	if !slices.Equal(sent, []string{"GET set up.sh"}) || r.wrote != 0 {
		t.Errorf("for the same text: sent %q", sent)
	}
	var conflict *share.ConflictError
	for _, other := range []string{"", setup + "x", setup[1:], strings.ToUpper(setup)} {
		_, wrote, err := upload(other, false)
		wantExit(t, err, exit.Failed, "other content", "--replace")
		if !errors.As(err, &conflict) || wrote || r.wrote != 0 {
			t.Errorf("%v %v", wrote, err)
		}
	}
	var shown []compute.Request
	dry := share.New(share.Options{Client: r.srv.Computes, Storage: r.srv.URL + "/storage", Transport: r, DryRun: func(q compute.Request) { shown = append(shown, q) }})
	if _, wrote, err := put(ctx, dry, "Users/new/er", "a b", []byte(setup), false); err != nil || !wrote || len(shown) != 1 ||
		shown[0].Method != "PUT" || !strings.HasSuffix(shown[0].URL, share.Name+"/Users/new/er/a%20b") {
		t.Errorf("a dry run showed %v: %v %v", shown, wrote, err)
	}
	if _, wrote, err := put(ctx, dry, "Users/me", "set up.sh", []byte(setup), false); err != nil || wrote || len(shown) != 1 {
		t.Errorf("a dry run of nothing showed %v: %v %v", shown, wrote, err)
	}
	if _, err := r.Read(ctx, "Users/new/er/a b", 0, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a dry run wrote: %v", err)
	}
	if _, wrote, err := upload("", true); err != nil || !wrote {
		t.Errorf("%v %v", wrote, err)
	}
	if text, err := r.Read(ctx, "Users/me/set up.sh", 0, 100); err != nil || len(text) != 0 {
		t.Errorf("%q %v", text, err)
	}
	if _, _, err := r.Upload(ctx, "Users/me", "big", bytes.Repeat([]byte("x"), share.MaxUpload), false); err != nil {
		t.Error(err)
	}
	_, _, err := r.Upload(ctx, "Users/me", "bigger", bytes.Repeat([]byte("x"), share.MaxUpload+1), false)
	wantExit(t, err, exit.Usage)
	if log := r.log.String(); strings.Contains(log, "ready") || strings.Contains(log, "SharedKey") || !strings.Contains(log, "> PUT https://") || !strings.Contains(log, "< 404 Not Found after") {
		t.Errorf("the log:\n%s", log)
	}
}

// What cannot be a path in the share is refused before anything is sent.
func TestPath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ folder, name, want string }{
		{"Users/me", "a.sh", "Users/me/a.sh"}, {"/Users/me/", "a b.sh", "Users/me/a b.sh"}, {"Users/../x", "a", ""}, {"Users//x", "a", ""},
		{"", "a", ""}, {"Users", "", ""}, {"Users", "..", ""}, {"Users", "a:b", ""}, {"Users", "a\nb", ""}, {"Users", `a\b`, ""}, {"Users", "a.", ""},
		{"Users", strings.Repeat("x", 256), ""}, {"Users/é", "ü.sh", "Users/é/ü.sh"}, {"Users", "\xff", ""},
	} {
		got, err := share.Path(test.folder, test.name)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q %q: %q, %v", test.folder, test.name, got, err)
		}
		if err != nil {
			wantExit(t, err, exit.Usage)
		}
	}
}

// Without the account's key a token opens the share, with the backup intent, and
// only that of the workspace's own account.
func TestToken(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	keyless := func(t *testing.T, r *rig) {
		t.Helper()
		var out map[string]any
		err := send(ctx, r, http.MethodPatch, r.srv.Computes.Workspace().ID()+"?api-version=2024-04-01", `{"properties":{"systemDatastoresAuthMode":"identity"}}`, &out)
		if err != nil {
			t.Fatal(err)
		}
	}
	withheld := func(t *testing.T, r *rig) {
		r.srv.Fault(emulator.Fault{Match: "POST */listSecrets", Status: 403, Code: "AuthorizationFailed"})
	}
	for name, prepare := range map[string]func(*testing.T, *rig){"keys off": keyless, "key withheld": withheld} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			prepare(t, r)
			if _, wrote, err := r.Upload(ctx, "Users", "a", []byte("a"), false); err != nil || !wrote {
				t.Fatal(wrote, err)
			}
			for i, q := range r.sent {
				if strings.Contains(q, "/storage/") && r.signed[i] != "Bearer" {
					t.Errorf("%s was signed with %q", q, r.signed[i])
				}
			}
			r.srv.Fault(emulator.Fault{Match: "GET /storage/*", Status: 403, Code: "AuthorizationPermissionMismatch"})
			_, err := r.Read(ctx, "Users/a", 0, 1)
			tip := "Storage File Data Privileged Contributor"
			if name == "key withheld" {
				tip = "datastores/listsecrets/action"
			}
			wantExit(t, err, exit.Auth, "you may not use the files", tip)

			without := newRig(t, func(o *share.Options) { o.Credential = nil })
			prepare(t, without)
			_, err = without.Read(ctx, "Users/a", 0, 1)
			wantExit(t, err, exit.Auth, "--auth-mode token")
		})
	}

	// Keys that were switched off after the datastore was made.
	r := newRig(t, nil)
	if _, _, err := r.Upload(ctx, "Users", "a", []byte("a"), false); err != nil {
		t.Fatal(err)
	}
	keyless(t, r)
	if text, err := r.Read(ctx, "Users/a", 0, 5); err != nil || string(text) != "a" {
		t.Errorf("%q %v", text, err)
	}

	// A datastore that somebody pointed at another account gets no token.
	r = newRig(t, nil)
	withheld(t, r)
	var store struct {
		Properties struct {
			AccountName string `json:"accountName"`
		} `json:"properties"`
	}
	if err := send(ctx, r, http.MethodGet, r.srv.Computes.Workspace().ID()+"/datastores/workspaceworkingdirectory?api-version=2024-04-01", "", &store); err != nil {
		t.Fatal(err)
	}
	r.change = rewrite("/workspaceworkingdirectory", store.Properties.AccountName, "elsewhere")
	_, err := r.Read(ctx, "Users/a", 0, 1)
	wantExit(t, err, exit.Failed, "no token was sent")
	for _, q := range r.sent {
		if strings.Contains(q, "/storage/") {
			t.Errorf("sent %s", q)
		}
	}
}

func send(ctx context.Context, r *rig, method, path, text string, out any) error {
	q, err := http.NewRequestWithContext(ctx, method, r.srv.URL+path, strings.NewReader(text))
	if err != nil {
		return err
	}
	res, err := r.srv.Client().Do(q)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// What the service names is used only on the cloud's own storage hosts.
func TestHosts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		storage  string
		old, new string
		want     string
	}{
		"another cloud":   {storage: "core.windows.net", want: "does not belong to the chosen cloud (core.windows.net)"},
		"no known hosts":  {want: "are not known"},
		"an account":      {storage: "core.windows.net", old: `"accountName":"`, new: `"accountName":"evil.example/`, want: "which cannot be"},
		"a share":         {storage: "core.windows.net", old: `"fileShareName":"code-`, new: `"fileShareName":"../code-`, want: "which cannot be"},
		"a blob":          {storage: "core.windows.net", old: `"AzureFile"`, new: `"AzureBlob"`, want: "hierarchical namespace"},
		"an account at @": {storage: "core.windows.net", old: `"accountName":"`, new: `"accountName":"a@`, want: "which cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *share.Options) { o.Storage = test.storage })
			r.change = rewrite("/workspaceworkingdirectory", test.old, test.new)
			if test.old == "" {
				r.change = nil
			}
			_, err := r.Read(ctx, "Users/a", 0, 1)
			var e *exit.Error
			if !errors.As(err, &e) || !strings.Contains(e.Text+e.Tip, test.want) {
				t.Errorf("%v", err)
			}
			for _, q := range r.sent {
				if !strings.Contains(q, "/providers/Microsoft.MachineLearningServices/") {
					t.Errorf("sent %s", q)
				}
			}
		})
	}
}

// On the clouds' hosts the address is the account's own, over https.
func TestAddress(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var asked []string
	r := newRig(t, func(o *share.Options) {
		o.Storage = "core.chinacloudapi.cn"
		o.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
			cancel() // before a second try
			asked = append(asked, q.Method+" "+q.URL.Scheme+"://"+q.URL.Host)
			return nil, errors.New("no such host")
		})
	})
	r.change = func(res *http.Response) error {
		return rewrite("/workspaceworkingdirectory", strings.TrimPrefix(r.srv.URL, "https://")+"/storage", "core.chinacloudapi.cn")(res)
	}
	_, err := r.Read(ctx, "Users/a", 0, 1)
	if err == nil || len(asked) == 0 || !strings.HasPrefix(asked[0], "GET https://localws") || !strings.HasSuffix(asked[0], ".file.core.chinacloudapi.cn") {
		t.Errorf("asked %q: %v", asked, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }

// Each refusal is told with its cause and what to do.
func TestRefusals(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for code, test := range map[string]struct {
		status, exit int
		parts        []string
	}{
		"AuthorizationFailure":               {403, exit.Auth, []string{"lets nobody in from this network", "VPN"}},
		"AuthorizationPermissionMismatch":    {403, exit.Auth, []string{"Storage File Data Privileged Reader"}},
		"AuthenticationFailed":               {403, exit.Auth, []string{"refuses the key", "sync-keys"}},
		"ShareNotFound":                      {404, exit.NotFound, []string{"does not exist", "az storage share-rm create", share.Name}},
		"ShareSizeLimitReached":              {403, exit.Failed, []string{"is full"}},
		"ResourceTypeMismatch":               {409, exit.Failed, []string{"folder"}},
		"FeatureVersionMismatch":             {400, exit.Failed, []string{"refused the request"}},
		"InvalidAuthenticationInfo":          {401, exit.Auth, []string{"sign in again"}},
		"KeyBasedAuthenticationNotPermitted": {403, exit.Auth, []string{"accepts no keys"}},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.srv.Fault(emulator.Fault{Match: "GET /storage/*", Status: test.status, Code: code})
			_, err := r.Read(ctx, "Users/a", 0, 1)
			wantExit(t, err, test.exit, test.parts...)
		})
	}
	r := newRig(t, nil)
	if _, err := r.Read(ctx, "Users/a", 0, 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := r.Read(ended, "Users/a", 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	// Without the datastore the share is where it always is.
	r = newRig(t, nil)
	r.srv.Fault(emulator.Fault{Match: "GET */datastores/*", Status: 404, Code: "UserError"})
	if _, wrote, err := r.Upload(ctx, "Users", "a", []byte("a"), false); err != nil || !wrote {
		t.Error(wrote, err)
	}
}

// The logs of an instance are those below its folder, newest first.
func TestLogs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, nil)
	if logs, err := r.Logs(ctx, "desk"); err != nil || logs != nil {
		t.Fatalf("%v %v", logs, err)
	}
	if lines, at, err := r.Tail(ctx, "desk", 5); err != nil || at != (share.Log{}) || lines != nil {
		t.Fatalf("%q %+v %v", lines, at, err)
	}
	long := strings.Repeat("one line of many, which is long enough\n", 2000)
	for _, f := range []struct{ folder, name, text string }{{"Logs/desk", "b", "old\n"}, {"Logs/desk/deep/er", "a", long + "last\n"}, {"Logs/desktop", "c", "other"}} {
		if _, _, err := r.Upload(ctx, f.folder, f.name, []byte(f.text), false); err != nil {
			t.Fatal(err)
		}
		r.srv.Clock.Advance(time.Minute)
	}
	logs, err := r.Logs(ctx, "desk")
	if err != nil || len(logs) != 2 || logs[0].Path != "Logs/desk/deep/er/a" || logs[0].Size != int64(len(long)+5) || !logs[1].Modified.Equal(emulatortest.Start) {
		t.Errorf("%+v %v", logs, err)
	}
	lines, at, err := r.Tail(ctx, "desk", 2)
	if err != nil || at != logs[0] || !slices.Equal(lines, []string{"one line of many, which is long enough", "last"}) {
		t.Errorf("%q %+v %v", lines, at, err)
	}
	if lines, _, err := r.Tail(ctx, "desk", 1e6); err != nil || len(lines) > 500 || lines[0] != lines[1] {
		t.Errorf("%d lines %v", len(lines), err)
	}
	if text, err := r.Read(ctx, "Logs/desk/b", 2, 10); err != nil || string(text) != "d\n" {
		t.Errorf("%q %v", text, err)
	}
	if text, err := r.Read(ctx, "Logs/desk/b", 4, 10); err != nil || text != nil {
		t.Errorf("beyond the end: %q %v", text, err)
	}
}

// A cloud that does not have the newest version of Azure Files gets a file in two
// steps.
func TestOlderCloud(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, nil)
	r.srv.Fault(emulator.Fault{Match: "PUT /storage/*/setup.sh", Status: 400, Code: "InvalidHeaderValue", Times: 1})
	sent := r.since(func() {
		if _, wrote, err := r.Upload(ctx, "Users", "setup.sh", []byte(setup), false); err != nil || !wrote {
			t.Fatal(wrote, err)
		}
	})
	if want := []string{"GET workspaceworkingdirectory", "POST listSecrets", "GET setup.sh", "PUT setup.sh", "PUT setup.sh", "PUT setup.sh", "GET setup.sh"}; !slices.Equal(sent, want) {
		t.Errorf("sent %q", sent)
	}
	if text, err := r.Read(ctx, "Users/setup.sh", 0, 100); err != nil || string(text) != setup {
		t.Errorf("%q %v", text, err)
	}
	r.srv.Fault(emulator.Fault{Match: "PUT /storage/*", Status: 400, Code: "OutOfRangeInput", Times: 1})
	if _, _, err := r.Upload(ctx, "Users", "other.sh", []byte(setup), false); err == nil {
		t.Error("another refusal was not told")
	}
}

// A folder of several pages is listed whole.
func TestPages(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t, nil)
	for _, name := range []string{"a", "b/c", "d", "e & (f).log", "g"} {
		if _, _, err := r.Upload(ctx, "Logs/dev", name, []byte("x"), false); err != nil {
			t.Fatal(err)
		}
	}
	pages := 0
	small := share.New(share.Options{Client: r.srv.Computes, Storage: r.srv.URL + "/storage", Credential: storageToken{},
		Transport: roundTrip(func(q *http.Request) (*http.Response, error) {
			if q.URL.Query().Get("comp") == "list" {
				q.URL.RawQuery += "&maxresults=2" // which the signature of a token does not cover
				pages++
			}
			return r.RoundTrip(q)
		})})
	r.srv.Fault(emulator.Fault{Match: "POST */listSecrets", Status: 403})
	logs, err := small.Logs(ctx, "dev")
	var paths []string
	for _, l := range logs {
		paths = append(paths, strings.TrimPrefix(l.Path, "Logs/dev/"))
	}
	slices.Sort(paths)
	if want := []string{"a", "b/c", "d", "e & (f).log", "g"}; err != nil || pages != 4 || !slices.Equal(paths, want) {
		t.Errorf("%q in %d pages: %v", paths, pages, err)
	}
}

// Of very many files the newest is found. A list without an end is no list.
func TestManyLogs(t *testing.T) {
	t.Parallel()
	page, calls := 0, 0
	endless := false
	r := newRig(t, nil)
	r.change = func(res *http.Response) error {
		if res.Request.URL.Query().Get("comp") != "list" {
			return nil
		}
		calls++
		var x strings.Builder
		x.WriteString("<EnumerationResults><Entries>")
		for i := range 1000 {
			fmt.Fprintf(&x, "<File><Name>%d-%d</Name><Properties><LastWriteTime>%s</LastWriteTime></Properties></File>", page, i, time.Unix(int64(page*1000+i), 0).UTC().Format(time.RFC3339))
		}
		page++
		next := ""
		if page < 3 || endless {
			next = fmt.Sprint(page)
		}
		res.StatusCode, res.Body = http.StatusOK, io.NopCloser(strings.NewReader(x.String()+"</Entries><NextMarker>"+next+"</NextMarker></EnumerationResults>"))
		return nil
	}
	logs, err := r.Logs(context.Background(), "dev")
	if err != nil || len(logs) != 3000 || logs[0].Path != "Logs/dev/2-999" {
		t.Errorf("%d files: %v", len(logs), err)
	}
	page, calls, endless = 0, 0, true
	_, err = r.Logs(context.Background(), "dev")
	wantExit(t, err, exit.Failed, "has more than 50000 files")
	if calls > 100 {
		t.Errorf("%d pages were asked for", calls)
	}
}

// What storage did not write is no file and no refusal of storage's.
func TestStranger(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, status := range []int{http.StatusOK, http.StatusNotFound, http.StatusForbidden} {
		r := newRig(t, nil)
		r.change = func(res *http.Response) error {
			if strings.HasPrefix(res.Request.URL.Path, "/storage/") {
				res.StatusCode, res.Header = status, http.Header{"Content-Type": {"text/html"}}
				res.Body = io.NopCloser(strings.NewReader("<html>Sign in</html>"))
			}
			return nil
		}
		_, err := r.Read(ctx, "Users/a", 0, 100)
		wantExit(t, err, exit.Failed, fmt.Sprint("something between here and the storage account answered HTTP ", status), "proxy")
		_, err = r.Logs(ctx, "dev")
		wantExit(t, err, exit.Failed, "something between")
	}
}

// A signature in place of a key goes into the address, and stays out of the log.
func TestSharedAccessSignature(t *testing.T) {
	t.Parallel()
	var asked []*http.Request
	r := newRig(t, func(o *share.Options) {
		o.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
			asked = append(asked, q)
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("text")), Request: q}, nil
		})
	})
	r.change = rewrite("/listSecrets", `"secretsType":"AccountKey","key":`, `"secretsType":"Sas","sasToken":"?sv=1&sig=s3cret%3D","x":`)
	text, err := r.Read(context.Background(), "Users/a", 0, 10)
	if err != nil || string(text) != "text" || len(asked) != 1 {
		t.Fatalf("%q %v", text, err)
	}
	if q := asked[0]; q.URL.RawQuery != "sv=1&sig=s3cret%3D" || q.Header.Get("Authorization") != "" {
		t.Errorf("asked %s with %v", q.URL, q.Header)
	}
	if log := r.log.String(); strings.Contains(log, "s3cret") || !strings.Contains(log, "sig=REDACTED") {
		t.Errorf("the log: %s", log)
	}
}
