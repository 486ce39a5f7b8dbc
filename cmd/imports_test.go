package cmd_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/computetarget/computetarget"

// allowed reads the table of packages in docs/architecture.md: what each may
// import besides the standard library, packages of this module by their path
// below it, others by their path, "/..." for everything below. Tests may import
// what they like.
func allowed(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Packages")
	table, _, _ = strings.Cut(table, "\n## ")
	quoted := regexp.MustCompile("`([^`]+)`")
	rules := map[string][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		name := quoted.FindStringSubmatch(line)
		if len(cells) != 5 || name == nil || !strings.Contains(cells[1], name[0]) {
			continue
		}
		may := []string{}
		for _, path := range quoted.FindAllStringSubmatch(cells[3], -1) {
			may = append(may, path[1])
		}
		rules[strings.TrimSuffix(name[1], "main.go")] = may
	}
	return rules
}

// helpers are packages that the binary does not hold: for tests, and for making
// what is committed.
func helpers() []string {
	return []string{"pkg/emulator/emulatortest", "pkg/schedule/internal/genzones", "internal/zoneinfo/pack", "internal/bench/...", "internal/fuzz"}
}

// unwanted may not be linked: what costs start-up time or size, and what is for
// tests.
func unwanted() []string {
	return []string{
		"testing", "net/http/httptest", "net/http/pprof", "expvar", "go/parser", "plugin",
		"github.com/gdamore/tcell", "github.com/alecthomas/chroma", "github.com/charmbracelet",
		"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager", "github.com/Azure/azure-sdk-for-go/sdk/storage", "github.com/rogpeppe/go-internal", "github.com/creack/pty",
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

// Every package has a row in docs/architecture.md, and imports only what it
// allows.
func TestImportDirections(t *testing.T) {
	t.Parallel()
	rules := allowed(t)
	left := maps.Clone(rules)
	for _, p := range goList(t, "./...") {
		name := short(p.ImportPath)
		if slices.ContainsFunc(helpers(), func(pattern string) bool { return within(name, pattern) }) {
			continue
		}
		may, ok := rules[name]
		if !ok {
			t.Errorf("the package %s is missing: say in docs/architecture.md what it does and what it may import", name)
			continue
		}
		delete(left, name)
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
