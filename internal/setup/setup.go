// Package setup reads the setup scripts of compute instances before they are
// sent. A creation script runs once, when the instance is made; a startup script
// runs at every start. Both run as root, and what goes wrong in them shows
// minutes later, in a log. Most of it shows in the text.
//
// It is pure: text in, findings out.
package setup

import (
	"cmp"
	"fmt"
	"github.com/computetarget/computetarget/pkg/order"
	"path"
	"slices"
	"strings"
)

// Severity says what follows from a finding.
type Severity string

// An error stops a create. A warning is only told.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one thing that is wrong in a script, or may be.
type Finding struct {
	Code     string // stable, see Codes; what "# computetarget:ignore" takes
	Severity Severity
	File     string // as given
	Line     int    // from 1; 0 for the file as a whole
	Column   int    // from 1, in characters; 0 for the file as a whole
	Reason   string // what goes wrong, a clause
	Fix      string // what to do, an imperative clause

	offset int
	top    int // the first line of the statement it is in; 0 if it is in none
}

// String is the finding on one line, without its fix.
func (f Finding) String() string {
	at := f.File
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	return fmt.Sprintf("%s: %s: %s [%s]", at, f.Severity, f.Reason, f.Code)
}

// MaxInline is how many bytes of a script fit into the request itself. Users
// report that the service takes 4096 characters of base64; no page of Azure
// says so.
const MaxInline = 4096 / 4 * 3

// Share is where scripts in the workspace's file share are: a path that begins
// with it is one there, any other is a file of this machine.
const Share = "Users/"

// Check reads a script. The name is for the findings. inShare is where the script
// will be in the workspace's share, or "" if it is sent inline.
func Check(name string, text []byte, inShare string) []Finding {
	l := &linter{name: name, text: text}
	if inShare == "" {
		l.size()
	} else {
		l.found = append(l.found, CheckPath(name, inShare)...)
	}
	l.read()
	return l.result()
}

// CheckArguments reads the arguments of a script for secrets, as a shell reads them: the
// compute's settings show them to everybody who may read it. The name is for the
// findings.
func CheckArguments(name, text string) []Finding {
	for _, command := range []string{"run", "export"} { // a flag with a value, and NAME=VALUE
		found := Check(name, []byte("#!/bin/bash\nset -e\n"+command+" "+text+"\n"), Share+"x.sh")
		for _, f := range found {
			if f.Code == "secret" {
				f.Line, f.Column = 0, 0
				return []Finding{f}
			}
		}
	}
	return nil
}

// CheckPath reads the path of a script in the workspace's share.
func CheckPath(name, inShare string) []Finding {
	if strings.HasSuffix(inShare, ".sh") {
		return nil
	}
	return []Finding{{
		Code: "share-name", Severity: Error, File: name,
		Reason: fmt.Sprintf("the name of a script in the share must end in .sh; this is %s", inShare),
		Fix:    "rename it to " + withEnding(inShare),
	}}
}

// withEnding is a path with the ending that it should have had: instead of the same in
// other letters or with blanks around it, or after what is there.
func withEnding(at string) string {
	at = strings.TrimRight(at, "/ .")
	if n := len(at) - len(".sh"); n > 0 && strings.EqualFold(at[n:], ".sh") {
		at = at[:n]
	}
	return at + ".sh"
}

// In returns the path in the workspace's share of a file that is put into a
// folder of it. The error is a clause that says why the folder is none.
func In(folder, file string) (string, error) {
	switch {
	case strings.Contains(folder, "\\"):
		return "", fmt.Errorf("%s has backslashes; the share takes slashes, as in Users/me/", folder)
	case !strings.HasPrefix(folder, Share) || slices.Contains(strings.Split(folder, "/"), "..") || path.Clean(folder)+"/" == Share:
		return "", fmt.Errorf("%q is not a folder for files of people; name one below Users/, as in Users/me/", folder)
	}
	return path.Join(folder, path.Base(file)), nil
}

// Count is how many of the findings have a severity.
func Count(found []Finding, s Severity) int {
	n := 0
	for _, f := range found {
		if f.Severity == s {
			n++
		}
	}
	return n
}

func (l *linter) size() {
	if n := len(l.text); n > MaxInline {
		l.file("size", Error,
			fmt.Sprintf("the script has %d bytes; users report that the service takes %d when it is sent inline", n, MaxInline),
			"put it into the workspace's share with --upload-to Users/FOLDER/, or unpack the rest from there")
	}
}

// result is what was found and not silenced, in the order of the lines.
func (l *linter) result() []Finding {
	silent := l.silenced()
	found := slices.DeleteFunc(l.found, func(f Finding) bool { return silent(f) })
	order.By(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.Code, b.Code))
	})
	return slices.CompactFunc(found, func(a, b Finding) bool {
		return a.Code == b.Code && a.offset == b.offset && a.Line == b.Line
	})
}

// at adds a finding at a byte of the file.
func (l *linter) at(offset int, code string, s Severity, reason, fix string) {
	line, column := l.position(offset)
	reason = cut(reason)
	l.found = append(l.found, Finding{Code: code, Severity: s, File: l.name, Line: line, Column: column,
		Reason: reason, Fix: fix, offset: offset})
}

// file adds a finding about the file as a whole.
func (l *linter) file(code string, s Severity, reason, fix string) {
	l.found = append(l.found, Finding{Code: code, Severity: s, File: l.name, Reason: reason, Fix: fix, offset: -1})
}

// cut shortens a reason that quotes a very long word of the script.
func cut(reason string) string {
	if runes := []rune(reason); len(runes) > 300 {
		return string(runes[:200]) + " … " + string(runes[len(runes)-80:])
	}
	return reason
}
