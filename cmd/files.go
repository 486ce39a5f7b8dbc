package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
)

// asked is a compute that a file asks for.
type asked struct {
	*manifest.Document
	file string
}

// place is where the file asks for a setting, for messages.
func (d asked) place(field string) string {
	if d.file == "" {
		return "the command line"
	}
	return d.Where(field, d.file)
}

// readComputes reads the computes of files and folders; a folder means its *.yml,
// *.yaml and *.json. All mistakes are told together.
func readComputes(ctx context.Context, a *app.App, paths []string, o manifest.Options) ([]asked, error) {
	var out []asked
	var wrong []error
	others, parameters := 0, ""
	type text struct {
		file string
		data []byte
	}
	var texts []text
	o.Here = func() (compute.Workspace, error) { return chosenWorkspace(a) }
	for i, path := range paths {
		if path == "-" && slices.Contains(paths[:i], "-") {
			return nil, exit.Usagef("stdin is given twice, and can be read once")
		}
		files, err := filesIn(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			data, err := a.ReadText(ctx, file, input.Computes)
			if ctx.Err() != nil {
				return nil, err
			}
			if file == "-" {
				file = "stdin"
			}
			values := manifest.ReadParameters(data)
			switch {
			case err != nil:
				wrong = append(wrong, err)
			case values != nil && o.Parameters != nil:
				return nil, exit.Usagef("%s and %s are both parameters files: give one of them", parameters, file)
			case values != nil:
				o.Parameters, parameters = values, file
			default:
				texts = append(texts, text{file, data})
			}
		}
	}
	for _, t := range texts {
		read, err := manifest.Read(t.data, o)
		if err != nil {
			wrong = append(wrong, mistaken(err, t.file))
			continue
		}
		for _, d := range read.Documents {
			out = append(out, asked{d, t.file})
		}
		others += read.Others
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	left := ""
	if others == 1 {
		left = "1 document of another kind was left out"
	} else if others > 1 {
		left = fmt.Sprintf("%d documents of other kinds were left out", others)
	}
	if len(out) == 0 {
		err := exit.Usagef("%s: there is no compute in it", strings.Join(paths, ", "))
		if left != "" {
			err = &exit.Error{Exit: exit.Usage, Text: err.Error(), Tip: left}
		}
		return nil, err
	}
	if left != "" {
		a.Note("%s", left)
	}
	return out, nil
}

// filesIn are the files that a path means.
func filesIn(path string) ([]string, error) {
	info, err := os.Stat(path)
	if path == "-" || err != nil || !info.IsDir() {
		return []string{path}, nil // reading says what is wrong with it
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, exit.Usagef("%s cannot be read (%w)", path, err)
	}
	var out []string
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		if !e.IsDir() && !strings.HasPrefix(name, ".") && slices.Contains([]string{".yml", ".yaml", ".json"}, filepath.Ext(name)) {
			out = append(out, filepath.Join(path, e.Name()))
		}
	}
	if len(out) == 0 {
		return nil, exit.Usagef("the folder %s has no file that ends in .yml, .yaml or .json", path)
	}
	return out, nil
}

// chosenWorkspace is the workspace that the settings choose.
func chosenWorkspace(a *app.App) (compute.Workspace, error) {
	client, err := a.Client()
	if err != nil {
		return compute.Workspace{}, err
	}
	return client.Workspace(), nil
}

// mistaken are the mistakes of a file, each with its place.
func mistaken(err error, file string) error {
	var list manifest.ErrorList
	var one *manifest.Mistake
	if !errors.As(err, &list) && errors.As(err, &one) {
		list = manifest.ErrorList{one}
	}
	var wrong []error
	for _, m := range list {
		wrong = append(wrong, exit.Usagef("%s", m.In(file)))
	}
	return errors.Join(wrong...)
}

// readTable reads one file for each row of a table, whose values win over it.
func readTable(ctx context.Context, a *app.App, files []string, table string, o manifest.Options) ([]asked, error) {
	if len(files) != 1 || files[0] == "-" && table == "-" {
		return nil, exit.Usagef("--csv needs one file with one compute, and a table of its own")
	}
	text, err := a.ReadText(ctx, table, input.Value)
	if err != nil {
		return nil, err
	}
	data, err := a.ReadText(ctx, files[0], input.Value)
	if err != nil {
		return nil, err
	}
	if table == "-" {
		table = "stdin"
	}
	rows, err := manifest.ReadRows(text, table)
	if err != nil {
		return nil, mistaken(err, table)
	}
	var out []asked
	var wrong []error
	told := map[string]bool{}
	set := o.Set
	for i := range rows {
		o.Row = &rows[i]
		given, err := rows[i].Fill(set)
		var read manifest.Computes
		if err == nil {
			o.Set = append(slices.Clone(rows[i].Values), given...)
			read, err = manifest.Read(data, o)
		}
		switch {
		case err != nil:
			err = mistaken(err, files[0])
		case len(read.Documents) != 1 || read.Documents[0].Hours:
			return nil, exit.Usagef("%s: --csv needs a file with one compute, and it has %d", files[0], len(read.Documents))
		default:
			out = append(out, asked{read.Documents[0], files[0]})
			continue
		}
		if !told[err.Error()] { // what is wrong with the file is so in every row
			wrong = append(wrong, err)
		}
		told[err.Error()] = true
	}
	return out, errors.Join(wrong...)
}

// located determines the workspace of each compute: what its file says, and what
// is chosen for the rest.
func locatedIn(a *app.App, list []asked) ([]target, error) {
	out := make([]target, len(list))
	var in []compute.Workspace
	seen := map[string]asked{}
	for i, d := range list {
		if !compute.PossibleName(d.Name) {
			return nil, exit.Usagef("%s: %q cannot be the name of a compute: a letter, then letters, digits, - and _", d.place("name"), d.Name)
		}
		out[i].name = d.Name
		ws := compute.Workspace{Subscription: d.Subscription, ResourceGroup: d.ResourceGroup, Name: d.Workspace}
		if ws.Subscription == "" || ws.ResourceGroup == "" || ws.Name == "" {
			client, err := a.Client()
			if err != nil {
				return nil, err
			}
			base := client.Workspace()
			ws = compute.Workspace{Subscription: cmp.Or(ws.Subscription, base.Subscription), ResourceGroup: cmp.Or(ws.ResourceGroup, base.ResourceGroup), Name: cmp.Or(ws.Name, base.Name)}
		}
		if err := contradicts(a, ws, d.place("workspace")); err != nil {
			return nil, err
		}
		out[i].in = ws
		if other, twice := seen[out[i].key()]; twice {
			return nil, exit.Usagef("%s: %s is asked for twice, first at %s", d.place("name"), d.Name, other.place("name"))
		}
		seen[out[i].key()] = d
		in = append(in, ws)
	}
	a.Choose(in...)
	return out, nil
}

// key reads the private key of an attached machine. As in v2, its path is from the
// current folder.
func (d asked) key(ctx context.Context) error {
	if d.KeyFile == "" {
		return nil
	}
	data, err := input.TextFile(ctx, d.KeyFile, input.Value)
	if err != nil {
		return err
	}
	d.Spec.VirtualMachine.Account.PrivateKey = string(data)
	return nil
}

// setFlag adds --set.
func setFlag(c *cobra.Command) *[]string {
	set := c.Flags().StringArray("set", nil, "`KEY=VALUE` that wins over the file, such as tags.team=vision; repeatable")
	severalValues(c.Flags(), "set")
	return set
}

// assignments are the values of --set.
func assignments(set []string) ([]manifest.Assignment, error) {
	var out []manifest.Assignment
	for _, pair := range set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, exit.Usagef("--set: %q is not KEY=VALUE", pair)
		}
		out = append(out, manifest.Assignment{Key: key, Value: value, Source: "--set " + key})
	}
	return out, nil
}
