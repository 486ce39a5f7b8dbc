package app

import (
	"slices"
	"testing"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/progress"
	"github.com/computetarget/computetarget/internal/render"
)

// The settings check the choices for the packages that act on them, so both must
// know the same words.
func TestChoicesAreKnown(t *testing.T) {
	t.Parallel()
	var formats []string
	for _, f := range render.Formats() {
		formats = append(formats, string(f))
	}
	for key, known := range map[string][]string{
		config.Output:   formats,
		config.AuthMode: azure.Modes(),
		config.Progress: {string(progress.Auto), string(progress.Plain), string(progress.None)},
	} {
		option, ok := config.Lookup(key)
		if !ok || !slices.Equal(slices.Sorted(slices.Values(option.Values)), slices.Sorted(slices.Values(known))) {
			t.Errorf("%s takes %v, and %v are known", key, option.Values, known)
		}
	}
}
