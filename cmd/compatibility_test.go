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

// docs/compatibility.md is generated from the command tree and the old CLI's, so a
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
	v2Page(t, &b)
	for key := range flagNotes {
		if !used[key] {
			t.Errorf("the note on %s names an unknown flag", key)
		}
	}
	for key := range commandNotes {
		if !used[key] {
			t.Errorf("the note on %s names an unknown command", key)
		}
	}
	return b.String()
}

// v2Page writes the part about az ml compute.
func v2Page(t *testing.T, b *strings.Builder) {
	t.Helper()
	tree := readV2Tree(t)
	b.WriteString(v2Intro)
	used := map[string]bool{}
	for _, command := range tree.Commands {
		c := commandOf(t, "ml compute "+command.Path)
		fmt.Fprintf(b, "### az ml compute %s\n\n", command.Path)
		if note := v2CommandNotes[command.Path]; note != "" {
			used[command.Path] = true
			b.WriteString(note + ".\n\n")
		}
		b.WriteString("| flag | default | status |\n|---|---|---|\n")
		for _, o := range command.Flags {
			if lookup(c, o) == nil {
				t.Fatalf("%s has no %s", command.Path, o.spelling())
			}
			status, value := "as in v2", "–"
			for _, key := range []string{command.Path + " --" + o.Name, "--" + o.Name} {
				if note := v2FlagNotes[key]; note != "" {
					used[key] = true
					status = note
					break
				}
			}
			if o.Default != "" {
				value = "`" + o.Default + "`"
			}
			fmt.Fprintf(b, "| %s | %s | %s |\n", flagCell(o), value, status)
		}
		b.WriteString("\n")
	}
	for key := range v2FlagNotes {
		if !used[key] {
			t.Errorf("the note on %s names an unknown flag of v2", key)
		}
	}
	for key := range v2CommandNotes {
		if !used[key] {
			t.Errorf("the note on %s names an unknown command of v2", key)
		}
	}
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

// commandNotes say how a command differs from v1's.
var commandNotes = map[string]string{
	"list":                       "Lists every type; some releases of v1 failed if the workspace held an instance",
	"show":                       "Not found is exit code 3 (v1: 1)",
	"delete":                     "It waits until the compute is gone; v1 returned at once. On a terminal it asks first. The shim adds `--no-wait` and `--yes`. It refuses attached computes, as in v1: use `detach`",
	"detach":                     "It waits until the compute is gone from the workspace. It refuses instances and clusters, as in v1",
	"get-credentials":            "The only command that prints secrets",
	"create computeinstance":     "Succeeds if the instance exists with the same settings (`--if-exists`)",
	"create amlcompute":          "Safe to run again; other scale settings, tags or identities update the cluster",
	"attach aks":                 "Prints v1's plain lines on stdout; with `-o` or `--query`, the compute",
	"attach kubernetes":          "Prints v1's plain lines on stdout; with `-o` or `--query`, the compute",
	"attach remote":              "Prints v1's plain lines on stdout; with `-o` or `--query`, the compute",
	"update amlcompute":          "Without settings it sends nothing, as in v1",
	"amlcompute identity assign": "Also takes the name and the identities as arguments",
	"amlcompute identity remove": "Also takes the name and the identities as arguments",
	"amlcompute identity show":   "Also takes the name as an argument. For a cluster with both kinds of identity it also shows the principal, which v1 left out",
	"computeinstance start":      "Starting a running instance succeeds; with `--strict` it fails, as in v1. The verb may come first: `start computeinstance`",
	"computeinstance stop":       "Stopping a stopped instance succeeds; with `--strict` it fails, as in v1. The verb may come first: `stop computeinstance`",
	"computeinstance restart":    "Restarting a stopped instance starts it; with `--strict` it fails, as in v1. The verb may come first: `restart computeinstance`",
}

// flagNotes say how a flag, of one command or of all, differs from v1's.
var flagNotes = map[string]string{
	"--name":                                  "as in v1; also as an argument, several where that makes sense, or `-` for stdin",
	"--workspace-name":                        "as in v1, but overrides a project's config.json even when given alone",
	"--resource-group":                        "as in v1, but overrides a project's config.json even when given alone",
	"--subscription-id":                       "as in v1, but overrides a project's config.json even when given alone",
	"--path":                                  "as in v1; a folder without a workspace prints a note and other settings apply",
	"--":                                      "as in v1: the full object, with newer fields of the service; progress goes to stderr",
	"create computeinstance --vm-size":        "as in v1: required, though v1's help named a default",
	"create amlcompute --vm-size":             "as in v1: required, though v1's help named a default",
	"create amlcompute --max-nodes":           "as in v1: required, though v1's help named a default",
	"create computeinstance --vnet-name":      "as in v1: all three or none; `--subnet-id` takes an ARM id instead",
	"create amlcompute --vnet-name":           "as in v1: all three or none; `--subnet-id` takes an ARM id instead",
	"create aks --vnet-name":                  "as in v1: all three or none; `--subnet-id` takes an ARM id instead",
	"create amlcompute --admin-user-password": "as in v1; `@FILE` keeps it off the command line",
	"attach remote --password":                "as in v1; `@FILE` keeps it off the command line",
	"create computeinstance --admin-user-ssh-public-key": "as in v1; without `--ssh-public-access True` SSH stays off, with a note on stderr",
	"create computeinstance --tag":                       "as in v1; `--tags` takes several",
	"create amlcompute --tag":                            "as in v1; `--tags` takes several",
	"create amlcompute --enable-node-public-ip":          "only sent with a virtual network, as in v1; without one, a note on stderr says so",
	"create amlcompute --vm-priority":                    "as in v1; also `low_priority`",
	"create aks --cluster-purpose":                       "as in v1; also `DenseProd`",
	"attach remote --ssh-port":                           "optional; v1's help called it required but gave a default",
	"attach remote --private-key-passphrase":             "accepted without effect, with a note on stderr: the service has no field for it; an encrypted key is exit code 2",
	"update aks --ssl-renew":                             "sends the certificate, or the label of the service's own, again; an error without one",
	"--output":                                           "as in az, and `name`. The default is a readable view on a terminal, else `json`",
	"--query":                                            "as in az: JMESPath; keeps the order of a multiselect hash",
	"--subscription":                                     "as in az; `--subscription-id` takes precedence",
	"--debug":                                            "shows requests and responses without secrets",
	"--acquire-policy-token":                             "accepted without effect, with a note on stderr",
	"--change-reference":                                 "accepted without effect, with a note on stderr",
}

const compatibilityIntro = `# Compatibility with az ml computetarget

Every command of the retired extension azure-cli-ml (CLI v1) works here with the same flags, short forms, defaults, output and word order. This page lists them all. It is generated from the command tree and from v1's reference: do not edit it, run ` + "`go test ./cmd -run TestCompatibilityPage -write-compatibility`" + `.

Two ways to keep old scripts running:

- ` + "`computetarget shim install`" + ` puts a small program named ` + "`az`" + ` in front of az. Scripts run unchanged, and az still runs everything else. The shim also reports the extension azure-cli-ml as installed (` + "`az extension add`, `update`, `list` and `show`, `az version`" + `), because scripts check for it. ` + "`az extension remove`" + ` goes to the real az.
- ` + "`computetarget migrate FILE|FOLDER…`" + ` finds calls of v1 and, with ` + "`--write`" + `, rewrites those that work here. It lists the others and exits with code 7 until none are left.

## What differs

| what | v1 | here |
|---|---|---|
| ` + "`delete`" + ` | returned at once | waits until the compute is gone; ` + "`--no-wait`" + ` returns at once. It asks for confirmation on a terminal, never in a script; ` + "`--yes`" + ` skips that. The shim adds both flags |
| exit codes | 1 for every service error | 3 for not found; 4, 5, 6 and 8 for other kinds, see ` + "`computetarget help exit-codes`" + `. 0 and 2 are unchanged |
| errors | JSON or a Python dictionary on stderr | ` + "`ERROR: (Code) message`" + ` on stderr, with a hint |
| one dash before a whole long flag, ` + "`show -name dev`" + ` | read as ` + "`-n ame`" + ` and an extra word | exit code 2, with the right spelling; ` + "`-nNAME`" + ` is read as az read it |
| a word that cannot be a name, such as a pasted ` + "`–dry-run`" + ` | sent to the service | exit code 2 before any request; nothing is done to the other names |
| names | names | names or ARM ids; an id contains its workspace |
| starting a running compute, stopping a stopped one | failed | succeeds with a note on stderr; fails with ` + "`--strict`" + ` |
| creating a compute that exists | sent the request again, or failed on the name | succeeds if the settings match; otherwise lists the differences and sends nothing, but updates a cluster's scale settings, tags and identities |
| ` + "`-g`, `-w` or `--subscription-id`" + ` alone, with a project's config.json | ignored | overrides the file's value |
| ` + "`az configure --defaults workspace=…`" + ` | not read | read, after the project's config.json |
| JSON objects | v1's keys | v1's keys and others; ` + "`-o tsv` and `-o table`" + ` print exactly v1's columns |
| ` + "`-o table`" + ` where v1 said "Table output unavailable" | exit code 1 | Name, State, Location |
| progress | on stdout with ` + "`-v`" + ` | on stderr |
| ` + "`-o yaml`" + `, ` + "`yamlc`" + ` | PyYAML's layout: lists are not indented, a lone scalar ends in ` + "`...`" + `, few strings are quoted | the same values in another layout: lists are indented, no ` + "`...`" + `, strings that a YAML 1.1 parser could misread are quoted |
| secrets in ` + "`show -v`" + ` | as the service returned them | always null; ` + "`get-credentials`" + ` prints them |

Abbreviated flags (` + "`--workspace`" + `), ` + "`--flag=value`, `-nVALUE`, `@FILE`, `@-`" + `, True and False in any case, and quotes that a wrapper left around an id work as in az, with one exception: if ` + "`@FILE`" + ` exists but cannot be read, az passes the text ` + "`@FILE`" + ` itself, perhaps as a password; here it is an error. A prefix still selects the same v1 flag: new flags are not considered when a v1 flag matches.

Forms removed before v1 ended are not supported: ` + "`attach adla|batch|databricks|hdi`, `attach --type`, `setup`" + `. Other commands of the extension (` + "`az ml run`, `model`, `service`" + `, …) are not supported either; ` + "`migrate`" + ` lists calls of them.

` + "`az ml folder attach`" + ` is ` + "`computetarget folder attach`" + `. It writes the same .azureml/config.json, but no sample run configurations.

## Commands and flags

`

const compatibilityV2 = `
## Spellings of az ml compute (v2) without its words

The newer extension's spellings also work where v1 had none: the root word ` + "`" + `compute` + "`" + `, ` + "`" + `--type` + "`" + `/` + "`" + `-t` + "`" + ` for the type of ` + "`" + `create` + "`" + ` and ` + "`" + `attach` + "`" + ` (` + "`" + `create -t AmlCompute` + "`" + ` is ` + "`" + `create amlcompute` + "`" + `), ` + "`" + `update` + "`" + ` without a type, ` + "`" + `--tags a=b c=d` + "`" + `, ` + "`" + `--yes` + "`" + `, ` + "`" + `--subnet` + "`" + ` with a subnet's ARM id. Where they conflict, v1 wins; with the words ` + "`" + `ml compute` + "`" + ` in front, v2 does (below):

| v2 | here |
|---|---|
| ` + "`" + `-p` + "`" + ` of create (SSH access) | ` + "`" + `--vm-priority` + "`" + ` of clusters, as in v1 |
| ` + "`" + `delete` + "`" + `, ` + "`" + `detach` + "`" + ` ask without ` + "`" + `--yes` + "`" + ` | only ` + "`" + `delete` + "`" + ` asks, and only on a terminal |
| a cluster's idle time without ` + "`" + `--idle-time-before-scale-down` + "`" + `: 120 s | 1800 s, as in v1 |
| default of ` + "`" + `--max-instances` + "`" + `: 1 | required, as in v1's ` + "`" + `--max-nodes` + "`" + ` |
| default of ` + "`" + `--size` + "`" + `: ` + "`" + `STANDARD_DS3_V2` + "`" + ` | required, as in v1's ` + "`" + `--vm-size` + "`" + ` |
| snake_case keys of ` + "`" + `show` + "`" + ` and ` + "`" + `list` + "`" + ` | v1's keys; a ` + "`" + `--query` + "`" + ` that names v2's and finds nothing gets a note on stderr |

| v2 | is |
|---|---|
`

const compatibilityV2Rest = `
Not supported there: ` + "`" + `--set` + "`" + `, ` + "`" + `--add` + "`" + ` and ` + "`" + `--remove` + "`" + ` of ` + "`" + `update` + "`" + `, ` + "`" + `attach -t virtualmachine --resource-id ID` + "`" + ` (use ` + "`" + `attach remote` + "`" + `, ` + "`" + `apply -f` + "`" + ` or ` + "`" + `ml compute attach` + "`" + `), ` + "`" + `connect-ssh` + "`" + ` (use ` + "`" + `ssh` + "`" + `, or ` + "`" + `ml compute connect-ssh` + "`" + `), and the short forms ` + "`" + `-d` + "`" + `, ` + "`" + `-i` + "`" + `, ` + "`" + `-r` + "`" + `.
`

const v2Intro = `
# Compatibility with az ml compute (CLI v2)

` + "`" + `computetarget shim install --v2` + "`" + ` runs scripts that call ` + "`" + `az ml compute` + "`" + ` unchanged, and ` + "`" + `computetarget migrate --v2` + "`" + ` rewrites them.

With the words ` + "`" + `ml compute` + "`" + ` in front, ` + "`" + `computetarget ml compute …` + "`" + ` is ` + "`" + `az ml compute …` + "`" + ` of the extension ml 2.44: its 15 commands, flags, short forms, defaults and prompts. The output has its keys, order and types in every format, also on a terminal, and ` + "`" + `--query` + "`" + ` sees them. The exit codes are az's: 2 for what its parser refuses, 3 for what is not there, 1 for everything else; but 130 and 143 when a signal ends it. az's grammar applies as above. ` + "`" + `--timeout` + "`" + `, ` + "`" + `--dry-run` + "`" + ` and the flags that say where (` + "`" + `--cloud` + "`" + `, ` + "`" + `--endpoint` + "`" + `, …) are ours. Words that v2 lacks are exit code 2, with ours.

` + "`" + `--file` + "`" + ` takes v2's YAML, and what ` + "`" + `show` + "`" + ` and ` + "`" + `list` + "`" + ` print; ` + "`" + `computetarget apply` + "`" + ` describes the keys. Flags win over ` + "`" + `--set` + "`" + `, and ` + "`" + `--set` + "`" + ` over the file.

## What is right here

| with az | here | source |
|---|---|---|
| ` + "`" + `update` + "`" + ` of a cluster in a virtual network fails before it sends anything: ` + "`" + `Parameter 'ResourceId.id' can not be None.` + "`" + ` | works: only what is given is changed | azure-ai-ml, ` + "`" + `entities/_compute/aml_compute.py` + "`" + ` |
| ` + "`" + `update` + "`" + ` of an instance with schedules fails: ` + "`" + `schedule_id: Unknown field.` + "`" + ` | works | azure-ai-ml, ` + "`" + `_schema/compute/compute_instance.py` + "`" + ` |
| ` + "`" + `update` + "`" + ` sends everything back, and so reset single sign-on, and failed for clusters with SSH | scale settings are sent alone; for tags and identities what was read is sent back, without accounts, whose passwords are not told | extension's changes 2.36.0, 2.39.0 |
| ` + "`" + `update --tags` + "`" + ` replaces all tags, though its help says that it adds | ` + "`" + `--tags` + "`" + ` replaces, ` + "`" + `--merge-tags` + "`" + ` adds | extension, ` + "`" + `custom/compute.py` + "`" + ` |
| ` + "`" + `update --set tags.a=b` + "`" + ` of a compute without tags: ` + "`" + `Couldn't find 'tags' in ''` + "`" + ` | creates them | azure-cli#33834 |
| ` + "`" + `update --set` + "`" + ` of what an update cannot change says that it was done, or makes the compute anew | exit code 1, with the command that changes it; nothing is sent | azure-rest-api-specs, Compute_CreateOrUpdate |
| ` + "`" + `update --tags` + "`" + ` of an instance says that it was done; the service changes nothing | exit code 1, nothing is sent | terraform-provider-azurerm#31747 |
| ` + "`" + `create` + "`" + ` overwrites a compute of that name | never overwrites: the same settings are printed, a cluster's scale, tags and identities are updated, other differences are listed with exit code 1 | azure-rest-api-specs, Compute_CreateOrUpdate |
| ` + "`" + `create` + "`" + ` sends defaults of its own for settings that are not given | sends what is given, the size, and the number of nodes; the service decides the rest | extension's change 2.39.0 |
| ` + "`" + `show -o yaml` + "`" + ` cannot be given back: ` + "`" + `resourceGroup: Unknown field.` + "`" + `, and then an empty ` + "`" + `network_settings` + "`" + ` or a ` + "`" + `schedule_id` + "`" + ` | ` + "`" + `create -f` + "`" + ` takes what ` + "`" + `show` + "`" + ` and ` + "`" + `list` + "`" + ` print | azure-ai-ml, ` + "`" + `_schema/compute` + "`" + ` |
| a mistake in a file is a traceback with a JSON map | one line with file, line, column, key and the nearest key, exit code 1 | azure-cli#26674 |
| a script without ` + "`" + `timeout_minutes` + "`" + ` gets the timeout ` + "`" + `Nonem` + "`" + ` | gets none: the service decides | azure-ai-ml, ` + "`" + `entities/_compute/_setup_scripts.py` + "`" + ` |
| unquoted times and numeric tags: ` + "`" + `Not a valid string.` + "`" + ` | taken as they are written | azure-ai-ml, ` + "`" + `_schema/compute/schedule.py` + "`" + ` |
| identities as plain strings: ` + "`" + `Invalid input type.` + "`" + ` | taken | azure-ai-ml, ` + "`" + `_schema/core` + "`" + ` |
| ` + "`" + `--idle-time-before-scale-down` + "`" + ` on an instance: ` + "`" + `Unknown field.` + "`" + ` and a traceback | one line, with the command that sets an instance's idle time; exit code 1 | azure-cli#26674, #26911, #27116 |
| ` + "`" + `--user-assigned-identities` + "`" + ` without ` + "`" + `--identity-type` + "`" + `: a TypeError | asks for user-assigned identities; ` + "`" + `[system]` + "`" + ` in the list for the system's, as its help says | extension, ` + "`" + `custom/compute.py` + "`" + ` |
| ` + "`" + `attach --identity-type system_assigned` + "`" + `: a ValueError | every spelling works in every command | extension, ` + "`" + `custom/compute.py` + "`" + ` |
| ` + "`" + `--subnet NAME` + "`" + ` without ` + "`" + `--vnet-name` + "`" + ` asks for the network ` + "`" + `None` + "`" + ` | exit code 1, says what is missing; an ARM id needs no ` + "`" + `--vnet-name` + "`" + ` | azure-docs#81074, #81075 |
| ` + "`" + `attach --type virtualmachine` + "`" + ` without an account: a traceback | says which flag is missing | azure-ai-ml, ` + "`" + `entities/_compute/virtual_machine_compute.py` + "`" + ` |
| ` + "`" + `--max-instances 0` + "`" + ` asks for 1 | asks for 0 | azure-ai-ml, ` + "`" + `entities/_compute/aml_compute.py` + "`" + ` |
| ` + "`" + `created_on` + "`" + ` is empty for clusters | the service's time for every type | azure-sdk-for-python#33922 |
| ` + "`" + `list-nodes` + "`" + ` of an instance: the service's error | says that only clusters have nodes, and what shows the addresses | azure-docs#85756 |
| ` + "`" + `start` + "`" + `, ` + "`" + `stop` + "`" + `, ` + "`" + `restart` + "`" + ` with ` + "`" + `--no-wait` + "`" + ` failed in some releases | work, and succeed when there is nothing to do | azure-cli#24128, azure-cli-extensions#5588 |
| an operation is looked at every 30 seconds | every 1 to 10 seconds | azure-ai-ml, ` + "`" + `polling_interval` + "`" + ` |
| warnings of previews and experiments on stderr, which pipelines count as failures | off a terminal nothing is on stderr but errors; ` + "`" + `--verbose` + "`" + ` adds notes | azure-cli-extensions#7560 |
| passwords are printed if the service returns them | never | – |

UNVERIFIED: what the service does with a PUT on an instance that changes its identities is not documented. The identities of an instance with SSH from the internet are refused, because the request would have to repeat the key.

## v1, v2 and ours

Read it in any direction. ` + "`" + `az ml computetarget` + "`" + ` and ` + "`" + `az ml compute` + "`" + ` are left out in front of v1's and v2's words, ` + "`" + `computetarget` + "`" + ` in front of ours.

| v1 | v2 | ours |
|---|---|---|
| ` + "`" + `create computeinstance -n N -s S` + "`" + ` | ` + "`" + `create --type ComputeInstance -n N --size S` + "`" + ` | ` + "`" + `create N -s S` + "`" + ` |
| ` + "`" + `--ssh-public-access True --admin-user-ssh-public-key KEY` + "`" + ` | ` + "`" + `--ssh-public-access-enabled true --ssh-key-value KEY` + "`" + ` | ` + "`" + `--ssh-key FILE` + "`" + ` |
| ` + "`" + `--user-object-id ID --user-tenant-id T` + "`" + ` | ` + "`" + `--user-object-id ID --user-tenant-id T` + "`" + ` | ` + "`" + `--assign-to PERSON` + "`" + ` |
| ` + "`" + `--vnet-name V --subnet-name S --vnet-resourcegroup-name G` + "`" + ` | ` + "`" + `--vnet-name V --subnet S` + "`" + `, or ` + "`" + `--subnet ID` + "`" + ` | v1's, or ` + "`" + `--subnet-id ID` + "`" + ` |
| – | ` + "`" + `idle_time_before_shutdown_minutes: M` + "`" + ` in a file | ` + "`" + `--idle-shutdown 30m` + "`" + `, ` + "`" + `idle N 30m` + "`" + ` |
| – | ` + "`" + `schedules:` + "`" + ` in a file | ` + "`" + `--hours 'mon-fri 09:00-18:00'` + "`" + `, ` + "`" + `schedule set N …` + "`" + ` |
| ` + "`" + `create amlcompute -n N -s S --max-nodes M` + "`" + ` | ` + "`" + `create --type AmlCompute -n N --size S --max-instances M` + "`" + ` | ` + "`" + `create amlcompute N -s S --max-nodes M` + "`" + ` |
| ` + "`" + `--min-nodes` + "`" + `, ` + "`" + `--idle-seconds-before-scaledown` + "`" + ` | ` + "`" + `--min-instances` + "`" + `, ` + "`" + `--idle-time-before-scale-down` + "`" + ` | v1's |
| ` + "`" + `-p lowpriority` + "`" + ` | ` + "`" + `--tier low_priority` + "`" + ` | v1's |
| ` + "`" + `--assign-identity '[system]'` + "`" + ` | ` + "`" + `--identity-type SystemAssigned` + "`" + ` | both |
| ` + "`" + `--tag A=B --tag C=D` + "`" + ` | ` + "`" + `--tags A=B C=D` + "`" + ` | both |
| ` + "`" + `create aks` + "`" + `, ` + "`" + `create datafactory` + "`" + ` | – | v1's |
| ` + "`" + `attach kubernetes -n N -i ID --namespace NS` + "`" + ` | ` + "`" + `attach --type Kubernetes -n N --resource-id ID --namespace NS` + "`" + ` | v1's |
| ` + "`" + `attach remote -n N -a ADDRESS -u USER` + "`" + ` | ` + "`" + `attach --type VirtualMachine -n N --resource-id ID --admin-username USER` + "`" + ` | v1's |
| ` + "`" + `attach aks -n N -i ID` + "`" + ` | – | v1's |
| – | ` + "`" + `attach -f spark.yml` + "`" + ` | ` + "`" + `apply -f spark.yml` + "`" + ` |
| ` + "`" + `update amlcompute -n N --max-nodes M` + "`" + ` | ` + "`" + `update -n N --max-instances M` + "`" + ` | ` + "`" + `update N --max-nodes M` + "`" + ` |
| – | ` + "`" + `update -n N --tags A=B` + "`" + ` (replaces all) | ` + "`" + `update N --tag A=B` + "`" + ` (adds), ` + "`" + `--tags` + "`" + ` (replaces) |
| ` + "`" + `amlcompute identity assign -n N --identities '[system]'` + "`" + ` | ` + "`" + `update -n N --identity-type SystemAssigned` + "`" + ` (replaces all) | v1's, or ` + "`" + `update N --identity-type` + "`" + ` |
| ` + "`" + `amlcompute identity show -n N` + "`" + ` | ` + "`" + `show -n N --query identity` + "`" + ` | v1's |
| ` + "`" + `show -n N` + "`" + `, ` + "`" + `-v` + "`" + ` | ` + "`" + `show -n N` + "`" + ` | ` + "`" + `show N` + "`" + `, ` + "`" + `-v` + "`" + ` |
| ` + "`" + `list` + "`" + ` | ` + "`" + `list` + "`" + `, ` + "`" + `--type T` + "`" + `, ` + "`" + `--max-results M` + "`" + ` | ` + "`" + `list` + "`" + `, with filters |
| ` + "`" + `computeinstance start -n N` + "`" + ` | ` + "`" + `start -n N` + "`" + ` | ` + "`" + `start N…` + "`" + ` |
| ` + "`" + `computeinstance stop -n N` + "`" + ` | ` + "`" + `stop -n N` + "`" + ` | ` + "`" + `stop N…` + "`" + ` |
| ` + "`" + `computeinstance restart -n N` + "`" + ` | ` + "`" + `restart -n N` + "`" + ` | ` + "`" + `restart N…` + "`" + ` |
| ` + "`" + `delete -n N` + "`" + ` (returned at once) | ` + "`" + `delete -n N --yes --no-wait` + "`" + ` | ` + "`" + `delete N --no-wait` + "`" + ` |
| ` + "`" + `detach -n N` + "`" + ` | ` + "`" + `detach -n N --yes` + "`" + ` | ` + "`" + `detach N` + "`" + ` |
| ` + "`" + `get-credentials -n N` + "`" + ` | – | ` + "`" + `get-credentials N` + "`" + ` |
| – | ` + "`" + `list-nodes -n N` + "`" + `, ` + "`" + `list-sizes` + "`" + `, ` + "`" + `list-usage` + "`" + ` | the same words |
| – | ` + "`" + `connect-ssh -n N` + "`" + ` | ` + "`" + `ssh N` + "`" + ` |
| – | ` + "`" + `enable-sso -n N` + "`" + ` | ` + "`" + `enable-sso N` + "`" + ` |

## Commands and flags of v2

Every command takes ` + "`" + `--resource-group` + "`" + ` and ` + "`" + `--workspace-name` + "`" + `, from az's defaults if not given, and az's global flags.

`

// v2CommandNotes say what a command of v2 does here, where that is not all said by
// its flags.
var v2CommandNotes = map[string]string{
	"create":      "Prints the compute; with `--no-wait` nothing. Types kubernetes, virtualmachine and synapsespark are attached, not created",
	"attach":      "Prints the compute; with `--no-wait` nothing. It waits, as in v2",
	"update":      "Prints the compute; with `--no-wait` nothing. `--merge-tags` is ours",
	"show":        "Not found is exit code 3",
	"list":        "The table has the columns Name, Compute type, State and Instance type",
	"delete":      "Asks without `--yes`; where nobody can be asked it changes nothing and ends with 1. `core.disable_confirm_prompt` is read. Prints nothing. Attached computes are refused: use `detach`",
	"detach":      "Asks without `--yes`; where nobody can be asked it changes nothing and ends with 1. Prints nothing. Instances and clusters are refused: use `delete`",
	"start":       "Prints nothing",
	"stop":        "Prints nothing",
	"restart":     "Prints nothing. A stopped instance is started",
	"list-nodes":  "For an instance it says what to use instead",
	"list-sizes":  "supported_compute_types is one text, as in v2",
	"connect-ssh": "Prints nothing of its own; az writes two lines to stdout and runs `ssh -v`. The exit code is ssh's, where az's is 0. The connection is made by `computetarget ssh NAME --stdio`, needs no Python package, and tries again 4 times; the variables `AZUREML_SSH_CONNECT_…` have no effect. Refused before ssh starts: an instance that does not run, one that the caller neither created nor has assigned, a host outside the cloud's instances. Unverified against the service",
	"enable-sso":  "Prints nothing. The setting is read back; for an instance of somebody else nothing is sent",
}

// v2FlagNotes say how a flag of v2 differs.
var v2FlagNotes = map[string]string{
	"--file":                               "not supported: exit code 2, nothing is sent",
	"--set":                                "not supported: exit code 2, nothing is sent",
	"--add":                                "not supported: exit code 2, nothing is sent",
	"--remove":                             "not supported: exit code 2, nothing is sent",
	"--force-string":                       "accepted without effect",
	"create --name":                        "as in v2, though required: there is no file that could hold it",
	"attach --name":                        "as in v2, though required: there is no file that could hold it",
	"create --location":                    "as in v2: for clusters only; for an instance it has no effect, with a note on a terminal",
	"create --subnet":                      "as in v2: a name, or an ARM id",
	"create --ssh-key-value":               "as in v2, and the name of a file with the key",
	"create --max-instances":               "as in v2, whose help says 4; 0 is 0",
	"create --min-instances":               "as in v2",
	"create --idle-time-before-scale-down": "as in v2, for clusters only; 0 leaves it to the service",
	"create --identity-type":               "as in v2; `None` is no identity",
	"attach --identity-type":               "in any spelling that create takes",
	"--user-assigned-identities":           "as in v2; `[system]` in the list is the system's",
	"update --identity-type":               "as in v2: it replaces the identities there are",
	"update --tags":                        "as in v2: it replaces all tags; not of instances, whose tags the service does not change",
	"show --name":                          "as in v2, and an ARM id",
	"connect-ssh --private-key-file-path":  "as in v2: relative to the current folder",
}
