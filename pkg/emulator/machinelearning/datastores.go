package machinelearning

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/storage"
)

// Which api-versions have datastores.
func datastoreVersions() arm.Versions {
	return published.From(arm.Since{Preview: "2021-03-01", Stable: "2022-05-01"})
}

// datastores are those that the service makes for every workspace, in order. The
// emulator knows no others.
var datastores = []datastore{
	{name: "workspaceartifactstore", container: "azureml"},
	{name: "workspaceblobstore", container: "azureml-blobstore-", own: true, standard: true},
	{name: "workspacefilestore", share: "azureml-filestore-", own: true},
	{name: "workspaceworkingdirectory", share: storage.Share},
}

// datastore is a container or a share of the workspace's storage account.
type datastore struct {
	name, container, share string
	own                    bool // the name of the container or share ends with the workspace's id
	standard               bool // the default datastore
}

func (d datastore) body(w *workspace, base string) *arm.Object {
	kind, field, name := "AzureBlob", "containerName", d.container
	if d.share != "" {
		kind, field, name = "AzureFile", "fileShareName", d.share
	}
	if d.own {
		name += w.guid()
	}
	credentials, access := "AccountKey", "None"
	if w.keyless() {
		credentials, access = "None", "WorkspaceSystemAssignedIdentity"
	}
	scheme, _, _ := strings.Cut(base, "://")
	made := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC).Format(envelopeTime)
	return new(arm.Object).
		Set("id", w.id()+"/datastores/"+d.name).Set("name", d.name).Set("type", workspaceType+"/datastores").
		Nest("properties", func(p *arm.Object) {
			p.Set("description", nil).Set("tags", nil).Set("properties", nil).Set("isDefault", d.standard).
				Set("credentials", new(arm.Object).Set("credentialsType", credentials)).
				Set("datastoreType", kind).Set("accountName", w.account()).Set(field, name).
				Set("endpoint", storage.Suffix(base)).Set("protocol", scheme).Set("serviceDataAccessAuthIdentity", access).
				Set("subscriptionId", w.Subscription).Set("resourceGroup", w.ResourceGroup)
		}).
		Set("systemData", new(arm.Object).Set("createdAt", made).Set("createdByType", "Application").Set("lastModifiedAt", made))
}

// listDatastores lists those that the query asks for. There are so few that they
// are one page.
func listDatastores(_ *arm.Tx, q *arm.Request, w *workspace) (*arm.Response, error) {
	var names []string
	if s := q.Query.Get("names"); s != "" {
		names = strings.Split(strings.ToLower(s), ",")
	}
	var list []*arm.Object
	for _, d := range datastores {
		if names != nil && !slices.Contains(names, d.name) || !strings.Contains(d.name, strings.ToLower(q.Query.Get("searchtext"))) {
			continue
		}
		if s := q.Query.Get("isdefault"); s != "" && strings.EqualFold(s, "true") != d.standard {
			continue
		}
		list = append(list, d.body(w, q.Base))
	}
	return arm.List(list...), nil
}

func getDatastore(_ *arm.Tx, q *arm.Request, w *workspace) (*arm.Response, error) {
	d, err := findDatastore(q)
	if err != nil {
		return nil, err
	}
	return arm.OK(d.body(w, q.Base)), nil
}

// listSecrets answers with the account's key. In a workspace that keeps no keys
// there is none to answer with; how the service says so is our reading.
func listSecrets(_ *arm.Tx, q *arm.Request, w *workspace) (*arm.Response, error) {
	d, err := findDatastore(q)
	if err != nil {
		return nil, err
	}
	if w.keyless() {
		return nil, arm.Fail(http.StatusBadRequest, "UserError", "No secrets for credentials of type None: the datastore %s is read with an identity.", d.name)
	}
	return arm.OK(new(arm.Object).Set("secretsType", "AccountKey").Set("key", storage.Key(w.account()))), nil
}

func findDatastore(q *arm.Request) (datastore, error) {
	for _, d := range datastores {
		if strings.EqualFold(d.name, q.Args[3]) {
			return d, nil
		}
	}
	return datastore{}, arm.Fail(http.StatusNotFound, "UserError", "Could not find datastore: %s in workspace: %s", q.Args[3], q.Args[2])
}

// account is the name of the workspace's storage account: that of the resource it
// was made with, or one made of its name and ten digits.
func (w *workspace) account() string {
	var id string
	if json.Unmarshal(w.property("storageAccount"), &id) == nil && id != "" {
		return strings.ToLower(id[strings.LastIndexByte(id, '/')+1:])
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(w.Name))
	sum := sha256.Sum256([]byte("storage account of " + w.key()))
	return fmt.Sprintf("%.14s%010d", name, binary.BigEndian.Uint64(sum[:8])%1e10)
}

// accountID is the resource id of that account.
func (w *workspace) accountID() string {
	var id string
	if json.Unmarshal(w.property("storageAccount"), &id) == nil && id != "" {
		return id
	}
	return "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.ResourceGroup + "/providers/Microsoft.Storage/storageAccounts/" + w.account()
}

// keyless tells whether the workspace reads its storage with identities only.
// Its account then refuses keys: at the service that is a setting of its own.
func (w *workspace) keyless() bool {
	var mode string
	return json.Unmarshal(w.property("systemDatastoresAuthMode"), &mode) == nil && strings.EqualFold(mode, "identity")
}

// property is one that was sent, or nil.
func (w *workspace) property(name string) json.RawMessage {
	for k, v := range w.Properties {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}
