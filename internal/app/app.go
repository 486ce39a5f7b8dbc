// Package app is the context of a command's run, in three parts: the session
// (settings, streams, output, questions), the connector (clients and
// credentials) and the host of the emulator. Creating them has no effect
// outside the process: they read, open and connect on first use.
package app

import (
	"net/http"

	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/render"
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
