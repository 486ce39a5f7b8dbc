package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/nearest"
)

// Project is a project's config.json: the workspace of a folder. It sets
// nothing else.
type Project struct {
	Path          string
	Subscription  string
	ResourceGroup string
	Workspace     string
	Cloud         string // its cloud, "" for any; our own key, unknown to SDKs
}

// ParseProject parses a project file in either format of CLI v1:
// subscription_id, resource_group and workspace_name, or a Scope, which takes
// precedence. ours is false for JSON with none of these, such as another
// program's config.json.
func ParseProject(data []byte) (project Project, ours bool, err error) {
	var fields map[string]json.RawMessage
	data, err = input.Text(data)
	if err != nil {
		return Project{}, false, err
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return Project{}, false, jsonError(data, err)
	}
	if raw, ok := fields["Scope"]; ok && string(raw) != "null" {
		var scope string
		if json.Unmarshal(raw, &scope) != nil {
			return Project{}, true, errors.New("has a Scope that is not text")
		}
		parts := strings.Split(scope, "/")
		if len(parts) < 9 || parts[0] != "" || !strings.EqualFold(parts[1], "subscriptions") ||
			!strings.EqualFold(parts[3], "resourceGroups") || !strings.EqualFold(parts[7], "workspaces") {
			return Project{}, true, errors.New("has a Scope that is not the id of a workspace or project")
		}
		project = Project{Subscription: parts[2], ResourceGroup: parts[4], Workspace: parts[8]}
	} else {
		for _, field := range []struct {
			key  string
			into *string
		}{
			{"subscription_id", &project.Subscription},
			{"resource_group", &project.ResourceGroup},
			{"workspace_name", &project.Workspace},
			{"cloud", &project.Cloud},
		} {
			raw, ok := fields[field.key]
			if !ok || string(raw) == "null" {
				continue
			}
			ours = ours || field.key != "cloud"
			if json.Unmarshal(raw, field.into) != nil {
				return Project{}, true, fmt.Errorf("has a %s that is not text", field.key)
			}
		}
		if err := misspelt(fields); ours && err != nil {
			return Project{}, true, err
		}
		if !ours {
			return Project{}, false, nil
		}
	}
	for _, name := range []string{project.Subscription, project.ResourceGroup, project.Workspace} {
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune(`/\?#%`, r) }) {
			return Project{}, true, errors.New("contains a name with invalid characters")
		}
	}
	return project, true, nil
}

// misspelt is an error about a misspelled key whose right spelling is missing:
// its value would silently come from elsewhere.
func misspelt(fields map[string]json.RawMessage) error {
	own := []string{"subscription_id", "resource_group", "workspace_name"}
	plain := func(key string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key)) }
	for key := range fields {
		if slices.Contains(own, key) {
			continue
		}
		for _, name := range own {
			_, there := fields[name]
			short, _, _ := strings.Cut(name, "_")
			if !there && (plain(key) == plain(name) || plain(key) == short || nearest.Word(key, []string{strings.ReplaceAll(name, "_", "-")}) != "") {
				return fmt.Errorf("has the key %.60q; did you mean %s?", key, name)
			}
		}
	}
	return nil
}

// jsonError adds the line to a JSON syntax error.
func jsonError(data []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := min(int(syntax.Offset), len(data))
		return &lineError{line: 1 + strings.Count(string(data[:at]), "\n"), reason: "is not JSON (" + syntax.Error() + ")"}
	}
	return errors.New("is not a JSON object")
}

type lineError struct {
	line   int
	reason string
}

func (e *lineError) Error() string { return e.reason }

func fileError(path string, err error) error {
	var at *lineError
	if errors.As(err, &at) && at.line > 0 {
		path = fmt.Sprintf("%s:%d", path, at.line)
	}
	return exit.Usagef("%s %w", path, err)
}

// Project returns the project file in effect. It is nil if there is none or, as
// in CLI v1, both -g and -w are given.
func (s *Settings) Project() (*Project, error) {
	if s.in.Flags["resource-group"] != "" && s.in.Flags["workspace-name"] != "" {
		return nil, nil
	}
	project, err := s.proj()
	if err != nil || project == nil || project.Cloud == "" {
		return project, err
	}
	cloud, err := s.workspaceCloud()
	if err != nil || !strings.EqualFold(project.Cloud, cloud) {
		return nil, err
	}
	return project, nil
}

// findProject searches for the project file from --path upward, in CLI v1's
// order: .azureml/config.json in any folder above comes before everything else,
// then .azureml/project.json, then the same two in aml_config, then in the
// folders themselves. Outside those two folders, a file without a workspace
// belongs to another program and is skipped.
func (s *Settings) findProject() (*Project, error) {
	start, given := s.in.Flags["path"]
	if start == "" {
		start = "."
	}
	dir := start
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.in.Dir, dir)
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return readProject(dir, true)
	}
	for _, folder := range []string{".azureml", "aml_config", ""} {
		for _, name := range []string{"config.json", "project.json"} {
			for at := dir; ; at = filepath.Dir(at) {
				project, err := readProject(filepath.Join(at, folder, name), folder != "")
				if err != nil || project != nil {
					return project, err
				}
				if at == filepath.Dir(at) {
					break
				}
			}
		}
	}
	if given && filepath.Clean(start) != "." {
		s.warn("no config.json with a workspace in %s or above; using the other settings", start)
	}
	return nil, nil
}

// readProject reads a candidate; nil if it does not exist. own is true for a
// file that can only be a project file.
func readProject(path string, own bool) (*Project, error) {
	data, err := input.Plain(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if own {
			return nil, err
		}
		return nil, nil
	}
	project, ours, err := ParseProject(data)
	switch {
	case err != nil && (own || ours):
		return nil, fileError(path, err)
	case !ours && own:
		return nil, fileError(path, errors.New("names no workspace (subscription_id, resource_group and workspace_name, or Scope)"))
	case !ours || err != nil:
		return nil, nil
	}
	project.Path = path
	return &project, nil
}

func (s *Settings) fromProject(key string) (Value, error) {
	project, err := s.Project()
	if err != nil || project == nil {
		return Value{}, err
	}
	text := ""
	switch key {
	case Subscription:
		text = project.Subscription
	case ResourceGroup:
		text = project.ResourceGroup
	case Workspace:
		text = project.Workspace
	}
	if text == "" {
		return Value{}, nil
	}
	return Value{Text: text, Source: s.shorten(project.Path), Level: LevelProject}, nil
}

// shorten abbreviates a path: relative to the current folder if inside it, else
// with ~ for the home folder.
func (s *Settings) shorten(path string) string {
	for _, base := range []struct{ dir, name string }{{s.in.Dir, "."}, {s.in.Home, "~"}} {
		if base.dir == "" {
			continue
		}
		if rel, err := filepath.Rel(base.dir, path); err == nil && filepath.IsLocal(rel) {
			return base.name + string(filepath.Separator) + rel
		}
	}
	return path
}
