package cmd

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/exit"
)

const (
	// fullObject is the pflag name of -v, which has no long form: nothing a
	// user types can match it.
	fullObject = "-v"

	policyToken     = "acquire-policy-token"
	changeReference = "change-reference"

	globalFlag   = "computetarget_global"   // annotation: a global flag
	v1Flag       = "computetarget_v1"       // annotation: the old CLI had it, so its prefixes win
	severalFlag  = "computetarget_several"  // annotation: takes any number of values
	aliasFlag    = "computetarget_alias"    // annotation: other names
	requiredFlag = "computetarget_required" // annotation: must be given
	choiceFlag   = "computetarget_choice"   // annotation: the allowed values
	truthFlag    = "computetarget_truth"    // annotation: its value is True or False
)

// globals adds the flags every command takes.
func globals(fs *pflag.FlagSet) {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.StringP("resource-group", "g", "", "resource `GROUP` of the workspace")
	own.StringP("workspace-name", "w", "", "`WORKSPACE` of the computes")
	own.String("subscription-id", "", "subscription `ID`")
	own.String("subscription", "", "subscription `NAME` or id")
	own.String("path", "", "`FOLDER` to search for the project's config.json, upward")
	own.BoolP(fullObject, "v", false, "print the full object")
	own.Bool("verbose", false, "print progress on stderr")
	own.Bool("debug", false, "show requests and responses on stderr, without secrets")
	own.Bool("only-show-errors", false, "suppress notes on stderr")
	own.StringP("output", "o", "", "`FORMAT`: json, jsonc, yaml, yamlc, table, tsv, name, id, wide or none")
	own.String("query", "", "JMESPath `EXPRESSION` applied to the result")
	markV1(own, "resource-group", "workspace-name", "subscription-id", "subscription", "path", fullObject,
		"verbose", "debug", "only-show-errors", "output", "query")

	own.String("cloud", "", "`CLOUD`: public, china, usgov, one registered with az, or emulator")
	own.String("endpoint", "", "`URL` of another ARM endpoint")
	own.String("api-version", "", "API `VERSION` to use instead of the built-in ones")
	own.String("auth-mode", "", "sign-in `MODE`: auto, env, workload, azurecli, msi, azd or token")
	own.String("ca-file", "", "`FILE` of certificates to trust besides the system's")
	own.BoolP("yes", "y", false, "answer yes to every question")
	own.VisitAll(func(f *pflag.Flag) {
		annotate(f, globalFlag)
		if fs.Lookup(f.Name) == nil {
			fs.AddFlag(f)
		}
	})
}

// markV1 marks flags that the old CLI had.
func markV1(fs *pflag.FlagSet, names ...string) {
	for _, name := range names {
		annotate(fs.Lookup(name), v1Flag)
	}
}

// notV1 removes the mark if the old command lacked the flag: it must not
// compete for prefixes there.
func notV1(fs *pflag.FlagSet, names ...string) {
	for _, name := range names {
		delete(fs.Lookup(name).Annotations, v1Flag)
	}
}

// policyFlags adds flags that newer releases of az put on every command of an
// extension that changes something. They concern az's own requests for Azure
// Policy tokens, so they are accepted, have no effect (with a note) and are
// hidden from help.
func policyFlags(fs *pflag.FlagSet) {
	fs.Bool(policyToken, false, "accepted for az, without effect")
	fs.String(changeReference, "", "accepted for az, without effect")
	for _, name := range []string{policyToken, changeReference} {
		fs.Lookup(name).Hidden = true
	}
}

// withoutEffect returns the given flags that have no effect.
func withoutEffect(fs *pflag.FlagSet) []string {
	var out []string
	for _, name := range []string{policyToken, changeReference} {
		if fs.Changed(name) {
			out = append(out, "--"+name)
		}
	}
	return out
}

// severalValues marks a flag that takes any number of values.
func severalValues(fs *pflag.FlagSet, name string) { annotate(fs.Lookup(name), severalFlag) }

// choice sets the values that a flag takes, in any case.
func choice(fs *pflag.FlagSet, name string, values ...string) {
	annotate(fs.Lookup(name), choiceFlag)
	fs.Lookup(name).Annotations[choiceFlag] = values
}

// trueOrFalse marks a flag that takes True or False, in any case.
func trueOrFalse(fs *pflag.FlagSet, name string) { annotate(fs.Lookup(name), truthFlag) }

// alias gives a flag another name, such as the one the v2 extension uses.
func alias(fs *pflag.FlagSet, name string, others ...string) {
	annotate(fs.Lookup(name), aliasFlag)
	fs.Lookup(name).Annotations[aliasFlag] = others
}

// required marks flags that must be given.
func required(c *cobra.Command, names ...string) {
	for _, name := range names {
		annotate(c.Flags().Lookup(name), requiredFlag)
	}
}

func annotate(f *pflag.Flag, key string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[key] = []string{"true"}
}

// grammar describes flags to the argument grammar.
func grammar(fs *pflag.FlagSet) []argv.Flag {
	var out []argv.Flag
	fs.VisitAll(func(f *pflag.Flag) {
		g := argv.Flag{
			Name:       f.Name,
			Short:      f.Shorthand,
			Aliases:    f.Annotations[aliasFlag],
			TakesValue: f.NoOptDefVal == "",
			V1:         f.Annotations[v1Flag] != nil,
			Repeat:     f.Annotations[severalFlag] != nil,
			Bool3:      f.Annotations[truthFlag] != nil,
			Values:     f.Annotations[choiceFlag],
		}
		if f.Name == fullObject {
			g.Name = ""
		}
		out = append(out, g)
	})
	return out
}

// unreadable names the flag of an unreadable file. A signal or timeout that
// ended the read is not the file's error.
func unreadable(flag string, err error) error {
	var file *exit.Error
	if errors.As(err, &file) && file.Exit == exit.Usage {
		return exit.Usagef("argument --%s: %w", flag, err)
	}
	return err
}
