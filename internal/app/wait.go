package app

import (
	"strings"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/progress"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Progress starts showing waits on stderr. The caller stops it before anything
// else is written.
func (a *App) Progress() (*progress.Progress, error) {
	setting, err := a.Settings.Get(config.Progress)
	if err != nil {
		return nil, err
	}
	mode, err := progress.ParseMode(setting.Text)
	if err != nil {
		return nil, err
	}
	return progress.New(a.Streams, progress.Options{Mode: mode, Verbose: a.verbose, Emulator: a.Emulated()}), nil
}

// Resume is the command that takes a wait for a goal up again, from any folder
// and in any shell that knows the same sign-in.
func (a *App) Resume(names []string, goal compute.Goal) string {
	words := []string{"wait"}
	for _, name := range names {
		words = append(words, quote(name))
	}
	if goal != compute.GoalSettled {
		words = append(words, "--for", quote(string(goal)))
	}
	return a.line(words)
}

// line is a command of ours, its words quoted already, for any folder and any
// shell that knows the same sign-in.
func (a *App) line(command []string) string {
	words := []string{}
	env := func(name, value string) {
		words = append(words, name+"="+quote(value))
	}
	if target, err := a.Settings.Target(); err == nil {
		switch {
		case target.Emulator():
			env("COMPUTETARGET_CLOUD", config.EmulatorCloud)
			if dir, err := a.EmulatorDir(); err == nil {
				env("COMPUTETARGET_EMULATOR_DIR", dir)
			}
			if pace, err := a.Settings.Get(config.EmulatorPace); err == nil && pace.Level > config.LevelDefault {
				env("COMPUTETARGET_EMULATOR_PACE", pace.Text)
			}
		case target.Endpoint.Set():
			env("COMPUTETARGET_ENDPOINT", target.Endpoint.Text)
		case target.Cloud.Level > config.LevelDefault:
			env("COMPUTETARGET_CLOUD", target.Cloud.Text)
		}
	}
	words = append(append(words, "computetarget"), command...)
	if a.client != nil && !a.Spread { // ids say where they are
		ws := a.client.Workspace()
		words = append(words, "-g", quote(ws.ResourceGroup), "-w", quote(ws.Name), "--subscription-id", quote(ws.Subscription))
	}
	return strings.Join(words, " ")
}

// Words are the words of a command for a POSIX shell.
func Words(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

// quote makes text one word of a POSIX shell.
func quote(text string) string {
	text = render.Clean(text)
	plain := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+", r))
	}
	if text != "" && strings.IndexFunc(text, plain) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Where is the workspace and where the choice came from.
func (a *App) Where() render.Where {
	ref, err := a.Settings.Workspace()
	if err != nil {
		return render.Where{}
	}
	return render.Where{Workspace: ref.Name.Text, ResourceGroup: ref.ResourceGroup.Text, Source: ref.Source()}
}
