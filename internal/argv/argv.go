// Package argv resolves az's argument grammar (word order, abbreviated flags,
// @file values) before cobra sees the words.
//
// Path finds the command; Expand rewrites the rest so that every flag has its
// full name and its value attached. The package works on a plain description of
// words and flags, does no I/O and keeps no state.
package argv

import (
	"fmt"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
)

// Unknown is the cause of an error about an unknown command or flag.
type Unknown struct {
	Path []string // the group that lacks Word
	Word string   // the unknown word, in lower case; "" for a flag
	Flag string   // the unknown flag, without dashes; "" for a word
}

func (u *Unknown) Error() string {
	if u.Flag != "" {
		return "unknown flag " + u.Flag
	}
	return "unknown command " + u.Word
}

// errorf is a usage error. Nothing has been done yet.
func errorf(tip, format string, args ...any) error {
	return &exit.Error{Exit: exit.Usage, Text: fmt.Sprintf(format, args...), Tip: tip}
}

// show quotes user input for a message, cut to fit on a line.
func show(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// flagText is show, without quotes if it reads well without them.
func flagText(s string) string {
	if quoted := show(s); quoted != `"`+s+`"` || strings.Contains(s, " ") {
		return quoted
	}
	return s
}
