package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/nearest"
)

// UserFile is the path of the user's config.yaml, which may not exist; ""
// without a home folder.
func (s *Settings) UserFile() string {
	dir := s.userDir("XDG_CONFIG_HOME", "AppData", ".config")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "config.yaml")
}

// chosenIn is the key in config.yaml for the cloud in which use chose its
// workspace. Without it, as in files written by hand, the workspace applies to
// every cloud.
const chosenIn = "chosen-in"

// ofWorkspace reports whether a setting is part of the workspace, which differs
// by cloud.
func ofWorkspace(key string) bool {
	return key == Subscription || key == ResourceGroup || key == Workspace
}

// workspaceCloud is the cloud that a chosen workspace applies to. A server on
// this machine is an emulator.
func (s *Settings) workspaceCloud() (string, error) {
	target, err := s.Target()
	if err != nil {
		return "", err
	}
	if loopback(target.Endpoint.Text) {
		return EmulatorCloud, nil
	}
	return target.Cloud.Text, nil
}

// cloudFile is the file that use writes: config.yaml for public Azure, one
// beside it for each other cloud.
func (s *Settings) cloudFile(cloud string) string {
	path := s.UserFile()
	if path == "" || cloud == azure.Public {
		return path
	}
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, cloud)
	return strings.TrimSuffix(path, ".yaml") + "." + plain + ".yaml"
}

// StateDir is the folder for data that must not be lost; "" without a home
// folder.
func (s *Settings) StateDir() string {
	return s.userDir("XDG_STATE_HOME", "LocalAppData", filepath.Join(".local", "state"))
}

// emulatorDir is the default folder of the emulator's state.
func (s *Settings) emulatorDir() string {
	dir := s.StateDir()
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "emulator")
}

// CacheDir is the folder for data that can be fetched again; "" without a home
// folder.
func (s *Settings) CacheDir() string {
	return s.userDir("XDG_CACHE_HOME", "LocalAppData", ".cache")
}

// userDir is our folder in an XDG base folder, or in its Windows equivalent.
// Relative XDG paths are ignored, as the specification requires.
func (s *Settings) userDir(xdg, windows, fallback string) string {
	base := s.in.Getenv(xdg)
	if base == "" || !filepath.IsAbs(base) {
		base = ""
		if s.in.GOOS == "windows" {
			base = s.in.Getenv(windows)
		}
		if base == "" && s.in.Home != "" {
			base = filepath.Join(s.in.Home, fallback)
		}
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "computetarget")
}

// userFile is the content of the user's config.yaml.
type userFile struct {
	values *viper.Viper
	lines  map[string]int
}

// readUserFile reads config.yaml; a missing one is empty.
func readUserFile(path string) (*userFile, error) {
	var data []byte
	if path != "" {
		var err error
		data, err = input.Plain(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	codec := &strictYAML{}
	registry := viper.NewCodecRegistry()
	if err := registry.RegisterCodec("yaml", codec); err != nil {
		return nil, err
	}
	values := viper.NewWithOptions(viper.WithCodecRegistry(registry))
	values.SetConfigType("yaml")
	if err := values.ReadConfig(bytes.NewReader(data)); err != nil {
		if codec.err != nil {
			err = codec.err
		}
		return nil, fileError(path, err)
	}
	return &userFile{values: values, lines: codec.lines}, nil
}

// strictYAML decodes config.yaml for viper. It keeps every value as written,
// because YAML turns api-version: 2025-12-01 into a time, and it rejects
// unknown keys, which viper ignores.
type strictYAML struct {
	lines map[string]int
	err   error
}

// Encode implements viper.Codec. Nothing is written through it: writing keeps
// the comments and order of the file (see Set).
func (*strictYAML) Encode(map[string]any) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// Decode implements viper.Codec.
func (c *strictYAML) Decode(data []byte, into map[string]any) error {
	c.lines = map[string]int{}
	mapping, err := parseYAML(data)
	if err != nil {
		c.err = err
		return err
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if c.err = c.add(key, value, into); c.err != nil {
			return c.err
		}
	}
	return nil
}

func (c *strictYAML) add(key, value *yaml.Node, into map[string]any) error {
	option, ok := Lookup(key.Value)
	if key.Value == chosenIn && value.Kind == yaml.ScalarNode {
		into[chosenIn] = value.Value
		return nil
	}
	switch {
	case key.Kind != yaml.ScalarNode:
		return &lineError{key.Line, "has a setting without a name"}
	case !ok:
		return &lineError{key.Line, unknownInFile(key.Value)}
	case option.Secret:
		return &lineError{key.Line, fmt.Sprintf("has %s: secrets belong in %s, not in a file", key.Value, option.Env)}
	case !option.User:
		return &lineError{key.Line, fmt.Sprintf("has %s, which cannot be set here", key.Value)}
	case c.lines[option.Key] != 0:
		return &lineError{key.Line, fmt.Sprintf("sets %s again (first in line %d)", key.Value, c.lines[option.Key])}
	case value.Kind != yaml.ScalarNode:
		return &lineError{value.Line, fmt.Sprintf("has more than one value for %s", key.Value)}
	}
	c.lines[option.Key] = key.Line
	if value.Tag == "!!null" || value.Value == "" {
		return nil
	}
	text, err := Canonical(option, value.Value)
	if err != nil {
		return &lineError{value.Line, fmt.Sprintf("cannot be used: %s %s", option.Key, err)}
	}
	into[option.Key] = text
	return nil
}

func unknownInFile(key string) string {
	var keys []string
	for _, option := range Options() {
		if option.User {
			keys = append(keys, option.Key)
		}
	}
	if near := nearest.Word(key, keys); near != "" {
		return fmt.Sprintf("has an unknown setting %q; did you mean %s?", key, near)
	}
	return fmt.Sprintf("has an unknown setting %q; the settings are %s", key, strings.Join(keys, ", "))
}

// parseYAML returns the mapping in a YAML file; empty for an empty file.
func parseYAML(data []byte) (*yaml.Node, error) {
	var document yaml.Node
	data, err := input.Text(data)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, yamlError(err)
	}
	if len(document.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, nil
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", HeadComment: document.HeadComment}, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, &lineError{root.Line, "is not a list of settings such as \"workspace: ml-dev\""}
	}
	return root, nil
}

// yamlError takes the line from the text of a YAML error, the only place that
// has it.
func yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, reason, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil {
				return &lineError{line, "is not YAML (" + reason + ")"}
			}
		}
	}
	return &lineError{0, "is not YAML (" + text + ")"}
}

func (s *Settings) fromUser(key string) (Value, error) {
	file, err := s.user()
	if err != nil {
		return Value{}, err
	}
	if ofWorkspace(key) {
		cloud, err := s.workspaceCloud()
		if err != nil {
			return Value{}, err
		}
		if path := s.cloudFile(cloud); path != s.UserFile() {
			own, err := readUserFile(path)
			if err != nil {
				return Value{}, err
			}
			if own.values.InConfig(key) {
				return Value{Text: own.values.GetString(key), Source: s.shorten(path), Level: LevelUser}, nil
			}
		}
		if in := file.values.GetString(chosenIn); in != "" && !strings.EqualFold(in, cloud) {
			return Value{}, nil
		}
	}
	if !file.values.InConfig(key) {
		return Value{}, nil
	}
	return Value{Text: file.values.GetString(key), Source: s.shorten(s.UserFile()), Level: LevelUser}, nil
}
