// Package cmd is the command tree: a file per verb, each turning flags into a
// request, making one call and returning one value. Nothing here prints.
package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/computetarget/computetarget/internal/app"
	"github.com/computetarget/computetarget/internal/render"
)

// Main runs computetarget with the arguments that follow the program's name
// and returns the exit code of the process.
func Main(args []string, in io.Reader, out, errs io.Writer) int {
	streams := render.NewStreams(in, out, errs, os.Getenv)
	ctx, stop := interruptible()
	defer stop()
	a := app.New(streams, "computetarget/"+Version)
	defer a.Close()

	err := execute(ctx, a, args)
	var child app.Ended
	childEnded := errors.As(err, &child)
	if ctx.Err() != nil && !childEnded {
		streams.Err.ClearLine()
	}
	if err == nil {
		return render.ExitDone
	}
	if childEnded { // it has said itself what there was to say
		return child.ExitCode()
	}
	// ctrl-c by itself needs no words; a wait that it ended says what goes on.
	if _, bare := err.(interrupt); !bare { //nolint:errorlint // what wraps it has something to say
		render.PrintError(streams, err)
	}
	var s interrupt
	if errors.As(context.Cause(ctx), &s) {
		return s.ExitCode()
	}
	return render.ExitCode(err)
}

// interrupt is the signal that ended the context of the command.
type interrupt struct{ os.Signal }

func (s interrupt) Error() string { return s.String() }

func (s interrupt) ExitCode() int {
	if s.Signal == syscall.SIGTERM {
		return render.ExitTerminated
	}
	return render.ExitInterrupted
}

// interruptible returns a context that the first SIGINT or SIGTERM ends, so
// that a wait can say how to resume it. The second one kills the process.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(interrupt{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}
