package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/exit"
)

// azFiles are az's settings. Each file is read on first use.
type azFiles struct {
	dir     string
	ini     func() (*azure.INI, error)
	profile func() (*azure.Profile, error)
}

func newAzFiles(in Inputs) *azFiles {
	dir := azure.ConfigDir(in.Getenv, in.Home)
	return &azFiles{
		dir: dir,
		ini: sync.OnceValues(func() (*azure.INI, error) {
			if dir == "" {
				return azure.ParseINI(nil), nil
			}
			return azure.ReadINI(filepath.Join(dir, "config"))
		}),
		profile: sync.OnceValues(func() (*azure.Profile, error) { return azure.ReadProfile(dir) }),
	}
}

// AzDir is az's folder: $AZURE_CONFIG_DIR, else ~/.azure.
func (s *Settings) AzDir() string { return s.az().dir }

// AzProfile is az's list of this user's subscriptions.
func (s *Settings) AzProfile() (*azure.Profile, error) { return s.az().profile() }

// fromAz reads az's variables and files. az has no subscription in the
// emulator's cloud, but its default group and workspace apply there too, so
// that a script rehearses with its own names.
func (s *Settings) fromAz(key string) (Value, error) {
	switch key {
	case Subscription:
		if s.emulated() {
			return Value{}, nil
		}
		return s.activeSubscription()
	case ResourceGroup:
		return s.azOption("defaults", "group")
	case Workspace:
		for _, name := range []string{"workspace", "aml_workspace", "workspace_name"} {
			if value, err := s.azOption("defaults", name); err != nil || value.Set() {
				return value, err
			}
		}
	case CloudName:
		value, err := s.azOption("cloud", "name")
		if strings.EqualFold(value.Text, EmulatorCloud) {
			return Value{}, &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("az's active cloud (%s) is called emulator, which is reserved", value.Source),
				Tip: "choose one with --cloud or --endpoint, or register it with az under another name"}
		}
		return value, err
	case Output:
		return s.azOption("core", "output")
	case NoColor:
		return s.azOption("core", "no_color")
	case OnlyShowErrors:
		return s.azOption("core", "only_show_errors")
	}
	return Value{}, nil
}

// azOption reads an option the way az does: AZURE_SECTION_NAME in the
// environment, then the section of its configuration file.
func (s *Settings) azOption(section, name string) (Value, error) {
	env := "AZURE_" + strings.ToUpper(section+"_"+name)
	if text := s.in.Getenv(env); text != "" {
		return Value{Text: text, Source: env, Level: LevelAz}, nil
	}
	ini, err := s.az().ini()
	if err != nil {
		return Value{}, err
	}
	text := ini.Get(section, name)
	if text == "" {
		return Value{}, nil
	}
	return Value{Text: text, Source: "az config " + section + "." + name, Level: LevelAz}, nil
}

func (s *Settings) activeSubscription() (Value, error) {
	target, err := s.Target()
	if err != nil {
		return Value{}, err
	}
	profile, err := s.az().profile()
	if err != nil {
		return Value{}, err
	}
	active, ok := profile.Active(target.Cloud.Text)
	if !ok {
		return Value{}, nil
	}
	return Value{Text: active.ID, Source: "az's active subscription", Level: LevelAz}, nil
}

// NoConfirm reports whether az's option core.disable_confirm_prompt is on: its
// commands ask nothing then.
func (s *Settings) NoConfirm() (bool, error) {
	value, err := s.azOption("core", "disable_confirm_prompt")
	switch strings.ToLower(value.Text) {
	case "1", "yes", "true", "on":
		return true, err
	}
	return false, err
}
