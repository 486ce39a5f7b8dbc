package setup

import (
	"bytes"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// secretTexts tells of secrets by what they look like, anywhere in the file. A
// finding never repeats them.
func (l *linter) secretTexts() {
	for _, p := range patterns().secret {
		for _, m := range p.re.FindAllIndex(l.text, -1) {
			if patterns().example.Match(l.text[m[0]:m[1]]) {
				continue
			}
			l.secret(m[0], p.what)
		}
	}
}

func (l *linter) secret(offset int, what string) {
	if line, _ := l.position(offset); !l.once(fmt.Sprintf("secret %d", line)) {
		return
	}
	l.at(offset, "secret", Warning, what+" in clear text: it can be read in the share, in the compute's settings and in logs",
		"read it from Key Vault with the instance's identity: az keyvault secret show")
}

// secretValue tells of an assignment to a variable that is named like a secret.
func (l *linter) secretValue(sc *scope, at syntax.Pos, name string, value word) {
	if patterns().secretName.MatchString(name) && !patterns().notSecret.MatchString(name) && secretLike(value) {
		l.secret(sc.offset(int(at.Offset())), "the value of "+name)
	}
}

// secretFlag tells of a secret as the value of a flag such as --password.
func (l *linter) secretFlag(sc *scope, flag, value word, program string) {
	name, ok := strings.CutPrefix(flag.text, "--")
	if own, text, joined := strings.Cut(value.text, "="); joined && strings.HasPrefix(own, "--") {
		name, value, ok = own[2:], word{text, value.node}, true
	}
	if program == "az" && flag.text == "-p" {
		name, ok = "password", true
	}
	if !ok || name == "secret" || strings.HasPrefix(value.text, "-") { // --secret names one
		return
	}
	if patterns().secretName.MatchString(strings.ReplaceAll(name, "-", "_")) && secretLike(value) {
		l.secret(sc.offset(int(value.node.Pos().Offset())), "the value of --"+name)
	}
}

func secretLike(value word) bool {
	return value.static() && len(value.text) >= 6 && !patterns().harmless.MatchString(value.text) && !isPlaceholder(value.text, "")
}

// placeholder tells of what somebody was to fill in.
func (l *linter) placeholder(sc *scope, at syntax.Pos, value word, program string, used bool) {
	if value.text == "" || !isPlaceholder(value.text, program) || !used && (program == "echo" || program == "printf") {
		return // an echo to the log is for people
	}
	what := patterns().placeholder.FindString(value.text)
	if !l.once(what) {
		return
	}
	l.at(sc.offset(int(at.Offset())), "placeholder", Warning, what+" is a placeholder", "fill it in")
}

func isPlaceholder(text, program string) bool {
	switch program {
	case "mktemp", "docker", "podman", "kubectl", "helm", "sed", "awk", "grep", "egrep", "perl", "rg", "jq", "find":
		return false
	}
	if strings.Contains(strings.ToLower(text), "usage") {
		return false
	}
	m := patterns().placeholder.FindString(text)
	bare := len(m) <= 5 && strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" // a word that may be said to people
	if m == "" || program != "" && bare {
		return false
	}
	if name, ok := strings.CutPrefix(m, "<"); ok && strings.Contains(text, "</"+strings.TrimSuffix(name, ">")) {
		return false // a tag
	}
	return true
}

// placeholderRedirect tells of <name> outside quotes, which the shell reads as
// the names of files.
func (l *linter) placeholderRedirect(sc *scope, r *syntax.Redirect) bool {
	at := int(r.OpPos.Offset())
	if r.Op != syntax.RdrIn || at >= len(sc.text) {
		return false
	}
	m := patterns().redirect.FindIndex(sc.text[at:])
	if m == nil || m[0] != 0 {
		return false
	}
	what := string(sc.text[at : at+m[1]])
	l.at(sc.offset(at), "placeholder", Warning, what+" is a placeholder, and the shell reads it as names of files", "fill it in")
	return true
}

// fence tells of a script that begins with the line around it on a page.
func (l *linter) fence(s source) {
	rest := bytes.TrimLeft(s.text, " \t\n")
	if bytes.HasPrefix(rest, []byte("```")) {
		l.at(s.offset(len(s.text)-len(rest)), "pasted", Error, "``` is the mark of a page around the script, and runs what follows as a command", "take out the lines with it")
	}
}
