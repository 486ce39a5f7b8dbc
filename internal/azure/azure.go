// Package azure answers who and where: which Azure clouds exist and where
// their endpoints are, what az has written down about this machine's user,
// which credential signs requests, and how the network is reached. It is the
// only package that imports azidentity. Nothing is read or dialled before a
// value is asked for.
package azure

import "path/filepath"

// ConfigDir is the folder az keeps its files in: $AZURE_CONFIG_DIR, else
// .azure in the home folder. It is empty when neither is known.
func ConfigDir(getenv func(string) string, home string) string {
	if dir := getenv("AZURE_CONFIG_DIR"); dir != "" {
		return dir
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".azure")
}
