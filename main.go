// Command computetarget manages Azure Machine Learning compute targets.
package main

import (
	"os"

	"github.com/computetarget/computetarget/cmd"
	_ "github.com/computetarget/computetarget/internal/zoneinfo" // for schedules on machines that ship no time zones
)

//go:generate go run ./internal/docs

func main() {
	os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
