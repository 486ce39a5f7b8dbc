// Package app is the context of a command's run, in three parts: the session
// (settings, streams, output, questions), the connector (clients and
// credentials) and the host of the emulator. Creating them has no effect
// outside the process: they read, open and connect on first use.
package app

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// World is what the process gives to a run.
type World struct {
	*render.Streams
	// Agent is the User-Agent of requests.
	Agent string
	// Getenv reads the environment.
	Getenv func(string) string
	// Network, when set, is given what would carry the requests and returns
	// what does.
	Network func(http.RoundTripper) http.RoundTripper
}

// Call is what the command line asks for, and what the command is like.
type Call struct {
	// Flags are those of the command, parsed.
	Flags *pflag.FlagSet
	// ComputeType is the compute type that was named beside the verb, such as
	// "computeinstance", or "".
	ComputeType string
	// NoFiles is true for commands that must work whatever files say.
	NoFiles bool
	// Names and IDs say what the result holds: things with names, and things
	// with ARM ids. What -o asks for and the result cannot hold is refused.
	Names, IDs bool
	// V2 is true for commands of az ml compute: the result has its keys, and notes
	// are for terminals only, because pipelines count any line on stderr as a
	// failure (azure-cli-extensions#7560).
	V2 bool
}

// App is one run of a command.
type App struct {
	*Session
	*Connector
	// Emulator is the one on this machine.
	Emulator *Host
	// Names are remembered for completion.
	Names *Names
	// ComputeType is that of the Call.
	ComputeType string
}

// Begin returns the App of a call. It checks what can be wrong before anything
// is sent: output format, query, and the choices of settings.
func Begin(w World, call Call) (*App, error) {
	session, err := newSession(w, call)
	if err != nil {
		return nil, err
	}
	host := &Host{session: session}
	connector := &Connector{session: session, host: host}
	names := &Names{session: session, connector: connector}
	return &App{session, connector, host, names, call.ComputeType}, nil
}

// Print renders a command's result, in a dry run what it would have sent.
func (a *App) Print(r render.Result) error {
	if a.DryRun {
		r = a.unsent.instead(r)
	}
	return a.print(r, a.Now())
}

// Close closes everything opened.
func (a *App) Close() {
	a.Session.close()
	a.Emulator.close()
}

// unsent collects the requests of a dry run.
type unsent struct {
	mu       sync.Mutex
	requests []compute.Request
}

func (u *unsent) add(r compute.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.requests = append(u.requests, r)
}

// instead is the result of a dry run: the requests, in the order they would
// have been sent, an array where the command itself prints one. Failures that
// have nothing to do with the dry run stay.
func (u *unsent) instead(r render.Result) render.Result {
	shown := render.Result{Body: true, Err: onlyReal(r.Err), Notes: r.Notes}
	shown.Names, shown.IDs = u.computes()
	_, several := r.Data.([]any)
	switch {
	case len(u.requests) == 0:
		if shown.Err == nil {
			shown.Notes = append(shown.Notes, "nothing would be sent")
		}
	case len(u.requests) == 1 && !several:
		shown.Data = u.requests[0]
	default:
		shown.Data = u.requests
	}
	return shown
}

// computes are the names and ARM ids of the computes the requests are for, each
// once.
func (u *unsent) computes() (names, ids []string) {
	names, ids = []string{}, []string{}
	for _, r := range u.requests {
		at, err := url.Parse(r.URL)
		if err != nil {
			continue
		}
		ws, name, err := compute.ParseID(at.Path)
		if id := ws.ComputeID(name); err == nil && name != "" && !slices.Contains(ids, id) {
			names, ids = append(names, name), append(ids, id)
		}
	}
	return names, ids
}

// onlyReal leaves the failures that are not the dry run itself.
func onlyReal(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined errors are taken apart
		var left []error
		for _, e := range joined.Unwrap() {
			left = append(left, onlyReal(e))
		}
		return errors.Join(left...)
	}
	if errors.Is(err, compute.ErrDryRun) {
		return nil
	}
	return err
}
