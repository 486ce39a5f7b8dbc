// Package azure resolves clouds and their endpoints, reads az's files, supplies
// credentials and builds the HTTP transport. It is the only package that
// imports azidentity. It reads no file and opens no connection before it must.
package azure

import "path/filepath"

// ConfigDir is az's folder: $AZURE_CONFIG_DIR, else .azure in the home folder.
// It is empty when neither is known.
func ConfigDir(getenv func(string) string, home string) string {
	if dir := getenv("AZURE_CONFIG_DIR"); dir != "" {
		return dir
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".azure")
}
