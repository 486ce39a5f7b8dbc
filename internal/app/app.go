// Package app makes what commands need at the moment they need it: settings,
// credential, client, emulator, prompts and progress. Making an App touches
// nothing outside the process.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/loopback"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// emulatorEndpoint is the name the emulator in this process is called by. A
// name below localhost is this machine by definition.
const emulatorEndpoint = "https://emulator.localhost"

// App is one invocation. What it makes depends on the settings, so everything
// but New comes after Begin.
type App struct {
	*render.Streams

	// Agent is the User-Agent of requests.
	Agent string
	// Context ends when the person, or the system, ends the process.
	Context context.Context //nolint:containedctx // an App is one run
	// Getenv reads the environment.
	Getenv func(string) string
	// Network, when set, is given what would carry the requests and returns
	// what does.
	Network func(http.RoundTripper) http.RoundTripper
	// ComputeType is the compute type that was named beside the verb, such as
	// "computeinstance", or "".
	ComputeType string
	// Settings are the options and where they come from.
	Settings *config.Settings
	// Full is true for -v: print the full object.
	Full bool
	// Yes is true when every question is answered yes.
	Yes bool
	// NoFiles is true for commands that must work whatever files say.
	NoFiles bool
	// DryRun shows what would be sent instead of sending it.
	DryRun bool
	// Spread is true when the command is about computes in several workspaces.
	Spread bool

	wrote   atomic.Bool
	summary string
	tty     *os.File // the controlling terminal, once somebody was asked

	verbose, debug bool
	output         render.Options
	formatAsked    bool // by -o, rather than by a setting for all commands
	opening        sync.Mutex
	emulator       *emulator.Emulator
	unopened       error // why there is none
	unsent         unsent
	credential     *azure.Credential
	client         *compute.Client
	others         []*compute.Client // of workspaces that ids named
}

// New returns an App on the streams.
func New(streams *render.Streams, agent string) *App {
	return &App{Streams: streams, Agent: agent, Context: context.Background(), Getenv: os.Getenv}
}

// Begin takes the flags of the command. It checks what can be wrong before
// anything is sent: output format, query, and the choices of settings.
func (a *App) Begin(flags *pflag.FlagSet) error {
	given := map[string]string{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = f.Value.String() })
	a.Settings = config.New(config.Inputs{Getenv: a.Getenv, Flags: given, NoFiles: a.NoFiles})
	on := func(name string) bool { return given[name] == "true" }
	a.Full, a.Yes, a.DryRun = on("-v"), on("yes"), on("dry-run")
	a.verbose, a.debug = on("verbose"), on("debug")

	format, err := a.Settings.Get(config.Output)
	if err != nil {
		return err
	}
	if a.output.Format, err = render.ParseFormat(format.Text); err != nil {
		return err
	}
	a.formatAsked = format.Level == config.LevelFlag
	if expression, ok := given["query"]; ok {
		q, err := query.Compile(expression)
		if err != nil {
			return err
		}
		a.output.Query = q
		if err := a.unfit(render.Wide, "-o wide is the view for people, which --query does not reach; leave one of them out"); err != nil {
			return err
		}
	}
	if a.output.OnlyErrors, err = a.Settings.Bool(config.OnlyShowErrors); err != nil {
		return err
	}
	if _, ok := given["time-zone"]; ok {
		if _, _, err := a.GivenZone(); err != nil {
			return err
		}
	}
	target, err := a.Settings.Target()
	if err != nil {
		return err
	}
	a.output.Emulator = target.Emulator()
	a.Carry = carried(given)
	return nil
}

// Lists says what the command's result holds: things with names, and things
// with ARM ids. What -o asks for and the result cannot hold is refused, so that
// nothing is done first.
func (a *App) Lists(names, ids bool) error {
	if a.output.Query != nil {
		return nil // its result may hold anything
	}
	if !names {
		if err := a.unfit(render.Name, "-o name prints names, and the result of this command has none; use -o json"); err != nil {
			return err
		}
	}
	if !ids {
		return a.unfit(render.ID, "-o id prints ARM ids, and the result of this command has none; use -o json")
	}
	return nil
}

// unfit is an error when -o asks for a format that does not fit. A setting for
// all commands is passed over where it does not fit.
func (a *App) unfit(format render.Format, why string) error {
	switch {
	case a.output.Format != format:
		return nil
	case a.formatAsked:
		return exit.Usagef("%s", why)
	}
	a.output.Format = ""
	return nil
}

// setClock puts views on the service's time, in the zone that is set.
func (a *App) setClock() {
	a.output.Now = a.Now()
	zone, ok, err := a.GivenZone()
	if err != nil || !ok || zone.Location == nil {
		return
	}
	a.output.Now = a.output.Now.In(zone.Location)
	if own, err := schedule.Resolve(machineZone(a.Getenv)); err != nil || own.Windows != zone.Windows {
		a.output.Zone = cmp.Or(zone.IANA, zone.Windows)
	}
}

// carried are the flags that said where to act, for commands that are suggested.
func carried(given map[string]string) render.Carried {
	flags := func(names ...string) string {
		var words []string
		for _, name := range names {
			if name == "endpoint" {
				if _, err := azure.ParseEndpoint(given[name]); err != nil {
					continue // it may hold a password, and is refused
				}
			}
			if given[name] != "" {
				words = append(words, "--"+name, quote(given[name]))
			}
		}
		return strings.Join(words, " ")
	}
	return render.Carried{
		Cloud:     flags("cloud", "endpoint"),
		Workspace: flags("subscription-id", "subscription", "resource-group", "workspace-name"),
	}
}

// Print renders a command's result, in a dry run what it would have sent.
func (a *App) Print(r render.Result) error {
	if a.DryRun {
		r = a.unsent.instead(r)
	}
	a.setClock()
	a.summary = r.Summary
	return render.Print(a.Streams, a.output, r)
}

// Summarize says how several computes fared, below the errors of those that
// failed.
func (a *App) Summarize() {
	if a.summary != "" {
		a.Note("%s", a.summary)
	}
}

// Wrote records that something was changed, or may have been: a request was
// accepted, a file was written.
func (a *App) Wrote() { a.wrote.Store(true) }

// Changed reports whether anything was changed. What ends in an error after that
// was not just wrong input.
func (a *App) Changed() bool { return a.wrote.Load() }

// Note writes one sentence for people to stderr.
func (a *App) Note(format string, args ...any) {
	render.Note(a.Streams, a.output, fmt.Sprintf(format, args...))
}

// Emulated reports whether requests go to the emulator in this process.
func (a *App) Emulated() bool { return a.output.Emulator }

// Rehearsal reports whether the computes are made up: they are an emulator's,
// in this process or on this machine. Their hosts and addresses lead nowhere, or
// to strangers, so nothing goes there and nothing about them is kept.
func (a *App) Rehearsal() bool {
	target, err := a.Settings.Target()
	if err != nil {
		return false
	}
	if target.Emulator() {
		return true
	}
	endpoint, err := url.Parse(target.Endpoint.Text)
	return err == nil && loopback.Is(endpoint.Hostname())
}

// Client returns the client of the chosen workspace.
func (a *App) Client() (*compute.Client, error) {
	if a.client != nil {
		return a.client, nil
	}
	ref, err := a.Settings.Workspace()
	if err != nil {
		return nil, a.candidates(err)
	}
	if note := ref.Note(); note != "" {
		a.Note("%s", note)
	}
	for _, w := range a.Settings.Warnings() {
		a.Note("%s", w)
	}
	a.client, err = a.Connect(compute.Workspace{
		Subscription:  ref.Subscription.Text,
		ResourceGroup: ref.ResourceGroup.Text,
		Name:          ref.Name.Text,
	})
	return a.client, err
}

// Choose makes the workspace of an id the one to act in, as flags would.
func (a *App) Choose(ws compute.Workspace) {
	a.Settings.Choose(ws.Subscription, ws.ResourceGroup, ws.Name, "the compute's id")
}

// ClientOf returns the client of a workspace, and of the chosen one for none.
func (a *App) ClientOf(ws compute.Workspace) (*compute.Client, error) {
	if ws == (compute.Workspace{}) {
		return a.Client()
	}
	known := a.others
	if a.client != nil {
		known = append(slices.Clip(known), a.client)
	}
	for _, client := range known {
		if strings.EqualFold(client.Workspace().ID(), ws.ID()) {
			return client, nil
		}
	}
	client, err := a.Connect(ws)
	if err == nil {
		a.others = append(a.others, client)
	}
	return client, err
}

// Now is the service's time as far as it has been told, see compute.Client.Now.
func (a *App) Now() time.Time {
	switch {
	case a.client != nil:
		return a.client.Now()
	case len(a.others) > 0:
		return a.others[0].Now()
	}
	return time.Now()
}

// Reference is what names a compute in a command to be typed: its id when the
// computes of this command are in several workspaces.
func (a *App) Reference(in compute.Workspace, name string) string {
	if a.Spread {
		return in.ComputeID(name)
	}
	return name
}

// Connect returns a client of any workspace, or of a subscription when the
// workspace has no name.
func (a *App) Connect(ws compute.Workspace) (*compute.Client, error) {
	options, err := a.options(ws.Subscription)
	if err != nil {
		return nil, err
	}
	return compute.New(ws, options)
}

// Credential is what signs the requests of the chosen workspace.
func (a *App) Credential() (*azure.Credential, error) {
	subscription, err := a.Settings.Subscription()
	if err != nil {
		return nil, err
	}
	if _, err = a.options(subscription.Text); err != nil {
		return nil, err
	}
	return a.credential, nil
}

// options say where the client points and who signs its requests.
func (a *App) options(subscription string) (compute.Options, error) {
	o := compute.Options{Application: a.Agent}
	if a.DryRun {
		o.DryRun = a.unsent.add
	}
	o.OnWrite = a.Wrote
	// What is only looked at while waiting, or afterwards, is checked first.
	for _, key := range []string{config.Progress, config.Timeout, config.TimeZone} {
		if _, err := a.Settings.Get(key); err != nil {
			return o, err
		}
	}
	version, err := a.Settings.Get(config.APIVersion)
	if err != nil {
		return o, err
	}
	o.APIVersion = version.Text
	if a.debug {
		o.Log = func(text string) { fmt.Fprintln(a.Err, render.CleanLines(text)) }
	}

	target, err := a.Settings.Target()
	if err != nil {
		return o, err
	}
	cloud, endpoint := target.Cloud.Text, target.Endpoint.Text
	if target.Emulator() {
		cloud, endpoint = "", emulatorEndpoint
		if o.Transport, err = a.emulated(); err != nil {
			return o, err
		}
	} else if o.Transport, err = a.network(); err != nil {
		return o, err
	}
	at, err := azure.Locate(cloud, endpoint, a.Settings.AzDir())
	if errors.Is(err, azure.ErrCloud) {
		return o, &exit.Error{Err: err, Text: fmt.Sprintf("%v (the cloud is from %s)", err, target.Cloud.Source)}
	}
	if err != nil {
		return o, err
	}
	if target.Emulator() {
		at.Cloud.Name = config.EmulatorCloud // what people call it
	}
	o.Endpoint, o.Audience, o.TokenHosts = at.Cloud.Endpoint, at.Cloud.Audience, at.Cloud.TokenHosts
	mode, err := a.Settings.Get(config.AuthMode)
	if err != nil {
		return o, err
	}
	a.credential, err = azure.NewCredential(azure.Options{
		Mode:         mode.Text,
		Target:       at,
		ConfigDir:    a.Settings.AzDir(),
		Subscription: subscription,
		Getenv:       a.Getenv,
		Transport:    &http.Client{Transport: o.Transport},
	})
	o.Credential = a.credential
	return o, err
}

// openEmulator opens the emulator's state on this machine, or returns what came
// of that before: a damaged state is moved aside once, and the command that
// found it must not go on with an empty one.
func (a *App) openEmulator(ctx context.Context) (*emulator.Emulator, error) {
	a.opening.Lock()
	defer a.opening.Unlock()
	if a.emulator != nil || a.unopened != nil {
		return a.emulator, a.unopened
	}
	dir, err := a.EmulatorDir()
	if err != nil {
		return nil, err
	}
	pace, err := a.pace()
	if err != nil {
		return nil, err
	}
	a.emulator, err = emulator.Open(ctx, emulator.Options{Dir: dir, Pace: pace, Waiting: a.waiting(dir)})
	if err != nil && ctx.Err() == nil {
		a.unopened = elsewhere(err)
	}
	return a.emulator, elsewhere(err)
}

// waiting says which process keeps the emulator's folder to itself.
func (a *App) waiting(dir string) func(pid int) {
	return func(pid int) {
		holder := "another process"
		if pid != 0 {
			holder = fmt.Sprintf("process %d", pid)
		}
		a.Note("waiting for %s, which uses the emulator in %s", holder, dir)
	}
}

func (a *App) pace() (emulator.Pace, error) {
	setting, err := a.Settings.Get(config.EmulatorPace)
	if err != nil {
		return emulator.Pace{}, err
	}
	pace, err := emulator.ParsePace(setting.Text)
	if err != nil {
		return pace, exit.Usagef("%w (from %s)", err, setting.Source)
	}
	return pace, nil
}

// network is how requests leave this process. Servers on this machine may also
// be emulators of ours.
func (a *App) network() (http.RoundTripper, error) {
	ca, err := a.Settings.Get(config.CAFile)
	if err != nil {
		return nil, err
	}
	o := azure.TransportOptions{CAFile: ca.Text, Getenv: a.Getenv}
	if dir, err := a.EmulatorDir(); err == nil {
		o.LoopbackCAFile = emulator.TrustedCAFile(dir)
	}
	client, err := azure.NewTransport(o)
	if err != nil {
		return nil, err
	}
	return a.carried(client.Transport), nil
}

// carried is what carries requests that next would carry.
func (a *App) carried(next http.RoundTripper) http.RoundTripper {
	if a.Network == nil {
		return next
	}
	return a.Network(next)
}

// EmulatorDir is the folder the emulator keeps its state in, as an absolute
// path: it is printed for use in other folders.
func (a *App) EmulatorDir() (string, error) {
	dir, err := a.Settings.Get(config.EmulatorDir)
	if err == nil && !dir.Set() {
		err = exit.Usagef("the emulator has no place for its state: set COMPUTETARGET_EMULATOR_DIR or HOME")
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir.Text)
}

// ReadArgument reads the file that a person named, limit bytes at most; "-" is
// stdin. When ctx ends first, its cause is returned as it is.
func (a *App) ReadArgument(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == "-" {
		return input.Stream(ctx, a.In, "stdin", limit)
	}
	return input.File(ctx, path, limit)
}

// ReadText is ReadArgument for text, see input.Text.
func (a *App) ReadText(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := a.ReadArgument(ctx, path, limit)
	if err != nil {
		return nil, err
	}
	text, err := input.Text(data)
	if err != nil {
		if path == "-" {
			path = "stdin"
		}
		return nil, &input.Error{Path: path, Reason: err.Error(), Err: err}
	}
	return text, nil
}

// Close ends what was opened.
func (a *App) Close() {
	if a.tty != nil {
		_ = a.tty.Close()
	}
	if a.emulator != nil {
		_ = a.emulator.Close() // every acknowledged change is on disk already
	}
}
