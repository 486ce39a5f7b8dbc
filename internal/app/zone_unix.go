//go:build !windows

package app

import (
	"os"
	"path/filepath"
	"strings"
)

// systemZone is the zone the system is set to, by the link or the file that
// says so; "" when neither does.
func systemZone() string {
	if path, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(path, "/zoneinfo/"); ok {
			return name
		}
	}
	data, err := os.ReadFile("/etc/timezone")
	if err != nil || len(data) > 100 {
		return ""
	}
	return strings.TrimSpace(string(data))
}
