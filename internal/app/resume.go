package app

import (
	"strings"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Resume is the command that takes a wait for a goal up again, from any folder
// and in any shell that knows the same sign-in.
func (c *Connector) Resume(names []string, goal compute.Goal) string {
	words := []string{"wait"}
	for _, name := range names {
		words = append(words, quote(name))
	}
	if goal != compute.GoalSettled {
		words = append(words, "--for", quote(string(goal)))
	}
	return c.line(words)
}

// Reference is what names a compute in a command to be typed: its id when the
// computes of this command are in several workspaces.
func (c *Connector) Reference(in compute.Workspace, name string) string {
	if c.spread {
		return in.ComputeID(name)
	}
	return name
}

// line is a command of ours, its words quoted already, for any folder and any
// shell that knows the same sign-in.
func (c *Connector) line(command []string) string {
	words := []string{}
	env := func(name, value string) {
		words = append(words, name+"="+quote(value))
	}
	if target, err := c.session.Settings.Target(); err == nil {
		switch {
		case target.Emulator():
			env("COMPUTETARGET_CLOUD", config.EmulatorCloud)
			if dir, err := c.session.EmulatorDir(); err == nil {
				env("COMPUTETARGET_EMULATOR_DIR", dir)
			}
			if pace, err := c.session.Settings.Get(config.EmulatorPace); err == nil && pace.Level > config.LevelDefault {
				env("COMPUTETARGET_EMULATOR_PACE", pace.Text)
			}
		case target.Endpoint.Set():
			env("COMPUTETARGET_ENDPOINT", target.Endpoint.Text)
		case target.Cloud.Level > config.LevelDefault:
			env("COMPUTETARGET_CLOUD", target.Cloud.Text)
		}
	}
	words = append(append(words, "computetarget"), command...)
	if c.client != nil && !c.spread { // ids say where they are
		ws := c.client.Workspace()
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
