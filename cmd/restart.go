package cmd

import (
	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/pkg/compute"
)

func newRestart() *command {
	return newAction(&cobra.Command{
		Use: "restart NAME…",
		Long: `Restart compute instances and wait until they run again.

An instance that is stopped is started instead, which is said.`,
		Example: `  computetarget restart dev
  computetarget restart dev gpu`,
	}, (*compute.Client).Restart)
}
