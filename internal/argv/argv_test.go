package argv

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
)

func testWords() Words {
	leaf := Word{}
	typed := Word{Typed: true}
	return Words{
		"create":          {Meant: "computeinstance", Next: Words{"aks": leaf, "amlcompute": leaf, "computeinstance": leaf, "datafactory": leaf}},
		"attach":          {Next: Words{"aks": leaf, "kubernetes": leaf, "remote": leaf}},
		"update":          {Runs: true, Typed: true, Next: Words{"aks": leaf, "amlcompute": leaf}},
		"amlcompute":      {Next: Words{"identity": {Next: Words{"assign": leaf, "remove": leaf, "show": leaf}}}},
		"start":           typed,
		"stop":            typed,
		"restart":         typed,
		"show":            typed,
		"list":            typed,
		"delete":          typed,
		"detach":          typed,
		"get-credentials": typed,
		"schedule":        {Next: Words{"set": typed, "list": typed, "delete": typed}},
		"folder":          {Next: Words{"attach": leaf}},
		"migrate":         leaf,
		"version":         leaf,
	}
}

func testGlobals() []Flag {
	return []Flag{
		{Name: "output", Short: "o", TakesValue: true, V1: true, Values: []string{"json", "jsonc", "yaml", "yamlc", "table", "tsv", "none", "name"}},
		{Name: "query", TakesValue: true, V1: true},
		{Name: "debug", V1: true},
		{Name: "verbose", V1: true},
		{Name: "only-show-errors", V1: true},
		{Name: "subscription", TakesValue: true, V1: true},
		{Name: "subscription-id", TakesValue: true, V1: true},
		{Name: "resource-group", Short: "g", TakesValue: true, V1: true},
		{Name: "workspace-name", Short: "w", TakesValue: true, V1: true},
		{Name: "path", TakesValue: true, V1: true},
		{Short: "v", V1: true},
		{Name: "cloud", TakesValue: true},
		{Name: "yes", Short: "y"},
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, path, kind, rest string }{
		{"", "", "", ""},
		{"ml", "", "", ""},
		{"ml computetarget", "", "", ""},
		{"ml computetarget list", "list", "", ""},
		{"ml compute list -o tsv", "list", "", "-o tsv"},
		{"computetarget list", "list", "", ""},
		{"compute list", "list", "", ""},
		{"ml folder attach -w ws", "folder attach", "", "-w ws"},
		{"create computeinstance -n instance -s STANDARD_D3_V2", "create computeinstance", "", "-n instance -s STANDARD_D3_V2"},
		{"create -n instance -s X", "create computeinstance", "", "-n instance -s X"},
		{"create mine -s X", "create computeinstance", "", "mine -s X"},
		{"create", "create computeinstance", "", ""},
		{"create --help", "create", "", "--help"},
		{"create -h", "create", "", "-h"},
		{"create -n x --help", "create computeinstance", "", "-n x --help"},
		{"computeinstance create mine", "create computeinstance", "", "mine"},
		{"amlcompute create -n x", "create amlcompute", "", "-n x"},
		{"create ComputeInstance -n x", "create computeinstance", "", "-n x"},
		{"compute create -n x --type AmlCompute --size S", "create amlcompute", "", "-n x --size S"},
		{"compute create -t ComputeInstance -n x", "create computeinstance", "", "-n x"},
		{"compute create --type=amlcompute -n x", "create amlcompute", "", "-n x"},
		{"compute attach --type virtualmachine -n x", "attach remote", "", "-n x"},
		{"compute attach -n x -t Kubernetes", "attach kubernetes", "", "-n x"},
		{"create -n x -- --type amlcompute", "create computeinstance", "", "-n x -- --type amlcompute"},
		{"update amlcompute -n x", "update amlcompute", "", "-n x"},
		{"amlcompute update -n x", "update amlcompute", "", "-n x"},
		{"update mine --tags a=b", "update", "", "mine --tags a=b"},
		{"update computeinstance mine", "update", "computeinstance", "mine"},
		{"amlcompute identity assign --name X [system]", "amlcompute identity assign", "", "--name X [system]"},
		{"ml computetarget computeinstance stop -n x", "stop", "computeinstance", "-n x"},
		{"ml computetarget stop computeinstance -n x", "stop", "computeinstance", "-n x"},
		{"stop x y", "stop", "", "x y"},
		{"stop -", "stop", "", "-"},
		{"stop stop", "stop", "", "stop"},
		{"stop computeinstance computeinstance", "stop", "computeinstance", "computeinstance"},
		{"computeinstance stop aks", "stop", "computeinstance", "aks"},
		{"list amlcompute -o table", "list", "amlcompute", "-o table"},
		{"computeinstance schedule set x", "schedule set", "computeinstance", "x"},
		{"schedule set computeinstance x", "schedule set", "computeinstance", "x"},
		{"schedule", "schedule", "", ""},
		{"schedule --help", "schedule", "", "--help"},
		{"migrate remote", "migrate", "", "remote"},
		{"-o json stop x", "stop", "", "-o json x"},
		{"--output json stop x", "stop", "", "--output json x"},
		{"--output=json --debug stop x", "stop", "", "--output=json --debug x"},
		{"-ojson stop x", "stop", "", "-ojson x"},
		{"-v stop x", "stop", "", "-v x"},
		{"-g rg ml -w ws computetarget --debug stop -o tsv computeinstance x", "stop", "computeinstance", "-g rg -w ws --debug -o tsv x"},
		{"--cloud emulator schedule -g rg list", "schedule list", "", "--cloud emulator -g rg"},
		{"-o", "", "", "-o"},
		{"-o json", "", "", "-o json"},
		{"-h", "", "", "-h"},
		{"--help", "", "", "--help"},
		{"--version", "", "", "--version"},
		{"version", "version", "", ""},
		{"help", "", "", "--help"},
		{"help create computeinstance", "create computeinstance", "", "--help"},
		{"help create", "create", "", "--help"},
		{"help ml computetarget stop", "stop", "", "--help"},
		{"ml computetarget help stop", "stop", "", "--help"},
		{"help computeinstance", "", "computeinstance", "--help"},
		{"computeinstance -h", "", "computeinstance", "-h"},
		{"amlcompute", "amlcompute", "", ""},
		{"STOP X", "stop", "", "X"},
		{"__complete ml computetarget st", "__complete", "", "ml computetarget st"},
		{"__completeNoDesc --bogus", "__completeNoDesc", "", "--bogus"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(c.args)
			given := slices.Clone(args)
			got, err := Path(args, testWords(), testGlobals())
			if err != nil {
				t.Fatal(err)
			}
			if p, r := strings.Join(got.Path, " "), strings.Join(got.Rest, " "); p != c.path || got.Type != c.kind || r != c.rest {
				t.Errorf("path %q type %q rest %q, want %q %q %q", p, got.Type, r, c.path, c.kind, c.rest)
			}
			if !slices.Equal(args, given) {
				t.Errorf("the caller's arguments changed to %q", args)
			}
		})
	}
}

func TestPathRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, text, tip string }{
		{"stpo x", `"stpo" is not a computetarget command`, "did you mean stop?"},
		{"qqqqqq", `"qqqqqq" is not a computetarget command`, "computetarget --help lists the commands"},
		{"ml run submit", `"ml run" is not a supported command`, "computetarget, compute and folder"},
		{"schedule sett x", `"sett" is not a command of schedule`, "did you mean schedule set?"},
		{"amlcompute identity", "", ""},
		{"computeinstance", "computeinstance is a type of compute; the command is missing", "computetarget start computeinstance NAME"},
		{"computeinstance sotp x", `"sotp" is not a computetarget command`, "stop"},
		{"create remote -n x", `"remote" is not a command of create`, "aks, amlcompute, computeinstance, datafactory"},
		{"remote migrate", "migrate does not go with remote", ""},
		{"attach -n x", "-n comes before the command", "after the command"},
		{"-n x stop", "-n comes before the command", "after the command"},
		{"--out json stop", "--out comes before the command", "write --output in full"},
		{"–version", "is not a computetarget command", ": write --version"},
		{"-- stop", "-- comes before the command", ""},
		{"-yo json stop", "-yo comes before the command", "after the command"},
		{"attach --type batch -n x", `attach --type: "batch" is not a type`, "aks, kubernetes, remote"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			got, err := Path(strings.Fields(c.args), testWords(), testGlobals())
			if c.text == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatalf("accepted as %v", got)
			}
			var e *exit.Error
			if !errors.As(err, &e) || e.Exit != 2 {
				t.Fatalf("%T %v does not exit with 2", err, err)
			}
			if !strings.Contains(e.Error(), c.text) || !strings.Contains(e.Tip, c.tip) {
				t.Errorf("%q, hint %q; want %q, hint %q", e.Error(), e.Tip, c.text, c.tip)
			}
		})
	}
}
