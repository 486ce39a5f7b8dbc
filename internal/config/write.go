package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/atomicfile"
)

// Change is a new value of a setting; an empty Text removes it.
type Change struct{ Key, Text string }

// Set writes settings to the user's config.yaml, all or none. It keeps the
// file's comments and order. The values of this Settings do not change.
func (s *Settings) Set(changes ...Change) error {
	normal := make([]Change, 0, len(changes))
	for _, change := range changes {
		text, err := s.settable(change)
		if err != nil {
			return err
		}
		normal = append(normal, Change{change.Key, text})
	}
	here, elsewhere, err := s.byCloud(normal)
	if err != nil {
		return err
	}
	if len(elsewhere) > 0 {
		cloud, err := s.workspaceCloud()
		if err != nil {
			return err
		}
		if err := s.write(s.cloudFile(cloud), elsewhere); err != nil {
			return err
		}
	}
	if len(here) == 0 {
		return nil
	}
	return s.write(s.UserFile(), here)
}

// byCloud separates changes for config.yaml from those for the current cloud's
// file: parts of the workspace, if use has written that file or config.yaml's
// workspace is another cloud's.
func (s *Settings) byCloud(changes []Change) (here, elsewhere []Change, err error) {
	cloud, err := s.workspaceCloud()
	if err != nil {
		return changes, nil, nil //nolint:nilerr // the cloud setting is being repaired
	}
	apart := false
	if path := s.cloudFile(cloud); path != s.UserFile() {
		own, err := readUserFile(path)
		if err != nil {
			return nil, nil, err
		}
		file, err := s.user()
		if err != nil {
			return changes, nil, nil //nolint:nilerr // writing reports the error
		}
		in := file.values.GetString(chosenIn)
		apart = len(own.lines) > 0 || in != "" && !strings.EqualFold(in, cloud)
	}
	for _, c := range changes {
		if apart && ofWorkspace(c.Key) {
			elsewhere = append(elsewhere, c)
		} else {
			here = append(here, c)
		}
	}
	return here, elsewhere, nil
}

// settable returns the text to write for a change.
func (s *Settings) settable(change Change) (string, error) {
	option, ok := Lookup(change.Key)
	if !ok {
		return "", unknownKey(change.Key)
	}
	if option.Secret || !option.User {
		e := &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("%s cannot be set in %s", change.Key, s.shorten(s.UserFile()))}
		if option.Env != "" {
			e.Tip = "set " + option.Env + " instead"
		}
		return "", e
	}
	if change.Text == "" {
		return "", nil
	}
	text, err := Canonical(option, change.Text)
	if err == nil {
		text, err = s.lasting(option, text)
	}
	if err != nil {
		return "", &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf("%s %s", change.Key, err)}
	}
	return text, nil
}

// lasting checks that the cloud, file or folder that a value names exists on
// this machine. Paths become absolute, because they will be read from other
// folders. The error is a clause as Canonical's.
func (s *Settings) lasting(option Option, text string) (string, error) {
	switch option.Kind {
	case Cloud:
		if strings.EqualFold(text, EmulatorCloud) {
			return EmulatorCloud, nil
		}
		if _, err := azure.FindCloud(text, s.AzDir()); err != nil {
			return "", fmt.Errorf("cannot be used: %w", err)
		}
	case URL:
		if _, err := azure.ParseEndpoint(text); err != nil {
			return "", fmt.Errorf("cannot be used: %w", err)
		}
	case File, Folder:
		if !filepath.IsAbs(text) {
			text = filepath.Join(s.in.Dir, text)
		}
		info, err := os.Stat(text)
		switch {
		case option.Kind == Folder && err == nil && !info.IsDir():
			return "", fmt.Errorf("is %q, which is a file, not a folder", text)
		case option.Kind == File && err != nil:
			return "", fmt.Errorf("is %q, which does not exist", text)
		case option.Kind == File && info.IsDir():
			return "", fmt.Errorf("is %q, which is a folder, not a file", text)
		}
	}
	return text, nil
}

// Use makes a workspace the user's default in the current cloud. It returns the
// file written: config.yaml for public Azure, one beside it for any other
// cloud.
func (s *Settings) Use(subscription, group, workspace string) (string, error) {
	cloud, err := s.workspaceCloud()
	if err != nil {
		return "", err
	}
	changes := []Change{{Subscription, subscription}, {ResourceGroup, group}, {Workspace, workspace}}
	path := s.cloudFile(cloud)
	if path == s.UserFile() {
		changes = append(changes, Change{chosenIn, cloud})
	}
	return path, s.write(path, changes)
}

// UseHere makes a workspace the default of the current folder. It writes
// .azureml/config.json in the format of the portal's download, with the cloud
// unless that is public Azure, and returns the file written. It does not
// replace a choice for another cloud.
func (s *Settings) UseHere(subscription, group, workspace string) (string, error) {
	cloud, err := s.workspaceCloud()
	if err != nil {
		return "", err
	}
	if cloud == azure.Public {
		cloud = ""
	}
	path := projectFile(s.in.Dir)
	old, err := readProject(path, true)
	if err == nil && old != nil && cloud != "" && !strings.EqualFold(old.Cloud, cloud) {
		return "", &exit.Error{Exit: exit.Failed, Text: fmt.Sprintf("%s names the workspace %s of another cloud and is not replaced", s.shorten(path), old.Workspace),
			Tip: "choose it without --here, or in another folder"}
	}
	return WriteProject(s.in.Dir, Project{Subscription: subscription, ResourceGroup: group, Workspace: workspace, Cloud: cloud}, "")
}

// write changes settings in config.yaml, or in the file of a cloud beside it.
func (s *Settings) write(path string, settings []Change) error {
	if path == "" {
		return &exit.Error{Exit: exit.Usage, Text: "no home folder to keep settings in", Tip: "set HOME or XDG_CONFIG_HOME"}
	}
	data, err := input.Plain(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	root, err := parseYAML(data)
	if err != nil {
		return fileError(path, err)
	}
	plain, err := input.Text(data)
	if err != nil {
		return fileError(path, err)
	}
	text := string(plain)
	for _, change := range settings {
		if text, err = edit(text, root, change); err != nil {
			return fileError(path, err)
		}
		if root, err = parseYAML([]byte(text)); err != nil {
			return fileError(path, err)
		}
	}
	return writeFile(path, []byte(text), 0o600)
}

// edit changes one setting in the text of a YAML file with the mapping root,
// and keeps every other line. If a change of one line cannot express it, the
// file is rewritten.
func edit(text string, root *yaml.Node, change Change) (string, error) {
	wanted := map[string]string{}
	var old *yaml.Node
	at := 0
	for i := 0; i+1 < len(root.Content); i += 2 {
		wanted[root.Content[i].Value] = root.Content[i+1].Value
		if root.Content[i].Value == change.Key {
			old, at = root.Content[i+1], root.Content[i].Line
		}
	}
	wanted[change.Key] = change.Text
	if change.Text == "" {
		delete(wanted, change.Key)
	}
	line, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
		{Kind: yaml.ScalarNode, Value: change.Key}, scalar(change.Text)}})
	if err != nil {
		return "", err
	}
	lines := slices.Collect(strings.Lines(text))
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		lines[n-1] += "\n"
	}
	switch {
	case old == nil && change.Text != "":
		lines = append(lines, string(line))
	case old != nil && at > len(lines):
		// YAML has more line breaks than text files.
	case old != nil && change.Text == "":
		lines = slices.Delete(lines, at-1, at)
	case old != nil:
		if old.LineComment != "" {
			line = []byte(strings.TrimSuffix(string(line), "\n") + " " + old.LineComment + "\n")
		}
		lines[at-1] = string(line)
	}
	edited := strings.Join(lines, "")
	if again, err := parseYAML([]byte(edited)); err == nil && len(again.Content) == 2*len(wanted) && maps.Equal(wanted, scalars(again)) {
		return edited, nil
	}
	put(root, change)
	whole, err := yaml.Marshal(root)
	return string(whole), err
}

// scalars are the settings of a mapping as text.
func scalars(mapping *yaml.Node) map[string]string {
	found := map[string]string{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		found[mapping.Content[i].Value] = mapping.Content[i+1].Value
	}
	return found
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// put sets, adds or removes a key of a mapping.
func put(mapping *yaml.Node, change Change) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		switch {
		case mapping.Content[i].Value != change.Key:
			continue
		case change.Text == "":
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
		default:
			mapping.Content[i+1] = scalar(change.Text)
		}
		return
	}
	if change.Text != "" {
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: change.Key}, scalar(change.Text))
	}
}

// WriteProject writes .azureml/config.json in dir and returns its path. With an
// experiment it uses the format of az ml folder attach, else that of the
// portal's download.
func WriteProject(dir string, project Project, experiment string) (string, error) {
	var content any = struct {
		Subscription  string `json:"subscription_id"`
		ResourceGroup string `json:"resource_group"`
		Workspace     string `json:"workspace_name"`
		Cloud         string `json:"cloud,omitempty"`
	}{project.Subscription, project.ResourceGroup, project.Workspace, project.Cloud}
	if experiment != "" {
		content = struct {
			ID    *string `json:"Id"`
			Scope string  `json:"Scope"`
		}{nil, fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s/projects/%s",
			project.Subscription, project.ResourceGroup, project.Workspace, experiment)}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(content); err != nil {
		return "", err
	}
	if _, _, err := ParseProject(out.Bytes()); err != nil {
		return "", &exit.Error{Exit: exit.Usage, Text: "the workspace " + err.Error()}
	}
	path := projectFile(dir)
	return path, writeFile(path, out.Bytes(), 0o644)
}

// projectFile is the path of a folder's project file.
func projectFile(dir string) string { return filepath.Join(dir, ".azureml", "config.json") }

// writeFile replaces a file. It creates missing folders, readable by the user
// only if the file is.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // named in the error
	}
	err := os.MkdirAll(filepath.Dir(path), mode|mode>>2&0o111|0o700)
	if err == nil {
		err = atomicfile.Write(path, data, mode)
	}
	if err == nil {
		return nil
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return exit.Errorf(exit.Failed, "%s cannot be written (%w)", path, err)
}
