package share

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/order"
)

// MaxUpload is how large a file that is uploaded may be, in bytes: the service
// takes that much in one request.
const MaxUpload = 4 << 20

// Bounds of what is looked at in one folder of logs.
const (
	maxFiles = 50_000
	maxPages = 100
	maxDepth = 3
)

// Path checks a folder and a file name for Upload and returns the file's path from
// the root of the share. Its error is one of usage.
func Path(folder, name string) (string, error) {
	full := strings.Trim(folder, "/") + "/" + name
	for part := range strings.SplitSeq(full, "/") {
		bad := strings.ContainsFunc(part, func(r rune) bool {
			return unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune(`"\:|<>*?`, r)
		})
		if part == "" || part == "." || part == ".." || len(part) > 255 || strings.HasSuffix(part, ".") || bad {
			return "", exit.Usagef("%q cannot be the path of a file in the workspace's share: %s", full, better(part == name))
		}
	}
	return full, nil
}

// better is what to give in the place of a name that the share does not take.
func better(file bool) string {
	if file {
		return "give the file another name, such as setup.sh"
	}
	return "give a folder such as Users/me"
}

// ConflictError says that another file is where one was to be put.
type ConflictError struct{ Path string }

// Error says so.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s is in the workspace's share already, with other content: another machine may use it", e.Path)
}

// write puts text where it is to be; parents tells whether its folder exists. With
// an error, wrote tells whether it may be there all the same. A dry run shows the
// request instead.
func (s *Share) write(ctx context.Context, at string, text []byte, parents bool) (wrote bool, err error) {
	if s.options.DryRun != nil {
		s.options.DryRun(compute.Request{Method: http.MethodPut, URL: s.at.url + "/" + escaped(at)})
		return true, nil
	}
	err = s.do(ctx, func(root *client) error {
		if !parents {
			if err := s.makeFolders(ctx, root, path.Dir(at)); err != nil {
				return err
			}
		}
		err := root.write(ctx, at, text)
		wrote = err == nil || code(err) == ""
		if s.options.OnWrite != nil && wrote {
			s.options.OnWrite()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = exit.Errorf(exit.Failed, "%s is not a folder in %s, or was removed meanwhile", path.Dir(at), s.Where())
	}
	return wrote, err
}

// escaped is a path as it stands in an address.
func escaped(at string) string {
	parts := strings.Split(at, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// Compare reads whether the file at a path holds exactly text. Its error is
// fs.ErrNotExist when there is no such file; parents tells whether its folder
// exists.
func (s *Share) Compare(ctx context.Context, at string, text []byte) (same, parents bool, err error) {
	if len(text) > MaxUpload {
		return false, false, exit.Usagef("%s has %d bytes, and at most %d can be uploaded", path.Base(at), len(text), MaxUpload)
	}
	missing := ""
	var have []byte
	err = s.do(ctx, func(root *client) error {
		var err error
		have, err = root.read(ctx, at, 0, int64(len(text))+1)
		missing = code(err)
		return err
	})
	return err == nil && bytes.Equal(have, text), missing != "ParentNotFound", err
}

// makeFolders makes a folder and those above it: the deepest first, since most of
// them exist.
func (s *Share) makeFolders(ctx context.Context, root *client, folder string) error {
	err := root.makeFolder(ctx, folder)
	switch {
	case code(err) == "ParentNotFound" && folder != "." && path.Dir(folder) != ".":
		if err := s.makeFolders(ctx, root, path.Dir(folder)); err != nil {
			return err
		}
		err = root.makeFolder(ctx, folder)
	case code(err) == "ResourceAlreadyExists":
		return nil
	}
	if s.options.OnWrite != nil && (err == nil || code(err) == "") {
		s.options.OnWrite()
	}
	return err
}

// Log is a file in the folder of an instance's logs.
type Log struct {
	Path     string // from the root of the share
	Size     int64
	Modified time.Time
}

// LogFolder is where the logs of an instance's setups are. Source: "Customize the
// compute instance with a script". The names of the files in it are not
// documented.
func LogFolder(name string) string { return "Logs/" + name }

// Logs lists the logs of an instance, newest first. There is no error when it has
// none.
func (s *Share) Logs(ctx context.Context, name string) ([]Log, error) {
	var found []Log
	err := s.do(ctx, func(root *client) error {
		found = nil
		return list(ctx, root, LogFolder(name), 1, &found)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	order.By(found, func(a, b Log) int {
		// Of two of the same moment the startup script's comes after the creation script's.
		return cmp.Or(b.Modified.Compare(a.Modified), strings.Compare(b.Path, a.Path))
	})
	return found, err
}

func list(ctx context.Context, root *client, folder string, depth int, found *[]Log) error {
	var below []string
	marker := ""
	for page := 0; ; page++ {
		if page == maxPages || len(*found) > maxFiles { // the newest may be among the others
			return exit.Errorf(exit.Failed, "%s has more than %d files, or its list has no end", folder, maxFiles)
		}
		items, next, err := root.list(ctx, folder, marker)
		if err != nil {
			return err
		}
		for _, i := range items {
			switch {
			case !plain(i.name):
			case i.folder:
				below = append(below, folder+"/"+i.name)
			default:
				*found = append(*found, Log{Path: folder + "/" + i.name, Size: i.size, Modified: i.modified})
			}
		}
		if next == "" || next == marker {
			break
		}
		marker = next
	}
	for _, d := range below {
		if depth == maxDepth {
			return nil
		}
		if err := list(ctx, root, d, depth+1, found); err != nil && !absent(err) {
			return err
		}
	}
	return nil
}

// plain tells whether a name is the name of one file: it is the service's word.
func plain(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, `/\`)
}

// Read returns a file from an offset on, most bytes at most; nothing when it is
// no longer than that. Its error is fs.ErrNotExist when it is not there.
func (s *Share) Read(ctx context.Context, at string, offset, most int64) ([]byte, error) {
	var text []byte
	err := s.do(ctx, func(root *client) (err error) {
		text, err = root.read(ctx, at, offset, most)
		return err
	})
	return text, err
}

// maxTail is how much of a log Tail reads, in bytes.
const maxTail = 16 << 10

// Tail returns the last lines of the newest log of an instance, n at most, and
// which it is; the zero Log when it has none.
func (s *Share) Tail(ctx context.Context, name string, n int) (lines []string, newest Log, err error) {
	logs, err := s.Logs(ctx, name)
	if err != nil || len(logs) == 0 {
		return nil, Log{}, err
	}
	newest = logs[0]
	from := max(0, newest.Size-maxTail)
	text, err := s.Read(ctx, newest.Path, from, maxTail)
	if err != nil {
		return nil, Log{}, err
	}
	if from > 0 { // it begins within a line
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	lines = strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
	return lines[max(0, len(lines)-n):], newest, nil
}
