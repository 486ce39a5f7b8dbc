package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/internal/azure"
)

// Set writes one setting to the user's config.yaml; an empty text removes it.
// Comments and order of the file stay. The values of this Settings do not
// change.
func (s *Settings) Set(key, text string) error {
	option, ok := Lookup(key)
	if !ok {
		return unknownKey(key)
	}
	if option.Secret || !option.User {
		e := &Error{Reason: fmt.Sprintf("%s cannot be kept in %s", key, s.shorten(s.UserFile()))}
		if option.Env != "" {
			e.Tip = "set " + option.Env + " instead"
		}
		return e
	}
	if text != "" {
		normal, err := Normalize(option, text)
		if err != nil {
			return &Error{Reason: fmt.Sprintf("%s %s", key, err)}
		}
		text = normal
	}
	return s.write([]setting{{key, text}})
}

// Use makes a workspace the one to act in, for this user everywhere (written
// to config.yaml). It returns the file written.
func (s *Settings) Use(subscription, group, workspace string) (string, error) {
	return s.UserFile(), s.write([]setting{
		{Subscription, subscription}, {ResourceGroup, group}, {Workspace, workspace},
	})
}

// UseHere makes a workspace the one of the folder worked in (written to
// .azureml/config.json, in the shape of the portal's download). It returns the
// file written.
func (s *Settings) UseHere(subscription, group, workspace string) (string, error) {
	return WriteProject(s.in.Dir, Project{Subscription: subscription, ResourceGroup: group, Workspace: workspace}, "")
}

type setting struct{ key, text string }

// write changes settings in config.yaml.
func (s *Settings) write(settings []setting) error {
	path := s.UserFile()
	if path == "" {
		return &Error{Reason: "there is no home folder to keep settings in", Tip: "set HOME or XDG_CONFIG_HOME"}
	}
	data, err := azure.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(bomless(data), &document); err != nil {
		return fileError(path, yamlError(err))
	}
	if _, err := parseYAML(data); err != nil {
		return fileError(path, err)
	}
	if document.Kind == 0 {
		document.Kind = yaml.DocumentNode
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		document.Content = []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}
	}
	for _, change := range settings {
		put(document.Content[0], change)
	}
	var out bytes.Buffer
	if len(document.Content[0].Content) > 0 {
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(&document); err != nil {
			return fileError(path, errors.New("cannot be written ("+err.Error()+")"))
		}
	}
	return writeFile(path, out.Bytes(), 0o600)
}

// put sets, adds or removes a key of a mapping.
func put(mapping *yaml.Node, change setting) {
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: change.text}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value != change.key {
			continue
		}
		if change.text == "" {
			mapping.Content = append(mapping.Content[:i], mapping.Content[i+2:]...)
			return
		}
		value.LineComment = mapping.Content[i+1].LineComment
		mapping.Content[i+1] = value
		return
	}
	if change.text != "" {
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: change.key}, value)
	}
}

// WriteProject writes .azureml/config.json in dir and returns its path. With
// an experiment it has the shape az ml folder attach wrote, else that of the
// portal's download.
func WriteProject(dir string, project Project, experiment string) (string, error) {
	var content any = struct {
		Subscription  string `json:"subscription_id"`
		ResourceGroup string `json:"resource_group"`
		Workspace     string `json:"workspace_name"`
	}{project.Subscription, project.ResourceGroup, project.Workspace}
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
		return "", &Error{Reason: "the workspace " + err.Error()}
	}
	path := filepath.Join(dir, ".azureml", "config.json")
	return path, writeFile(path, out.Bytes(), 0o644)
}

// writeFile replaces a file in one step: whoever reads it sees the old content
// or the new, and a link to it stays a link. Missing folders are made for the
// user alone when the file is.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	problem := func(err error) error {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return &azure.FileError{Path: path, Reason: "cannot be written (" + err.Error() + ")", Err: err}
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, mode|mode>>2&0o111|0o700); err != nil {
		return problem(err)
	}
	temp, err := os.CreateTemp(dir, ".config-*")
	if err != nil {
		return problem(err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Chmod(mode)
	}
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return problem(err)
	}
	return nil
}
