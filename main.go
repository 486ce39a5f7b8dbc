// Command computetarget manages Azure Machine Learning compute targets.
package main

import (
	"os"
	_ "time/tzdata" // schedules must know time zones on machines that ship none

	"github.com/computetarget/computetarget/cmd"
)

//go:generate go run ./internal/docs

func main() {
	os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
