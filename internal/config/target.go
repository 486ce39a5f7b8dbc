package config

import (
	"strings"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/exit"
)

// The emulator's initial resources, which are the default workspace if the
// cloud is the emulator.
const (
	EmulatorCloud         = "emulator"
	EmulatorSubscription  = "00000000-0000-0000-0000-000000000000"
	EmulatorResourceGroup = "local-rg"
	EmulatorWorkspace     = "local-ws"
)

// Target says where requests go: the embedded emulator, an endpoint, or a
// cloud.
type Target struct {
	Cloud    Value
	Endpoint Value // not set for the cloud's own endpoint
}

// Emulator reports whether the target is the embedded emulator.
func (t Target) Emulator() bool { return t.Cloud.Text == EmulatorCloud }

// Target resolves cloud and endpoint together, because an endpoint and the
// embedded emulator are mutually exclusive. Two flags are an error; otherwise
// the stronger source wins, and the endpoint wins a tie.
func (s *Settings) Target() (Target, error) { return s.target() }

func (s *Settings) findTarget() (Target, error) {
	cloudOption, _ := Lookup(CloudName)
	endpointOption, _ := Lookup(Endpoint)
	cloud, err := s.resolve(cloudOption, LevelFlag, LevelDefault)
	if err != nil {
		return Target{}, err
	}
	cloud = spellCloud(cloud)
	weakest := LevelDefault
	if cloud.Text == EmulatorCloud {
		weakest = cloud.Level
	}
	endpoint, err := s.resolve(endpointOption, LevelFlag, weakest)
	if err != nil || !endpoint.Set() || cloud.Text != EmulatorCloud {
		return Target{Cloud: cloud, Endpoint: endpoint}, err
	}
	if cloud.Level == LevelFlag {
		return Target{}, &exit.Error{Exit: exit.Usage, Text: "--endpoint and --cloud emulator exclude each other",
			Tip: "give --endpoint alone for a server, or --cloud emulator alone for the embedded emulator"}
	}
	for cloud.Text == EmulatorCloud {
		if cloud, err = s.resolve(cloudOption, cloud.Level-1, LevelDefault); err != nil {
			return Target{}, err
		}
		cloud = spellCloud(cloud)
	}
	return Target{Cloud: cloud, Endpoint: endpoint}, nil
}

// spellCloud normalizes the name of a cloud.
func spellCloud(cloud Value) Value {
	if strings.EqualFold(cloud.Text, EmulatorCloud) {
		cloud.Text = EmulatorCloud
	} else if cloud.Set() {
		cloud.Text = azure.CanonicalCloud(cloud.Text)
	}
	return cloud
}

// emulated reports whether the embedded emulator is the target.
func (s *Settings) emulated() bool {
	target, err := s.Target()
	return err == nil && target.Emulator()
}
