package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/setup"
	"github.com/computetarget/computetarget/internal/share"
	"github.com/computetarget/computetarget/pkg/compute"
)

// setupScripts are the setup scripts of a new instance: the one that runs when it is
// made, and the one that runs at every start.
type setupScripts struct {
	flags          *pflag.FlagSet
	setup, startup scriptFlags
	folder         string
	replace        bool
	upload         []share.File // what the instance needs in the share
	wrote          []string     // of these, what was written or may have been
	uploaded       bool         // all of them were there in the end
}

// scriptFlags are the flags of one script. The others' names begin with its name.
type scriptFlags struct{ name, file, args, timeout string }

func addScripts(f *pflag.FlagSet) *setupScripts {
	s := &setupScripts{flags: f, setup: scriptFlags{name: "setup-script"}, startup: scriptFlags{name: "startup-script"}}
	s.setup.add(f, "once, when it is created")
	s.startup.add(f, "at every start, the first included")
	f.StringVar(&s.folder, "upload-to", "", "`FOLDER` of the workspace's share that the script files are put into first, such as Users/me/")
	f.BoolVar(&s.replace, "replace", false, "overwrite files in that folder that have other content")
	return s
}

func (s *scriptFlags) add(f *pflag.FlagSet, when string) {
	f.StringVar(&s.file, s.name, "", "`FILE` to run as root "+when+"; Users/… is a path in the workspace's share")
	f.StringVar(&s.args, s.name+"-args", "", "`ARGUMENTS` for it, as one text")
	f.StringVar(&s.timeout, s.name+"-timeout", "", "longest `DURATION` it may take: 900 (seconds), 15m, 1.5h")
}

// give puts the scripts into what is asked for. It reads files and sends nothing.
// All that is wrong is told together, with what is wrong in the rest of the
// request; warnings are told at once.
func (s *setupScripts) give(ctx context.Context, a *app.App, instance *compute.InstanceSpec, place func(field string) string) []error {
	described := *instance // a file may ask for scripts, too
	creation, wrong := s.script(ctx, a, s.setup)
	startup, more := s.script(ctx, a, s.startup)
	wrong = append(wrong, more...)
	if s.flags.Changed(s.setup.name) {
		described.CreationScript = nil
	}
	if s.flags.Changed(s.startup.name) {
		described.StartupScript = nil
	}
	wrong = append(wrong, checkDescribed(a, &described, place)...)
	instance.CreationScript, instance.StartupScript = cmp.Or(creation, described.CreationScript), cmp.Or(startup, described.StartupScript)
	switch to := s.flags.Changed("upload-to"); {
	case s.replace && !to:
		wrong = append(wrong, exit.Usagef("--replace needs --upload-to: it is about files in the workspace's share"))
	case to && len(s.upload) == 0 && len(wrong) == 0:
		wrong = append(wrong, exit.Usagef("--upload-to needs a file of this machine, as --setup-script or --startup-script"))
	case len(s.upload) == 2 && strings.EqualFold(s.upload[0].Path, s.upload[1].Path):
		if s.upload[0].Path != s.upload[1].Path || !bytes.Equal(s.upload[0].Text, s.upload[1].Text) { // the share ignores case
			wrong = append(wrong, exit.Usagef("--setup-script and --startup-script would both be %s: give them different names", s.upload[0].Path))
		}
		s.upload = s.upload[:1]
	}
	return wrong
}

// script is what one script's flags ask for, nil if that is none.
func (s *setupScripts) script(ctx context.Context, a *app.App, flags scriptFlags) (script *compute.Script, wrong []error) {
	refuse := func(flag, format string, args ...any) {
		wrong = append(wrong, exit.Usagef("argument --"+flag+": "+format, args...))
	}
	if !s.flags.Changed(flags.name) {
		for _, of := range []string{"-args", "-timeout"} {
			if s.flags.Changed(flags.name + of) {
				wrong = append(wrong, exit.Usagef("--%s needs --%s", flags.name+of, flags.name))
			}
		}
		return nil, wrong
	}
	if strings.ContainsFunc(flags.args, unicode.IsControl) {
		refuse(flags.name+"-args", "it has a line break or another control character")
	} else if secrets := setup.CheckArguments("--"+flags.name+"-args", flags.args); len(secrets) > 0 {
		wrong = append(wrong, tell(a, secrets)...)
	} else if strings.ContainsAny(flags.args, "\"'\\") {
		a.Note("--%s-args: it is not documented how the service splits arguments; at blanks is assumed, and that quotes reach the script", flags.name)
	}
	limit := ""
	if s.flags.Changed(flags.name + "-timeout") {
		sent, found, err := setup.Timeout("--"+flags.name+"-timeout", flags.timeout)
		if err != nil {
			refuse(flags.name+"-timeout", "%w", err)
		}
		limit = sent
		wrong = append(wrong, tell(a, found)...)
	}
	if inTheShare(flags.file) {
		if !isSharePath(flags.file) {
			refuse(flags.name, "%s", noSharePath(flags.file))
			return nil, wrong
		}
		if _, err := os.Stat(flags.file); err == nil {
			a.Note("%s is a path in the workspace's share; the file of this machine is ./%[1]s", flags.file)
		}
		wrong = append(wrong, tell(a, setup.CheckPath("--"+flags.name, flags.file))...)
		return compute.ShareScript(flags.file, flags.args, limit), wrong
	}
	text, at, err := s.read(ctx, a, flags)
	if err != nil {
		return nil, append(wrong, err)
	}
	wrong = append(wrong, tell(a, setup.Check(flags.file, text, at))...)
	if at == "" {
		return compute.InlineScript(text, flags.args, limit), wrong
	}
	s.upload = append(s.upload, share.File{Path: at, Text: text})
	return compute.ShareScript(at, flags.args, limit), wrong
}

// checkDescribed checks scripts that a file asks for as those of flags are checked, and
// gives their time limits the form that is sent. place is where a setting stands.
func checkDescribed(a *app.App, instance *compute.InstanceSpec, place func(field string) string) (wrong []error) {
	for i, script := range []**compute.Script{&instance.CreationScript, &instance.StartupScript} {
		if *script == nil || (*script).Data == "" {
			continue
		}
		s := **script
		*script = &s
		field := [...]string{"creationScript", "startupScript"}[i]
		at := place(field) + ": " + field
		if strings.ContainsFunc(s.Arguments, unicode.IsControl) {
			wrong = append(wrong, exit.Usagef("%s: its arguments have a line break or another control character", at))
		}
		wrong = append(wrong, tell(a, setup.CheckArguments(at, s.Arguments))...)
		if s.Timeout != "" {
			sent, found, err := setup.Timeout(at, s.Timeout)
			if err != nil {
				wrong = append(wrong, exit.Usagef("%s: its time limit: %w", at, err))
			}
			s.Timeout = sent
			wrong = append(wrong, tell(a, found)...)
		}
		switch text := s.Text(); {
		case text != nil:
			wrong = append(wrong, tell(a, setup.Check(at, text, ""))...)
		case !s.Inline():
			if !isSharePath(s.Path()) {
				wrong = append(wrong, exit.Usagef("%s: %s", at, noSharePath(s.Data)))
				continue
			}
			if _, err := os.Stat(s.Data); err == nil {
				a.Note("%s: %s is a path in the workspace's share; --setup-script and --startup-script send a file of this machine", at, s.Data)
			}
			wrong = append(wrong, tell(a, setup.CheckPath(at, s.Path()))...)
		}
	}
	return wrong
}

// isSharePath reports whether a file of the share can be at a path, as it is written.
func isSharePath(at string) bool {
	_, err := share.Path(setup.Share, at)
	return err == nil
}

func noSharePath(at string) string {
	return fmt.Sprintf("%q cannot be the path of a file in the workspace's share, which looks like Users/me/setup.sh", at)
}

// inTheShare reports whether a value names a file of the workspace's share.
func inTheShare(value string) bool { return strings.HasPrefix(value, setup.Share) }

// read reads a script of this machine. at is where it will be in the workspace's
// share, "" if it is sent with the request.
func (s *setupScripts) read(ctx context.Context, a *app.App, flags scriptFlags) (text []byte, at string, err error) {
	switch {
	case flags.file == "":
		return nil, "", exit.Usagef("argument --%s: the file name is empty", flags.name)
	case flags.file == stdin && s.flags.Changed("upload-to"):
		return nil, "", exit.Usagef("argument --%s: --upload-to needs the name of a file, and stdin has none", flags.name)
	case flags.file == stdin && flags.name == s.startup.name && s.setup.file == stdin:
		return nil, "", exit.Usagef("argument --%s: stdin is read once, for --%s", flags.name, s.setup.name)
	case strings.Contains(flags.file, "\n"): // az reads @FILE in the place of any value
		return nil, "", exit.Usagef("argument --%s: it takes the name of a file, without @, not its text", flags.name)
	}
	if s.flags.Changed("upload-to") {
		if at, err = setup.In(s.folder, filepath.ToSlash(flags.file)); err != nil {
			return nil, "", exit.Usagef("argument --upload-to: %w", err)
		}
		if at, err = share.Path(path.Dir(at), path.Base(at)); err != nil {
			return nil, "", err
		}
	}
	if flags.file == stdin {
		text, err = input.Stream(ctx, a.In, "stdin", input.Value)
	} else {
		text, err = input.File(ctx, flags.file, input.Value)
	}
	switch {
	case ctx.Err() != nil:
		return nil, "", context.Cause(ctx)
	case err != nil:
		return nil, "", &exit.Error{Err: fmt.Errorf("argument --%s: %w", flags.name, err), Tip: sharePathMeant(flags.file)}
	case len(text) == 0:
		return nil, "", exit.Usagef("argument --%s: %s is empty", flags.name, flags.file)
	}
	return text, at, nil
}

// sharePathMeant is advice about the name of a file that cannot be read and looks
// like a path in the share.
func sharePathMeant(name string) string {
	slashed := strings.TrimLeft(strings.ReplaceAll(name, `\`, "/"), "/")
	if _, below, mounted := strings.Cut(slashed, "cloudfiles/code/"); mounted { // as an instance sees the share
		slashed = below
	}
	switch {
	case strings.Contains(name, "://"):
		return "the service takes no address: download the script first, and name the file"
	case strings.HasPrefix(strings.ToLower(slashed), strings.ToLower(setup.Share)) && slashed != name || strings.HasPrefix(name, "users/"):
		return "a path in the workspace's share begins with Users/, as in Users" + slashed[len(setup.Share)-1:]
	}
	return ""
}

// tell says warnings, and returns errors.
func tell(a *app.App, found []setup.Finding) (wrong []error) {
	for _, f := range found {
		if f.Severity == setup.Error {
			wrong = append(wrong, &exit.Error{Exit: exit.Usage, Text: f.String(), Tip: f.Fix})
			continue
		}
		a.Note("%s", f)
	}
	return wrong
}

// refuseScripts is what is wrong with scripts and with the rest of a request, as far as
// that shows before anything is sent; nil if no script is wrong.
func refuseScripts(ctx context.Context, name string, spec *compute.Spec, scripts, others []error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case len(scripts) == 0:
		return nil
	}
	all := slices.Concat(scripts, others)
	if found := compute.CheckSpec(name, spec); len(found) > 0 {
		all = append(all, &compute.CheckError{Name: name, Findings: found})
	}
	return errors.Join(all...)
}

// prepare looks at the scripts in the workspace's share and puts files there, once
// everything else was checked. It is nil if there is nothing to do.
func (s *setupScripts) prepare(a *app.App, client *compute.Client, instance *compute.InstanceSpec) func(context.Context) error {
	there := s.there(instance)
	if len(s.upload) == 0 && len(there) == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		files, err := a.Share(ctx, client)
		if err == nil {
			lookAt(ctx, a, files, there)
			s.wrote, err = files.Put(ctx, s.upload, s.replace)
		}
		s.uploaded = err == nil
		if err != nil && len(s.upload) > 0 {
			return nothingCreated(err)
		}
		return nil
	}
}

// there are the paths of the scripts that are in the share already.
func (s *setupScripts) there(instance *compute.InstanceSpec) (paths []string) {
	for _, script := range []*compute.Script{instance.CreationScript, instance.StartupScript} {
		at := script.Path()
		mine := slices.ContainsFunc(s.upload, func(f share.File) bool { return f.Path == at })
		if at != "" && !mine && !slices.Contains(paths, at) {
			paths = append(paths, at)
		}
	}
	return paths
}

// lookPatience is the longest look at scripts in the share, which the service looks
// at itself.
const lookPatience = 15 * time.Second

// lookAt warns of scripts in the share that are not there, or that a check finds
// something in: with them the setup fails minutes later. They are somebody else's,
// too, so they stop nothing. A share that cannot be read is the service's to read.
func lookAt(ctx context.Context, a *app.App, files *share.Share, paths []string) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	for _, at := range paths {
		switch text, err := files.Read(ctx, at, 0, input.Value+1); {
		case errors.Is(err, fs.ErrNotExist):
			a.Note("%s is not in the workspace's share, where the setup will look for it; --upload-to puts a file there", at)
		case err == nil && len(text) <= input.Value: // all of it
			for _, f := range setup.Check(at, text, at) {
				a.Note("%s", f)
			}
		}
	}
}

// compared refuses an instance that was there already when the files in the share that
// its settings name do not hold what was to be put there: only the paths are the same.
func (s *setupScripts) compared(ctx context.Context, a *app.App, client *compute.Client, created compute.Outcome) compute.Outcome {
	if !created.Already || len(s.upload) == 0 {
		return created
	}
	files, err := a.Share(ctx, client)
	var other []string
	for _, f := range s.upload {
		same := false
		if err == nil {
			same, _, err = files.Compare(ctx, f.Path, f.Text)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // as when folders are tidied up after the setup
			a.Note("%s is not in the workspace's share any more", f.Path)
			err = nil
		case err == nil && !same:
			other = append(other, f.Path)
		}
	}
	switch {
	case ctx.Err() != nil:
		created.Err = context.Cause(ctx)
	case len(other) > 0:
		created.Err = &exit.Error{Exit: exit.Failed,
			Text: fmt.Sprintf("%s exists with other settings: what is in the workspace's share at %s has other content; nothing was sent", created.Name, strings.Join(other, " and ")),
			Tip:  "give the file and the instance other names; --if-exists use accepts " + created.Name + " as it is"}
	case err != nil:
		a.Note("whether the workspace's share holds the same script is not known: %s", err)
	}
	created.Already = created.Err == nil
	return created
}

// nothingCreated says so after each failure.
func nothingCreated(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined errors are taken apart
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, nothingCreated(e))
		}
		return errors.Join(all...)
	}
	return fmt.Errorf("%w; nothing was created", err)
}

// explainScripts adds to a create whose script failed what to do about it.
func explainScripts(created compute.Outcome, instance *compute.InstanceSpec) compute.Outcome {
	if created.Err == nil || !scriptFailed(created) {
		return created
	}
	tip := render.Hint(created.Err)
	for _, script := range []*compute.Script{instance.CreationScript, instance.StartupScript} {
		at, told := script.Path(), created.Err.Error()
		if at != "" && strings.Contains(told, "file not found") && strings.Contains(told, at) {
			tip = at + " is not in the workspace's share: give the file itself with --upload-to " + folderOf(at)
		}
	}
	if of := added(created.Compute, instance); of != "" {
		tip = created.Name + " was created without a setup script, and a policy of your organization may have added " + of +
			": its owner can put it into the workspace's share, or repair it; " + render.Command("logs NAME", created.Name) + " shows its output"
	}
	again := "a failed instance cannot be changed: " + render.Command("delete NAME", created.Name) + ", then create it again"
	created.Err = &exit.Error{Err: created.Err, Tip: strings.TrimPrefix(tip+"\n"+again, "\n")}
	return created
}

// added names the setup scripts of an instance for which none was asked, "" if there
// are none.
func added(c *compute.Compute, asked *compute.InstanceSpec) string {
	if c == nil || c.Instance == nil || c.Instance.SetupScripts == nil || asked.CreationScript != nil || asked.StartupScript != nil {
		return ""
	}
	var paths []string
	for _, script := range []*compute.Script{c.Instance.SetupScripts.Scripts.Creation, c.Instance.SetupScripts.Scripts.Startup} {
		if script != nil {
			paths = append(paths, cmp.Or(script.Path(), "one sent inline"))
		}
	}
	return strings.Join(paths, " and ")
}

// folderOf is the folder of a file in the share as --upload-to takes it, on a line that
// can be pasted into any shell.
func folderOf(at string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
	if folder := path.Dir(at) + "/"; folder != setup.Share && strings.HasPrefix(folder, setup.Share) && strings.Trim(folder, plain) == "" {
		return folder
	}
	return setup.Share + "FOLDER/"
}

// notes are about the files in the share, after the create.
func (s *setupScripts) notes(a *app.App, created compute.Outcome) []string {
	wrote := strings.Join(s.wrote, " and ")
	switch {
	case a.DryRun || len(s.upload) == 0:
		return nil
	case created.Already:
		return []string{"nothing was uploaded, because " + created.Name + " exists already"}
	case wrote == "":
		return nil
	case created.Err != nil && !s.uploaded:
		return []string{wrote + " may be in the workspace's share now"}
	case created.Err != nil && created.Operation == nil:
		return []string{wrote + " is in the workspace's share now, and stays there"}
	}
	return []string{wrote + " was put into the workspace's share"}
}
