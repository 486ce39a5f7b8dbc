package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/setup"
)

func newSetupScriptLint() *command {
	c := &cobra.Command{
		Use: "lint FILE…|-",
		Long: `Read setup scripts of compute instances and print what goes wrong in them, by
line. create does the same before it sends a script.

Errors stop a create: Windows line ends, a byte order mark, syntax errors,
arguments that do not reach the block they are used in, a script that is too long
to be sent inline, and a name in the workspace's share that does not end in .sh.
Warnings do not. Each finding ends with its code in brackets. The comment
"# computetarget:ignore CODE" silences it: behind a command, above it, or at the
head of the file for all of it.

A script is read as create would send it: inline. With --upload-to it goes
through the share, and may be longer. A FILE that begins with Users/ is in the
share already.

With -, it reads a script from stdin. The exit code is 7 when there are errors.`,
		Example: `  computetarget setup-script lint setup.sh
  computetarget setup-script lint setup.sh --upload-to Users/me/ --setup-script-timeout 20m
  computetarget setup-script lint setup.sh -o json --query "[?severity=='error'].[file, line, reason]"`,
		Args: cobra.ArbitraryArgs,
	}
	folder := c.Flags().String("upload-to", "", "the `FOLDER` of the workspace's share that the scripts go to, such as Users/me/")
	timeout := c.Flags().String("setup-script-timeout", "", "the `DURATION` that the scripts may take: 900 (seconds), 15m, 1.5h")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		if len(args) == 0 {
			return render.Result{}, exit.Usagef("name the scripts to read, or - for stdin")
		}
		if slices.Contains(args, stdin) && len(args) > 1 {
			return render.Result{}, exit.Usagef("- cannot be combined with files")
		}
		var found []setup.Finding
		if c.Flags().Changed("setup-script-timeout") {
			_, long, err := setup.Timeout("--setup-script-timeout", *timeout)
			if err != nil {
				return render.Result{}, exit.Usagef("argument --setup-script-timeout: %w", err)
			}
			found = long
		}
		for _, name := range args {
			path, err := inShare(name, *folder, c.Flags().Changed("upload-to"))
			if err != nil {
				return render.Result{}, err
			}
			text, err := scriptText(ctx, a, name)
			if err != nil {
				return render.Result{}, err
			}
			found = append(found, setup.Check(name, text, path)...)
		}
		return lintReport(found, len(args)), nil
	})
}

// inShare is the path that a script will have in the workspace's share, or "" if
// it is sent inline.
func inShare(name, folder string, upload bool) (string, error) {
	slashed := filepath.ToSlash(name)
	switch {
	case !upload && strings.HasPrefix(slashed, setup.Share):
		return slashed, nil
	case !upload:
		return "", nil
	case name == stdin:
		slashed = "stdin.sh" // it has no name that could be wrong
	}
	path, err := setup.In(folder, slashed)
	if err != nil {
		return "", exit.Usagef("argument --upload-to: %w", err)
	}
	return path, nil
}

func scriptText(ctx context.Context, a *app.App, name string) ([]byte, error) {
	if name == stdin {
		return input.Stream(ctx, a.In, "stdin", input.Value)
	}
	text, err := input.File(ctx, name, input.Value)
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(filepath.ToSlash(name), setup.Share) {
		return nil, &exit.Error{Exit: exit.Usage, Err: err, Tip: "lint reads files of this machine; download a script of the share first"}
	}
	return text, err
}

// lintReport is the findings by line, with exit code 7 when there are errors.
func lintReport(found []setup.Finding, files int) render.Result {
	list := make([]any, 0, len(found))
	var text strings.Builder
	for _, f := range found {
		list = append(list, map[string]any{
			"file": f.File, "line": lineOrNull(f.Line), "column": lineOrNull(f.Column),
			"severity": string(f.Severity), "code": f.Code, "reason": f.Reason, "fix": f.Fix,
		})
		fmt.Fprintf(&text, "%s\n    fix: %s\n", render.Clean(f.String()), render.Clean(f.Fix))
	}
	r := render.Result{Data: list, Text: text.String()}
	if len(found) == 0 {
		r.Text = "no findings\n"
		return r
	}
	var counts []string
	for _, of := range []setup.Severity{setup.Error, setup.Warning} {
		if n := setup.Count(found, of); n > 0 {
			counts = append(counts, numberOf(n, string(of)))
		}
	}
	summary := strings.Join(counts, ", ")
	if files > 1 {
		summary += fmt.Sprintf(" in %d files", files)
	}
	if setup.Count(found, setup.Error) > 0 {
		r.Err = &exit.Error{Exit: exit.Check, Text: summary, Tip: "errors stop a create; warnings do not"}
		return r
	}
	do := "do"
	if len(found) == 1 {
		do = "does"
	}
	r.Notes = []string{summary + ", which " + do + " not stop a create"}
	return r
}

// lineOrNull is a line or column, null where the whole file is meant.
func lineOrNull(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func numberOf(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
