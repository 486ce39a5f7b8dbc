package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/share"
	"github.com/computetarget/computetarget/pkg/compute"
)

func newLogs() *command {
	c := &cobra.Command{
		Use: "logs NAME",
		Long: `Show the log of an instance's setup script, from the folder Logs/NAME of the
workspace's file share: the newest file there, or with --all every one.

-f shows the log as it grows, until nothing is in progress on the instance, and
then has the exit code of "wait": 5 if the setup failed. Ctrl-c ends it and leaves
the instance alone.

The share is opened with the storage account's key. Where keys are switched off,
or you may not read them, your sign-in is used: it needs the role Storage File
Data Privileged Reader on the account.`,
		Example: `  computetarget logs dev
  computetarget logs dev -f
  computetarget logs dev --list`,
	}
	names := nameFlag(c)
	follow := c.Flags().BoolP("follow", "f", false, "show the log as it grows, until the setup is over")
	list := c.Flags().Bool("list", false, "list the files instead of printing them")
	all := c.Flags().Bool("all", false, "print every file, the oldest first")
	timeoutFlag(c)
	return run(c, func(ctx context.Context, a *app.App, args []string) (render.Result, error) {
		printed := c.Flags().Changed("output") || c.Flags().Changed("query")
		switch {
		case *follow && *list:
			return render.Result{}, exit.Usagef("--list cannot be used with --follow")
		case *follow && printed:
			return render.Result{}, exit.Usagef("--follow prints text as it comes: leave out -o and --query")
		}
		name, client, err := names.client(ctx, a, args)
		if err != nil {
			return render.Result{}, err
		}
		files, err := a.Share(ctx, client)
		if err != nil {
			return render.Result{}, err
		}
		if *follow {
			return followed(ctx, a, client, files, name)
		}
		logs, err := files.Logs(ctx, name)
		if err == nil && len(logs) == 0 {
			err = noLog(ctx, client, name)
		}
		if err != nil {
			return render.Result{}, err
		}
		switch {
		case *list:
			return listedLogs(logs), nil
		case !*all && len(logs) > 1:
			a.Note("the newest of %d files: computetarget logs %s --list", len(logs), name)
			logs = logs[:1]
		}
		return readLogs(ctx, files, name, logs)
	})
}

// maxLog is how much of one file is held at once, in bytes.
const maxLog = 32 << 20

// readLogs reads logs, oldest first. It refuses one that is too long to be held:
// what would be cut off is the end, where the error stands.
func readLogs(ctx context.Context, files *share.Share, name string, logs []share.Log) (render.Result, error) {
	var data []any
	var text strings.Builder
	for _, l := range slices.Backward(logs) {
		content, err := files.Read(ctx, l.Path, 0, maxLog+1)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = exit.Errorf(exit.NotFound, "%s was removed meanwhile", l.Path)
		case err == nil && len(content) > maxLog:
			err = &exit.Error{Exit: exit.Failed, Text: fmt.Sprintf("%s has more than %d MiB, too much to print at once", l.Path, maxLog>>20),
				Tip: render.Command("logs NAME -f", name) + " prints all of it, part by part"}
		}
		if err != nil {
			return render.Result{}, err
		}
		if len(logs) > 1 {
			text.WriteString(heading(l.Path))
		}
		text.Write(content)
		if n := len(content); n > 0 && content[n-1] != '\n' {
			text.WriteByte('\n')
		}
		data = append(data, map[string]any{"path": l.Path, "size": l.Size, "modified": moment(l.Modified), "text": string(content)})
	}
	r := render.Result{Data: data, Text: text.String(), IsText: true}
	if len(data) == 1 {
		r.Data = data[0]
	}
	r.People = func(p *render.Page) {
		for line := range strings.Lines(render.CleanLines(text.String())) {
			p.Draw(strings.TrimSuffix(line, "\n"))
		}
	}
	return r, nil
}

// heading stands above the text of one of several files.
func heading(path string) string { return "==> " + path + " <==\n" }

func listedLogs(logs []share.Log) render.Result {
	data := make([]any, 0, len(logs))
	var text strings.Builder
	for _, l := range logs {
		data = append(data, map[string]any{"path": l.Path, "size": l.Size, "modified": moment(l.Modified)})
		when, known := moment(l.Modified).(string)
		if !known {
			when = "-"
		}
		fmt.Fprintf(&text, "%-20s  %10d  %s\n", when, l.Size, render.Clean(l.Path))
	}
	return render.Result{Data: data, Text: text.String()}
}

// moment is a time in JSON, null when it is not known.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// noLog is why an instance has no log.
func noLog(ctx context.Context, client *compute.Client, name string) error {
	have, err := client.Get(ctx, name)
	if err != nil {
		return err
	}
	e := &exit.Error{Exit: exit.NotFound, Text: fmt.Sprintf("%s has no log: there is no file in %s of the workspace's share", name, share.LogFolder(name))}
	switch {
	case !have.IsInstance():
		return exit.Usagef("%s is of type %s, and only compute instances have setup scripts", name, have.ComputeType)
	case have.InTransition():
		e.Text = fmt.Sprintf("%s has no log yet: it is %s", name, have.State())
		e.Tip = render.Command("logs NAME -f", name) + " waits for it"
	case have.Instance.SetupScripts == nil || have.Instance.SetupScripts.Scripts.Creation == nil && have.Instance.SetupScripts.Scripts.Startup == nil:
		e.Text += "; it has no setup script, which would write one"
	}
	return e
}

// lookEvery is how often a log that grows is looked at.
const lookEvery = 3 * time.Second

// followed prints the logs of an instance as they grow, while a wait watches the
// instance itself.
func followed(ctx context.Context, a *app.App, client *compute.Client, files *share.Share, name string) (render.Result, error) {
	timeout, err := a.Settings.Duration(config.Timeout)
	if err != nil {
		return render.Result{}, err
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan []compute.Outcome, 1)
	go func() {
		ended <- client.Wait(waiting, []compute.Target{{Name: name}}, compute.WaitOptions{Timeout: timeout})
	}()
	f := follower{files: files, name: name, out: a.Out, printed: map[string]int64{}}
	told := ""
	for {
		err := f.step(ctx, false)
		if err != nil && !passes(err) {
			cancel()
			<-ended
			return render.Result{}, err
		}
		if err != nil && ctx.Err() == nil && err.Error() != told {
			told = err.Error()
			a.Note("the log cannot be read, and is tried again: %s", told)
		}
		select {
		case outcome := <-ended:
			if ctx.Err() == nil {
				err = f.step(ctx, true)
			}
			outcome = resumable(a, in(client, outcome), compute.GoalSettled)
			if outcome[0].Err != nil {
				err = outcome[0].Err
			} else if err == nil && len(f.printed) == 0 {
				err = noLog(ctx, client, name)
			}
			return render.Result{}, err
		case <-time.After(lookEvery):
		}
	}
}

// passes reports whether a failure to read the share may be over at the next look.
func passes(err error) bool {
	if errors.As(err, new(*unprintedError)) {
		return false
	}
	code := render.ExitCode(err, false)
	return code == exit.Failed || code == exit.TryLater
}

// unprintedError says that what was read could not be printed.
type unprintedError struct{ error }

func (e *unprintedError) Unwrap() error { return e.error }

// follower prints what is new in the logs of an instance.
type follower struct {
	files   *share.Share
	name    string
	out     *render.Output
	printed map[string]int64 // how much of each file
	last    string           // the file printed last
}

// step prints whole lines that have come since the last step, and with end also a
// last one that has no end.
func (f *follower) step(ctx context.Context, end bool) error {
	logs, err := f.files.Logs(ctx, f.name)
	if err != nil {
		return err
	}
	for _, l := range slices.Backward(logs) {
		if l.Size < f.printed[l.Path] {
			f.printed[l.Path] = 0 // it is another file
		}
		f.printed[l.Path] += 0 // an empty one is there, too
		for l.Size > f.printed[l.Path] {
			text, err := f.files.Read(ctx, l.Path, f.printed[l.Path], maxLog)
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			if err != nil {
				return err
			}
			if whole := bytes.LastIndexByte(text, '\n') + 1; !end {
				text = text[:whole]
			}
			if len(text) == 0 {
				break
			}
			f.printed[l.Path] += int64(len(text))
			if err := f.print(l.Path, string(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *follower) print(path, text string) error {
	if f.last != "" && f.last != path {
		text = heading(path) + text
	}
	f.last = path
	if f.out.TTY {
		text = render.CleanLines(text)
	}
	if _, err := f.out.Write([]byte(text)); err != nil {
		return &unprintedError{err}
	}
	return nil
}

// Bounds of the log that stands beside an error.
const (
	shownLines  = 20
	logPatience = 10 * time.Second
)

// setupLog returns the last lines of the log of the first instance whose setup
// script failed, to stand above the error.
func setupLog(ctx context.Context, a *app.App, ended []compute.Outcome) []string {
	for _, o := range ended {
		if !scriptFailed(o) {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, logPatience)
		defer cancel()
		client, err := a.ClientOf(o.Workspace)
		if err != nil {
			return nil // the error of the setup says more
		}
		files, err := a.Share(ctx, client)
		if err != nil {
			return []string{"the log of the setup cannot be read: " + err.Error()}
		}
		lines, newest, err := files.Tail(ctx, o.Name, shownLines)
		switch {
		case err != nil:
			return []string{"the log of the setup cannot be read: " + err.Error()}
		case newest.Path == "":
			return nil
		case o.Compute != nil && !newest.Modified.IsZero() && newest.Modified.Before(o.Compute.CreatedOn.Time):
			return []string{"no log of this setup: " + newest.Path + " is older than " + o.Name + ", and of another instance of that name"}
		}
		notes := []string{"the end of " + newest.Path + ":"}
		for _, line := range lines {
			notes = append(notes, "  "+line)
		}
		return notes
	}
	return nil
}

// scriptFailed reports whether what was asked of an instance failed by one of its
// scripts.
func scriptFailed(o compute.Outcome) bool {
	if o.Err == nil || compute.KindOf(o.Err) != compute.KindState {
		return false
	}
	var e *compute.Error
	return errors.As(o.Err, &e) && strings.EqualFold(e.Code, "SetupScriptsError") ||
		o.Compute != nil && strings.EqualFold(o.Compute.State(), compute.StateUserSetupFailed)
}
