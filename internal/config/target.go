package config

import (
	"strings"

	"github.com/computetarget/computetarget/internal/azure"
)

// What the emulator is born with, and what a workspace is when nothing says
// otherwise while the cloud is the emulator.
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
	Endpoint Value // not set when the cloud's own endpoint is used
}

// Emulator reports whether the embedded emulator is meant.
func (t Target) Emulator() bool { return t.Cloud.Text == EmulatorCloud }

// Target resolves cloud and endpoint together, because an endpoint and the
// embedded emulator exclude each other: as flags that is an error; otherwise
// the one from the stronger source counts, and from sources of equal strength
// the endpoint.
func (s *Settings) Target() (Target, error) {
	cloudOption, _ := Lookup(CloudName)
	endpointOption, _ := Lookup(Endpoint)
	cloud, err := s.resolve(cloudOption, LevelFlag)
	if err != nil {
		return Target{}, err
	}
	endpoint, err := s.resolve(endpointOption, LevelFlag)
	if err != nil {
		return Target{}, err
	}
	cloud = spellEmulator(cloud)
	if cloud.Text != EmulatorCloud || !endpoint.Set() {
		return Target{Cloud: cloud, Endpoint: endpoint}, nil
	}
	switch {
	case cloud.Level == LevelFlag && endpoint.Level == LevelFlag:
		return Target{}, &Error{Reason: "--endpoint and --cloud emulator exclude each other",
			Hint: "give --endpoint alone for a server, or --cloud emulator alone for the embedded emulator"}
	case cloud.Level > endpoint.Level:
		return Target{Cloud: cloud, Endpoint: Value{Key: Endpoint}}, nil
	}
	for cloud.Text == EmulatorCloud && cloud.Level > LevelNone {
		if cloud, err = s.resolve(cloudOption, cloud.Level-1); err != nil {
			return Target{}, err
		}
		cloud = spellEmulator(cloud)
	}
	return Target{Cloud: cloud, Endpoint: endpoint}, nil
}

// spellEmulator gives the reserved word its one spelling.
func spellEmulator(cloud Value) Value {
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
