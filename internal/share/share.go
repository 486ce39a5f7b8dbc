// Package share reads and writes the file share of a workspace (Azure Files), in
// which its notebooks, setup scripts and the logs of setups are.
//
// The share is found as the studio finds it: by the datastore
// workspaceworkingdirectory, or, where that is missing, under its one name in the
// workspace's storage account. Requests are signed with the account's key, which
// the datastore gives, or with a token where keys are switched off or withheld.
package share

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Name is the name of the share in every workspace's storage account. Source:
// DEFAULT_CODE_FILESHARE_NAME of azureml-train-automl-runtime.
const Name = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"

// datastore is the datastore of the share.
const datastore = "workspaceworkingdirectory"

// apiVersion is the first stable api-version whose published specification has
// the datastore and its secrets in the form that is read here.
const apiVersion = "2024-04-01"

// Options say where a share is and how requests get there.
type Options struct {
	// Client is the client of the workspace.
	Client *compute.Client
	// Storage ends the names of the cloud's storage hosts, such as
	// core.windows.net; or it is a URL below which accounts are paths, as on a
	// loopback endpoint. No other host is asked.
	Storage string
	// Credential gives tokens for storage; nil where there are none.
	Credential azcore.TokenCredential
	// Transport sends the requests. Redirects are not followed.
	Transport http.RoundTripper
	// Log receives a line for each request and each response, when set.
	Log func(string)
	// DryRun is given, when set, the request that would write, instead of the
	// share. What is there is read.
	DryRun func(compute.Request)
	// OnWrite is called, when set, once something was written or may have been.
	OnWrite func()
}

// Share is the file share of one workspace. It is found at the first use. It is
// safe for concurrent use.
type Share struct {
	options Options

	mu     sync.Mutex
	at     place
	client *client
	byKey  bool  // client signs with the account's key
	noKey  error // why there is no key, when there is none
}

// New returns the share of a workspace. It sends nothing.
func New(o Options) *Share { return &Share{options: o} }

// place is where a share is.
type place struct {
	account, name string
	url           string
	identity      bool // the datastore says that it is read with an identity
	fromWorkspace bool // account is the one that the workspace names
}

// Where names the share in words for people; it holds once a call was made.
func (s *Share) Where() string {
	return "the share " + s.at.name + " of the storage account " + s.at.account
}

// do calls f with a client of the share, and once more with a token when the
// account refuses its keys.
func (s *Share) do(ctx context.Context, f func(*client) error) error {
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	err = f(client)
	if code(err) == keysOff && s.usesKey() {
		if client, err = s.openWithToken(ctx, errKeysOff); err != nil {
			return err
		}
		err = f(client)
	}
	return s.explain(ctx, err)
}

func (s *Share) usesKey() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byKey
}

// open finds the share and what opens it.
func (s *Share) open(ctx context.Context) (*client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return s.client, nil
	}
	var err error
	if s.at, err = s.find(ctx); err != nil {
		return nil, err
	}
	if s.at.identity {
		return s.withToken(ctx, nil)
	}
	secret, err := s.secrets(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, err
	case err != nil && !withheld(err):
		return nil, err
	case err != nil:
		return s.withToken(ctx, err)
	case secret.SASToken != "":
		s.client = s.newClient(nil)
		s.client.sas = strings.TrimPrefix(secret.SASToken, "?")
		return s.client, nil
	}
	key, err := base64.StdEncoding.DecodeString(secret.Key)
	if err != nil {
		return nil, exit.Errorf(exit.Failed, "the key of the storage account %s that the service gives cannot be read", s.at.account)
	}
	s.client, s.byKey = s.withKey(key), true
	return s.client, nil
}

func (s *Share) openWithToken(ctx context.Context, why error) (*client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.byKey {
		return s.client, nil // another call did it
	}
	s.byKey = false
	return s.withToken(ctx, why)
}

var errKeysOff = errors.New("the storage account accepts no keys")

// withToken makes the client of a share that is opened by a token. The token goes
// to the workspace's own account only: the datastore alone, which can be edited,
// does not make it that.
func (s *Share) withToken(ctx context.Context, noKey error) (*client, error) {
	s.client, s.noKey = nil, noKey
	if s.options.Credential == nil {
		text := "the share needs a token for storage, and --auth-mode token has one for the Resource Manager only"
		if noKey != nil {
			text += ": " + noKey.Error()
		}
		return nil, &exit.Error{Exit: exit.Auth, Text: text, Tip: "sign in another way, such as with az login", Err: noKey}
	}
	if !s.at.fromWorkspace {
		account, err := s.workspaceAccount(ctx)
		if err != nil {
			return nil, err
		}
		if !strings.EqualFold(account, s.at.account) {
			return nil, exit.Errorf(exit.Failed, "the datastore %s names the storage account %s, and the workspace's own is %s: no token was sent there", datastore, s.at.account, account)
		}
		s.at.fromWorkspace = true
	}
	s.client = s.withCredential(s.options.Credential)
	return s.client, nil
}

// find reads where the share is.
func (s *Share) find(ctx context.Context) (place, error) {
	var store struct {
		Properties struct {
			Type        string `json:"datastoreType"`
			Account     string `json:"accountName"`
			Share       string `json:"fileShareName"`
			Endpoint    string `json:"endpoint"`
			Credentials struct {
				Type string `json:"credentialsType"`
			} `json:"credentials"`
		} `json:"properties"`
	}
	err := s.options.Client.Fetch(ctx, s.datastorePath(), version(), &store)
	var refused *compute.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		account, err := s.workspaceAccount(ctx)
		if err != nil {
			return place{}, err
		}
		return s.locate(place{account: account, name: Name, fromWorkspace: true}, "")
	}
	if err != nil {
		return place{}, err
	}
	p := store.Properties
	if !strings.EqualFold(p.Type, "AzureFile") {
		return place{}, &exit.Error{Exit: exit.Failed, Text: fmt.Sprintf("the datastore %s is of type %.60q, not a file share", datastore, p.Type),
			Tip: "a workspace whose storage account has a hierarchical namespace has no share: it has to be made again with another account"}
	}
	return s.locate(place{account: strings.ToLower(p.Account), name: p.Share, identity: strings.EqualFold(p.Credentials.Type, "None")}, p.Endpoint)
}

// accountNames and shareNames are what the service allows, so that no name can
// make an address of another host.
var (
	accountNames = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]{3,24}$`) })
	shareNames   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])+$`) })
)

// locate sets the address of p, which is always on the cloud's own storage hosts.
func (s *Share) locate(p place, endpoint string) (place, error) {
	if !accountNames().MatchString(p.account) || !shareNames().MatchString(p.name) || len(p.name) > 63 {
		return p, exit.Errorf(exit.Failed, "the service names the share %.70q of the storage account %.70q, which cannot be", p.name, p.account)
	}
	switch own := s.options.Storage; {
	case own == "":
		return p, exit.Errorf(exit.Auth, "the storage hosts of this cloud or endpoint are not known, so the workspace's share is not read")
	case strings.Contains(own, "://"):
		p.url = strings.TrimRight(own, "/") + "/" + p.account + "/" + p.name
	case endpoint != "" && !strings.EqualFold(strings.Trim(endpoint, "./"), own):
		return p, exit.Errorf(exit.Failed, "the service names the storage host %.100q, which does not belong to the chosen cloud (%s); nothing was sent there", endpoint, own)
	default:
		p.url = "https://" + p.account + ".file." + own + "/" + p.name
	}
	return p, nil
}

// workspaceAccount is the name of the workspace's storage account.
func (s *Share) workspaceAccount(ctx context.Context) (string, error) {
	var ws struct {
		Properties struct {
			Account string `json:"storageAccount"`
		} `json:"properties"`
	}
	if err := s.options.Client.Fetch(ctx, s.workspacePath(), version(), &ws); err != nil {
		return "", err
	}
	id := strings.TrimRight(ws.Properties.Account, "/")
	if id == "" {
		return "", exit.Errorf(exit.Failed, "the workspace %s does not tell its storage account", s.options.Client.Workspace().Name)
	}
	return strings.ToLower(id[strings.LastIndexByte(id, '/')+1:]), nil
}

// secret is what a datastore is opened with.
type secret struct {
	Key      string `json:"key"`
	SASToken string `json:"sasToken"`
}

func (s *Share) secrets(ctx context.Context) (secret, error) {
	var found secret
	err := s.options.Client.Query(ctx, s.datastorePath()+"/listSecrets", version(), nil, &found)
	if err == nil && found == (secret{}) {
		err = errKeysOff
	}
	return found, err
}

// withheld reports whether there is no key to be had, so that a token is the way:
// the caller may not read it, or there is none.
func withheld(err error) bool {
	if errors.Is(err, errKeysOff) {
		return true
	}
	var refused *compute.Error
	return errors.As(err, &refused) && refused.Status >= 400 && refused.Status < 500 && refused.Status != http.StatusUnauthorized &&
		refused.Status != http.StatusTooManyRequests
}

func (s *Share) workspacePath() string {
	return strings.TrimPrefix(s.options.Client.Workspace().ID(), "/")
}

func (s *Share) datastorePath() string { return s.workspacePath() + "/datastores/" + datastore }

func version() url.Values { return url.Values{"api-version": {apiVersion}} }
