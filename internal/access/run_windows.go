package access

import (
	"errors"
	"os"
	"os/exec"
)

// Run runs the program on this process's streams and returns its exit code as
// an error without words.
func Run(program string, args []string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return &Error{program + " is not installed or not on PATH", "install an OpenSSH client"}
	}
	child := exec.Command(path, args...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = child.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return Ended(ended.ExitCode())
	}
	return err
}
