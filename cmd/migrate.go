package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/migrate"
	"github.com/computetarget/computetarget/internal/render"
)

func newMigrate(a *app.App) *cobra.Command {
	c := &cobra.Command{
		Use:   "migrate FILE|FOLDER…",
		Short: "Find calls of the old CLI in scripts, and rewrite them",
		Long: `Find every call of az ml computetarget, az ml folder attach and az extension for
azure-cli-ml in scripts, pipelines, notebooks and pages (sh, bash, ps1, cmd, yml,
tf, py, ipynb, md, Makefile, Dockerfile, Jenkinsfile), and print what each
becomes, with what behaves differently. Other commands of the old extension are
listed too: they have to be changed by hand.

Nothing is changed without --write, which rewrites the words of the calls and
nothing else. The exit code is 7 while something is left to change.`,
		Example: `  computetarget migrate .
  computetarget migrate scripts pipeline.yml --write
  computetarget migrate . -o json --query "[?becomes==null].[file, line]"`,
		Args: cobra.ArbitraryArgs,
	}
	write := c.Flags().Bool("write", false, "rewrite the files")
	return run(c, a, func(ctx context.Context, args []string) (render.Result, error) {
		if len(args) == 0 {
			return render.Result{}, render.Usagef("name the files or folders to look at, such as . for everything here")
		}
		files, err := scripts(args)
		if err != nil {
			return render.Result{}, err
		}
		report := &migration{list: []any{}}
		for _, file := range files {
			err := report.file(ctx, file, *write)
			if ctx.Err() != nil {
				return render.Result{}, context.Cause(ctx)
			}
			if err != nil {
				report.failures = append(report.failures, err)
			}
		}
		return report.result(), nil
	})
}

// scripts are the files that were named and those found in the folders that
// were, each once.
func scripts(args []string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	add := func(path string) {
		if path = filepath.Clean(path); !seen[path] {
			seen[path] = true
			out = append(out, path)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, render.Usagef("there is no file or folder %s", arg)
		case err != nil:
			return nil, render.Usagef("looking at %s: %w", arg, err)
		case !info.IsDir():
			add(arg)
			continue
		}
		found, err := migrate.Files(os.DirFS(arg), ".")
		if err != nil {
			return nil, render.Errorf(render.ExitFailed, "looking through %s: %w", arg, err)
		}
		for _, name := range found {
			add(filepath.Join(arg, filepath.FromSlash(name)))
		}
	}
	return out, nil
}

// migration collects what was found in files.
type migration struct {
	list     []any
	text     strings.Builder
	files    int // with calls
	done     int // calls rewritten
	left     int // calls still to rewrite
	byHand   int // calls nobody but a person can change
	failures []error
}

// file looks at one file, and rewrites it when asked to.
func (m *migration) file(ctx context.Context, path string, write bool) error {
	before, err := input.File(ctx, path, input.Settings)
	if err != nil { // other files may have been rewritten
		return render.Errorf(render.ExitFailed, "%w", err)
	}
	after, found := migrate.Rewrite(path, before)
	if len(found) == 0 {
		return nil
	}
	if write && string(after) != string(before) {
		if err = replace(path, after); err != nil {
			write = false
		}
	}
	m.files++
	for _, f := range found {
		m.add(f, write)
	}
	return err
}

func (m *migration) add(f migrate.Finding, written bool) {
	becomes := f.Becomes
	switch {
	case becomes == "":
		m.byHand++
		becomes = "by hand: " + f.Text
	case written:
		m.done++
	default:
		m.left++
	}
	fmt.Fprintf(&m.text, "%s:%d: %s\n", render.Clean(f.File), f.Line, render.Clean(becomes))
	warnings := make([]any, 0, len(f.Warnings))
	for _, w := range f.Warnings {
		warnings = append(warnings, w)
		fmt.Fprintf(&m.text, "    %s\n", render.Clean(w))
	}
	m.list = append(m.list, map[string]any{
		"file": f.File, "line": f.Line, "text": f.Text, "becomes": orNull(f.Becomes),
		"rewritten": written && f.Becomes != "", "warnings": warnings,
	})
}

// result is the report, and a failure of exit code 7 while something is left.
func (m *migration) result() render.Result {
	r := render.Result{Data: m.list, Text: m.text.String(), Err: errors.Join(m.failures...)}
	if m.files == 0 {
		r.Text = "no calls of the old CLI found\n"
		return r
	}
	if m.done > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s rewritten", calls(m.done)))
	}
	var left []string
	if m.left > 0 {
		left = append(left, calls(m.left)+" to rewrite (--write does it)")
	}
	if m.byHand > 0 {
		left = append(left, calls(m.byHand)+" to change by hand")
	}
	if len(left) > 0 && r.Err == nil {
		r.Err = render.Errorf(render.ExitCheck, "%s", strings.Join(left, ", "))
	}
	return r
}

func calls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// replace writes a file in one step, keeping its permissions; a link to it
// stays a link.
func replace(path string, data []byte) error {
	problem := func(err error) error {
		return render.Errorf(render.ExitFailed, "rewriting a script: %w", err)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return problem(err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return problem(err)
	}
	if info.Mode().Perm()&0o200 == 0 {
		return render.Errorf(render.ExitFailed, "%s is not rewritten: it is read-only", path)
	}
	temp, err := os.CreateTemp(filepath.Dir(target), ".migrate-*")
	if err != nil {
		return problem(err)
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = temp.Sync()
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), target)
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // what cannot be used is in the way
		return problem(err)
	}
	return nil
}
