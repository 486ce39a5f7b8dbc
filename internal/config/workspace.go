package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/exit"
)

// WorkspaceRef is a workspace and its source.
type WorkspaceRef struct {
	Subscription  Value
	ResourceGroup Value
	Name          Value
}

// Source describes where the workspace came from, part by part if the sources
// differ.
func (w WorkspaceRef) Source() string {
	if w.Name.Source == w.ResourceGroup.Source || !w.ResourceGroup.Set() {
		return w.Name.Source
	}
	if w.Name.Level == LevelFlag && w.ResourceGroup.Level == LevelFlag {
		return "flags -g and -w"
	}
	return w.Name.Source + ", resource group from " + w.ResourceGroup.Source
}

// Note warns that workspace and group come from different kinds of sources,
// which is how people act on the wrong workspace; else "".
func (w WorkspaceRef) Note() string {
	if w.Name.Level == w.ResourceGroup.Level || !w.Name.Set() || !w.ResourceGroup.Set() {
		return ""
	}
	return fmt.Sprintf("workspace %s is from %s, resource group %s from %s",
		w.Name.Text, w.Name.Source, w.ResourceGroup.Text, w.ResourceGroup.Source)
}

// ErrNotChosen is the cause if a part of the workspace is not set.
var ErrNotChosen = errors.New("not chosen")

// notChosen is the error for a part that is not set.
func notChosen(key string) error {
	e := &exit.Error{Exit: exit.Usage, Err: ErrNotChosen}
	switch key {
	case Subscription:
		e.Text, e.Tip = "no subscription is chosen", "run az login, or give --subscription-id"
	case ResourceGroup:
		e.Text, e.Tip = "no resource group is chosen", "give --resource-group, or choose a workspace once with computetarget use NAME -g GROUP"
	default:
		e.Text, e.Tip = "no workspace is chosen", "give --workspace-name and --resource-group, or choose one once with computetarget use NAME -g GROUP"
	}
	return e
}

// Workspace resolves the workspace. If a part is not set, it returns the others
// with an error that wraps ErrNotChosen.
func (s *Settings) Workspace() (WorkspaceRef, error) {
	var ref WorkspaceRef
	var err error
	if ref.Name, err = s.Get(Workspace); err != nil {
		return ref, err
	}
	if ref.ResourceGroup, err = s.Get(ResourceGroup); err != nil {
		return ref, err
	}
	if ref.Subscription, err = s.Subscription(); err != nil {
		return ref, err
	}
	for _, part := range []Value{ref.Name, ref.ResourceGroup, ref.Subscription} {
		if part.Text == "" {
			return ref, notChosen(part.Key)
		}
	}
	return ref, nil
}

// Subscription resolves the subscription and turns its name into an id with
// az's help. For the emulator or a custom endpoint, a name unknown to az is an
// id.
func (s *Settings) Subscription() (Value, error) {
	value, err := s.Get(Subscription)
	if err != nil || value.Text == "" || IsGUID(value.Text) || value.Level <= LevelAz {
		return value, err
	}
	target, err := s.Target()
	if err != nil {
		return value, err
	}
	if target.Emulator() || loopback(target.Endpoint.Text) {
		return value, nil
	}
	profile, err := s.az().profile()
	if err != nil {
		return value, err
	}
	found, several := profile.Find(target.Cloud.Text, value.Text)
	switch {
	case found.ID == "" && target.Endpoint.Set():
		// az may not know the subscriptions of a custom endpoint.
		return value, nil
	case found.ID != "":
		value.Text = found.ID
		return value, nil
	case len(several) > 1:
		ids := make([]string, len(several))
		for i, sub := range several {
			ids[i] = sub.ID
		}
		return value, &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("az knows %d subscriptions called %q (%s)", len(several), value.Text, strings.Join(ids, ", ")),
			Tip: "give the id with --subscription-id"}
	}
	return value, &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("subscription %q (from %s) is not an id, and az knows no subscription of that name in %s",
		value.Text, value.Source, target.Cloud.Text), Tip: "run az login, or give the id with --subscription-id"}
}

func loopback(endpoint string) bool {
	if endpoint == "" {
		return false
	}
	parsed, err := azure.ParseEndpoint(endpoint)
	return err == nil && parsed.Loopback
}

var guid = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
})

// IsGUID reports whether text is 8-4-4-4-12 hexadecimal digits.
func IsGUID(text string) bool { return guid().MatchString(text) }
