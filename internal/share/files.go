package share

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/directory"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/file"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azfile/share"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/order"
)

// MaxUpload is how large a file that is uploaded may be, in bytes: the service
// takes that much in one request.
const MaxUpload = 4 << 20

// Bounds of what is looked at in one folder of logs.
const (
	maxFiles = 1000
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
			return "", exit.Usagef("%q cannot be the path of a file in the workspace's share: give a folder such as Users/me", full)
		}
	}
	return full, nil
}

// ConflictError says that another file is where one was to be put.
type ConflictError struct{ Path string }

// Error says so.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s is in the workspace's share already, with other content: another machine may use it", e.Path)
}

// Upload puts text into the share as folder/name and returns its path from the
// share's root, such as Users/me/setup.sh: what scriptData of a setup script names.
// Missing folders are made. A file there with the same text is left alone; wrote
// tells whether anything was written. One with other text is a *ConflictError,
// exit code 1, with nothing written, unless replace is set. In a dry run the
// request is shown and nothing is written, as if it had been.
//
// In a folder that exists it takes four requests: two to find the share (once for
// a Share), one to read and one to write.
func (s *Share) Upload(ctx context.Context, folder, name string, text []byte, replace bool) (at string, wrote bool, err error) {
	at, err = Path(folder, name)
	if err != nil {
		return "", false, err
	}
	same, parents, err := s.Compare(ctx, at, text)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", false, err
	case err == nil && same:
		return at, false, nil
	case err == nil && !replace:
		return "", false, &exit.Error{Exit: exit.Failed, Err: &ConflictError{at}, Tip: "give the file another name or --upload-to another folder, or overwrite it with --replace"}
	}
	err = s.write(ctx, at, text, parents)
	return at, err == nil, err
}

// write puts text where it is to be; parents tells whether its folder exists. A
// dry run shows the request instead.
func (s *Share) write(ctx context.Context, at string, text []byte, parents bool) error {
	if s.options.DryRun != nil {
		s.options.DryRun(compute.Request{Method: http.MethodPut, URL: s.at.url + "/" + escaped(at)})
		return nil
	}
	err := s.do(ctx, func(root *share.Client) error {
		if !parents {
			if err := s.makeFolders(ctx, root, path.Dir(at)); err != nil {
				return err
			}
		}
		_, err := root.NewRootDirectoryClient().NewFileClient(at).Create(ctx, int64(len(text)), &file.CreateOptions{OptionalBody: body(text)})
		if s.options.OnWrite != nil && (err == nil || code(err) == "") {
			s.options.OnWrite()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = exit.Errorf(exit.Failed, "the folder %s in %s was removed meanwhile", path.Dir(at), s.Where())
	}
	return err
}

// escaped is a path as it stands in an address.
func escaped(at string) string {
	parts := strings.Split(at, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// body is what a request that is sent again begins again with; an empty file has
// none.
func body(text []byte) io.ReadSeekCloser {
	if len(text) == 0 {
		return nil
	}
	return streaming.NopCloser(bytes.NewReader(text))
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
	err = s.do(ctx, func(root *share.Client) error {
		var err error
		have, err = download(ctx, root, at, 0, int64(len(text))+1)
		missing = code(err)
		return err
	})
	return err == nil && bytes.Equal(have, text), missing != "ParentNotFound", err
}

// makeFolders makes a folder and those above it: the deepest first, since most of
// them exist.
func (s *Share) makeFolders(ctx context.Context, root *share.Client, folder string) error {
	_, err := root.NewDirectoryClient(folder).Create(ctx, nil)
	switch {
	case code(err) == "ParentNotFound" && folder != "." && path.Dir(folder) != ".":
		if err := s.makeFolders(ctx, root, path.Dir(folder)); err != nil {
			return err
		}
		_, err = root.NewDirectoryClient(folder).Create(ctx, nil)
	case code(err) == "ResourceAlreadyExists":
		return nil
	}
	if s.options.OnWrite != nil && (err == nil || code(err) == "") {
		s.options.OnWrite()
	}
	return err
}

// download reads a file from an offset on, most bytes at most. There is nothing
// beyond its end.
func download(ctx context.Context, root *share.Client, at string, offset, most int64) ([]byte, error) {
	o := &file.DownloadStreamOptions{}
	if offset > 0 {
		o.Range = file.HTTPRange{Offset: offset}
	}
	got, err := root.NewRootDirectoryClient().NewFileClient(at).DownloadStream(ctx, o)
	if code(err) == "InvalidRange" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = got.Body.Close() }()
	return io.ReadAll(io.LimitReader(got.Body, most))
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
	err := s.do(ctx, func(root *share.Client) error {
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

func list(ctx context.Context, root *share.Client, folder string, depth int, found *[]Log) error {
	pager := root.NewDirectoryClient(folder).NewListFilesAndDirectoriesPager(&directory.ListFilesAndDirectoriesOptions{
		Include: directory.ListFilesInclude{Timestamps: true}, IncludeExtendedInfo: to.Ptr(true),
	})
	var below []string
	for pager.More() && len(*found) < maxFiles {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		if page.Segment == nil {
			continue
		}
		for _, f := range page.Segment.Files {
			if f.Name == nil || !plain(*f.Name) {
				continue
			}
			l := Log{Path: folder + "/" + *f.Name}
			if p := f.Properties; p != nil {
				l.Size = deref(p.ContentLength)
				l.Modified = deref(cmp.Or(p.LastWriteTime, p.LastModified, p.CreationTime))
			}
			*found = append(*found, l)
		}
		for _, d := range page.Segment.Directories {
			if d.Name != nil && plain(*d.Name) {
				below = append(below, folder+"/"+*d.Name)
			}
		}
	}
	for _, d := range below {
		if depth == maxDepth || len(*found) >= maxFiles {
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

func deref[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// Read returns a file from an offset on, most bytes at most; nothing when it is
// no longer than that. Its error is fs.ErrNotExist when it is not there.
func (s *Share) Read(ctx context.Context, at string, offset, most int64) ([]byte, error) {
	var text []byte
	err := s.do(ctx, func(root *share.Client) (err error) {
		text, err = download(ctx, root, at, offset, most)
		return err
	})
	return text, err
}

// maxTail is how much of a log Tail reads, in bytes.
const maxTail = 16 << 10

// Tail returns the last lines of the newest log of an instance, n at most, and
// where it is; "" when it has no log.
func (s *Share) Tail(ctx context.Context, name string, n int) (lines []string, at string, err error) {
	logs, err := s.Logs(ctx, name)
	if err != nil || len(logs) == 0 {
		return nil, "", err
	}
	newest := logs[0]
	from := max(0, newest.Size-maxTail)
	text, err := s.Read(ctx, newest.Path, from, maxTail)
	if err != nil {
		return nil, "", err
	}
	if from > 0 { // it begins within a line
		_, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	lines = strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
	return lines[max(0, len(lines)-n):], newest.Path, nil
}
