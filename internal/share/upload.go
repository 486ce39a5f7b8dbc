package share

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/computetarget/computetarget/internal/exit"
)

// File is a file that is to be in the share.
type File struct {
	Path string // from the root of the share
	Text []byte
}

// Put puts files into the share and returns the paths of those that it wrote, or
// may have written when there is an error. Files that are there with the same text
// are left alone. If one is there with other text, nothing is written, unless
// replace is set.
//
// What was written is read again: two that put different files under one name at
// the same time cannot both go on.
func (s *Share) Put(ctx context.Context, files []File, replace bool) (wrote []string, err error) {
	same, parents := make([]bool, len(files)), make([]bool, len(files))
	var taken []error
	for i, f := range files {
		same[i], parents[i], err = s.Compare(ctx, f.Path, f.Text)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil && !same[i] && !replace {
			taken = append(taken, &exit.Error{Exit: exit.Failed, Err: &ConflictError{f.Path},
				Tip: "give the file another name or --upload-to another folder, or overwrite it with --replace"})
		}
	}
	if len(taken) > 0 {
		return nil, errors.Join(taken...)
	}
	for i, f := range files {
		if same[i] {
			continue
		}
		maybe, err := s.write(ctx, f.Path, f.Text, parents[i])
		if maybe {
			wrote = append(wrote, f.Path)
		}
		if err != nil {
			return wrote, err
		}
		if s.options.DryRun != nil {
			continue
		}
		switch same, _, err := s.Compare(ctx, f.Path, f.Text); {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return wrote, err
		case err != nil || !same:
			return wrote, &exit.Error{Exit: exit.TryLater, Text: fmt.Sprintf("%s was changed by somebody else at the same moment, so it is not what was uploaded", f.Path),
				Tip: "give each instance a script of its own name, or folder"}
		}
	}
	return wrote, nil
}
