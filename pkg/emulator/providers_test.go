package emulator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// Providers do not stand in each other's way, and their tables can be trusted.
func TestProviders(t *testing.T) {
	t.Parallel()
	routes, tables := map[string]bool{}, map[string]bool{}
	for _, p := range providers() {
		for _, r := range p.Routes {
			at := strings.ToLower(r.Method + " " + r.Path)
			if routes[at] {
				t.Errorf("%s is registered twice", at)
			}
			routes[at] = true
			if r.Handle == nil || r.Method == "" || strings.Trim(r.Path, "/") != r.Path {
				t.Errorf("the route %s is not whole", at)
			}
			if p.Versions != nil && !r.NoVersion && r.Type == "" {
				t.Errorf("%s does not say of which type its api-versions are", at)
			}
			for _, v := range append(r.Versions, p.Versions...) {
				if _, ok := arm.ParseVersion(v); !ok {
					t.Errorf("%s: %q is not an api-version", at, v)
				}
			}
		}
		for _, table := range p.Tables {
			name := fmt.Sprint(table)
			if tables[name] || name == string(clocks) || name == string(faults) {
				t.Errorf("two tables are named %s", name)
			}
			tables[name] = true
		}
	}
}
