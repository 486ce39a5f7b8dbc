// Package recall remembers what shell completion offers: names of computes,
// sizes and workspaces, as they were last seen. What it keeps is a guess that
// saves a request; nothing else relies on it, and a file that cannot be used is
// a file that is not there.
package recall

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/computetarget/computetarget/pkg/atomicfile"
)

// Kind is what names stand for.
type Kind string

// The kinds.
const (
	Computes   Kind = "computes"
	Sizes      Kind = "sizes"
	Workspaces Kind = "workspaces"
)

// Name is a name and a few words about it.
type Name struct {
	Text  string `json:"name"`
	About string `json:"about,omitempty"`
	State string `json:"state,omitempty"` // of a compute, when it was last seen
}

// List is the names of one kind.
type List struct {
	// Seen is when the whole list was last read; the zero time when that never
	// happened and Names holds only what was met in passing.
	Seen  time.Time `json:"seen"`
	Names []Name    `json:"names"`
}

const (
	version  = 1
	maxBytes = 8 << 20 // more than ten thousand computes and every size take
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

// Get returns the list of a kind; an empty one when there is none or the file
// is of no use.
func (f File) Get(kind Kind) List { return f.read().Lists[kind] }

// Put replaces the list of a kind.
func (f File) Put(kind Kind, list List) error {
	c := f.read()
	c.Lists[kind] = list
	return f.write(c)
}

// Change adds names to the list of a kind, or replaces what is known about
// them, and removes others. A list that stays the same is not written.
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
	defer file.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	var c content
	if err != nil || len(data) > maxBytes || json.Unmarshal(data, &c) != nil ||
		c.Version != version || c.Scope != f.scope || c.Lists == nil {
		return empty
	}
	return c
}

// write replaces the file. It is not synced: what a crash loses is asked for
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
