package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/migrate"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/atomicfile"
)

func newMigrate() *command {
	c := &cobra.Command{
		Use: "migrate FILE|FOLDER|-…",
		Long: `Find calls of az ml computetarget and az ml folder attach in scripts, pipelines,
notebooks, settings and pages. Print what each becomes and what behaves
differently. In a folder it searches sh, bash, ps1, cmd, yml, json, tf, bicep,
py, ipynb, md, Makefile, Dockerfile, Jenkinsfile and templates of them. Any
other file that you name is read as a shell script.

It also lists what you must change by hand: other commands of the old extension,
checks for the extension, and calls that computetarget would refuse. The line
that installs the extension stays while a call needs it.

With --v2 it finds az ml compute of the newer extension, too; the words stay, and
computetarget takes the place of az. docs/compatibility.md has v1, v2 and ours side by
side.

Nothing changes without --write, which rewrites those calls and nothing else.
With -, it reads a script from stdin, and --write prints the result. --command
prints what a command line becomes. The exit code is 7 until nothing is left to
change.`,
		Example: `  computetarget migrate .
  computetarget migrate scripts pipeline.yml --write
  computetarget migrate scripts --v2 --write
  computetarget migrate - --write < old.sh > new.sh
  computetarget migrate --command 'az ml computetarget list -o table'
  computetarget migrate . -o json --query "[?becomes==null].[file, line]"`,
		Args: cobra.ArbitraryArgs,
	}
	write := c.Flags().Bool("write", false, "rewrite the files")
	v2 := c.Flags().Bool("v2", false, "find calls of az ml compute (CLI v2), too")
	line := c.Flags().String("command", "", "print what the `COMMAND` line becomes")
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		o := migrate.Options{Refuses: refusals(), V2: *v2}
		if c.Flags().Changed("command") {
			if len(args) > 0 || *write {
				return render.Result{}, exit.Usagef("--command takes neither files nor --write")
			}
			return becomes(*line, o), nil
		}
		if len(args) == 0 {
			return render.Result{}, exit.Usagef("name files or folders, such as . for the current folder")
		}
		files, err := scripts(args)
		if err != nil {
			return render.Result{}, err
		}
		report := &migration{list: []any{}}
		if slices.Contains(files, stdin) {
			if len(files) > 1 {
				return render.Result{}, exit.Usagef("- cannot be combined with files")
			}
			before, err := input.Stream(ctx, a.In, "stdin", input.Settings)
			if err != nil {
				return render.Result{}, err
			}
			after, found := migrate.Rewrite(stdin, before, o)
			report.found(found, *write)
			r := report.result()
			if *write {
				r.Notes, r.Text = append(report.hands, r.Notes...), string(after)
			}
			if len(after) == 0 {
				r.Data = nil // nothing in, nothing out
			}
			return r, nil
		}
		if err := report.read(ctx, files, o); err != nil {
			return render.Result{}, err
		}
		for _, f := range report.scripts {
			if err := report.file(f, *write, o); err != nil {
				report.failures = append(report.failures, err)
			}
		}
		return report.result(), nil
	})
}

// stdin is the name of standard input.
const stdin = "-"

// refusals is newRefusals. The table of commands holds migrate, and migrate asks
// the table: Go wants one of them to be set while the program starts.
var refusals func() func([]string) error

func init() { refusals = newRefusals }

// newRefusals returns a function that says why this program would refuse the
// words of a call, or nil.
func newRefusals() func([]string) error {
	globalSet := &cobra.Command{}
	globals(globalSet.Flags())
	tree, global := tree(), grammar(globalSet.Flags())
	known := map[string][]argv.Flag{} // by command: a folder may hold thousands of calls
	return func(args []string) error {
		found, err := argv.Path(args, tree, global)
		if err != nil {
			return err
		}
		e, ok := find(found.Path)
		if !ok || e.build == nil {
			return nil // help
		}
		flags, ok := known[e.words]
		if !ok {
			flags = grammar(build(e).Flags())
			for i, f := range flags {
				if f.Values != nil {
					flags[i].Values = append(slices.Clip(f.Values), migrate.AnyValue)
				}
			}
			known[e.words] = flags
		}
		return whyRefused(found.Rest, flags)
	}
}

// whyRefused says why the words after a command would be refused.
func whyRefused(words []string, flags []argv.Flag) error {
	rest, err := argv.Expand(words, flags, nil)
	if err != nil {
		var wrong *exit.Error
		if errors.As(err, &wrong) && wrong.Tip != "" {
			return fmt.Errorf("%w; %s", err, wrong.Tip)
		}
		return err
	}
	for _, word := range rest {
		if !strings.HasPrefix(word, "-") && word != migrate.AnyValue {
			return fmt.Errorf("unrecognized argument: %s; the old CLI took names with --name/-n only; here it would be a name", word)
		}
	}
	return nil
}

// becomes implements --command: the line as it must be now.
func becomes(line string, o migrate.Options) render.Result {
	after, found := migrate.Rewrite("", []byte(line), o)
	report := &migration{list: []any{}}
	report.found(found, true)
	r := report.result()
	r.Text, r.Notes = string(after)+"\n", nil
	if len(found) == 0 {
		r.Notes = []string{"no calls of the old CLI found"}
	}
	for _, f := range found {
		if f.Becomes == "" {
			r.Text = "by hand: " + line + "\n" // half a rewrite is useless
		}
		for _, w := range f.Warnings {
			if f.Becomes == "" {
				w = f.Text + ": " + w
			}
			r.Notes = append(r.Notes, w)
		}
	}
	return r
}

// scripts are the named files and those in named folders, each once.
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
		if arg == stdin {
			add(arg)
			continue
		}
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, exit.Usagef("file or folder %s does not exist", arg)
		case err != nil:
			return nil, exit.Usagef("reading %s: %w", arg, err)
		case !info.IsDir():
			add(arg)
			continue
		}
		found, err := migrate.Files(os.DirFS(arg), ".")
		if err != nil {
			return nil, exit.Errorf(exit.Failed, "searching %s: %w", arg, err)
		}
		for _, name := range found {
			add(filepath.Join(arg, filepath.FromSlash(name)))
		}
	}
	return out, nil
}

// migration collects the findings in files.
type migration struct {
	scripts  []script
	list     []any
	text     strings.Builder
	hands    []string // lines of the text for calls to change by hand
	files    int      // with calls
	done     int      // calls rewritten
	left     int      // calls still to rewrite
	byHand   int      // calls to change by hand
	failures []error
}

// script is a file and what was found in it by itself.
type script struct {
	path  string
	text  []byte
	needs string // the first call that still needs the old extension
}

// read reads the files. One may install what another needs, so it reads all
// before rewriting any.
func (m *migration) read(ctx context.Context, files []string, o migrate.Options) error {
	for _, path := range files {
		text, err := input.File(ctx, path, input.Settings)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil { // other files may be rewritten
			m.failures = append(m.failures, exit.Errorf(exit.Failed, "%w", err))
			continue
		}
		found := migrate.Find(path, text, o)
		if len(found) > 0 {
			m.scripts = append(m.scripts, script{path, text, migrate.Needs(found)})
		}
	}
	return nil
}

// file reads one file, and rewrites it if requested.
func (m *migration) file(f script, write bool, o migrate.Options) error {
	for _, other := range m.scripts {
		if other.needs != "" {
			o.Needed = other.needs
			break
		}
	}
	after, found := migrate.Rewrite(f.path, f.text, o)
	var err error
	if write && string(after) != string(f.text) {
		if err = replace(f.path, after); err != nil {
			write = false
		}
	}
	m.found(found, write)
	return err
}

// found adds the findings of one file.
func (m *migration) found(found []migrate.Finding, written bool) {
	if len(found) > 0 {
		m.files++
	}
	for _, f := range found {
		m.add(f, written)
	}
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
	line := fmt.Sprintf("%s:%d: %s", render.Clean(f.File), f.Line, render.Clean(becomes))
	fmt.Fprintln(&m.text, line)
	warnings := make([]any, 0, len(f.Warnings))
	for _, w := range f.Warnings {
		warnings = append(warnings, w)
		fmt.Fprintf(&m.text, "    %s\n", render.Clean(w))
	}
	if f.Becomes == "" {
		m.hands = append(m.hands, line+" ("+strings.Join(f.Warnings, "; ")+")")
	}
	m.list = append(m.list, map[string]any{
		"file": f.File, "line": f.Line, "text": f.Text, "becomes": orNull(f.Becomes),
		"rewritten": written && f.Becomes != "", "warnings": warnings,
	})
}

// result is the report, with exit code 7 while something is left.
func (m *migration) result() render.Result {
	r := render.Result{Data: m.list, Text: m.text.String(), Err: errors.Join(m.failures...)}
	if m.files == 0 {
		r.Text = "no calls of the old CLI found\n"
		if r.Err != nil { // what could not be read may have some
			r.Data, r.Text = nil, ""
		}
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
		r.Err = exit.Errorf(exit.Check, "%s", strings.Join(left, ", "))
	}
	return r
}

func calls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// replace writes a file atomically and keeps its permissions; it does not touch
// a read-only file.
func replace(path string, data []byte) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o200 == 0 {
		return exit.Errorf(exit.Failed, "%s is not rewritten: it is read-only", path)
	}
	if err == nil {
		err = atomicfile.Write(path, data, info.Mode().Perm())
	}
	if err != nil {
		return exit.Errorf(exit.Failed, "rewriting a script: %w", err)
	}
	return nil
}
