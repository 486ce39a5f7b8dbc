// Package argv resolves the argument grammar of az (word order, abbreviated
// flags, @file values) before a command line library sees the words.
//
// Path finds the command; Expand rewrites the rest so that every flag has its
// full name and its value attached. The package knows no particular command:
// it is given a plain description of words and flags, does no I/O of its own
// and keeps no state.
package argv

import (
	"fmt"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
)

// Unknown is the cause of an error about a word that is no command, or a flag
// that the command does not have.
type Unknown struct {
	Path []string // the group in which Word is no command
	Word string   // the word that is no command, in lower case; "" for a flag
	Flag string   // the flag that the command does not have, without dashes; "" for a word
}

func (u *Unknown) Error() string {
	if u.Flag != "" {
		return "unknown flag " + u.Flag
	}
	return "unknown command " + u.Word
}

// errorf is a mistake in the arguments. Nothing has been done when it appears.
func errorf(tip, format string, args ...any) error {
	return &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf(format, args...), Tip: tip}
}

// show quotes a piece of user input for a message, cut to a length that fits
// on a line.
func show(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// flagText is show without quotes for what reads well without them.
func flagText(s string) string {
	if quoted := show(s); quoted != `"`+s+`"` || strings.Contains(s, " ") {
		return quoted
	}
	return s
}
