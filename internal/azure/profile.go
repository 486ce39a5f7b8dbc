package azure

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
)

// Profile is az's list of the subscriptions its user signed in to
// (azureProfile.json).
type Profile struct {
	Subscriptions []Subscription
}

// Subscription is one subscription of a Profile.
type Subscription struct {
	ID       string
	Name     string
	State    string // Enabled, Disabled, ...
	Tenant   string // the tenant to sign in to for this subscription
	Cloud    string // az's name of the cloud, such as AzureCloud
	User     string // a user's sign-in name, a service principal's client id, or systemAssignedIdentity
	UserType string // user or servicePrincipal
	Default  bool   // the active one of its cloud
	// ManagedIdentity is true if az signed in with the machine's identity.
	ManagedIdentity bool
	// CloudShell is true if Azure Cloud Shell signed in.
	CloudShell bool
}

// ReadProfile reads azureProfile.json in az's folder. Without the file, or
// without a folder, the profile is empty.
func ReadProfile(configDir string) (*Profile, error) {
	if configDir == "" {
		return &Profile{}, nil
	}
	path := filepath.Join(configDir, "azureProfile.json")
	data, err := input.Plain(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Profile{}, nil
	}
	if err != nil {
		return nil, err
	}
	profile, err := ParseProfile(data)
	if err != nil {
		return nil, &exit.Error{Exit: exit.Usage, Text: path + " is not the JSON az writes (" + err.Error() + ")",
			Tip: "sign in again with az login, or give --subscription-id", Err: err}
	}
	return profile, nil
}

// ParseProfile reads the content of azureProfile.json, with or without its byte
// order mark. It ignores entries of the wrong type; only text that is not a
// JSON object is an error.
func ParseProfile(data []byte) (*Profile, error) {
	data, err := input.Text(data)
	if err != nil {
		return nil, err
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return &Profile{}, nil
	}
	var file struct {
		Subscriptions json.RawMessage `json:"subscriptions"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, errors.New(jsonReason(err))
	}
	var entries []json.RawMessage
	_ = json.Unmarshal(file.Subscriptions, &entries)
	profile := &Profile{}
	for _, raw := range entries {
		fields := object(raw)
		user := object(fields["user"])
		sub := Subscription{
			ID:         text(fields["id"]),
			Name:       text(fields["name"]),
			State:      text(fields["state"]),
			Tenant:     text(fields["tenantId"]),
			Cloud:      text(fields["environmentName"]),
			User:       text(user["name"]),
			UserType:   text(user["type"]),
			Default:    truth(fields["isDefault"]),
			CloudShell: truth(user["cloudShellID"]),
		}
		sub.ManagedIdentity = text(user["assignedIdentityInfo"]) != "" ||
			sub.User == "systemAssignedIdentity" || sub.User == "userAssignedIdentity"
		if sub.ID == "" {
			continue
		}
		profile.Subscriptions = append(profile.Subscriptions, sub)
	}
	return profile, nil
}

// Active is the subscription az works in while cloud is its current cloud.
func (p *Profile) Active(cloud string) (Subscription, bool) {
	for _, sub := range p.Subscriptions {
		if sub.Default && sub.Cloud == cloud {
			return sub, true
		}
	}
	return Subscription{}, false
}

// Account is the entry whose sign-in applies to a subscription of a cloud: its
// own, else the active subscription's.
func (p *Profile) Account(cloud, subscription string) (Subscription, bool) {
	if subscription != "" {
		if found, _ := p.Find(cloud, subscription); found.ID != "" {
			return found, true
		}
	}
	return p.Active(cloud)
}

// Find looks up a subscription of a cloud by id or name, ignoring case as az
// does. If several subscriptions have the name, it finds none and the second
// result lists them.
func (p *Profile) Find(cloud, nameOrID string) (found Subscription, several []Subscription) {
	for _, sub := range p.Subscriptions {
		if sub.Cloud != cloud {
			continue
		}
		if strings.EqualFold(sub.ID, nameOrID) {
			return sub, nil
		}
		if strings.EqualFold(sub.Name, nameOrID) {
			several = append(several, sub)
		}
	}
	if len(several) == 1 {
		return several[0], nil
	}
	return Subscription{}, several
}

func object(raw json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(raw, &fields)
	return fields
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

func truth(raw json.RawMessage) bool {
	var b bool
	_ = json.Unmarshal(raw, &b)
	return b
}

// jsonReason says what is wrong with JSON text without Go's type names.
func jsonReason(err error) string {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		if wrongType.Field == "" {
			return "found " + wrongType.Value + " where an object was expected"
		}
		return "found " + wrongType.Value + " in " + wrongType.Field
	}
	return err.Error()
}
