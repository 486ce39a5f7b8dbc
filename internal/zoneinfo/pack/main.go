// Command pack writes the time zones of this Go release into zones.gz, for package
// zoneinfo. Run it with go generate in that package.
package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("pack: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() (err error) {
	root, err := exec.CommandContext(context.Background(), "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	names := map[string][]string{} // by content
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		data, err := read(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		names[data] = append(names[data], f.Name)
	}
	packed, err := pack(names)
	if err != nil {
		return err
	}
	return os.WriteFile("zones.gz", packed, 0o644)
}

func read(f *zip.File) (data string, err error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	b, err := io.ReadAll(r)
	return string(b), err
}

// pack writes each file once, with all its names before it. Files with the same
// rules end alike, and pack better side by side.
func pack(names map[string][]string) ([]byte, error) {
	var files []string
	for data := range names {
		files = append(files, data)
	}
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(reversed(a), reversed(b)) })
	var out bytes.Buffer
	packed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	packed.Comment = runtime.Version() // says which release the zones are from
	for _, data := range files {
		fmt.Fprintf(packed, "%d %s\n%s", len(data), strings.Join(names[data], " "), data)
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
