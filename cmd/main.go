// Package cmd is the command tree: a function per verb, which turns flags into
// a request, makes one call and returns one value. Nothing here prints.
package cmd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/internal/render"
)

// Main runs computetarget with the arguments after the program's name and
// returns the exit code.
func Main(args []string, in io.Reader, out, errs io.Writer) int {
	return Run(Process{Args: args, In: in, Out: out, Err: errs})
}

// Process is one run of computetarget and what it has of the world. Tests put
// something of their own in the place of what is nil here; time they move with
// testing/synctest.
type Process struct {
	// Args follow the program's name.
	Args []string
	// In, Out and Err are the standard streams. An *os.File may be a terminal.
	In       io.Reader
	Out, Err io.Writer
	// Getenv reads the environment; nil reads the process's own.
	Getenv func(string) string
	// Signals delivers the signal that ends the run; nil means SIGINT and
	// SIGTERM of the process.
	Signals <-chan os.Signal
	// Network, when set, is given what would carry the requests, be it the
	// network or the emulator in this process, and returns what does.
	Network func(http.RoundTripper) http.RoundTripper
}

// Run runs computetarget and returns the exit code of the process.
func Run(p Process) int {
	if p.Getenv == nil {
		p.Getenv = os.Getenv
	}
	streams := render.NewStreams(p.In, p.Out, p.Err, p.Getenv)
	ctx, stop := interruptible(p.Signals)
	defer stop()
	streams.In = input.Until(ctx, p.In)
	a, err := execute(ctx, app.World{Streams: streams, Agent: "computetarget/" + Version, Getenv: p.Getenv, Network: p.Network}, p.Args)
	if a != nil {
		defer a.Close()
	}
	var e *exit.Error
	childEnded := errors.As(err, &e) && e.Error() == ""
	if ctx.Err() != nil && !childEnded {
		streams.Err.ClearLine()
	}
	if err == nil {
		return exit.Done
	}
	if childEnded { // it has said itself what there was to say
		return e.Exit
	}
	// ctrl-c alone prints nothing; a wait that it ended says what continues.
	if _, bare := err.(exit.Signal); !bare { //nolint:errorlint // what wraps it has something to say
		render.PrintError(streams, err)
		if a != nil {
			a.Summarize()
		}
	}
	var s exit.Signal
	if errors.As(context.Cause(ctx), &s) {
		err = s
	}
	return render.ExitCode(err, a != nil && a.Changed())
}

// interruptible returns a context that the first signal cancels, so that a wait
// can say how to resume. A second SIGINT or SIGTERM kills the process.
func interruptible(signals <-chan os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	own := func() {}
	if signals == nil {
		ours := make(chan os.Signal, 1)
		signal.Notify(ours, os.Interrupt, syscall.SIGTERM)
		signals, own = ours, func() { signal.Stop(ours) }
	}
	go func() {
		select {
		case s := <-signals:
			own()
			cancel(exit.Signal{Signal: s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { own(); cancel(nil) }
}
