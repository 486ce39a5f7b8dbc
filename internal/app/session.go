package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/progress"
	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/internal/view"
	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/loopback"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Session is what a command has to do with the person who runs it: settings,
// streams, the output they chose, notes and questions.
type Session struct {
	World
	// Settings are the options and where they come from.
	Settings *config.Settings
	// Full is true for -v: print the full object.
	Full bool
	// Yes is true when every question is answered yes.
	Yes bool
	// DryRun shows what would be sent instead of sending it.
	DryRun bool

	verbose, debug bool
	output         render.Options
	wrote          atomic.Bool
	summary        string
	tty            *os.File // the controlling terminal, after the first question
}

func newSession(w World, call Call) (*Session, error) {
	given := map[string]string{}
	call.Flags.Visit(func(f *pflag.Flag) { given[f.Name] = f.Value.String() })
	on := func(name string) bool { return given[name] == "true" }
	s := &Session{
		World:    w,
		Settings: config.New(config.Inputs{Getenv: w.Getenv, Flags: given, NoFiles: call.NoFiles}),
		Full:     on("-v"), Yes: on("yes"), DryRun: on("dry-run"),
		verbose: on("verbose"), debug: on("debug"),
	}
	if err := s.choose(given["query"], call); err != nil {
		return nil, err
	}
	var err error
	if s.output.OnlyErrors, err = s.Settings.Bool(config.OnlyShowErrors); err != nil {
		return nil, err
	}
	s.output.OnlyErrors = s.output.OnlyErrors || call.V2 && !s.Err.TTY && !s.verbose && !s.debug
	if call.Flags.Changed("time-zone") {
		if _, _, err := s.GivenZone(); err != nil {
			return nil, err
		}
	}
	target, err := s.Settings.Target()
	if err != nil {
		return nil, err
	}
	s.output.Emulator = target.Emulator()
	s.Carry = carried(given)
	return s, nil
}

// choose sets the output. A format that does not fit the result is refused
// before anything is done; from a setting for all commands it is ignored.
func (s *Session) choose(expression string, call Call) error {
	format, err := s.Settings.Get(config.Output)
	if err != nil {
		return err
	}
	s.output.Format = render.Format(format.Text)
	unfit := ""
	switch queried := call.Flags.Changed("query"); {
	case queried:
		compiled, err := query.Compile(expression)
		if err != nil {
			return err
		}
		s.output.Query = compiled
		if !call.V2 {
			s.output.Missed = func() string { return view.V2Key(compiled.Names()) }
		}
		if s.output.Format == render.Wide {
			unfit = "-o wide is the view for people, which --query does not reach; leave one of them out"
		}
	case s.output.Format == render.Name && !call.Names:
		unfit = "-o name prints names, and the result of this command has none; use -o json"
	case s.output.Format == render.ID && !call.IDs:
		unfit = "-o id prints ARM ids, and the result of this command has none; use -o json"
	}
	if unfit == "" {
		return nil
	}
	if format.Level == config.LevelFlag {
		return exit.Usagef("%s", unfit)
	}
	s.output.Format = ""
	return nil
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

// print renders a result at a time of the service.
func (s *Session) print(r render.Result, now time.Time) error {
	s.summary = r.Summary
	return render.Print(s.Streams, s.at(now), r)
}

// at are the choices of output at a time of the service, in the zone that is
// set.
func (s *Session) at(now time.Time) render.Options {
	o := s.output
	o.Now = now
	zone, ok, err := s.GivenZone()
	if err != nil || !ok || zone.Location == nil {
		return o
	}
	o.Now = now.In(zone.Location)
	if own, err := schedule.Resolve(machineZone(s.Getenv)); err != nil || own.Windows != zone.Windows {
		o.Zone = cmp.Or(zone.IANA, zone.Windows)
	}
	return o
}

// Summarize says how several computes fared, below the errors of those that
// failed.
func (s *Session) Summarize() {
	if s.summary != "" {
		s.Note("%s", s.summary)
	}
}

// Note writes one sentence for people to stderr.
func (s *Session) Note(format string, args ...any) {
	render.Note(s.Streams, s.output, fmt.Sprintf(format, args...))
}

// Wrote records that something was changed, or may have been: a request was
// accepted, a file was written.
func (s *Session) Wrote() { s.wrote.Store(true) }

// Changed reports whether anything was changed. What ends in an error after that
// was not just wrong input.
func (s *Session) Changed() bool { return s.wrote.Load() }

// Emulated reports whether requests go to the emulator in this process.
func (s *Session) Emulated() bool { return s.output.Emulator }

// Rehearsal reports whether the computes are made up: they are an emulator's,
// in this process or on this machine. Their hosts and addresses lead nowhere, or
// to strangers, so nothing goes there and nothing about them is kept.
func (s *Session) Rehearsal() bool {
	target, err := s.Settings.Target()
	if err != nil {
		return false
	}
	if target.Emulator() {
		return true
	}
	endpoint, err := url.Parse(target.Endpoint.Text)
	return err == nil && loopback.Is(endpoint.Hostname())
}

// Progress starts showing waits on stderr. The caller stops it before anything
// else is written.
func (s *Session) Progress() (*progress.Progress, error) {
	setting, err := s.Settings.Get(config.Progress)
	if err != nil {
		return nil, err
	}
	return progress.New(s.Streams, progress.Options{Mode: progress.Mode(setting.Text), Verbose: s.verbose, Emulator: s.Emulated()}), nil
}

// EmulatorDir is the folder the emulator keeps its state in, as an absolute
// path: it is printed for use in other folders.
func (s *Session) EmulatorDir() (string, error) {
	dir, err := s.Settings.Get(config.EmulatorDir)
	if err == nil && !dir.Set() {
		err = exit.Usagef("the emulator has no place for its state: set COMPUTETARGET_EMULATOR_DIR or HOME")
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir.Text)
}

// network is how requests leave this process. Servers on this machine may also
// be emulators of ours.
func (s *Session) network() (http.RoundTripper, error) {
	ca, err := s.Settings.Get(config.CAFile)
	if err != nil {
		return nil, err
	}
	o := azure.TransportOptions{CAFile: ca.Text, Getenv: s.Getenv}
	if dir, err := s.EmulatorDir(); err == nil {
		o.LoopbackCAFile = emulator.TrustedCAFile(dir)
	}
	client, err := azure.NewTransport(o)
	if err != nil {
		return nil, err
	}
	return s.through(client.Transport), nil
}

// through is what carries requests that next would carry.
func (s *Session) through(next http.RoundTripper) http.RoundTripper {
	if s.Network == nil {
		return next
	}
	return s.Network(next)
}

// ReadArgument reads the file that a person named, limit bytes at most; "-" is
// stdin. When ctx ends first, its cause is returned as it is.
func (w World) ReadArgument(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == "-" {
		return input.Stream(ctx, w.In, "stdin", limit)
	}
	return input.File(ctx, path, limit)
}

// ReadText is ReadArgument for text, see input.Text.
func (w World) ReadText(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := w.ReadArgument(ctx, path, limit)
	if err != nil {
		return nil, err
	}
	text, err := input.Text(data)
	if err != nil {
		if path == "-" {
			path = "stdin"
		}
		return nil, exit.Usagef("%s %w", path, err)
	}
	return text, nil
}

func (s *Session) close() {
	if s.tty != nil {
		_ = s.tty.Close()
	}
}
