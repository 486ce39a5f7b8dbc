package config

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// Inputs is the world a Settings looks at. Nothing of it is touched before a
// value is asked for.
type Inputs struct {
	// Getenv reads the environment; default os.Getenv. An empty variable
	// counts as not set.
	Getenv func(string) string
	// Flags holds the long flags that were given, by name without dashes.
	Flags map[string]string
	// Dir is the folder the process works in; default os.Getwd.
	Dir string
	// Home is the user's home folder; default os.UserHomeDir.
	Home string
	// GOOS is the operating system; default runtime.GOOS.
	GOOS string
}

// Value is a setting and where it came from.
type Value struct {
	Key    string
	Text   string // "" when not set
	Source string // in words: flag -g, COMPUTETARGET_WORKSPACE, ./.azureml/config.json, az defaults, default
	Level  Level
	Secret bool
}

// Set reports whether any source, the built-in default included, has a value.
func (v Value) Set() bool { return v.Level != LevelNone }

// Settings resolves options. It is safe for concurrent use; every file is read
// at most once.
type Settings struct {
	in   Inputs
	user func() (*userFile, error)
	proj func() (*Project, error)
	az   func() *azFiles

	mu       sync.Mutex
	warnings []string
}

// New makes a Settings without reading anything.
func New(in Inputs) *Settings {
	in = in.withDefaults()
	s := &Settings{in: in}
	s.user = sync.OnceValues(func() (*userFile, error) { return readUserFile(s.UserFile()) })
	s.proj = sync.OnceValues(s.findProject)
	s.az = sync.OnceValue(func() *azFiles { return newAzFiles(in) })
	return s
}

// Get resolves an option by its key. The error says which source holds a value
// that cannot be used.
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
	return s.resolve(option, LevelFlag)
}

// resolve asks the sources of an option from one level down. It is the one
// place where precedence is decided.
func (s *Settings) resolve(option Option, from Level) (Value, error) {
	for level := from; level > LevelNone; level-- {
		value, err := s.at(option, level)
		if err != nil {
			return Value{Key: option.Key}, err
		}
		if value.Level == LevelNone {
			continue
		}
		value.Key, value.Secret = option.Key, option.Secret
		return s.check(option, value)
	}
	return Value{Key: option.Key, Secret: option.Secret}, nil
}

// at asks one level for an option.
func (s *Settings) at(option Option, level Level) (Value, error) {
	switch level {
	case LevelFlag:
		for _, flag := range option.Flags {
			if text, ok := s.in.Flags[flag]; ok {
				source := "flag --" + flag
				if option.Short != "" {
					source = "flag " + option.Short
				}
				return Value{Text: text, Source: source, Level: level}, nil
			}
		}
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

// builtIn is the default of an option; in the emulator's cloud that includes
// the workspace it is born with.
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

// check refuses values an option cannot have and spells choices as the table
// does.
func (s *Settings) check(option Option, value Value) (Value, error) {
	text, err := Normalize(option, value.Text)
	if err != nil {
		return Value{Key: option.Key}, &Error{Reason: fmt.Sprintf("%s (from %s) %s", option.Key, value.Source, err)}
	}
	value.Text = text
	return value, nil
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
// option that cannot be resolved keeps its error's sentence as Source.
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

// Warnings are sentences about settings that were passed over, for stderr.
func (s *Settings) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.warnings...)
}

func (s *Settings) warn(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
}

func (in Inputs) withDefaults() Inputs {
	if in.Getenv == nil {
		in.Getenv = os.Getenv
	}
	if in.Dir == "" {
		in.Dir, _ = os.Getwd()
	}
	if in.Home == "" {
		in.Home = home(in.Getenv)
	}
	if in.GOOS == "" {
		in.GOOS = goos
	}
	return in
}

func home(getenv func(string) string) string {
	if dir := getenv("HOME"); dir != "" {
		return dir
	}
	dir, _ := os.UserHomeDir()
	return dir
}

// Error says that settings cannot be used. It is one sentence.
type Error struct {
	Reason string
	Hint   string // what to do, one sentence; may be empty
}

func (e *Error) Error() string { return e.Reason }

// Advice is the hint for people.
func (e *Error) Advice() string { return e.Hint }

// ExitCode is 2: wrong input, nothing was changed.
func (e *Error) ExitCode() int { return 2 }

func unknownKey(key string) error {
	e := &Error{Reason: fmt.Sprintf("there is no setting called %q", key)}
	var keys []string
	for _, option := range Options() {
		keys = append(keys, option.Key)
	}
	if near := Nearest(key, keys); near != "" {
		e.Hint = "did you mean " + near + "?"
	} else {
		e.Hint = "the settings are " + strings.Join(keys, ", ")
	}
	return e
}
