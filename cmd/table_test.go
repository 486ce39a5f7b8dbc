package cmd

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/recall"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// A new verb is one entry in the table and what it builds: help, completion, the
// reference, the grammar and the run know it from there. This test is not
// parallel, for it changes the table.
func TestNewVerb(t *testing.T) {
	before := sections
	t.Cleanup(func() { sections = before })
	sections = append(slices.Clone(before), section{"Toys", []entry{
		{words: "polish", short: "Polish computes", build: newPolish, on: cluster, typed: true, noFiles: true},
		{words: "toy", short: "Toys", meant: "aks", byFlags: true, example: "toy aks --bounce"},
		{words: "toy aks", short: "Play with a ball", build: newBall, prints: onlyNames},
	}})
	t.Setenv("HOME", t.TempDir())
	for line, want := range map[string]string{
		"--help":                              "Toys                   polish toy",
		"help commands":                       "Polish computes",
		"polish --help":                       "Polish until they shine.",
		"toy --help":                          "computetarget toy aks --bounce",
		"help toy aks":                        "Usage: computetarget toy aks",
		"__complete pol":                      "polish\tPolish computes",
		"__complete toy ":                     "aks\tPlay with a ball",
		"__complete polish --sh":              "--shine",
		"polish amlcompute a b":               `"polished amlcompute [a b] to 1"`,
		"amlcompute polish --shi 3 a":         `"polished amlcompute [a] to 3"`,
		"ml computetarget polish a -o name":   "a",
		"toy --bounce":                        `"bounced"`,
		"toy aks --bounce -o id":              "the result of this command has none",
		"polish":                              "the following arguments are required: --name/-n",
		"poliish a":                           "did you mean polish?",
		"polish a --dry-run":                  "unrecognized argument: --dry-run",
		"polish a –-shine 3":                  "which is not \"-\"",
		"polish a --cloud emulator --shine x": "is not a whole number",
	} {
		var out bytes.Buffer
		Run(Process{Args: strings.Split(line, " "), In: strings.NewReader(""), Out: &out, Err: &out, Getenv: func(string) string { return "" }})
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q is missing in\n%s", line, want, out.String())
		}
	}
	at := slices.IndexFunc(References(), func(r Reference) bool { return r.Words == "polish" })
	if at < 0 || References()[at].Section != "Toys" || len(References()[at].Flags) != 2 {
		t.Errorf("the reference does not have it: %d", at)
	}
}

func newPolish() *command {
	c := &cobra.Command{Use: "polish NAME…", Long: "Polish until they shine.", Example: "  computetarget polish cpu"}
	names := namesFlag(c)
	shine := c.Flags().Int("shine", 1, "how `MUCH`")
	return names.run(func(_ context.Context, a *app.App, asked []target) (render.Result, error) {
		var done []string
		for _, t := range asked {
			done = append(done, t.name)
		}
		return render.Result{Data: strings.TrimSpace("polished "+a.ComputeType) + " [" + strings.Join(done, " ") + "] to " + string(rune('0'+*shine)), Names: done}, nil
	})
}

func newBall() *command {
	c := &cobra.Command{Use: "aks", Long: "Play with a ball.", Args: noNames}
	c.Flags().Bool("bounce", false, "let it bounce")
	return run(c, func(context.Context, *app.App, []string) (render.Result, error) {
		return render.Result{Data: "bounced"}, nil
	})
}

// Completion leaves out what a command does nothing to, by type and by state.
func TestEntryFits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		words, kind, state string
		fits, useful       bool
	}{
		{"start", compute.TypeInstance, "Running", true, false},
		{"start", compute.TypeInstance, "jobrunning", true, false},
		{"start", compute.TypeInstance, "Stopped", true, true},
		{"stop", compute.TypeInstance, "Stopped", true, false},
		{"stop", compute.TypeCluster, "", false, true},
		{"stop", "", "", true, true}, // met in passing
		{"ssh", compute.TypeInstance, "Stopped", true, false},
		{"list-nodes", compute.TypeCluster, "", true, true},
		{"list-nodes", compute.TypeInstance, "", false, true},
		{"detach", compute.TypeAKS, "", true, true},
		{"detach", compute.TypeInstance, "", false, true},
		{"update aks", compute.TypeCluster, "", false, true},
		{"show", compute.TypeCluster, "Stopped", true, true},
	} {
		e, _ := find(strings.Fields(test.words))
		if fits := e.fits(recall.Name{About: test.kind}); fits != test.fits || e.useful(test.state) != test.useful {
			t.Errorf("%+v: fits %v, useful %v", test, fits, e.useful(test.state))
		}
	}
}
