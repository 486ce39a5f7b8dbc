package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/tunnel"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Admit returns an error unless the caller's token may go to the Jupyter of an
// instance: its host is one of the chosen cloud's instances, and the caller is its
// creator or the person it is assigned to. Whoever owns an instance is root on it, so
// nobody else's token may get there.
func (a *App) Admit(ctx context.Context, have *compute.Compute, host string) error {
	target, err := a.target()
	if err != nil {
		return err
	}
	if !target.Cloud.AllowsInstance(host) && !a.Rehearsal() {
		text := fmt.Sprintf("the hosts of instances are not known for %s", cmp.Or(target.Cloud.Name, target.Cloud.Endpoint))
		if target.Cloud.Instances != "" {
			text = fmt.Sprintf("%.100q is not a host of an instance in %s", host, target.Cloud.Name)
		}
		return &exit.Error{Exit: exit.Auth, Text: text + ", so your sign-in is not sent there",
			Tip: "from inside its network: computetarget ssh " + have.Name + " --private"}
	}
	credential, err := a.Credential()
	if err != nil {
		return err
	}
	me, err := credential.Describe(ctx)
	if err != nil {
		return err
	}
	if me.ObjectID == "" {
		return exit.Errorf(exit.Auth, "the access token does not tell who you are, so it is not sent to %s", have.Name)
	}
	owner := have.Owner()
	creator := have.Instance != nil && have.Instance.CreatedBy != nil && strings.EqualFold(have.Instance.CreatedBy.UserID, me.ObjectID)
	if creator || strings.EqualFold(owner.ID, me.ObjectID) {
		return nil
	}
	whose := "is not yours but " + cmp.Or(owner.Name, owner.ID) + "'s"
	if owner.ID == "" {
		whose = "may not be yours: the service does not say whose it is"
	}
	return &exit.Error{Exit: exit.Auth, Text: have.Name + " " + whose + ", so your sign-in is not sent to it",
		Tip: "from inside its network, with a key of yours on it: computetarget ssh " + have.Name + " --private"}
}

// Tunnel opens a connection to the SSH server of an instance through its Jupyter. It
// checks with Admit first. Nothing is dialled for an emulator's instance.
func (a *App) Tunnel(ctx context.Context, have *compute.Compute, host string) (*tunnel.Conn, error) {
	if a.Rehearsal() {
		return nil, exit.Errorf(exit.Failed, "%s is in the emulator, and its address is not real: nothing was connected", have.Name)
	}
	if err := a.Admit(ctx, have, host); err != nil {
		return nil, err
	}
	base, err := a.connection()
	if err != nil {
		return nil, err
	}
	credential, err := a.Credential()
	if err != nil {
		return nil, err
	}
	o := tunnel.Options{Name: have.Name, Host: host, Token: credential.InstanceToken, Transport: base.Transport, Agent: a.Agent,
		Note: func(text string) { a.Note("%s", text) }}
	if a.debug {
		o.Log = func(text string) { fmt.Fprintln(a.Err, render.Clean(text)) }
	}
	return tunnel.Dial(ctx, o)
}

// ProxyCommand is the command that ssh runs to connect to an instance, for its option
// of that name. It says by flags all that variables and files of this session say:
// editors start ssh in another one.
func (a *App) ProxyCommand(have *compute.Compute) (string, error) {
	ws, name, err := compute.ParseComputeID(have.ID)
	if err != nil {
		return "", err
	}
	program, err := ownProgram()
	if err != nil {
		return "", err
	}
	words := []string{program, "ssh", name, "--stdio", "-g", ws.ResourceGroup, "-w", ws.Name, "--subscription-id", ws.Subscription}
	target, err := a.Settings.Target()
	if err != nil {
		return "", err
	}
	if target.Endpoint.Set() {
		words = append(words, "--endpoint", target.Endpoint.Text)
	} else {
		words = append(words, "--cloud", target.Cloud.Text)
	}
	for _, key := range []string{config.AuthMode, config.CAFile} {
		value, err := a.Settings.Get(key)
		if err != nil {
			return "", err
		}
		if value.Level > config.LevelDefault && value.Set() {
			text := value.Text
			if key == config.CAFile {
				if text, err = filepath.Abs(text); err != nil {
					return "", err
				}
			}
			words = append(words, "--"+key, text)
		}
	}
	return proxyLine(words, runtime.GOOS == "windows")
}

// ownProgram is the path of this program: the one on PATH if it is this one, since
// that stays through updates.
func ownProgram() (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", exit.Errorf(exit.Failed, "the path of this program is not known: %w", err)
	}
	onPath, err := exec.LookPath("computetarget")
	if err != nil || !filepath.IsAbs(onPath) {
		return own, nil
	}
	a, err := os.Stat(onPath)
	if err != nil {
		return own, nil
	}
	if b, err := os.Stat(own); err != nil || !os.SameFile(a, b) {
		return own, nil
	}
	return onPath, nil
}

// proxyLine makes words the value of ProxyCommand, which is one line for the user's
// shell. ssh replaces what begins with a percent sign.
func proxyLine(words []string, windows bool) (string, error) {
	var line []string
	for _, w := range words {
		if strings.ContainsFunc(w, func(r rune) bool { return r < ' ' || r == 0x7f }) || windows && strings.ContainsAny(w, `"%`) {
			return "", exit.Usagef("%q cannot be part of a command that ssh runs", w)
		}
		quoted := quote(w)
		if windows && quoted != w {
			quoted = `"` + w + `"`
		}
		line = append(line, strings.ReplaceAll(quoted, "%", "%%"))
	}
	return strings.Join(line, " "), nil
}
