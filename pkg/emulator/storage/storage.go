// Package storage is the file shares of storage accounts, as Azure Files serves
// them over REST: by path on the emulator's port, at /storage/{account}/{share},
// where the service has a host for each account. Shared keys are checked.
//
// An account is there as soon as somebody names it, and so is the share that
// every workspace keeps its notebooks, scripts and logs in. The shares are for
// scripts and logs: files and shares are small.
package storage

import (
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// Share is the share in which every workspace keeps its notebooks; its name is
// the same in all of them.
const Share = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"

// root is the first segment of every path. In a client's storage suffix it stands
// after the host.
const root = "storage"

// What is kept at most, in bytes: the state is read as a whole.
const (
	maxFile  = 4 << 20
	maxShare = 32 << 20
)

// What the provider keeps.
const (
	accounts arm.Table[*account] = "account" // by account: those that do not accept their keys
	shares   arm.Table[bool]     = "share"   // by account/share: those that were made
	entries  arm.Table[*entry]   = "file"    // by account/share/path: files and directories
)

type account struct {
	KeysOff bool `json:"keysOff"`
}

// entry is a file or a directory.
type entry struct {
	Name     string    `json:"name"` // in the case it was made with
	Dir      bool      `json:"dir,omitempty"`
	Content  []byte    `json:"content,omitempty"`
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
	ETag     string    `json:"etag"`
}

func (e *entry) Valid() bool { return e.Name != "" }

// Provider answers requests for shares, directories and files.
func Provider() *arm.Provider {
	p := &arm.Provider{
		Plane:  &arm.Plane{Roots: []string{root}, Suffix: "storage", Refuse: refuse},
		Tables: []arm.Declared{accounts, shares, entries},
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		p.Routes = append(p.Routes,
			arm.Route{Method: method, Path: root + "/{}/{}", NoVersion: true, Handle: answer},
			arm.Route{Method: method, Path: root + "/{}/{}/{*}", NoVersion: true, Handle: answer})
	}
	return p
}

// Suffix is the storage suffix of a cloud whose Resource Manager is base.
func Suffix(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host + "/" + root
}

// Key is the key of an account, as base64.
func Key(account string) string {
	sum := sha512.Sum512([]byte("storage key of " + strings.ToLower(account)))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// AllowKeys sets whether an account accepts its keys, as every account does at
// first.
func AllowKeys(t *arm.Tx, name string, allowed bool) {
	_, off := accounts.Lookup(t, arm.Key(name))
	switch {
	case allowed && off:
		accounts.Delete(t, arm.Key(name))
	case !allowed && !off:
		accounts.Put(t, arm.Key(name), &account{KeysOff: true})
	}
}

// Make makes a directory in the root of the workspaces' share, unless it is there
// or the share is not.
func Make(t *arm.Tx, account, dir string) {
	p := place{account: account, share: Share, path: dir}
	if _, ok := entries.Lookup(t, p.key()); !ok && p.shared(t) {
		p.put(t, &entry{Dir: true})
	}
}

// Read returns a file of the workspaces' share.
func Read(t *arm.Tx, account, file string) (content []byte, ok bool) {
	p := place{account: account, share: Share, path: file}
	e, ok := entries.Lookup(t, p.key())
	if !ok || e.Dir || !p.shared(t) {
		return nil, false
	}
	return e.Content, true
}

// Append writes at the end of a file of the workspaces' share, and makes it and
// the directories above it. It does nothing where the share was deleted or is
// full.
func Append(t *arm.Tx, account, file, text string) {
	p := place{account: account, share: Share, path: file}
	e, ok := entries.Lookup(t, p.key())
	if !p.shared(t) || ok && e.Dir {
		return
	}
	for _, above := range p.above() {
		if d, ok := entries.Lookup(t, above.key()); !ok {
			above.put(t, &entry{Dir: true})
		} else if !d.Dir {
			return
		}
	}
	var content []byte
	if ok {
		content = e.Content
	}
	if len(content)+len(text) > maxFile || p.used(t)+len(text) > maxShare {
		return
	}
	p.put(t, &entry{Content: append(content[:len(content):len(content)], text...), Created: created(e, t)})
}

// Remove removes a directory of the workspaces' share and everything in it.
func Remove(t *arm.Tx, account, dir string) {
	p := place{account: account, share: Share, path: dir}
	p.clear(t)
	if _, ok := entries.Lookup(t, p.key()); ok {
		entries.Delete(t, p.key())
	}
}

// created is when a file was made that is to be written again.
func created(old *entry, t *arm.Tx) time.Time {
	if old != nil {
		return old.Created
	}
	return t.Now
}

// place is where a file or a directory is or could be; an empty path is the
// share's own directory.
type place struct{ account, share, path string }

func (p place) key() string { return arm.Key(p.account, p.share, p.path) }

// under is what the keys of everything below p begin with.
func (p place) under() string {
	if p.path == "" {
		return arm.Key(p.account, p.share) + "/"
	}
	return p.key() + "/"
}

// above are the directories that p is in, from the outermost.
func (p place) above() []place {
	var list []place
	for i, r := range p.path {
		if r == '/' {
			list = append(list, place{p.account, p.share, p.path[:i]})
		}
	}
	return list
}

// shared tells whether the share exists.
func (p place) shared(t *arm.Tx) bool {
	k := arm.Key(p.account, p.share)
	if _, made := shares.Lookup(t, k); made {
		return true
	}
	return strings.EqualFold(p.share, Share) && !shares.Buried(t, k)
}

// used counts the bytes in the share.
func (p place) used(t *arm.Tx) int {
	n := 0
	for _, k := range entries.Keys(t, place{p.account, p.share, ""}.under()) {
		e, _ := entries.Lookup(t, k)
		n += len(e.Content)
	}
	return n
}

// put keeps e at p, changed now.
func (p place) put(t *arm.Tx, e *entry) {
	e.Name, e.Modified = path.Base(p.path), t.Now
	if t.Now.IsZero() { // what every new emulator holds
		e.Modified = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if old, ok := entries.Lookup(t, p.key()); ok {
		e.Name = old.Name
	}
	if e.Created.IsZero() {
		e.Created = e.Modified
	}
	e.ETag = `"0x8` + strings.ToUpper(strings.ReplaceAll(t.NewID(), "-", "")[:14]) + `"`
	entries.Put(t, p.key(), e)
}

// clear removes everything below p.
func (p place) clear(t *arm.Tx) {
	for _, k := range append([]string(nil), entries.Keys(t, p.under())...) {
		entries.Delete(t, k)
	}
}

// fail is a refusal of the service.
func fail(status int, code, format string, a ...any) *arm.Error {
	return arm.Fail(status, code, format, a...)
}

// refuse is an error in the shape of the storage services: XML, and its code in a
// header too, which is all that an answer to HEAD has.
func refuse(q *arm.Request, e *arm.Error) *arm.Response {
	code := e.Code
	switch e.Code { // those of the router, which speaks for Resource Manager
	case "InvalidResourceType", "BadRequest":
		code = "InvalidUri"
	case "MethodNotAllowed":
		code = "UnsupportedHttpVerb"
	case "RequestContentTooLarge":
		code = "RequestBodyTooLarge"
	}
	res := arm.NewResponse(e.Status)
	for k, v := range e.Header {
		res.Header[k] = v
	}
	res.Header.Set("x-ms-error-code", code)
	if v := q.Header.Get("x-ms-version"); v != "" {
		res.Header.Set("x-ms-version", v)
	}
	x := new(markup)
	x.open("Error").text("Code", code).text("Message", e.Message).close("Error")
	return x.body(res)
}

// endpointOf is the address of an account, which listings name.
func endpointOf(q *arm.Request, account string) string {
	return q.Base + "/" + root + "/" + account + "/"
}
