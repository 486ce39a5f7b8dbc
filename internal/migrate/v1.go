package migrate

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/internal/argv"
)

// v1Words is the command tree of az ml computetarget. Its documentation also
// shows the instance verbs before the type.
func v1Words() argv.Words {
	leaf, typed := argv.Word{}, argv.Word{Typed: true}
	return argv.Words{
		"list": typed, "show": typed, "delete": typed, "detach": typed, "get-credentials": typed,
		"create":     {Next: argv.Words{"aks": leaf, "amlcompute": leaf, "computeinstance": leaf, "datafactory": leaf}},
		"attach":     {Next: argv.Words{"aks": leaf, "kubernetes": leaf, "remote": leaf}},
		"update":     {Next: argv.Words{"aks": leaf, "amlcompute": leaf}},
		"amlcompute": {Next: argv.Words{"identity": {Next: argv.Words{"assign": leaf, "remove": leaf, "show": leaf}}}},
		"start":      typed, "stop": typed, "restart": typed,
	}
}

// successors are the replacements for groups, and for commands of groups that v2
// has too, that only the retired extension had.
var successors = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"run": "az ml job", "experiment": "the experiment_name of az ml job", "dataset": "az ml data",
		"service":  "az ml online-endpoint and az ml online-deployment",
		"pipeline": "az ml job with a pipeline file", "folder": "computetarget use, or nothing",
		"computecontext": neverSucceeded, "image": neverSucceeded, "history": neverSucceeded, "project": neverSucceeded, "env": neverSucceeded,
		"model register": "az ml model create", "model deploy": "az ml online-deployment create",
		"model delete": "az ml model archive", "model profile": "nothing",
		"environment register": "az ml environment create",
		"environment download": "az ml environment show", "environment scaffold": "az ml environment show",
		"endpoint realtime": "az ml online-endpoint", "workspace share": "az role assignment create",
		"datastore attach-blob": newDatastore, "datastore attach-file": newDatastore, "datastore attach-adls": newDatastore,
		"datastore attach-adls-gen2": newDatastore, "datastore attach-psqldb": newDatastore, "datastore attach-sqldb": newDatastore,
		"datastore attach-dbfs": newDatastore, "datastore attach-mysqldb": newDatastore,
		"datastore detach": "az ml datastore delete",
		"datastore upload": "az storage blob", "datastore download": "az storage blob",
		"datastore set-default": "nothing", "datastore show-default": "nothing",
	}
})

const (
	neverSucceeded = "nothing; it was removed before azure-cli-ml was"
	newDatastore   = "az ml datastore create"
)

// workspaceGone says which part of an az ml workspace call only the retired
// extension understood, or "". The newer one has the same commands with other
// flags and keys.
func workspaceGone(words []word) string {
	switch {
	case has(words, "workspace-name", "w"):
		return "-w went with azure-cli-ml: az ml workspace uses --name/-n now"
	case has(words, "exist-ok", ""):
		return "--exist-ok went with azure-cli-ml: az ml workspace create has no such flag"
	case slices.ContainsFunc(words, func(w word) bool { return strings.Contains(w.text, "workspaceName") }):
		return "workspaceName went with azure-cli-ml: az ml workspace prints name instead"
	}
	return ""
}

// finding returns what a call becomes; false if it is not a call of the retired
// extension.
func (c call) finding() (Finding, bool) {
	f := Finding{}
	words := c.words
	globals := 1
	for globals < len(words) && strings.HasPrefix(words[globals].text, "--") {
		globals++
	}
	if len(words) < globals+2 {
		return f, false
	}
	// A call may contain another: -n "$(az ml …)".
	f.start, f.end = c.view.start(words[0].start), c.view.end(words[globals+1].end-1)
	f.Text = c.join(words)
	group, rest := strings.ToLower(words[globals+1].text), words[globals+2:]
	switch strings.ToLower(words[globals].text) {
	case "extension":
		return f, c.extension(&f, group, rest)
	case "ml":
	default:
		return f, false
	}

	gone := []int{globals}
	switch group {
	case "computetarget":
		leaf, why := leafOf(rest)
		if why != "" {
			f.Warnings = []string{why}
			return f, true
		}
		gone = append(gone, globals+1)
		f.args = c.args(leaf, words[1:globals], rest)
		f.Becomes = c.join(slices.Concat([]word{{text: "computetarget"}}, words[1:globals], rest))
		f.Warnings = c.warnings(leaf, rest)
	case "compute": // the same words, without az
		f.role, gone = newer, nil
		f.args = c.args("compute", words[1:globals], words[globals:])
		f.Becomes = c.join(slices.Concat([]word{{text: "computetarget"}}, words[1:]))
		if strings.ContainsAny(words[0].text, `/\\`) {
			f.Warnings = []string{pathWhy}
		}
	case "folder":
		if len(rest) == 0 || !strings.EqualFold(rest[0].text, "attach") {
			f.Warnings = []string{"az ml folder has no such command here"}
			return f, true
		}
		f.role = attaches
		f.args = c.args("folder attach", words[1:globals], words[globals+1:])
		f.Becomes = c.join(slices.Concat([]word{{text: "computetarget"}}, words[1:globals], words[globals+1:]))
		f.Warnings = c.warnings("folder attach", rest[1:])
	default:
		verb := ""
		if len(rest) > 0 {
			verb = strings.ToLower(rest[0].text)
		}
		why := ""
		if next := cmp.Or(successors()[group], successors()[group+" "+verb]); next != "" {
			why = "removed with azure-cli-ml and not supported here; its successor: " + next
		} else if group == "workspace" && verb != "" {
			why = workspaceGone(rest[1:])
		}
		if why == "" && slices.Contains([]string{"workspace", "model", "environment", "datastore"}, group) {
			f.role = shared
			f.Text = oneLine(c.join(words[:min(len(words), globals+3)]))
			return f, true
		}
		if why == "" {
			return f, false
		}
		if group == "run" {
			f.role = runs
		}
		f.Text = oneLine(c.join(words[:min(len(words), globals+3)]))
		f.Warnings = []string{why}
		return f, true
	}
	f.edits = c.replace("computetarget", gone)
	return f, true
}

// extension handles az extension … -n azure-cli-ml. Its removal stays: scripts
// for its successor do that.
func (c call) extension(f *Finding, verb string, rest []word) bool {
	if !slices.ContainsFunc(rest, func(w word) bool {
		return strings.Contains(strings.ReplaceAll(strings.ToLower(w.text), "_", "-"), "azure-cli-ml")
	}) {
		return false
	}
	f.end = c.view.end(c.after - 1)
	switch verb {
	case "remove":
		return false
	case "add", "update":
		f.role = installs
		if c.printed() {
			f.byHand("its output or exit code is used, but there is no extension to install: check what depends on it")
			return true
		}
		f.Becomes = "computetarget version"
		f.Warnings = []string{"there is no extension to install: the line only checks for computetarget"}
		var gone []int
		verb := len(c.words) - len(rest) - 1
		for i := range c.words {
			if i > 0 && i != verb {
				gone = append(gone, i)
			}
		}
		f.edits = append(c.rename(verb, "version"), c.replace("computetarget", gone)...)
	default:
		f.role = asks
		f.Warnings = []string{asksWhy}
	}
	return true
}

const asksWhy = "this checks for azure-cli-ml, but computetarget is not an extension: delete it, or check that computetarget version works"

// printed reports whether a script reads what the call prints: $(…), a pipe,
// a variable of PowerShell.
func (c call) printed() bool {
	t := c.view.text
	before := t[c.view.line(c.words[0].start):c.words[0].start]
	after := bytes.TrimLeft(t[c.after:], " \t")
	for len(after) > 2 && (after[0] == '>' || after[0] == '2' && after[1] == '>') { // a redirection
		_, after, _ = bytes.Cut(after, []byte(" "))
		after = bytes.TrimLeft(after, " \t")
	}
	return bytes.Count(before, []byte("$(")) > bytes.Count(before, []byte(")")) ||
		c.view.kind != powershell && c.view.kind != markdown && bytes.Count(before, []byte("`"))%2 == 1 ||
		c.view.kind == powershell && bytes.Contains(before, []byte("=")) ||
		bytes.HasPrefix(after, []byte("|")) && !bytes.HasPrefix(after, []byte("||"))
}

// args are the words computetarget would get, with AnyValue for a variable; nil
// if a variable determines the command.
func (c call) args(leaf string, globals, rest []word) []string {
	if leaf == "" {
		return nil
	}
	out := []string{}
	for _, w := range slices.Concat(globals, rest) {
		text := w.text
		if name, value, ok := strings.Cut(text, "="); ok && strings.HasPrefix(text, "-") {
			if isVariable(value) {
				text = name + "=" + AnyValue
			}
		} else if isVariable(text) && !strings.HasPrefix(text, "-") || c.list && w.start < w.end && !c.quoted(w) {
			text = AnyValue
		}
		out = append(out, text)
	}
	if len(out) > 0 && strings.HasPrefix(out[len(out)-1], "-") && c.goesOn() {
		out = append(out, AnyValue)
	}
	return out
}

// goesOn reports whether something appends words to the call: xargs, or a
// program that builds it ("az ml … -n " + name).
func (c call) goesOn() bool {
	t := c.view.text
	before := t[c.view.line(c.words[0].start):c.words[0].start]
	if bytes.Contains(before, []byte("xargs")) || bytes.Contains(before, []byte("parallel")) {
		return true
	}
	rest := bytes.TrimLeft(t[c.after:], " \t")
	if len(rest) == 0 {
		return c.view.literal
	}
	return rest[0] == '"' || rest[0] == '\''
}

// quoted reports whether an item of a list is a string, not a variable.
func (c call) quoted(w word) bool {
	first := c.view.text[w.start]
	return c.view.kind != python && c.view.kind != groovy && c.view.kind != json || first == '"' || first == '\''
}

// replace renames the program and drops words by index.
func (c call) replace(name string, gone []int) []edit {
	edits := c.rename(0, name)
	for len(gone) > 0 {
		first, last := gone[0], gone[0]
		for gone = gone[1:]; len(gone) > 0 && gone[0] == last+1 && !c.breaks(last); gone = gone[1:] {
			last++
		}
		start, end := c.reach(first, last)
		edits = append(edits, c.view.edits(start, end, "")...)
	}
	return edits
}

// breaks reports whether the words i and i+1 are on different lines of a shell.
func (c call) breaks(i int) bool {
	return !c.list && bytes.IndexByte(c.view.text[c.words[i].end:c.words[i+1].start], '\n') >= 0
}

// reach returns the range to remove with the words first to last: in a list, up
// to the next item or from the previous one; else with the blanks before them
// on their line, or after them if they begin it.
func (c call) reach(first, last int) (start, end int) {
	start, end = c.words[first].start, c.words[last].end
	if c.list {
		if last+1 < len(c.words) {
			return start, c.words[last+1].start
		}
		return c.words[first-1].end, end
	}
	t := c.view.text
	blank := start
	for blank > 0 && (t[blank-1] == ' ' || t[blank-1] == '\t') {
		blank--
	}
	if blank > 0 && t[blank-1] != '\n' {
		return blank, end
	}
	if last+1 < len(c.words) && !c.breaks(last) {
		return start, c.words[last+1].start
	}
	return start, end
}

// rename replaces the text of a word and keeps its quotes.
func (c call) rename(i int, text string) []edit {
	w := c.words[i]
	t := c.view.text[w.start:w.end]
	if n := len(t); n > 1 && (t[0] == '"' || t[0] == '\'') && t[n-1] == t[0] {
		return c.view.edits(w.start+1, w.end-1, text)
	}
	return c.view.edits(w.start, w.end, text)
}

// join writes words on one line as spelled in the file.
func (c call) join(words []word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w.end > w.start && !c.list {
			b.WriteString(oneLine(string(c.view.text[w.start:w.end])))
		} else {
			b.WriteString(w.text)
		}
	}
	return b.String()
}

// leafOf returns the v1 command that words call, "" if a variable decides. why
// says why it is not one.
func leafOf(words []word) (leaf, why string) {
	args := make([]string, 0, len(words))
	for _, w := range words {
		if len(args) < 3 && isVariable(w.text) {
			args = append(args, "$")
			continue
		}
		args = append(args, w.text)
	}
	c, err := argv.Path(args, v1Words(), []argv.Flag{
		{Name: "debug"}, {Name: "verbose"}, {Name: "only-show-errors"}, {Name: "help", Short: "h"},
		{Name: "output", Short: "o", TakesValue: true}, {Name: "query", TakesValue: true}, {Name: "subscription", TakesValue: true},
	})
	switch {
	case err == nil && len(c.Path) == 0:
		return "help", ""
	case err == nil:
		return strings.Join(c.Path, " "), ""
	case slices.Contains(args[:min(len(args), 3)], "$"):
		return "", ""
	}
	return "", "not served: " + err.Error()
}

func isVariable(s string) bool { return strings.ContainsAny(s, "$%{<*@!") }

// has reports whether words contain the flag, even abbreviated or with its
// value attached.
func has(words []word, long, short string) bool {
	return slices.ContainsFunc(words, func(w word) bool {
		name, _, _ := strings.Cut(w.text, "=")
		if strings.HasPrefix(name, "--") {
			return len(name) > 4 && strings.HasPrefix("--"+long, name)
		}
		return short != "" && strings.HasPrefix(name, "-"+short)
	})
}

// spreads reports whether a variable among the words may hold flags.
func spreads(words []word) bool {
	for i, w := range words {
		if (i == 0 || !strings.HasPrefix(words[i-1].text, "-")) && strings.ContainsAny(w.text[:min(len(w.text), 1)], "$@%{*") {
			return true
		}
	}
	return false
}

// warnings lists what the call does differently from v1.
func (c call) warnings(leaf string, words []word) []string {
	var out []string
	warn := func(s string) { out = append(out, s) }
	if leaf == "" {
		warn("the command is in a variable: check its values")
	}
	if leaf == "delete" && !has(words, "no-wait", "") {
		warn("delete now waits until the compute is gone: add --no-wait to return at once as before")
	}
	if leaf == "start" {
		warn("starting a running instance now succeeds: --strict restores the error")
	}
	if leaf != "folder attach" && !strings.HasPrefix(leaf, "attach ") && !spreads(words) && has(words, "resource-group", "g") != has(words, "workspace-name", "w") {
		warn("v1 ignored -g or -w alone if a project's config.json existed: now the flag wins")
	}
	if has(words, "admin-user-password", "") || leaf == "attach remote" && (has(words, "password", "p") || has(words, "private-key-passphrase", "")) {
		warn("everybody on the machine can read a secret in arguments: pass it as @FILE")
	}
	if strings.ContainsAny(c.words[0].text, `/\`) {
		warn(pathWhy)
	}
	if k := c.view.kind; k == powershell || k == batch {
		for _, w := range words {
			if t := string(c.view.text[w.start:w.end]); strings.Contains(t, `'"`) || strings.Contains(t, `\"`) || strings.Contains(t, `"^`) {
				warn("az was a batch file that read quotes twice, computetarget is a program: check the quotes")
				break
			}
		}
	}
	near := c.view.text[c.words[0].start:c.linesAfter(3)]
	if compiled().exitCode.Match(near) {
		warn("exit codes are finer than v1's 1 (2 usage, 3 not found, 4 timed out, …): test for 0 or not 0")
	}
	if compiled().errorText.Match(near) {
		warn("error messages differ from v1's: test the exit code instead (3 is not found)")
	}
	return out
}

const pathWhy = "the path of az is removed: computetarget must be on PATH here"

// linesAfter returns the end of the n-th line after the call, within a
// reasonable distance.
func (c call) linesAfter(n int) int {
	const most = 1000
	t := c.view.text[:min(len(c.view.text), c.after+most)]
	at := c.after
	for range n {
		i := bytes.IndexByte(t[at:], '\n')
		if i < 0 {
			return len(t)
		}
		at += i + 1
	}
	return at
}

// keepNeeded keeps the lines that install the extension while a call needs it,
// and drops the findings that only serve to tell.
func keepNeeded(found []Finding, text []byte, o Options) []Finding {
	needed, calls, installing := "", false, false
	both := compiled().installsNext.Match(text) // serves the shared calls
	for _, f := range found {
		calls = calls || f.role == ordinary || f.role == attaches
		installing = installing || f.role == installs
		if f.Becomes == "" && f.role != installs && !(f.role == shared && both) && needed == "" {
			needed = "line " + strconv.Itoa(f.Line) + " still needs it"
		}
	}
	if needed == "" && !calls && o.Needed != "" {
		needed = o.Needed
	}
	run := slices.IndexFunc(found, func(f Finding) bool { return f.role == runs })
	// A script that only removes the extension keeps doing so.
	cleaning := !calls && !installing && compiled().removes.Match(text)
	kept := found[:0]
	for _, f := range found {
		if f.role == installs && f.Becomes != "" && needed != "" {
			f.byHand("the extension is kept: " + needed)
		}
		if f.role == attaches && f.Becomes != "" && run >= 0 {
			f.byHand("it also writes sample run configurations; computetarget does not: line " + strconv.Itoa(found[run].Line) + " may need them")
		}
		if f.role != shared && !(f.role == asks && cleaning) {
			kept = append(kept, f)
		}
	}
	return kept
}

// Needs names the first call that still needs azure-cli-ml, or is "".
func Needs(found []Finding) string {
	for _, f := range found {
		if f.Becomes == "" && f.role != installs {
			return fmt.Sprintf("%s:%d still needs it", f.File, f.Line)
		}
	}
	return ""
}

// warnFile adds warnings about the whole file to the first rewritten call.
func warnFile(found []Finding, text []byte) {
	i := slices.IndexFunc(found, func(f Finding) bool {
		return f.Becomes != "" && f.role != installs
	})
	if i < 0 {
		return
	}
	if image := compiled().image.FindSubmatch(text); image != nil {
		found[i].Warnings = append(found[i].Warnings, string(image[1])+" has az but not computetarget: install it there")
	}
	if name := compiled().signIn.Find(text); name != nil {
		found[i].Warnings = append(found[i].Warnings,
			string(name)+" takes precedence over az login: --auth-mode azurecli uses that session")
	}
}
