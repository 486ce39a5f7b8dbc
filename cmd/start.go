package cmd

import (
	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/pkg/compute"
)

func newStart() *command {
	return newAction(&cobra.Command{
		Use: "start NAME…",
		Long: `Start compute instances and wait until they run.

An instance that runs already is left alone and the exit code is 0; one that is
stopping is waited for first. ctrl-c leaves the start going and prints how to
wait for it again.`,
		Example: `  computetarget start dev
  computetarget start dev gpu --timeout 15m
  computetarget start dev --no-wait`,
	}, (*compute.Client).Start)
}
