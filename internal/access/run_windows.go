package access

import (
	"errors"
	"os"
	"os/exec"

	"github.com/computetarget/computetarget/internal/exit"
)

// Run runs the program on this process's streams and returns its exit code as
// an exit.Child.
func Run(program string, args []string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return refuse("install an OpenSSH client", "%s is not installed or not on PATH", program)
	}
	child := exec.Command(path, args...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = child.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return exit.Child(ended.ExitCode())
	}
	return err
}
