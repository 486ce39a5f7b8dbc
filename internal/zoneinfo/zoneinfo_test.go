package zoneinfo

import (
	"archive/zip"
	"compress/gzip"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestZones holds that every zone of Go's database is there, and is the same if the
// packed one is from this Go release.
func TestZones(t *testing.T) {
	t.Parallel()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("there is no go command:", err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skip("this Go has no zoneinfo.zip:", err)
	}
	t.Cleanup(func() { _ = archive.Close() })
	header, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	zones := 0
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := load(f.Name)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		zones++
		if header.Comment == runtime.Version() && got != string(want) {
			t.Errorf("%s is not as in this Go release: run go generate ./internal/zoneinfo", f.Name)
		}
		if _, err := time.LoadLocationFromTZData(f.Name, []byte(got)); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if zones < 590 {
		t.Errorf("%d zones", zones)
	}
	if _, err := load("Europe/Atlantis"); err == nil {
		t.Error("Europe/Atlantis is a zone")
	}
}
