package shim

import "strings"

// The extension whose commands computetarget serves, and the last version of
// it: scripts ask az for both before they call it.
const (
	Extension        = "azure-cli-ml"
	ExtensionVersion = "1.41.0"
)

// AddExtension returns what az extension list prints with the extension in it.
// path is where az would say that it is installed. An extension that is really
// there stays as az shows it.
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

// AddToVersion puts the extension into what az version prints.
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

// AddToText puts the extension into the text of az --version: a line under
// "Extensions:", which az leaves out when there are none.
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
