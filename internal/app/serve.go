package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// ServeOptions say which emulator is served, and how.
type ServeOptions struct {
	InMemory bool
	Strict   bool   // workspaces that do not exist are not made
	Clock    string // as emulator.ParseClock reads it
	Throttle bool
	Auth     bool // tokens are checked
	Listen   emulator.ListenOptions
}

// Serve listens with the emulator until ctx ends. The first line on stdout is
// how it is reached, as JSON; requests are logged on stderr.
func (h *Host) Serve(ctx context.Context, o ServeOptions) error {
	dir, err := h.session.EmulatorDir()
	if err != nil {
		return err
	}
	o.Listen.Dir, o.Listen.Log = dir, h.session.Err
	e, server, err := h.listen(ctx, o, dir)
	if err != nil {
		return err
	}
	defer closing(e)
	line, err := json.Marshal(server.ServerInfo)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(h.session.Out, "%s\n", line); err != nil {
		return err // nobody would learn where it listens
	}
	return server.Serve(ctx)
}

func closing(e *emulator.Emulator) {
	_ = e.Close() // every acknowledged change is on disk already
}

func (h *Host) listen(ctx context.Context, o ServeOptions, dir string) (*emulator.Emulator, *emulator.Server, error) {
	pace, err := h.pace()
	if err != nil {
		return nil, nil, err
	}
	clock, err := emulator.ParseClock(o.Clock)
	if err != nil {
		return nil, nil, exit.Usagef("%w", err)
	}
	if o.InMemory {
		dir = ""
	}
	e, err := emulator.Open(ctx, emulator.Options{
		Dir: dir, Clock: clock, Pace: pace, StrictWorkspaces: o.Strict, Throttle: o.Throttle, StrictAuth: o.Auth, Waiting: h.waiting(dir),
	})
	if err != nil {
		return nil, nil, elsewhere(err)
	}
	server, err := e.Listen(o.Listen)
	if err != nil {
		closing(e)
		return nil, nil, addressed(err)
	}
	return e, server, nil
}

// addressed turns the refusal of an address into one of what the user gave.
func addressed(err error) error {
	var bad *emulator.AddressError
	if !errors.As(err, &bad) {
		return elsewhere(err)
	}
	wrong := &exit.Error{Exit: exit.Usage, Text: "--listen: " + bad.Error(), Err: err}
	if bad.Exposed {
		wrong.Tip = "to say so, add --allow-other-machines"
	}
	return wrong
}

// Exec runs a command beside an emulator in memory of its own, loaded with the
// computes in load unless that is nil. A command that fails ends as an exit.Child.
func (h *Host) Exec(ctx context.Context, o ServeOptions, load []byte, command []string) error {
	dir, err := os.MkdirTemp("", "computetarget-exec-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder left in the temporary one is harmless
	o.InMemory, o.Listen.Address, o.Listen.Dir = true, "127.0.0.1:0", dir
	e, server, err := h.listen(ctx, o, "")
	if err != nil {
		return err
	}
	defer closing(e)
	if load != nil {
		if _, err := e.Load(ctx, load); err != nil {
			return exit.Usagef("%w", err)
		}
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(serving) }()
	err = h.child(ctx, ClientEnv(server.ServerInfo), command)
	stop()
	if problem := <-ended; problem != nil && err == nil {
		err = problem
	}
	return err
}

// Variable is one of the environment.
type Variable struct{ Name, Value string }

// ClientEnv is what clients need in their environment in order to use a server:
// ours, Microsoft's SDKs, curl, Python's requests and Node.
func ClientEnv(s emulator.ServerInfo) []Variable {
	env := []Variable{
		{"COMPUTETARGET_ENDPOINT", s.Endpoint},
		{"COMPUTETARGET_SUBSCRIPTION", s.Subscription},
		{"COMPUTETARGET_RESOURCE_GROUP", s.ResourceGroup},
		{"COMPUTETARGET_WORKSPACE", s.Workspace},
		{"AZURE_SUBSCRIPTION_ID", s.Subscription},
		{"AZURE_AUTHORITY_HOST", s.Endpoint + "/"},
		{"AZURE_TENANT_ID", "adfs"},
		{"AZURE_CLIENT_ID", "00000000-0000-0000-0000-000000000000"},
		{"AZURE_CLIENT_SECRET", "emulator"},
	}
	if bundle := s.BundleFile(); bundle != "" {
		env = append(env,
			Variable{"SSL_CERT_FILE", bundle},
			Variable{"REQUESTS_CA_BUNDLE", bundle},
			Variable{"CURL_CA_BUNDLE", bundle},
			Variable{"NODE_EXTRA_CA_CERTS", s.CAFile},
		)
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		value := "localhost,127.0.0.1,::1"
		if old := os.Getenv(name); old != "" && !strings.Contains(old, value) {
			value = old + "," + value
		}
		env = append(env, Variable{name, value})
	}
	return env
}

// child runs a command with our streams and passes the signals that end us on.
func (h *Host) child(ctx context.Context, env []Variable, command []string) error {
	// The child gets its own time to end after a signal, so ctx does not kill it.
	c := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the user's own command
	c.Stdin, c.Stdout, c.Stderr = h.session.Stdin, h.session.Out.Writer, h.session.Err.Writer
	c.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "COMPUTETARGET_CLOUD=") })
	for _, v := range env {
		c.Env = append(c.Env, v.Name+"="+v.Value)
	}
	c.Cancel = func() error {
		var s exit.Signal
		if errors.As(context.Cause(ctx), &s) && s.Signal == syscall.SIGTERM {
			return c.Process.Signal(syscall.SIGTERM)
		}
		if h.session.InTTY {
			return nil // ctrl-c has reached the child as well
		}
		return c.Process.Signal(os.Interrupt)
	}
	err := c.Run()
	var ended *exec.ExitError
	switch {
	case err == nil || c.ProcessState != nil && c.ProcessState.Success():
		return nil
	case c.ProcessState != nil:
		return exit.Child(exitCode(c.ProcessState))
	case errors.As(err, &ended):
		return exit.Child(ended.ExitCode())
	}
	code := exit.CannotRun
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = exit.NoProgram
	}
	return exit.Errorf(code, "%s cannot be run: %w", render.Clean(command[0]), err)
}

// exitCode is a process's exit code as shells have it: 128 and the signal for
// one that a signal ended.
func exitCode(p *os.ProcessState) int {
	if s, ok := p.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal())
	}
	return p.ExitCode()
}

// Server is the server that emulator env means: the one at --endpoint, else the
// one that owns the emulator's folder.
func (h *Host) Server() (emulator.ServerInfo, error) {
	target, err := h.session.Settings.Target()
	if err != nil {
		return emulator.ServerInfo{}, err
	}
	dir, err := h.session.EmulatorDir()
	if err != nil {
		return emulator.ServerInfo{}, err
	}
	if target.Endpoint.Set() && !target.Emulator() {
		info := emulator.ServerInfo{
			Endpoint: strings.TrimRight(target.Endpoint.Text, "/"), Subscription: emulator.Subscription,
			ResourceGroup: emulator.ResourceGroup, Workspace: emulator.Workspace,
		}
		if strings.HasPrefix(info.Endpoint, "https:") {
			info.CAFile = emulator.TrustedCAFile(dir)
			if _, err := os.Stat(info.CAFile); err != nil {
				info.CAFile = "" // the server of another folder has one there
			}
		}
		return info, nil
	}
	info, served, err := emulator.Serving(dir)
	if err != nil {
		return info, elsewhere(err)
	}
	if !served {
		return info, &exit.Error{Exit: exit.NotFound, Text: fmt.Sprintf("no server owns the emulator in %s", dir),
			Tip: "start one: computetarget emulator serve; or name its --endpoint"}
	}
	return info, nil
}
