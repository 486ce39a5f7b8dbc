package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
)

// topic is a help topic.
type topic struct {
	word, short string
	write       func(io.Writer)
}

// topics are the help pages besides those of commands.
func topics() []topic {
	return []topic{
		{"commands", "Every command in one list", writeCommands},
		{"exit-codes", "What the exit code of a command means", writeExitCodes},
		{"environment", "Environment variables", writeEnvironment},
		{"formats", "Output formats and --query", writeFormats},
	}
}

func writeCommands(w io.Writer) {
	fmt.Fprint(w, "Commands. computetarget COMMAND --help explains one and shows examples.\n")
	for _, s := range sections {
		fmt.Fprintf(w, "\n%s\n", s.title)
		for _, e := range s.entries {
			if e.build != nil {
				fmt.Fprintf(w, "  %-27s %s\n", e.words, e.short)
			}
		}
	}
}

type exitMeaning struct {
	code    int
	meaning string
}

// exitMeanings are the meanings of the exit codes, in the words of the contract
// that scripts rely on.
func exitMeanings() []exitMeaning {
	return []exitMeaning{
		{exit.Done, "done"},
		{exit.Failed, "failed, unreachable, or in conflict with what exists: the name is taken, the settings differ, the quota is used up"},
		{exit.Usage, "wrong usage or input, a size the region does not offer included; nothing was changed"},
		{exit.NotFound, "not found"},
		{exit.Timeout, "the wait timed out; the operation goes on"},
		{exit.Broken, "the operation, or the compute it acts on, is in a failed state (never from show or list)"},
		{exit.Auth, "sign-in or permission"},
		{exit.Check, "a check says no"},
		{exit.TryLater, "try later: throttled, no capacity, busy, or changed meanwhile"},
		{exit.Interrupted, "interrupted (ctrl-c); what was begun goes on"},
		{exit.Terminated, "terminated; what was begun goes on"},
	}
}

func writeExitCodes(w io.Writer) {
	fmt.Fprint(w, "Exit codes. The same for every command.\n\n")
	for _, e := range exitMeanings() {
		writeWrapped(w, fmt.Sprintf("  %3d  ", e.code), e.meaning)
	}
	fmt.Fprint(w, `
With several names, it is the code that all failures share, else 1. Deleting a
compute that does not exist is 3.
`)
}

func writeEnvironment(w io.Writer) {
	fmt.Fprint(w, `Environment variables. A flag overrides a variable, and a variable overrides a
project's config.json, your config.yaml and az's own settings. computetarget
config show prints every value in use and its source.

`)
	for _, o := range config.Options() {
		if o.Env == "" {
			continue
		}
		about := o.Help
		if o.Kind == config.Choice {
			about += ": " + strings.Join(o.Values, ", ")
		}
		if o.Default != "" && o.Default != "false" {
			about += " (default " + o.Default + ")"
		}
		for _, flag := range o.Flags {
			about += "; --" + flag
		}
		writeVariable(w, o.Env, about)
	}
	fmt.Fprint(w, "\nOther variables\n\n")
	for _, v := range [][2]string{
		{"AZURE_CONFIG_DIR", "az's folder, with its subscription, defaults and session"},
		{"AZURE_DEFAULTS_GROUP, AZURE_DEFAULTS_WORKSPACE", "az's defaults for resource group and workspace"},
		{"AZURE_CLOUD_NAME", "az's active cloud"},
		{"AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH", "a service principal to sign in as"},
		{"AZURE_FEDERATED_TOKEN_FILE", "the file of a federated token, read again for every sign-in"},
		{"ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN", "set by GitHub Actions for a job with id-token: write"},
		{"SYSTEM_OIDCREQUESTURI, SYSTEM_ACCESSTOKEN", "set by Azure Pipelines"},
		{"AZURE_TOKEN_CREDENTIALS", "the credentials to try: dev, prod, or the name of one"},
		{"HTTPS_PROXY, NO_PROXY", "the proxy for requests, and the hosts that bypass it"},
		{"SSL_CERT_FILE, REQUESTS_CA_BUNDLE", "certificate authorities to trust"},
		{"XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME", "the base folders for config.yaml, the emulator's state and the completion cache"},
	} {
		writeVariable(w, v[0], v[1])
	}
}

func writeFormats(w io.Writer) {
	fmt.Fprint(w, `Output formats. -o FORMAT, COMPUTETARGET_OUTPUT, or [core] output of az's
configuration select one. The default is a readable view on a terminal and json
elsewhere.

  json    sorted keys, indented by two blanks, as az prints it
  jsonc   json in colors
  yaml    YAML
  yamlc   YAML in colors
  table   columns with a header, as az draws them
  tsv     values separated by tabs, without a header: for cut, awk and read
  name    names, one per line, to pipe into another command
  id      ARM ids, one per line, to pipe across workspaces
  wide    the readable view as plain text, even in a pipe
  none    nothing; the exit code tells

--query EXPRESSION applies a JMESPath expression first, with the functions and
bare-word literals that az supports. Hashes keep the order of the expression.

  computetarget show dev --query state -o tsv
  computetarget list --query "[?state=='Running'].{who:owner,what:name}" -o table

One name prints an object, several an array in the same order. -v prints the
full object, --raw the service's own response. stdout has only the result;
notes, progress and errors go to stderr.
`)
}

func writeVariable(w io.Writer, name, about string) {
	if len(name) > 30 {
		writeWrapped(w, "  ", name)
		name = ""
	}
	writeWrapped(w, fmt.Sprintf("  %-30s ", name), about)
}

// helpWidth is the width of help.
const helpWidth = 80

// writeWrapped writes text after head, in lines of helpWidth, each indented by
// the width of head.
func writeWrapped(w io.Writer, head, text string) {
	indent := strings.Repeat(" ", len(head))
	for i, line := range append(render.Wrap(text, helpWidth-len(head)), "") {
		switch {
		case line != "":
			fmt.Fprintln(w, head+line)
		case i == 0:
			fmt.Fprintln(w, strings.TrimRight(head, " "))
		}
		head = indent
	}
}
