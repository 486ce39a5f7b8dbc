package compute

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Where the text of a script is. Spec texts name "workspace", too, which means the
// same as workspaceStorage.
const (
	sourceInline = "inline"
	sourceShare  = "workspaceStorage"
)

// defaultScriptTimeout is the service's own, when none is sent. Source: "Customize
// the compute instance with a script".
const defaultScriptTimeout = 15 * time.Minute

// InlineScript is a script that is sent with the request. Users report that the
// service takes 3072 bytes at most.
func InlineScript(text []byte, arguments, timeout string) *Script {
	return &Script{Source: sourceInline, Data: base64.StdEncoding.EncodeToString(text), Arguments: arguments, Timeout: timeout}
}

// ShareScript is a script in the workspace's file share. The path is from the
// share's root, such as Users/me/setup.sh.
func ShareScript(path, arguments, timeout string) *Script {
	return &Script{Source: sourceShare, Data: path, Arguments: arguments, Timeout: timeout}
}

// Inline reports whether the script was sent with the request.
func (s *Script) Inline() bool { return strings.EqualFold(s.Source, sourceInline) }

// Path is where the script is in the workspace's file share; "" if it was sent
// with the request.
func (s *Script) Path() string {
	if s == nil || s.Inline() {
		return ""
	}
	return strings.Trim(s.Data, "/")
}

// Text is the script itself; nil if it is in the workspace's file share, or not
// told.
func (s *Script) Text() []byte {
	if s == nil || !s.Inline() {
		return nil
	}
	text, err := base64.StdEncoding.DecodeString(s.Data)
	if err != nil {
		return nil
	}
	return text
}

// String says in few words which script it is. The text of a script may hold
// secrets, so it is not in it.
func (s *Script) String() string {
	switch {
	case s == nil:
		return ""
	case !s.Inline():
		return s.Path()
	case s.Data == "":
		return "an inline script"
	}
	return fmt.Sprintf("an inline script of %d bytes", len(s.Text()))
}

// Limit is how long the script may run, and whether that is told in a form that
// is understood, see ScriptTimeout.
func (s *Script) Limit() (time.Duration, bool) {
	if s.Timeout == "" {
		return defaultScriptTimeout, true
	}
	return ScriptTimeout(s.Timeout)
}

// ScriptTimeout reads a time limit of a script: a number with s (the default), m,
// h or d, as the timeout command takes it. It is false for any other text.
func ScriptTimeout(text string) (time.Duration, bool) {
	digits, unit := text, time.Second
	for suffix, of := range map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			digits, unit = number, of
		}
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || strings.Trim(digits, "0123456789.") != "" || n*float64(unit) > float64(1<<62) {
		return 0, false
	}
	return time.Duration(n * float64(unit)), true
}

// checkScript lists what the service refuses of a script.
func checkScript(s *Script, field string, wrong func(field, format string, args ...any)) {
	switch {
	case s == nil:
	case s.Data == "":
		wrong(field, "%s is empty; the service refuses it", field)
	case s.Inline() && s.Text() == nil:
		wrong(field, "%s is not base64, which an inline script must be", field)
	}
}

// script compares a script of an instance with the one that is asked for. Its text
// and its arguments may hold secrets, so a difference does not show them.
func (d *differences) script(field string, have, want *Script) {
	switch {
	case want == nil:
		return
	case have == nil:
		if d.strict {
			d.add(field, "", want.String())
		}
		return
	case have.Inline() != want.Inline() || !want.Inline() && !strings.EqualFold(have.Path(), want.Path()):
		if have.Data != "" {
			d.add(field, have.String(), want.String())
		}
		return
	case want.Inline() && have.Data != "" && have.Data != want.Data:
		was := have.String()
		if was == want.String() {
			was += " with other content"
		}
		d.add(field, was, want.String())
	}
	if have.Arguments != want.Arguments && (have.Arguments != "" || d.strict) {
		was, asked := "another text", "what is asked for"
		if have.Arguments == "" {
			was = ""
		}
		if want.Arguments == "" {
			asked = ""
		}
		d.add(field+".scriptArguments", was, asked)
	}
	limit, known := have.Limit()
	if asked, ok := want.Limit(); ok && want.Timeout != "" && (have.Timeout != "" || d.strict) && (!known || limit != asked) {
		was := have.Timeout
		if was == "" {
			was = strconv.FormatFloat(limit.Minutes(), 'f', -1, 64) + "m"
		}
		d.add(field+".timeout", was, want.Timeout)
	}
}
