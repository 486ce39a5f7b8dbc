//go:build unix

package access

import (
	"os"
	"os/exec"
	"syscall"
)

// Run replaces this process with the program. It returns only if the program
// could not be started.
func Run(program string, args []string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return refuse("install an OpenSSH client", "%s is not installed or not on PATH", program)
	}
	return syscall.Exec(path, append([]string{program}, args...), os.Environ())
}
