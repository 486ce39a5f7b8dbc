package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/lookalike"
)

// misreading is a word that was misread, and why.
type misreading struct{ word, text string }

// refusal is the error for all words that cannot be names. Nothing has been
// done yet.
func refusal(wrong []misreading, piped bool) error {
	const most = 10
	tip := ""
	if piped {
		tip = "computetarget list -o name prints names, one a line"
	}
	var all []error
	for i, m := range wrong {
		if i == most {
			all = append(all, exit.Usagef("and %d more words cannot be names of computes", len(wrong)-most))
			break
		}
		all = append(all, &exit.Error{Exit: exit.Usage, Text: m.String()})
	}
	all[len(all)-1].(*exit.Error).Tip = tip //nolint:forcetypeassert,errorlint // made above
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

func (m misreading) String() string {
	switch {
	case m.word == "":
		return noName
	case strings.HasPrefix(m.text, `"`): // it names the word itself
		return m.text
	}
	return cutWord(m.word) + " " + m.text
}

const noName = "a name is empty; is a variable unset?"

// cutWord quotes a word for a message, at most one line of it.
func cutWord(word string) string {
	const most = 60
	if line, _, more := strings.Cut(word, "\n"); more {
		word = line + "…"
	}
	if len(word) > most {
		word = strings.ToValidUTF8(word[:most], "") + "…"
	}
	return fmt.Sprintf("%q", word)
}

// notName says why a word cannot be the name of any compute and what to write,
// or "".
func notName(c *cobra.Command, word string) string {
	if compute.PossibleName(word) {
		return ""
	}
	if reason := notArgument(c, word); reason != "" {
		return reason
	}
	if strings.ContainsAny(word, "\n\r") {
		return "contains line breaks: pass names, one per line, on stdin, as in " + verbOf(c) + " - < FILE"
	}
	if reason := notPlain(word); reason != "" {
		return reason
	}
	if strings.Contains(word, "://") {
		return "is an address: name the compute, or give its id, which begins with /subscriptions/"
	}
	if name, ok := strings.CutPrefix(word, "azureml:"); ok && compute.PossibleName(name) {
		return "is a reference as in files of az ml: write " + name
	}
	if i := strings.IndexFunc(word, func(r rune) bool { return !isWordRune(r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(word[i:])
		reason := "contains " + lookalike.Describe(r)
		switch {
		case r == ' ':
			reason = "contains a blank"
		case r == ',':
			return "contains a comma, but names are separated by blanks"
		case r == '*' || r == '?':
			return "is a pattern, but computes are named one by one; list -o name prints names"
		case r < 0x7f:
			reason = fmt.Sprintf("contains %q", r)
		}
		if plain := lookalike.Plain(word); compute.PossibleName(plain) { // quotes in quotes
			return "cannot be the name of a compute: it " + reason + "; write " + plain
		}
		return "cannot be the name of a compute: it " + reason + "; names are letters from a to z, digits, - and _"
	}
	if !isLetterByte(word[0]) {
		return "cannot be the name of a compute: names begin with a letter"
	}
	return "cannot be the name of a compute: it has more than 64 characters"
}

func isLetterByte(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

func isWordRune(r rune) bool {
	return r < 0x80 && (isLetterByte(byte(r)) || '0' <= r && r <= '9' || r == '-' || r == '_')
}

// notArgument says why a word is not an argument, or "": it is a flag with a
// pasted dash or quotes, another shell's line continuation, or an id that Git
// Bash turned into a path.
func notArgument(c *cobra.Command, word string) string {
	word = strings.Trim(word, " \t\n")
	if reason := gitBashPath(word); reason != "" {
		return reason
	}
	if reason := continuation(word); reason != "" {
		return reason
	}
	meant, isFlag := flagMeant(c, word)
	r, _ := utf8.DecodeRuneInString(word)
	switch {
	case lookalike.Dash(r) && isClock(strings.TrimPrefix(word, string(r))):
		return "" // hours may hold any dash
	case lookalike.Any(r):
		return "begins with " + pasted(r) + written(word, meant, isFlag)
	case isFlag:
		return "is not an argument: write " + meant
	}
	return ""
}

// notPlain names a lookalike character in a word, or returns "".
func notPlain(word string) string {
	r, found := lookalike.First(word)
	if !found {
		return ""
	}
	if before, after, _ := strings.Cut(word, string(r)); (unicode.IsSpace(r) || unicode.IsControl(r)) && before != "" && lookalike.Plain(after) != "" {
		return "contains " + pasted(r) + " between others: names are arguments of their own, or lines of stdin"
	}
	return "contains " + pasted(r) + written(word, "", false)
}

func pasted(r rune) string {
	if lookalike.Dash(r) {
		return lookalike.Describe(r) + `, which is not "-"`
	}
	return lookalike.Describe(r)
}

// written is what to write instead of a word.
func written(word, meant string, isFlag bool) string {
	plain := lookalike.Plain(word)
	switch {
	case isFlag:
		return ": write " + meant
	case plain == "-" || plain == "--" || compute.PossibleName(plain):
		return ": write " + plain
	}
	return ""
}

// isClock reports whether text begins as a time of day does.
func isClock(text string) bool { return text != "" && '0' <= text[0] && text[0] <= '9' }

// misreadArguments refuses arguments that were meant as something else, except
// after "--".
func misreadArguments(c *cobra.Command, args []string) error {
	if dash := c.ArgsLenAtDash(); dash >= 0 && dash <= len(args) {
		args = args[:dash]
	}
	var wrong []string
	for _, word := range args {
		if reason := notArgument(c, word); reason != "" {
			wrong = append(wrong, cutWord(word)+" "+reason)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return exit.Usagef("%s", strings.Join(wrong, "\n"))
}

// flagMeant is the flag that a word was meant as, spelled right: the word
// begins with any kind of dash, or has quotes or "=" around a flag of the
// command.
func flagMeant(c *cobra.Command, word string) (string, bool) {
	plain := lookalike.Plain(word)
	bare := strings.TrimLeft(plain, "-")
	dashes := len(plain) - len(bare)
	if dashes == 0 {
		bare = strings.TrimLeft(bare, "=")
		if bare == plain {
			return "", false
		}
	}
	name, _, _ := strings.Cut(bare, "=")
	switch {
	case name == "" || strings.ContainsAny(name, " :"):
		return "", false
	case knownFlag(c.Flags(), name):
		if len(name) == 1 {
			return "-" + bare, true
		}
		return "--" + bare, true
	case dashes == 0 || !isLetterByte(name[0]):
		return "", false
	case dashes == 1 && c.Flags().ShorthandLookup(name[:1]) != nil:
		return "-" + bare, true
	}
	return "--" + bare, true
}

// knownFlag reports whether a command has a flag of this name, long or of one
// letter.
func knownFlag(fs *pflag.FlagSet, name string) bool {
	if len(name) == 1 {
		return fs.ShorthandLookup(name) != nil || name == "v"
	}
	found := false
	fs.VisitAll(func(f *pflag.Flag) {
		found = found || strings.EqualFold(f.Name, name) || slices.Contains(f.Annotations[aliasFlag], strings.ToLower(name))
	})
	return found
}

// continuation says which shell's line continuation a word is or ends in, or
// "".
func continuation(word string) string {
	shells := map[byte]string{'\\': "bash and zsh continue", '`': "PowerShell continues", '^': "cmd continues"}
	if word == "" || shells[word[len(word)-1]] == "" {
		return ""
	}
	verb := "is"
	if len(word) > 1 {
		verb = fmt.Sprintf("ends in %q, which is", word[len(word)-1:])
	}
	return verb + " how " + shells[word[len(word)-1]] + ` a line: bash takes \, PowerShell takes a backtick, cmd takes ^`
}

// gitBashPath says that a word is an id that Git Bash converted for Windows
// programs, or "".
func gitBashPath(word string) string {
	path := strings.ReplaceAll(word, `\`, "/")
	at := strings.Index(strings.ToLower(path), "/subscriptions/")
	if at < 2 || path[1] != ':' || !isLetterByte(path[0]) {
		return ""
	}
	return "is an id that Git Bash turned into a Windows path: set MSYS_NO_PATHCONV=1 before the command, or begin the id with two slashes"
}

// misreadFlags refuses values that are flags, begin with a lookalike dash, or
// are ids that Git Bash changed. -n has its own check.
func misreadFlags(c *cobra.Command) error {
	var wrong []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Name == "name" {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			if reason := notValue(c, f.Name, value); reason != "" {
				wrong = append(wrong, fmt.Sprintf("argument --%s: %s", f.Name, reason))
			}
		}
	})
	if len(wrong) == 0 {
		return nil
	}
	return exit.Usagef("%s", strings.Join(wrong, "\n"))
}

// notValue says why the value of a flag was meant as something else, or "". It
// never shows the value, which may be a secret, except for the name of a flag.
func notValue(c *cobra.Command, flag, value string) string {
	text := value
	if _, after, ok := strings.Cut(value, "="); ok && gitBashPath(text) == "" {
		text = after
	}
	if reason := gitBashPath(text); reason != "" {
		return "its value " + reason
	}
	if !utf8.ValidString(value) && !namesFile(c.Flags(), flag) {
		return "it is not UTF-8 text, as the service takes it; a terminal or file in another encoding may have made it"
	}
	r, _ := utf8.DecodeRuneInString(value)
	meant, isFlag := flagMeant(c, value)
	meant, _, _ = strings.Cut(meant, "=")
	switch name := strings.TrimLeft(meant, "-"); {
	case isFlag && (lookalike.Any(r) || r == '-') && knownFlag(c.Flags(), name):
		reason := "its value is missing: a flag follows"
		if lookalike.Any(r) {
			reason += " that begins with " + pasted(r)
		}
		return reason + ": write " + meant
	case lookalike.Dash(r) && !isClock(value[utf8.RuneLen(r):]) && !freeText(flag):
		return "its value begins with " + pasted(r)
	}
	return ""
}

// namesFile reports whether the value of a flag is a name on this machine, which may
// have any bytes.
func namesFile(fs *pflag.FlagSet, flag string) bool {
	f := fs.Lookup(flag)
	if f == nil {
		return false
	}
	kind, _ := pflag.UnquoteUsage(f)
	return kind == "FILE" || kind == "FOLDER"
}

// freeText reports whether a flag's value is text or a secret, which may begin
// with any character.
func freeText(flag string) bool {
	switch flag {
	case "description", "tag", "tags", "query", "message", "password", "admin-user-password", "private-key-passphrase":
		return true
	}
	return false
}

// secretFlags mark, by a part of its name, a flag followed by a secret, even an
// unknown flag, which may be misspelled.
var secretFlags = [...]string{"passw", "pasw", "passphrase", "pwd", "secret", "token"}

// hideSecrets keeps passwords out of usage errors: it hides what follows a
// secret flag, up to the next flag. -p is the password of attach.
func hideSecrets(s *render.Streams, args []string) {
	secret := false
	for _, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		dashed := strings.HasPrefix(arg, "-") && len(arg) > 1
		switch {
		case dashed && isSecretFlag(name):
			secret = !assigned
			s.Hide(value, "…")
		case dashed && strings.HasPrefix(arg, "-p") && !strings.HasPrefix(arg, "--"):
			secret = len(arg) == 2
			s.Hide(strings.TrimPrefix(arg[2:], "="), "…")
		case dashed:
			secret = false
		case secret:
			s.Hide(arg, "…")
		}
	}
}

func isSecretFlag(name string) bool {
	name = strings.ToLower(name)
	for _, part := range secretFlags {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
