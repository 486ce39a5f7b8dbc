package cmd

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Version and Commit are set by the linker in releases.
var (
	Version = "dev"
	Commit  = ""
)

func newVersion() *command {
	c := &cobra.Command{
		Use: "version",
		Long: `Print the version of computetarget, the commit and the Go release it was built
from, and the API version it speaks by default.`,
		Example: `  computetarget version
  computetarget version -o json`,
	}
	return run(c, func(context.Context, *app.App, []string) (render.Result, error) {
		commit := Commit
		if info, ok := debug.ReadBuildInfo(); ok && commit == "" {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					commit = s.Value
				}
			}
		}
		return render.Result{
			Data: map[string]any{
				"version":    Version,
				"commit":     commit,
				"go":         runtime.Version(),
				"platform":   runtime.GOOS + "/" + runtime.GOARCH,
				"apiVersion": compute.DefaultAPIVersion,
			},
			Text: fmt.Sprintf("computetarget %s\ncommit       %s\ngo           %s %s/%s\napi-version  %s\n",
				Version, orNone(commit), runtime.Version(), runtime.GOOS, runtime.GOARCH, compute.DefaultAPIVersion),
		}, nil
	})
}

func orNone(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
