package emulator_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	sdk "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/directory"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/file"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/fileerror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/share"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/emulator/emulatortest"
)

const codeShare = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"

// theShare returns the datastore of the workspace's share, its key and a client of
// the share, found as a stranger would with Microsoft's clients.
func theShare(t *testing.T, srv *emulatortest.Server) (*sdk.AzureFileDatastore, *share.SharedKeyCredential, *share.Client) {
	t.Helper()
	ctx := context.Background()
	stores, err := sdk.NewDatastoresClient(srv.Subscription, srv.Credential(), srv.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	got, err := stores.Get(ctx, srv.ResourceGroup, srv.Workspace, "workspaceworkingdirectory", nil)
	if err != nil {
		t.Fatal(err)
	}
	store := got.Properties.(*sdk.AzureFileDatastore)
	secrets, err := stores.ListSecrets(ctx, srv.ResourceGroup, srv.Workspace, "workspaceworkingdirectory", nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := share.NewSharedKeyCredential(*store.AccountName, *secrets.DatastoreSecretsClassification.(*sdk.AccountKeyDatastoreSecrets).Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := share.NewClientWithSharedKeyCredential(shareURL(store, *store.FileShareName), key, &share.ClientOptions{ClientOptions: quick(srv)})
	if err != nil {
		t.Fatal(err)
	}
	return store, key, c
}

func shareURL(store *sdk.AzureFileDatastore, name string) string {
	return *store.Protocol + "://" + *store.Endpoint + "/" + *store.AccountName + "/" + name
}

// quick are options without pauses.
func quick(srv *emulatortest.Server) azcore.ClientOptions {
	return azcore.ClientOptions{Transport: srv.Client(), Retry: policy.RetryOptions{MaxRetries: -1}}
}

func body(text string) io.ReadSeekCloser { return streaming.NopCloser(strings.NewReader(text)) }

func wantCode(t *testing.T, err error, code fileerror.Code, status int) {
	t.Helper()
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) || answer.ErrorCode != string(code) || answer.StatusCode != status {
		t.Errorf("want %d %s, got %v", status, code, err)
	}
}

func names(t *testing.T, d *directory.Client, o *directory.ListFilesAndDirectoriesOptions) (list []string, pages int) {
	t.Helper()
	for pager := d.NewListFilesAndDirectoriesPager(o); pager.More(); pages++ {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Segment.Directories {
			list = append(list, *e.Name+"/")
		}
		for _, e := range page.Segment.Files {
			list = append(list, fmt.Sprint(*e.Name, " ", *e.Properties.ContentLength))
		}
	}
	return list, pages
}

// Microsoft's client writes and reads the share of a workspace with the key that
// the datastore gives.
func TestFileShare(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{})
	store, _, code := theShare(t, srv)
	if *store.FileShareName != codeShare || *store.Protocol != "https" {
		t.Fatalf("the datastore is %+v", store)
	}
	root := code.NewRootDirectoryClient()
	mine := code.NewDirectoryClient("Team/mé & you")
	script := mine.NewFileClient("set up #1.sh")

	_, err := script.GetProperties(ctx, nil)
	wantCode(t, err, "ParentNotFound", 404)
	_, err = mine.Create(ctx, nil)
	wantCode(t, err, fileerror.ParentNotFound, 404)
	if _, err := code.NewDirectoryClient("Team").Create(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Create(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_, err = code.NewDirectoryClient("team/MÉ & you").Create(ctx, nil)
	wantCode(t, err, fileerror.ResourceAlreadyExists, 409)
	_, err = script.DownloadStream(ctx, nil)
	wantCode(t, err, fileerror.ResourceNotFound, 404)

	if _, err := script.Create(ctx, 12, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := script.UploadRange(ctx, 0, body("echo hello\n\n"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := script.UploadRange(ctx, 5, body("HELLO"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := script.ClearRange(ctx, file.HTTPRange{Offset: 11, Count: 1}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = script.UploadRange(ctx, 10, body("beyond"), nil)
	wantCode(t, err, fileerror.InvalidRange, 416)
	read := func(o *file.DownloadStreamOptions) string {
		t.Helper()
		got, err := script.DownloadStream(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := read(nil); got != "echo HELLO\n\x00" {
		t.Errorf("the file is %q", got)
	}
	if got := read(&file.DownloadStreamOptions{Range: file.HTTPRange{Offset: 5, Count: 5}}); got != "HELLO" {
		t.Errorf("a part of the file is %q", got)
	}
	_, err = script.DownloadStream(ctx, &file.DownloadStreamOptions{Range: file.HTTPRange{Offset: 12}})
	wantCode(t, err, fileerror.InvalidRange, 416)
	props, err := script.GetProperties(ctx, nil)
	if err != nil || *props.ContentLength != 12 || !props.LastModified.Equal(emulatortest.Start) || *props.ETag == "" {
		t.Errorf("the properties are %+v, %v", props, err)
	}
	ranges, err := script.GetRangeList(ctx, nil)
	if err != nil || len(ranges.Ranges) != 1 || *ranges.Ranges[0].End != 11 {
		t.Errorf("the ranges are %+v, %v", ranges, err)
	}
	if _, err := script.Resize(ctx, 4, nil); err != nil || read(nil) != "echo" {
		t.Errorf("after a resize the file is %q, %v", read(nil), err)
	}
	if _, err := script.Create(ctx, 9, &file.CreateOptions{OptionalBody: body(`["hello"]`)}); err != nil || read(nil) != `["hello"]` {
		t.Errorf("the file that was made of JSON is %q, %v", read(nil), err)
	}
	if _, err := script.Create(ctx, 3, &file.CreateOptions{OptionalBody: body("new")}); err != nil || read(nil) != "new" {
		t.Errorf("the file that was made with its content is %q, %v", read(nil), err)
	}
	big := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	long := root.NewFileClient("long")
	if _, err := long.Create(ctx, int64(len(big)), nil); err != nil {
		t.Fatal(err)
	}
	if err := long.UploadBuffer(ctx, big, &file.UploadBufferOptions{ChunkSize: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, len(big))
	if n, err := long.DownloadBuffer(ctx, back, &file.DownloadBufferOptions{ChunkSize: 1 << 20}); err != nil || n != int64(len(big)) || !bytes.Equal(back, big) {
		t.Errorf("%d bytes came back, %v", n, err)
	}

	if got, _ := names(t, root, nil); !slices.Equal(got, []string{"Team/", "Users/", "long 3200000"}) {
		t.Errorf("the share holds %q", got)
	}
	if got, _ := names(t, mine, nil); !slices.Equal(got, []string{"set up #1.sh 3"}) {
		t.Errorf("the directory holds %q", got)
	}
	_, err = mine.Delete(ctx, nil)
	wantCode(t, err, "DirectoryNotEmpty", 409)
	if _, err := script.Delete(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Delete(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_, err = mine.GetProperties(ctx, nil)
	wantCode(t, err, fileerror.ResourceNotFound, 404)
	for _, q := range srv.Requests() {
		if strings.Contains(string(q.Body), "hello") {
			t.Error("the journal holds what was written into a file")
		}
	}
}

// The datastores of a workspace are the four that it begins with.
func TestDatastores(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{})
	stores, err := sdk.NewDatastoresClient(srv.Subscription, srv.Credential(), srv.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	list := func(o *sdk.DatastoresClientListOptions) (found []string) {
		for pager := stores.NewListPager(srv.ResourceGroup, srv.Workspace, o); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range page.Value {
				found = append(found, fmt.Sprintf("%s %s", *d.Name, *d.Properties.GetDatastoreProperties().DatastoreType))
			}
		}
		return found
	}
	all := []string{"workspaceartifactstore AzureBlob", "workspaceblobstore AzureBlob", "workspacefilestore AzureFile", "workspaceworkingdirectory AzureFile"}
	for _, test := range []struct {
		options *sdk.DatastoresClientListOptions
		want    []string
	}{
		{nil, all},
		{&sdk.DatastoresClientListOptions{IsDefault: to.Ptr(true)}, all[1:2]},
		{&sdk.DatastoresClientListOptions{IsDefault: to.Ptr(false)}, []string{all[0], all[2], all[3]}},
		{&sdk.DatastoresClientListOptions{SearchText: to.Ptr("FILE")}, all[2:3]},
		{&sdk.DatastoresClientListOptions{Names: []string{"workspaceblobstore", "WorkspaceFileStore", "other"}}, all[1:3]},
	} {
		if got := list(test.options); !slices.Equal(got, test.want) {
			t.Errorf("with %+v: %q, want %q", test.options, got, test.want)
		}
	}
	_, err = stores.Get(ctx, srv.ResourceGroup, srv.Workspace, "other", nil)
	wantCode(t, err, "UserError", 404)
	blob, err := stores.Get(ctx, srv.ResourceGroup, srv.Workspace, "workspaceblobstore", nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := blob.Properties.(*sdk.AzureBlobDatastore); !*p.IsDefault || !strings.HasPrefix(*p.ContainerName, "azureml-blobstore-") {
		t.Errorf("the default datastore is %+v", p)
	}
	workspaces, err := sdk.NewWorkspacesClient(srv.Subscription, srv.Credential(), srv.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	ws, err := workspaces.Get(ctx, srv.ResourceGroup, srv.Workspace, nil)
	if err != nil || !strings.HasSuffix(*ws.Properties.StorageAccount, "/providers/Microsoft.Storage/storageAccounts/"+*blob.Properties.(*sdk.AzureBlobDatastore).AccountName) {
		t.Errorf("the workspace's account is %s: %v", *ws.Properties.StorageAccount, err)
	}
	keys, err := workspaces.ListKeys(ctx, srv.ResourceGroup, srv.Workspace, nil)
	secret, err2 := stores.ListSecrets(ctx, srv.ResourceGroup, srv.Workspace, "workspaceblobstore", nil)
	if err != nil || err2 != nil || *keys.UserStorageKey != *secret.DatastoreSecretsClassification.(*sdk.AccountKeyDatastoreSecrets).Key {
		t.Errorf("the keys differ: %v %v", err, err2)
	}
}

// Listings come in pages, in the order of names, with times where they are asked
// for.
func TestFileShareListing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{})
	_, _, code := theShare(t, srv)
	root := code.NewRootDirectoryClient()
	for _, name := range []string{"b&1.txt", "a", "B2", "c"} {
		if _, err := root.NewFileClient(name).Create(ctx, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := root.NewSubdirectoryClient("bd").Create(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := code.NewDirectoryClient("bd").NewFileClient("inside").Create(ctx, 1, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"a 1", "b&1.txt 1", "B2 1", "bd/", "c 1", "Users/"}
	for most, pages := range map[int32]int{1: 6, 4: 2, 6: 1, 100: 1} {
		got, n := names(t, root, &directory.ListFilesAndDirectoriesOptions{MaxResults: to.Ptr(most)})
		slices.SortFunc(got, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
		if !slices.Equal(got, want) || n != pages {
			t.Errorf("in pages of %d: %q in %d", most, got, n)
		}
	}
	if got, _ := names(t, root, &directory.ListFilesAndDirectoriesOptions{Prefix: to.Ptr("b")}); len(got) != 3 {
		t.Errorf("with the prefix b: %q", got)
	}
	page, err := root.NewListFilesAndDirectoriesPager(&directory.ListFilesAndDirectoriesOptions{Include: directory.ListFilesInclude{Timestamps: true, ETag: true}}).NextPage(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if p := page.Segment.Files[0].Properties; p.LastModified == nil || !p.LastModified.Equal(emulatortest.Start) || p.ETag == nil {
		t.Errorf("the properties are %+v", p)
	}
}

// A token opens the share with the backup intent, a wrong key does not, and an
// account without keys takes tokens alone.
func TestFileShareSignIn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{StrictAuth: true})
	store, key, code := theShare(t, srv)
	if _, err := code.NewDirectoryClient("Users").GetProperties(ctx, nil); err != nil {
		t.Fatal(err)
	}
	at := shareURL(store, codeShare)
	with := func(intent *share.TokenIntent, cred azcore.TokenCredential) *share.Client {
		c, err := share.NewClient(at, cred, &share.ClientOptions{ClientOptions: quick(srv), FileRequestIntent: intent})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	backup := to.Ptr(share.TokenIntentBackup)
	_, err := with(backup, srv.Credential()).NewDirectoryClient("Users").GetProperties(ctx, nil)
	wantCode(t, err, "InvalidAuthenticationInfo", 401) // a token for Resource Manager
	if _, err := with(backup, storageToken{}).NewDirectoryClient("Users").GetProperties(ctx, nil); err != nil {
		t.Errorf("a token for storage: %v", err)
	}
	_, err = with(nil, storageToken{}).NewDirectoryClient("Users").GetProperties(ctx, nil)
	wantCode(t, err, fileerror.MissingRequiredHeader, 400)

	other, err := share.NewSharedKeyCredential(key.AccountName(), "c2VjcmV0")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := share.NewClientWithSharedKeyCredential(at, other, &share.ClientOptions{ClientOptions: quick(srv)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = wrong.NewDirectoryClient("Users").GetProperties(ctx, nil)
	wantCode(t, err, fileerror.AuthenticationFailed, 403)
	unsigned, err := share.NewClientWithNoCredential(at, &share.ClientOptions{ClientOptions: quick(srv)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = unsigned.GetProperties(ctx, nil)
	wantCode(t, err, "NoAuthenticationInformation", 401)

	stores, err := sdk.NewDatastoresClient(srv.Subscription, srv.Credential(), srv.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	setMode := func(mode string) {
		t.Helper()
		answer, _ := do(t, srv, http.MethodPatch, "?api-version=2024-04-01", `{"properties":{"systemDatastoresAuthMode":"`+mode+`"}}`)
		if answer != http.StatusOK {
			t.Fatalf("the workspace's mode: %d", answer)
		}
	}
	setMode("identity")
	_, err = code.NewDirectoryClient("Users").GetProperties(ctx, nil)
	wantCode(t, err, "KeyBasedAuthenticationNotPermitted", 403)
	if _, err := stores.ListSecrets(ctx, srv.ResourceGroup, srv.Workspace, "workspaceworkingdirectory", nil); err == nil {
		t.Error("a workspace without keys gave one")
	}
	got, err := stores.Get(ctx, srv.ResourceGroup, srv.Workspace, "workspaceworkingdirectory", nil)
	if err != nil {
		t.Fatal(err)
	}
	if kind := *got.Properties.GetDatastoreProperties().Credentials.GetDatastoreCredentials().CredentialsType; kind != sdk.CredentialsTypeNone {
		t.Errorf("the credentials of a workspace without keys are %s", kind)
	}
	setMode("accesskey")
	if _, err := code.NewDirectoryClient("Users").GetProperties(ctx, nil); err != nil {
		t.Error(err)
	}
}

// do sends a request about the workspace with the token of the server's person.
func do(t *testing.T, srv *emulatortest.Server, method, rest, text string) (status int, answer string) {
	t.Helper()
	url := srv.URL + "/subscriptions/" + srv.Subscription + "/resourceGroups/" + srv.ResourceGroup + "/providers/Microsoft.MachineLearningServices/workspaces/" + srv.Workspace + rest
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	token, err := srv.Credential().GetToken(context.Background(), policy.TokenRequestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token.Token)
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// storageToken signs in to Azure Storage.
type storageToken struct{}

func (storageToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	expires := time.Now().Add(time.Hour)
	return azcore.AccessToken{ExpiresOn: expires,
		Token: unsigned(fmt.Sprintf(`{"oid":"%s","aud":"https://storage.azure.com","exp":%d}`, emulatortest.ObjectID, expires.Unix()))}, nil
}

// What cannot be is refused as the service does, faults included.
func TestFileShareErrors(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv := emulatortest.NewServer(t, emulator.Options{Throttle: true})
	store, key, code := theShare(t, srv)
	other, err := share.NewClientWithSharedKeyCredential(shareURL(store, "other"), key, &share.ClientOptions{ClientOptions: quick(srv)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.NewDirectoryClient("a").Create(ctx, nil)
	wantCode(t, err, fileerror.ShareNotFound, 404)
	if _, err := other.Create(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_, err = other.Create(ctx, nil)
	wantCode(t, err, fileerror.ShareAlreadyExists, 409)
	if _, err := code.Delete(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_, err = code.NewRootDirectoryClient().NewFileClient("x").GetProperties(ctx, nil)
	wantCode(t, err, fileerror.ShareNotFound, 404)

	root := other.NewRootDirectoryClient()
	_, err = root.NewFileClient("huge").Create(ctx, 5<<20, nil)
	wantCode(t, err, fileerror.ShareSizeLimitReached, 403)
	for n := range 8 {
		if _, err := root.NewFileClient(fmt.Sprint("part", n)).Create(ctx, 4<<20, nil); err != nil {
			t.Fatal(err)
		}
	}
	_, err = root.NewFileClient("last").Create(ctx, 1, nil)
	wantCode(t, err, fileerror.ShareSizeLimitReached, 403)
	_, err = root.NewFileClient("a:b").Create(ctx, 1, nil)
	wantCode(t, err, fileerror.InvalidResourceName, 400)
	_, err = root.NewSubdirectoryClient("part0").GetProperties(ctx, nil)
	wantCode(t, err, "ResourceTypeMismatch", 409)

	for _, code := range []fileerror.Code{fileerror.AuthorizationFailure, fileerror.AuthorizationPermissionMismatch} {
		srv.Fault(emulator.Fault{Match: "GET /storage/*", Status: 403, Code: string(code), Times: 1})
		_, err = root.NewFileClient("part0").DownloadStream(ctx, nil)
		wantCode(t, err, code, 403)
	}
	for _, path := range []string{"/storage", "/storage/acc", "/storage/a/b/../%2fc"} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode < 400 || res.Header.Get("x-ms-error-code") == "" || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/xml") {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
	}
}

// What was acknowledged of the share is read back from the directory.
func TestFileShareStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	open := func() *rig {
		e, err := emulator.New(emulator.Options{Dir: dir, Pace: emulator.PaceInstant})
		if err != nil {
			t.Fatal(err)
		}
		return &rig{Emulator: e, t: t}
	}
	r := open()
	content := strings.Repeat("\x00binary\xff", 1000)
	at := func(r *rig) *file.Client { return r.files().NewDirectoryClient("Users").NewFileClient("x") }
	if _, err := at(r).Create(ctx, int64(len(content)), &file.CreateOptions{OptionalBody: body(content)}); err != nil {
		t.Fatal(err)
	}
	// Nothing is closed: as after kill -9.
	again := open()
	if got := again.file("Users/x"); got != content {
		t.Errorf("%d bytes came back", len(got))
	}
	if _, err := at(again).Delete(ctx, nil); err != nil {
		t.Fatal(err)
	}
	_, err := at(r).GetProperties(ctx, nil)
	wantCode(t, err, "ResourceNotFound", 404)
}

// Whatever is asked of a share gets an answer of the service's kind.
func FuzzFileShare(f *testing.F) {
	for _, seed := range [][4]string{
		{"PUT", "Users?restype=directory", "", ""},
		{"PUT", "file", "4", "data"},
		{"PUT", "file?comp=range", "bytes=1-2", "ab"},
		{"PUT", "file?comp=range", "bytes=1-", ""},
		{"PUT", "file?comp=properties", "2", ""},
		{"GET", "file", "bytes=1-99999999999", ""},
		{"GET", "file?comp=rangelist", "", ""},
		{"GET", "?restype=directory&comp=list&maxresults=1&marker=f&prefix=F&include=Timestamps,Etag", "", ""},
		{"HEAD", "a%2Fb/c%00", "", ""},
		{"DELETE", "?restype=share", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, path, size, text string) {
		e, err := emulator.New(emulator.Options{Pace: emulator.PaceInstant})
		if err != nil {
			t.Fatal(err)
		}
		send := func(method, path, size, text string) {
			q, err := http.NewRequestWithContext(context.Background(), method, host+"/storage/acc/"+codeShare+"/"+path, strings.NewReader(text))
			if err != nil {
				t.Skip("not a request that a client could send")
			}
			for name, value := range map[string]string{"Authorization": "Bearer x", "x-ms-version": "2026-06-06", "x-ms-file-request-intent": "backup",
				"x-ms-type": "file", "x-ms-write": "update", "x-ms-range": size, "x-ms-content-length": size} {
				q.Header.Set(name, value)
			}
			res, err := e.Transport().RoundTrip(q)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode >= 500 || res.StatusCode >= 400 && res.Header.Get("x-ms-error-code") == "" {
				t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, raw)
			}
			if strings.HasPrefix(res.Header.Get("Content-Type"), "application/xml") && len(raw) > 0 && xml.Unmarshal(raw, new(struct{})) != nil {
				t.Fatalf("%s %s answered what is not XML: %q", method, path, raw)
			}
		}
		send("PUT", "file", "4", "data")
		send(method, path, size, text)
		send("GET", "?restype=directory&comp=list&include=Timestamps", "", "")
	})
}
