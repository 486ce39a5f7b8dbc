package cmd_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/computetarget/computetarget"

// allowed says what each package may import besides the standard library:
// packages of this module by their path below it, others by their path, "/..."
// for everything below. Tests may import what they like.
//
// Dependencies point down. pkg is for everybody, so it imports nothing of
// internal; pkg/compute and pkg/emulator know the same protocol and share
// nothing but schedules and which hosts are this machine, so that one misreading cannot pass on both sides.
func allowed() map[string][]string {
	return map[string][]string{
		"pkg/schedule":   {"pkg/nearest"},
		"pkg/atomicfile": nil,
		"pkg/loopback":   nil,
		"pkg/nearest":    nil,
		"pkg/compute":    {"pkg/loopback", "pkg/nearest", "pkg/schedule", "github.com/Azure/azure-sdk-for-go/sdk/azcore/...", "github.com/go-json-experiment/json/..."},
		"pkg/emulator": {"pkg/emulator/arm", "pkg/emulator/authorization", "pkg/emulator/machinelearning", "pkg/emulator/resources", "pkg/emulator/signin",
			"pkg/atomicfile", "pkg/loopback", "github.com/gofrs/flock", "golang.org/x/sys/..."},
		"pkg/emulator/arm":             nil,
		"pkg/emulator/authorization":   {"pkg/emulator/arm"},
		"pkg/emulator/machinelearning": {"pkg/emulator/arm", "pkg/emulator/resources", "pkg/schedule"},
		"pkg/emulator/resources":       {"pkg/emulator/arm"},
		"pkg/emulator/signin":          {"pkg/emulator/arm"},

		"internal/exit":      nil,
		"internal/input":     {"internal/exit"},
		"internal/lookalike": nil,
		"internal/argv":      {"internal/exit", "internal/lookalike", "pkg/nearest"},
		"internal/recall":    {"pkg/atomicfile"},
		"internal/shim":      {"pkg/atomicfile"},
		"internal/migrate":   {"internal/argv"},
		"internal/query":     {"internal/exit"},
		"internal/azure":     {"internal/exit", "internal/input", "pkg/loopback", "github.com/Azure/azure-sdk-for-go/sdk/azcore/...", "github.com/Azure/azure-sdk-for-go/sdk/azidentity", "golang.org/x/net/http/httpproxy"},
		"internal/config":    {"internal/exit", "internal/azure", "internal/input", "pkg/nearest", "pkg/atomicfile", "pkg/emulator", "pkg/schedule", "github.com/spf13/viper", "go.yaml.in/yaml/v3"},
		"internal/access":    {"internal/exit", "internal/input", "pkg/atomicfile", "pkg/compute"},
		"internal/timetable": {"internal/lookalike", "pkg/nearest", "pkg/compute", "pkg/schedule", "go.yaml.in/yaml/v3"},
		"internal/render":    {"internal/exit", "internal/query", "pkg/compute", "github.com/mattn/go-runewidth", "golang.org/x/term", "github.com/go-json-experiment/json/..."},
		"internal/view":      {"internal/query", "internal/render", "pkg/compute", "pkg/schedule", "github.com/olekukonko/tablewriter/..."},
		"internal/progress":  {"internal/exit", "internal/render", "internal/view", "pkg/compute", "github.com/briandowns/spinner"},
		"internal/app": {"internal/exit", "internal/azure", "internal/config", "internal/input", "pkg/nearest", "internal/progress", "internal/query", "internal/recall", "internal/render", "internal/view",
			"pkg/...", "github.com/spf13/pflag", "golang.org/x/sys/..."},
		"internal/docs": {"cmd"},
		"cmd":           {"internal/...", "pkg/...", "github.com/spf13/cobra", "github.com/spf13/pflag"},
		"":              {"cmd"},
	}
}

// helpers are packages that the binary does not hold: for tests, and for making
// what is committed.
func helpers() []string {
	return []string{"pkg/emulator/emulatortest", "pkg/schedule/internal/genzones", "internal/bench/...", "internal/fuzz"}
}

// unwanted may not be linked: what costs start-up time or size, and what is for
// tests.
func unwanted() []string {
	return []string{
		"testing", "net/http/httptest", "net/http/pprof", "expvar", "go/parser", "plugin",
		"github.com/gdamore/tcell", "github.com/alecthomas/chroma", "github.com/charmbracelet",
		"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager", "github.com/rogpeppe/go-internal", "github.com/creack/pty",
		module + "/pkg/emulator/emulatortest", module + "/internal/docs", module + "/internal/bench",
	}
}

// goPackage is what go list tells about a package.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	c := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports"}, args...)...)
	c.Dir = ".."
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, errs.String())
	}
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func within(path, pattern string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == below || strings.HasPrefix(path, below+"/")
	}
	return path == pattern
}

// short is a path of this module without the module.
func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

// Every package imports only what its row allows, and docs/architecture.md
// names every package.
func TestImportDirections(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := allowed()
	left := maps.Clone(rules)
	for _, p := range goList(t, "./...") {
		name := short(p.ImportPath)
		if slices.ContainsFunc(helpers(), func(pattern string) bool { return within(name, pattern) }) {
			continue
		}
		may, ok := rules[name]
		if !ok {
			t.Errorf("the package %s is missing: say here and in docs/architecture.md what it does and what it may import", name)
			continue
		}
		delete(left, name)
		if !strings.Contains(string(page), "`"+name+"`") && !strings.Contains(string(page), "`"+name+"/`") && name != "" {
			t.Errorf("docs/architecture.md does not name %s", name)
		}
		for _, path := range p.Imports {
			first, _, _ := strings.Cut(path, "/")
			if !strings.Contains(first, ".") {
				continue // the standard library
			}
			if !slices.ContainsFunc(may, func(pattern string) bool { return within(short(path), pattern) }) {
				t.Errorf("%s imports %s, which it may not", name, path)
			}
		}
	}
	for name := range left {
		t.Errorf("the package %s does not exist", name)
	}
}

// The binary holds nothing that is not needed to manage computes.
func TestNothingUnwantedIsLinked(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "-deps", ".") {
		for _, path := range unwanted() {
			if within(p.ImportPath, path+"/...") {
				t.Errorf("the binary links %s", p.ImportPath)
			}
		}
	}
	// cobra and viper import templates, which the linker leaves out as long as
	// nothing executes one: 1.5 MB.
	c := exec.Command("go", "tool", "nm", built(t))
	symbols, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(symbols) == 0 {
		t.Fatal("the binary has no symbols")
	}
	for _, symbol := range []string{"text/template.(*Template).Execute", "text/template.(*state).walk", "html/template.(*Template).Execute"} {
		if strings.Contains(string(symbols), symbol) {
			t.Errorf("%s is linked", symbol)
		}
	}
}
