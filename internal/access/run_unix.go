//go:build unix

package access

import (
	"os"
	"os/exec"
	"syscall"
)

// Run becomes the program: its exit code and its signals are its own. It
// returns only when the program could not be started.
func Run(program string, args []string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return refuse("install an OpenSSH client", "%s is not installed or not on PATH", program)
	}
	return syscall.Exec(path, append([]string{program}, args...), os.Environ())
}
