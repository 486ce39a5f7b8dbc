package shim

import "strings"

// The extension whose commands computetarget serves, and the last version of
// it: scripts ask az for both before they call it.
const (
	Extension        = "azure-cli-ml"
	ExtensionVersion = "1.41.0"
)

// AddExtension adds the extension to the output of az extension list. path is
// the installation path to show. An installed extension stays as az shows it.
func AddExtension(list []any, path string) []any {
	for _, e := range list {
		if have, ok := e.(map[string]any); ok && have["name"] == Extension {
			return list
		}
	}
	return append(list, map[string]any{
		"name": Extension, "version": ExtensionVersion, "path": path,
		"extensionType": "whl", "experimental": false, "preview": false,
	})
}

// AddToVersion adds the extension to the output of az version.
func AddToVersion(version map[string]any) {
	extensions, ok := version["extensions"].(map[string]any)
	if !ok {
		extensions = map[string]any{}
		version["extensions"] = extensions
	}
	if extensions[Extension] == nil {
		extensions[Extension] = ExtensionVersion
	}
}

// AddToText adds the extension to the output of az --version: a line under
// "Extensions:", which az omits if there are none.
func AddToText(text string) string {
	const column = 34
	if strings.Contains("\n"+text, "\n"+Extension+" ") {
		return text
	}
	line := Extension + strings.Repeat(" ", column-len(Extension)) + ExtensionVersion + "\n"
	const heading, next = "\nExtensions:\n", "\nDependencies:"
	if before, after, ok := strings.Cut("\n"+text, heading); ok {
		return (before + heading + line + after)[1:]
	}
	if before, after, ok := strings.Cut("\n"+text, next); ok {
		return (before + heading + line + next + after)[1:]
	}
	return text + heading + line
}
