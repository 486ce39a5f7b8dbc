package access

import (
	"os"
	"os/exec"
	"runtime"
)

// Browse opens an address in the user's browser and reports whether there is
// one. It passes the address as one argument, never through a shell.
func Browse(address string) bool {
	var name string
	var args []string
	switch runtime.GOOS {
	case "darwin":
		name, args = "open", []string{address}
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return false
		}
		name, args = "xdg-open", []string{address}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return false
	}
	child := exec.Command(path, args...) //nolint:noctx // the browser outlives us
	if child.Start() != nil {
		return false
	}
	go func() { _ = child.Wait() }()
	return true
}
