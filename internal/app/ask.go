package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/internal/render"
)

// Confirm asks a yes-no question; y and yes mean yes, everything else no. With
// --yes, or where nobody can be asked, the answer is yes; a command that must
// not proceed then checks CanAsk first. The question ends with ctx.
func (s *Session) Confirm(ctx context.Context, question string) (bool, error) {
	return s.ask(ctx, question+s.mark()+" [y/N] ", "y", "yes")
}

// ConfirmNumber is Confirm for what a person in a hurry must not answer with y:
// only the number of what the question is about is a yes.
func (s *Session) ConfirmNumber(ctx context.Context, question string, number int) (bool, error) {
	return s.ask(ctx, fmt.Sprintf("%s%s type %d to confirm: ", question, s.mark(), number), strconv.Itoa(number))
}

// ConfirmAz asks as az does: y or n, until it is one of them. asked is false where
// nobody can be asked, which for az is where stdin is no terminal, or the question
// is switched off.
func (s *Session) ConfirmAz(ctx context.Context, question string) (yes, asked bool, err error) {
	off, err := s.Settings.NoConfirm()
	switch {
	case err != nil:
		return false, false, err
	case s.Yes || off:
		return true, true, nil
	}
	from, ok := s.answers()
	if !ok || !s.InTTY {
		return false, false, nil
	}
	for {
		answer, err := s.reply(ctx, from, question+" (y/n): ")
		switch {
		case errors.Is(err, errUnanswered):
			return false, true, ctx.Err()
		case err != nil:
			return false, true, err
		case answer == "y":
			return true, true, nil
		case answer == "n":
			return false, true, nil
		}
	}
}

func (s *Session) mark() string {
	if s.Emulated() {
		return " (emulator)"
	}
	return ""
}

func (s *Session) ask(ctx context.Context, question string, yes ...string) (bool, error) {
	if s.Yes {
		return true, nil
	}
	from, ok := s.answers()
	if !ok {
		return true, nil
	}
	answer, err := s.reply(ctx, from, question)
	if errors.Is(err, errUnanswered) {
		return false, ctx.Err()
	}
	return err == nil && slices.Contains(yes, answer), err
}

// reply is what a person answers to a question, in lower case. It is errUnanswered
// when they end without one.
func (s *Session) reply(ctx context.Context, from io.Reader, question string) (string, error) {
	discardTyped(from) // typed before the question was seen
	fmt.Fprint(s.Err, render.CleanLines(question))
	type reply struct {
		line string
		err  error
	}
	answered := make(chan reply, 1) // one who is still reading at the end is left behind
	go func() {
		line, err := readLine(from)
		answered <- reply{line, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(s.Err)
		return "", context.Cause(ctx)
	case r := <-answered:
		if r.err != nil { // nobody ended the line: ctrl-d, or the terminal is gone
			fmt.Fprintln(s.Err)
			return "", errUnanswered
		}
		return strings.ToLower(strings.TrimSpace(r.line)), nil
	}
}

// CanAsk reports whether somebody can be asked: stderr is a terminal, CI is not
// set, and the controlling terminal can be opened.
func (s *Session) CanAsk() bool {
	_, ok := s.answers()
	return ok
}

// answers is where a person's answers are read: the controlling terminal,
// because stdin may bring names from a pipe. stdin itself serves where it is a
// terminal and the process has no controlling one.
func (s *Session) answers() (io.Reader, bool) {
	if !s.Err.TTY || s.CI {
		return nil, false
	}
	if s.tty == nil {
		if file, err := os.OpenFile(terminalFile, os.O_RDWR, 0); err == nil {
			s.tty = file
		}
	}
	switch {
	case s.tty != nil:
		return s.tty, true
	case s.InTTY:
		return s.In, true
	}
	return nil, false
}

// readLine reads a line, and no byte more. A line that does not end is an error.
func readLine(from io.Reader) (string, error) {
	var line strings.Builder
	one := make([]byte, 1)
	for {
		n, err := from.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return line.String(), nil
		case n == 1:
			line.WriteByte(one[0])
		case err != nil:
			return line.String(), errors.Join(errUnanswered, err)
		}
	}
}

var errUnanswered = errors.New("the question was not answered")
