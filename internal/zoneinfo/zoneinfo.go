// Package zoneinfo gives the program the time zones of the IANA database, for
// machines that ship none: Windows, and images made from scratch.
//
// It is time/tzdata in a seventh of the space, 56 kB instead of 409, because the
// files are packed together, and those with several names once. Like it, a
// program imports it for its effect, and package time asks it for a zone that it
// finds nowhere else. Reading the packed files takes 2 ms.
package zoneinfo

import (
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"syscall"
	_ "unsafe" // for go:linkname
)

//go:generate go run ./pack

//go:embed zones.gz
var packed string

// registerLoadFromEmbeddedTZData is how time/tzdata tells package time of itself.
//
//go:linkname registerLoadFromEmbeddedTZData time.registerLoadFromEmbeddedTZData
func registerLoadFromEmbeddedTZData(func(name string) (string, error))

func init() {
	registerLoadFromEmbeddedTZData(load)
}

// load returns the file of a zone, as time/tzdata does.
func load(name string) (string, error) {
	all, err := files()
	if err != nil {
		return "", err
	}
	data, ok := all[name]
	if !ok {
		return "", syscall.ENOENT
	}
	return data, nil
}

// files are the files of all zones by name. Command pack writes each as a line with
// its size and names, and its bytes.
var files = sync.OnceValues(func() (map[string]string, error) {
	unpacked, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for rest := string(data); rest != ""; {
		line, bytes, _ := strings.Cut(rest, "\n")
		size, names, _ := strings.Cut(line, " ")
		n, err := strconv.Atoi(size)
		if err != nil || n < 0 || n > len(bytes) {
			return nil, fmt.Errorf("time zones are damaged at %q", line)
		}
		for name := range strings.FieldsSeq(names) {
			all[name] = bytes[:n]
		}
		rest = bytes[n:]
	}
	return all, nil
})
