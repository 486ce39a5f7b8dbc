package config

import (
	"fmt"
	"maps"
	"os"
	"os/user"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/nearest"
)

// Inputs are the sources of a Settings. None is read before a value is needed.
type Inputs struct {
	// Getenv reads the environment; default os.Getenv. An empty variable
	// counts as not set.
	Getenv func(string) string
	// Flags holds the given long flags, by name without dashes.
	Flags map[string]string
	// Dir is the current folder; default os.Getwd.
	Dir string
	// Home is the user's home folder; default os.UserHomeDir.
	Home string
	// GOOS is the operating system; default runtime.GOOS.
	GOOS string
	// NoFiles restricts the sources to flags, environment and defaults.
	NoFiles bool
}

// Value is a setting and its source.
type Value struct {
	Key    string
	Text   string // "" when not set
	Source string // for example flag -g, COMPUTETARGET_WORKSPACE, ./.azureml/config.json, az defaults, default
	Level  Level
	Secret bool
}

// Set reports whether any source, including the built-in default, has a value.
func (v Value) Set() bool { return v.Level != LevelNone }

// Settings resolves options. It is safe for concurrent use; every file is read
// at most once.
type Settings struct {
	in     Inputs
	user   func() (*userFile, error)
	proj   func() (*Project, error)
	az     func() *azFiles
	target func() (Target, error)

	chosenBy string // what Choose was given as by, "" before

	mu       sync.Mutex
	warnings []string
}

// New returns a Settings. It reads nothing.
func New(in Inputs) *Settings {
	in = in.withDefaults()
	s := &Settings{in: in}
	s.user = sync.OnceValues(func() (*userFile, error) { return readUserFile(s.UserFile()) })
	s.proj = sync.OnceValues(s.findProject)
	s.az = sync.OnceValue(func() *azFiles { return newAzFiles(in) })
	s.target = sync.OnceValues(s.findTarget)
	return s
}

// Choose sets the workspace, as flags would; by names the source.
func (s *Settings) Choose(subscription, group, workspace, by string) {
	flags := maps.Clone(s.in.Flags)
	if flags == nil {
		flags = map[string]string{}
	}
	flags["subscription-id"], flags["resource-group"], flags["workspace-name"] = subscription, group, workspace
	s.in.Flags, s.chosenBy = flags, by
}

// Get resolves an option by its key. The error names the source of an unusable
// value.
func (s *Settings) Get(key string) (Value, error) {
	option, ok := Lookup(key)
	if !ok {
		return Value{}, unknownKey(key)
	}
	switch key {
	case CloudName, Endpoint:
		target, err := s.Target()
		if key == CloudName {
			return target.Cloud, err
		}
		return target.Endpoint, err
	}
	return s.resolve(option, LevelFlag, LevelDefault)
}

// resolve tries the sources of an option, from one level down to another. Only
// this function decides precedence.
func (s *Settings) resolve(option Option, from, to Level) (Value, error) {
	for level := from; level >= to; level-- {
		value, err := s.at(option, level)
		if err != nil {
			return Value{Key: option.Key}, err
		}
		if value.Level == LevelNone {
			continue
		}
		text, err := Canonical(option, value.Text)
		if err != nil && level == LevelAz {
			// az's settings are for az: unusable ones are skipped.
			s.warn("%s (from %s) %s; not used", option.Key, value.Source, err)
			continue
		}
		if err != nil {
			return Value{Key: option.Key}, &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("%s (from %s) %s", option.Key, value.Source, err)}
		}
		value.Key, value.Secret, value.Text = option.Key, option.Secret, text
		return value, nil
	}
	return Value{Key: option.Key, Secret: option.Secret}, nil
}

// at reads an option from one level.
func (s *Settings) at(option Option, level Level) (Value, error) {
	if s.in.NoFiles && level >= LevelAz && level <= LevelProject {
		return Value{}, nil
	}
	switch level {
	case LevelFlag:
		return s.fromFlags(option), nil
	case LevelEnv:
		if option.Env == "" {
			break
		}
		if text := s.in.Getenv(option.Env); text != "" {
			if option.Key == NoColor {
				text = "true"
			}
			return Value{Text: text, Source: option.Env, Level: level}, nil
		}
	case LevelProject:
		if option.Project {
			return s.fromProject(option.Key)
		}
	case LevelUser:
		if option.User {
			return s.fromUser(option.Key)
		}
	case LevelAz:
		if option.Az {
			return s.fromAz(option.Key)
		}
	case LevelDefault:
		return s.builtIn(option), nil
	}
	return Value{}, nil
}

// fromFlags reads an option from flags. An empty flag, as a script passes it
// for an unset variable, counts as not given, with a warning, because another
// source then applies.
func (s *Settings) fromFlags(option Option) Value {
	for _, flag := range option.Flags {
		text, ok := s.in.Flags[flag]
		if !ok {
			continue
		}
		name := "--" + flag
		if option.Short != "" {
			name = option.Short
		}
		source := "flag " + name
		if s.chosenBy != "" && option.Project {
			source = s.chosenBy
		}
		if text != "" {
			return Value{Text: text, Source: source, Level: LevelFlag}
		}
		s.warn("flag %s is empty and counts as not given", name)
	}
	return Value{}
}

// builtIn is the default of an option; in the emulator's cloud that includes
// its initial workspace.
func (s *Settings) builtIn(option Option) Value {
	text := option.Default
	if option.Key == EmulatorDir {
		text = s.emulatorDir()
	}
	source := "default"
	if option.Project && s.emulated() {
		source = "emulator default"
		switch option.Key {
		case Subscription:
			text = EmulatorSubscription
		case ResourceGroup:
			text = EmulatorResourceGroup
		case Workspace:
			text = EmulatorWorkspace
		}
	}
	if text == "" {
		return Value{}
	}
	return Value{Text: text, Source: source, Level: LevelDefault}
}

// Bool resolves an option of kind Bool.
func (s *Settings) Bool(key string) (bool, error) {
	value, err := s.Get(key)
	return value.Text == "true", err
}

// Duration resolves an option of kind Duration.
func (s *Settings) Duration(key string) (time.Duration, error) {
	value, err := s.Get(key)
	if err != nil || value.Text == "" {
		return 0, err
	}
	return ParseDuration(value.Text)
}

// All resolves every option, in the order of the table, for config show. An
// option that cannot be resolved has the error text as Source.
func (s *Settings) All() []Value {
	values := make([]Value, 0, len(Options()))
	for _, option := range Options() {
		value, err := s.Get(option.Key)
		if err != nil {
			value = Value{Key: option.Key, Source: err.Error()}
		}
		if value.Secret && value.Text != "" {
			value.Text = "(set)"
		}
		values = append(values, value)
	}
	return values
}

// Home is the user's home folder, or "".
func (s *Settings) Home() string { return s.in.Home }

// Warnings are sentences about skipped settings, for stderr.
func (s *Settings) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.warnings...)
}

func (s *Settings) warn(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sentence := fmt.Sprintf(format, args...)
	if !slices.Contains(s.warnings, sentence) {
		s.warnings = append(s.warnings, sentence)
	}
}

func (in Inputs) withDefaults() Inputs {
	if in.Getenv == nil {
		in.Getenv = os.Getenv
	}
	if in.Dir == "" {
		in.Dir, _ = os.Getwd()
	}
	if in.GOOS == "" {
		in.GOOS = runtime.GOOS
	}
	if in.Home == "" {
		in.Home = home(in.Getenv, in.GOOS)
	}
	return in
}

// home is the user's home folder as az finds it. Services are often started
// without HOME; the user database still knows it.
func home(getenv func(string) string, goos string) string {
	name := "HOME"
	if goos == "windows" {
		name = "USERPROFILE"
	}
	if dir := getenv(name); dir != "" {
		return dir
	}
	if current, err := user.Current(); err == nil {
		return current.HomeDir
	}
	return ""
}

func unknownKey(key string) error {
	e := &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("there is no setting called %q", key)}
	var keys []string
	for _, option := range Options() {
		keys = append(keys, option.Key)
	}
	if near := nearest.Word(key, keys); near != "" {
		e.Tip = "did you mean " + near + "?"
	} else {
		e.Tip = "the settings are " + strings.Join(keys, ", ")
	}
	return e
}
