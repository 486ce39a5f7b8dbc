// Command genzones writes the table of Windows and IANA time zones of package
// schedule from Unicode CLDR, as published on npm: windowsZones.json of
// cldr-core says which belong together, timezone.json of cldr-bcp47 knows the
// other names of each IANA zone.
//
// It fetches the pinned release with npm and writes zones.txt into the current
// directory. Run it with go run ./internal/genzones in pkg/schedule.
package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the same database the program embeds
)

// release is the CLDR release the committed table is made from.
const release = "48.2.0"

func main() {
	log.SetFlags(0)
	log.SetPrefix("genzones: ")
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "genzones")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	windows, err := fetch(ctx, dir, "cldr-core", "supplemental/windowsZones.json")
	if err != nil {
		return err
	}
	names, err := fetch(ctx, dir, "cldr-bcp47", "bcp47/timezone.json")
	if err != nil {
		return err
	}
	source, err := generate(windows, names)
	if err != nil {
		return err
	}
	return os.WriteFile("zones.txt", source, 0o644)
}

// fetch packs an npm package into dir and returns one of its files.
func fetch(ctx context.Context, dir, name, file string) (data []byte, err error) {
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", name+"@"+release)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("npm pack %s: %w", name, err)
	}
	f, err := os.Open(filepath.Join(dir, name+"-"+release+".tgz"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if err != nil {
			return nil, fmt.Errorf("%s has no %s: %w", name, file, err)
		}
		if header.Name == "package/"+file {
			return io.ReadAll(archive)
		}
	}
}

// windowsZone is a Windows name with the IANA zone that stands for it.
type windowsZone struct{ name, iana string }

// ianaZone is an IANA name with the Windows zone it belongs to, or "".
type ianaZone struct{ name, windows string }

func generate(windowsJSON, namesJSON []byte) ([]byte, error) {
	var core struct {
		Supplemental struct {
			WindowsZones struct {
				MapTimezones []struct {
					MapZone struct {
						Windows   string `json:"_other"`
						IANA      string `json:"_type"`
						Territory string `json:"_territory"`
					} `json:"mapZone"`
				} `json:"mapTimezones"`
			} `json:"windowsZones"`
		} `json:"supplemental"`
	}
	if err := json.Unmarshal(windowsJSON, &core); err != nil {
		return nil, err
	}
	var bcp47 struct {
		Keyword struct {
			U struct {
				TZ map[string]json.RawMessage `json:"tz"`
			} `json:"u"`
		} `json:"keyword"`
	}
	if err := json.Unmarshal(namesJSON, &bcp47); err != nil {
		return nil, err
	}

	belongs := map[string]string{} // IANA name as CLDR has it → Windows name
	var windows []windowsZone
	for _, m := range core.Supplemental.WindowsZones.MapTimezones {
		z := m.MapZone
		if z.Territory == "001" {
			windows = append(windows, windowsZone{z.Windows, z.IANA})
			belongs[z.IANA] = z.Windows
			continue
		}
		for iana := range strings.FieldsSeq(z.IANA) {
			belongs[iana] = z.Windows
		}
	}

	preferred := map[string]string{} // any IANA name → the one IANA uses today
	var iana []ianaZone
	for key, raw := range bcp47.Keyword.U.TZ {
		if strings.HasPrefix(key, "_") {
			continue
		}
		var zone struct {
			Alias string `json:"_alias"`
			IANA  string `json:"_iana"`
		}
		if err := json.Unmarshal(raw, &zone); err != nil {
			return nil, fmt.Errorf("zone %s: %w", key, err)
		}
		names := strings.Fields(zone.Alias)
		owner := ""
		for _, name := range names {
			owner = cmp.Or(owner, belongs[name])
		}
		for _, name := range names {
			preferred[name] = cmp.Or(zone.IANA, names[0])
			if _, err := time.LoadLocation(name); err != nil || name == "Factory" {
				continue
			}
			iana = append(iana, ianaZone{name, owner})
		}
	}
	for i, w := range windows {
		if windows[i].iana = preferred[w.iana]; windows[i].iana == "" {
			return nil, fmt.Errorf("%s: no IANA zone %s", w.name, w.iana)
		}
	}

	slices.SortFunc(windows, func(a, b windowsZone) int { return compareFold(a.name, b.name) })
	slices.SortFunc(iana, func(a, b ianaZone) int { return compareFold(a.name, b.name) })

	var out bytes.Buffer
	fmt.Fprintf(&out, "# Written by genzones from Unicode CLDR %s; do not edit.\n", release)
	out.WriteString("# Time zone names © Unicode, Inc., Unicode License V3 (SPDX Unicode-3.0).\n" +
		"# Names of Windows with the IANA zone that stands for each, then IANA names with\n" +
		"# their Windows zone, if they have one. Each part is sorted by lower-case name.\n")
	for _, w := range windows {
		fmt.Fprintf(&out, "%s\t%s\n", w.name, w.iana)
	}
	out.WriteByte('\n')
	for _, z := range iana {
		fmt.Fprintf(&out, "%s\t%s\n", z.name, z.windows)
	}
	return out.Bytes(), nil
}

func compareFold(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
