package cmd

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var writeCompatibility = flag.Bool("write-compatibility", false, "write docs/compatibility.md anew")

const compatibilityFile = "../docs/compatibility.md"

// docs/compatibility.md is made from the command tree and the old CLI's, so a
// command or flag that goes missing, or changes its default, shows here.
func TestCompatibilityPage(t *testing.T) {
	t.Parallel()
	want := compatibilityPage(t)
	if *writeCompatibility {
		if err := os.WriteFile(compatibilityFile, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(compatibilityFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("docs/compatibility.md is stale; run: go test ./cmd -run TestCompatibilityPage -write-compatibility")
	}
}

func compatibilityPage(t *testing.T) string {
	t.Helper()
	tree := readV1Tree(t)
	var b strings.Builder
	b.WriteString(compatibilityIntro)
	used := map[string]bool{}
	for _, command := range tree.Commands {
		c := v1Command(t, command.Path)
		fmt.Fprintf(&b, "### az ml computetarget %s\n\nHere: `%s`", command.Path, c.CommandPath())
		if note := commandNotes[command.Path]; note != "" {
			used[command.Path] = true
			b.WriteString(". " + note)
		}
		b.WriteString(".\n\n| flag | default in v1 | status |\n|---|---|---|\n")
		for _, o := range command.Flags {
			f := lookup(c, o)
			if f == nil {
				t.Fatalf("%s has no %s", command.Path, o.spelling())
			}
			status := "as in v1"
			for _, key := range []string{command.Path + " --" + o.Name, "--" + o.Name} {
				if note := flagNotes[key]; note != "" {
					used[key] = true
					status = note
					break
				}
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", flagCell(o), defaultCell(o, f), status)
		}
		b.WriteString("\n")
	}
	b.WriteString("### On every command\n\n| flag | status |\n|---|---|\n")
	c := v1Command(t, "delete")
	for _, o := range slices.Concat(tree.Global, tree.Policy) {
		if lookup(c, o) == nil {
			t.Fatalf("no %s", o.spelling())
		}
		status := "as in az"
		if note := flagNotes["--"+o.Name]; note != "" {
			used["--"+o.Name] = true
			status = note
		}
		fmt.Fprintf(&b, "| %s | %s |\n", flagCell(o), status)
	}
	b.WriteString(compatibilityV2)
	rows := map[string]bool{}
	for _, command := range tree.Commands {
		v1Command(t, command.Path).Flags().VisitAll(func(f *pflag.Flag) {
			for _, other := range f.Annotations[aliasFlag] {
				rows[fmt.Sprintf("| `--%s` | `--%s` |\n", other, f.Name)] = true
			}
		})
	}
	sorted := make([]string, 0, len(rows))
	for row := range rows {
		sorted = append(sorted, row)
	}
	slices.Sort(sorted)
	b.WriteString(strings.Join(sorted, "") + compatibilityV2Rest)
	for key := range flagNotes {
		if !used[key] {
			t.Errorf("the note on %s is about no flag", key)
		}
	}
	for key := range commandNotes {
		if !used[key] {
			t.Errorf("the note on %s is about no command", key)
		}
	}
	return b.String()
}

// flagCell is the flag with its short form and, where only some are allowed,
// its values.
func flagCell(o v1Option) string {
	cell := "`" + strings.ReplaceAll(o.spelling(), "/", "`/`") + "`"
	switch {
	case o.Required:
		cell += " (required)"
	case o.Bool:
		cell += " True, False"
	case len(o.Values) > 0 && o.Name != "output":
		cell += " " + strings.Join(o.Values, ", ")
	case o.Repeat:
		cell += " (repeatable)"
	}
	return cell
}

// defaultCell is the default both have; a flag without one stays unset.
func defaultCell(o v1Option, f *pflag.Flag) string {
	if o.Default == "" {
		return "–"
	}
	if f.DefValue != o.Default && o.Name != "path" {
		return "`" + o.Default + "`, here `" + f.DefValue + "`"
	}
	return "`" + o.Default + "`"
}

// commandNotes say what is not as it was with a command.
var commandNotes = map[string]string{
	"list":                       "Some releases of v1 failed when the workspace held an instance; here every type is listed",
	"show":                       "What is not there is exit code 3 (v1: 1)",
	"delete":                     "It waits until the compute is gone; v1 returned at once. A person on a terminal is asked first. The shim adds `--no-wait` and `--yes`. What is only attached is refused, as in v1: `detach` is for that",
	"detach":                     "It waits until the compute is gone from the workspace. Instances and clusters are refused, as in v1",
	"get-credentials":            "The one command that prints secrets, as asked",
	"create computeinstance":     "A name that exists with the same settings is a success (`--if-exists`)",
	"create amlcompute":          "Run twice it is a success; other scale settings, tags or identities update the cluster",
	"attach aks":                 "Prints v1's plain lines on stdout; with `-o` or `--query` the compute instead",
	"attach kubernetes":          "Prints v1's plain lines on stdout; with `-o` or `--query` the compute instead",
	"attach remote":              "Prints v1's plain lines on stdout; with `-o` or `--query` the compute instead",
	"update amlcompute":          "With nothing given nothing is sent, as in v1",
	"amlcompute identity assign": "Also with the name and the identities as plain words",
	"amlcompute identity remove": "Also with the name and the identities as plain words",
	"amlcompute identity show":   "Also with the name as a plain word. Of a cluster with both kinds of identities the principal is shown, too, which v1 left out",
	"computeinstance start":      "Starting what runs is a success; `--strict` brings v1's failure back. Verb first works too: `start computeinstance`",
	"computeinstance stop":       "Stopping what is stopped is a success; `--strict` brings v1's failure back. Verb first works too: `stop computeinstance`",
	"computeinstance restart":    "Restarting what is stopped starts it; `--strict` brings v1's failure back. Verb first works too: `restart computeinstance`",
}

// flagNotes say what is not as it was with a flag, of one command or of all.
var flagNotes = map[string]string{
	"--name":                                  "as in v1; also as a plain word, several where that means something, or `-` for stdin",
	"--workspace-name":                        "as in v1, but alone it overrides a project's config.json, which v1 let win",
	"--resource-group":                        "as in v1, but alone it overrides a project's config.json, which v1 let win",
	"--subscription-id":                       "as in v1, but alone it overrides a project's config.json, which v1 let win",
	"--path":                                  "as in v1; a folder without a workspace is noted and the other settings are used",
	"--":                                      "as in v1: the full object, with what the service has added since; progress goes to stderr",
	"create computeinstance --vm-size":        "as in v1: required, though v1's help named a default",
	"create amlcompute --vm-size":             "as in v1: required, though v1's help named a default",
	"create amlcompute --max-nodes":           "as in v1: required, though v1's help named a default",
	"create computeinstance --vnet-name":      "as in v1: all three or none; `--subnet-id` takes an ARM id instead",
	"create amlcompute --vnet-name":           "as in v1: all three or none; `--subnet-id` takes an ARM id instead",
	"create aks --vnet-name":                  "as in v1: all three or none; `--subnet-id` takes an ARM id instead",
	"create amlcompute --admin-user-password": "as in v1; `@FILE` keeps it off the command line",
	"attach remote --password":                "as in v1; `@FILE` keeps it off the command line",
	"create computeinstance --admin-user-ssh-public-key": "as in v1; without `--ssh-public-access True` SSH stays off, which stderr says",
	"create computeinstance --tag":                       "as in v1; `--tags` takes several at once",
	"create amlcompute --tag":                            "as in v1; `--tags` takes several at once",
	"create amlcompute --enable-node-public-ip":          "sent with a virtual network only, as in v1; given without one, stderr says that it is not sent",
	"create amlcompute --vm-priority":                    "as in v1; also `low_priority`",
	"create aks --cluster-purpose":                       "as in v1; also `DenseProd`",
	"attach remote --ssh-port":                           "optional: v1's help called it required and gave a default",
	"attach remote --private-key-passphrase":             "taken; the service has no field for it, so stderr says that it has no effect, and a key that is encrypted is refused with exit code 2",
	"update aks --ssl-renew":                             "sends the certificate, or the label of the service's own, again; refused without one",
	"--output":                                           "as in az, and `name`. Without it a terminal gets a view for people, everything else `json`",
	"--query":                                            "as in az: JMESPath, the order of a multiselect hash kept",
	"--subscription":                                     "as in az; `--subscription-id` goes first",
	"--debug":                                            "shows requests and responses, secrets removed",
	"--acquire-policy-token":                             "taken; stderr says that it has no effect",
	"--change-reference":                                 "taken; stderr says that it has no effect",
}

const compatibilityIntro = `# Compatibility with az ml computetarget

Every command of the retired extension azure-cli-ml (CLI v1) works here with its flags, short forms, defaults, outputs and word orders. This page lists them one by one. It is generated from the command tree and from v1's reference: do not edit it, run ` + "`go test ./cmd -run TestCompatibilityPage -write-compatibility`" + `.

Two ways to keep old scripts running:

- ` + "`computetarget shim install`" + ` puts a small program named ` + "`az`" + ` in front of az. Scripts run unchanged, az does everything else. It also says that the extension azure-cli-ml is installed (` + "`az extension add`, `update`, `list` and `show`, `az version`" + `), because scripts look for it; ` + "`az extension remove`" + ` is the real az's.
- ` + "`computetarget migrate FILE|FOLDER…`" + ` finds the calls and, with ` + "`--write`" + `, rewrites those that work here. The others are listed, and the exit code is 7 while there are any.

## What differs

| what | v1 | here |
|---|---|---|
| ` + "`delete`" + ` | returned at once | waits until the compute is gone; ` + "`--no-wait`" + ` returns at once. A person on a terminal is asked first, a script never; ` + "`--yes`" + ` skips that. The shim adds both |
| exit codes | 1 for every failure of the service | 3 for what is not there, 4, 5, 6 and 8 for other kinds: see ` + "`computetarget help exit-codes`" + `. 0 and 2 are as they were |
| errors | JSON or a Python dictionary on stderr | ` + "`ERROR: (Code) message`" + ` on stderr, with a hint |
| one dash before a whole long flag, ` + "`show -name dev`" + ` | read as ` + "`-n ame`" + ` and a word too many | exit code 2, with the spelling that was meant; ` + "`-nNAME`" + ` is read as az read it |
| a word that cannot be a name, such as a pasted ` + "`–dry-run`" + ` | asked for, or refused by the service | exit code 2 before anything is asked, for every name of the call |
| names | names | names or ARM ids; an id says its own workspace |
| starting what runs, stopping what is stopped | failed | success, said on stderr; ` + "`--strict`" + ` fails |
| creating what exists | sent the request again, or failed on the name | success when the settings are the same; otherwise nothing is sent and the differences are listed, except that a cluster's scale settings, tags and identities are updated |
| ` + "`-g`, `-w` or `--subscription-id`" + ` alone, with a project's config.json | ignored | override the file's own key |
| ` + "`az configure --defaults workspace=…`" + ` | not read | read, after the project's config.json |
| JSON objects | v1's keys | v1's keys and more; ` + "`-o tsv` and `-o table`" + ` print exactly v1's columns |
| ` + "`-o table`" + ` where v1 said "Table output unavailable" | exit code 1 | Name, State, Location |
| progress | on stdout with ` + "`-v`" + ` | on stderr |
| ` + "`-o yaml`" + `, ` + "`yamlc`" + ` | PyYAML's bytes: lists are not indented below their key, a lone scalar ends in ` + "`...`" + `, few strings are quoted | the same values to every YAML reader, other bytes: lists are indented, no ` + "`...`" + `, every string is quoted that a YAML 1.1 reader could take for something else |
| secrets in ` + "`show -v`" + ` | as the service returned them | always null; ` + "`get-credentials`" + ` prints them |

Abbreviated flags (` + "`--workspace`" + `), ` + "`--flag=value`, `-nVALUE`, `@FILE`, `@-`" + `, True and False in any case, and quotes a wrapper left around an id are read as az read them, but for one thing: where ` + "`@FILE`" + ` is there and cannot be read, as a folder or a file without rights, az passes on the text ` + "`@FILE`" + ` itself, as a password perhaps; here it is an error. A prefix that meant one v1 flag means it still: no flag added since takes part where a v1 flag matches.

Forms that were gone before v1 ended are not served: ` + "`attach adla|batch|databricks|hdi`, `attach --type`, `setup`" + `. Other commands of the extension (` + "`az ml run`, `model`, `service`" + `, …) are not served either; ` + "`migrate`" + ` lists calls of them.

` + "`az ml folder attach`" + ` is ` + "`computetarget folder attach`" + ` and writes the same .azureml/config.json; sample run configurations are not written.

## Commands and flags

`

const compatibilityV2 = `
## Spellings of az ml compute (v2)

The newer extension's spellings are taken where v1 had none of its own: the root word ` + "`compute`" + `, ` + "`--type`/`-t`" + ` for the type of ` + "`create` and `attach`" + ` (` + "`create -t AmlCompute`" + ` is ` + "`create amlcompute`" + `), ` + "`update`" + ` without a type for clusters, ` + "`--tags a=b c=d`" + `, ` + "`--yes`" + `, ` + "`--subnet`" + ` with a subnet's ARM id. Where the two clash, v1 wins:

| v2 | here |
|---|---|
| ` + "`-p` of create (SSH access)" + ` | ` + "`--vm-priority` of clusters" + `, as in v1 |
| ` + "`delete`, `detach`" + ` ask without ` + "`--yes`" + ` | never ask a script; a terminal is asked before delete |
| a cluster's idle time without ` + "`--idle-time-before-scale-down`: 120 s" + ` | 1800 s, as in v1 |
| ` + "`--max-instances`" + ` without a value given: 4 | required, as in v1's ` + "`--max-nodes`" + ` |
| ` + "`--size`" + ` without a value given: ` + "`Standard_DS3_v2`" + ` | required, as in v1's ` + "`--vm-size`" + ` |
| snake_case keys of ` + "`show` and `list`" + ` | v1's keys |

| v2 | is |
|---|---|
`

const compatibilityV2Rest = `
Not taken: ` + "`--file`, `--set`, `--add`, `--remove`, `--identity-type`, `--user-assigned-identities`" + ` (use ` + "`--assign-identity`" + ` or ` + "`amlcompute identity`" + `), ` + "`--max-results`" + `, ` + "`--tags`" + ` of ` + "`update`" + ` (run ` + "`create amlcompute`" + ` again with the new tags), ` + "`--enable-node-public-ip`" + ` of an instance (use ` + "`--no-public-ip`" + `), ` + "`attach -t virtualmachine`" + ` (use ` + "`attach remote`" + `), ` + "`connect-ssh`" + ` (use ` + "`ssh`" + `), ` + "`enable-sso`" + `, and the short forms ` + "`-d`, `-i`, `-r`" + `.
`
