// Package recall caches names of computes, sizes and workspaces for shell
// completion. Nothing else relies on the cache; an unusable file counts as
// missing.
package recall

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/computetarget/computetarget/pkg/atomicfile"
)

// Kind is the kind of a list of names.
type Kind string

// The kinds.
const (
	Computes   Kind = "computes"
	Sizes      Kind = "sizes"
	Workspaces Kind = "workspaces"
	Owners     Kind = "owners"    // whose the computes are
	People     Kind = "people"    // object ids, and names About them
	Directory  Kind = "directory" // no names, but when it last did not answer
)

// Name is a name with a short description.
type Name struct {
	Text  string `json:"name"`
	About string `json:"about,omitempty"`
	State string `json:"state,omitempty"` // of a compute, as last seen
}

// List is the list of names of one kind.
type List struct {
	// Seen is when the whole list was last read; zero if Names only holds names
	// seen in passing.
	Seen  time.Time `json:"seen"`
	Names []Name    `json:"names"`
}

const (
	version  = 1
	maxBytes = 8 << 20 // enough for ten thousand computes and every size
)

// File keeps the lists of one scope, such as one workspace at one endpoint.
type File struct{ path, scope string }

// In returns the file of a scope in a folder. Nothing is read yet.
func In(dir, scope string) File {
	sum := sha256.Sum256([]byte(scope))
	return File{path: filepath.Join(dir, hex.EncodeToString(sum[:8])+".json"), scope: scope}
}

type content struct {
	Version int           `json:"version"`
	Scope   string        `json:"scope"`
	Lists   map[Kind]List `json:"lists"`
}

// Get returns the list of a kind; an empty one if the file is missing or
// unusable.
func (f File) Get(kind Kind) List { return f.read().Lists[kind] }

// Put replaces the list of a kind.
func (f File) Put(kind Kind, list List) error { return f.PutAll(map[Kind]List{kind: list}) }

// PutAll replaces the lists of several kinds.
func (f File) PutAll(lists map[Kind]List) error {
	c := f.read()
	maps.Copy(c.Lists, lists)
	return f.write(c)
}

// Change adds or replaces names in the list of a kind and removes others. It
// writes only if the list changed.
func (f File) Change(kind Kind, add []Name, remove []string) error {
	c := f.read()
	list := c.Lists[kind]
	before := slices.Clone(list.Names)
	list.Names = slices.DeleteFunc(list.Names, func(n Name) bool { return slices.Contains(remove, n.Text) })
	for _, n := range add {
		i := slices.IndexFunc(list.Names, func(known Name) bool { return known.Text == n.Text })
		if i < 0 {
			list.Names = append(list.Names, n)
		} else {
			list.Names[i] = n
		}
	}
	if slices.Equal(before, list.Names) {
		return nil
	}
	c.Lists[kind] = list
	return f.write(c)
}

func (f File) read() content {
	empty := content{Version: version, Scope: f.scope, Lists: map[Kind]List{}}
	file, err := os.Open(f.path)
	if err != nil {
		return empty
	}
	defer file.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	var c content
	if err != nil || len(data) > maxBytes || json.Unmarshal(data, &c) != nil ||
		c.Version != version || c.Scope != f.scope || c.Lists == nil {
		return empty
	}
	return c
}

// write replaces the file. It is not synced: what a crash loses is fetched
// again.
func (f File) write(c content) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteUnsynced(f.path, data, 0o600)
}
