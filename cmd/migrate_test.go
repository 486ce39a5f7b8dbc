package cmd

import (
	"strings"
	"testing"

	"github.com/computetarget/computetarget/internal/argv"
	"github.com/computetarget/computetarget/internal/migrate"
)

// migrated rewrites a line the way migrate --command does.
func migrated(t testing.TB, line string) (string, []migrate.Finding) {
	t.Helper()
	after, found := migrate.Rewrite("", []byte(line), migrate.Options{Refuses: refusals()})
	return string(after), found
}

// accepted parses words the way execute does, up to the point where flags have
// their full names.
func accepted(t testing.TB, args []string) error {
	t.Helper()
	globalSet := newMigrate()
	globals(globalSet.Flags())
	found, err := argv.Path(args, tree(), grammar(globalSet.Flags()))
	if err != nil {
		return err
	}
	e, ok := find(found.Path)
	if !ok || e.build == nil {
		return nil
	}
	c := build(e)
	rest, err := argv.Expand(found.Rest, grammar(c.Flags()), nil)
	if err != nil {
		return err
	}
	return c.ParseFlags(rest)
}

// Every call that the old CLI took is rewritten, with each flag, its value
// written down or in a variable; and what is written is a command line that
// computetarget takes.
func TestMigrateWritesWhatIsAccepted(t *testing.T) {
	t.Parallel()
	tree := readV1Tree(t)
	for _, c := range tree.Commands {
		options := append(c.Flags, tree.Global...)
		if c.Path != "list" && !strings.HasSuffix(c.Path, "show") { // az gives these to what writes
			options = append(options, tree.Policy...)
		}
		for _, o := range options {
			spellings := []string{"--" + o.Name}
			if o.Name == "" {
				spellings = nil
			}
			if o.Short != "" {
				spellings = append(spellings, "-"+o.Short)
			}
			for _, flag := range spellings {
				call := c.Path + " " + flag
				if o.TakesValue {
					for _, variable := range []string{call + " $X", call + ` "${X}"`, call + "={{ x }}"} {
						if after, found := migrated(t, "az ml computetarget "+variable); after != "computetarget "+variable {
							t.Errorf("%s became %q: %+v", variable, after, found)
						}
					}
					call += " " + o.value()
				}
				after, found := migrated(t, "az ml computetarget "+call)
				if after != "computetarget "+call {
					t.Errorf("%s became %q: %+v", call, after, found)
					continue
				}
				if err := accepted(t, strings.Fields(call)); err != nil {
					t.Errorf("%s is written, and refused: %v", after, err)
				}
			}
		}
	}
}

// What nobody takes is not written.
func TestMigrateLeavesWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ call, why string }{
		{"create amlcompute -n cpu --max-nodes 4 -s S --type AmlCompute --priority Dedicated", "--type"},
		{"create amlcompute -n cpu --max_nodes 4 --size S", "--max_nodes"},
		{"create amlcompute -n cpu --max-nodes 1 --vm-size S --adminUserPassword x", "--adminUserPassword"},
		{"show cpu", "cpu"},
		{"create computeinstance dev -s S", "dev"},
		{"list --workspace-name", "expected one argument"},
		{"create computeinstance -n x -s S --ssh-public-access maybe", "maybe"},
		{"update amlcompute -n x --m 3", "--m"},
	} {
		line := "az ml computetarget " + c.call
		after, found := migrated(t, line)
		if after != line || len(found) != 1 || found[0].Becomes != "" || !strings.Contains(strings.Join(found[0].Warnings, " "), c.why) {
			t.Errorf("%s became %q: %+v", line, after, found)
		}
	}
}

// FuzzMigrateCommand holds that what is written is accepted, whatever the words.
func FuzzMigrateCommand(f *testing.F) {
	for _, s := range []string{
		"create computeinstance -n instance -s STANDARD_D3_V2 -v", "create amlcompute -ncpu --max-n 4 -s S --tags a=b c=d",
		"-o tsv list", "stop computeinstance -n x --no-wait", "amlcompute identity assign -n x --identities [system]",
		"attach aks -n x -i /subscriptions/s --query [0]", "delete -n x -- y", "help create", "--debug", "show -n -5", "list --w=a -vg b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, call string) {
		if strings.ContainsAny(call, "'\"\\`$%{}<>*@!;|&#()[]^,=?~") || strings.ContainsFunc(call, func(r rune) bool { return r < ' ' || r > '~' }) {
			return // one word for the shell is one word here
		}
		after, _ := migrated(t, "az ml computetarget "+call)
		words := strings.Fields(after)
		if len(words) == 0 || words[0] != "computetarget" {
			return
		}
		if err := accepted(t, words[1:]); err != nil && !strings.Contains(err.Error(), "invalid argument") { // not a number: the old CLI refused it, too
			t.Fatalf("%q is written, and refused: %v", after, err)
		}
	})
}
