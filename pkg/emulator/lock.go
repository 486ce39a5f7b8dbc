package emulator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lockPatience is how long a request waits for another process before it reports
// that.
const lockPatience = 2 * time.Second

// lock takes the lock of a file, which one process has at a time, and returns a
// function that releases it. ctx ends the wait for another process. After two
// seconds, lock calls waiting with that process's id, or 0 if not known.
func lock(ctx context.Context, path string, waiting func(pid int)) (func(), error) {
	if err := plainFile(path); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	unlock := func() { _ = l.Unlock() } // closing the file releases it in any case
	ok, err := l.TryLock()
	if err != nil {
		return nil, err
	}
	if ok {
		signLock(path)
		return unlock, nil
	}
	// The system wakes one waiter at a time. Many that poll would slow the holder.
	taken := make(chan error, 1)
	go func() { taken <- l.Lock() }()
	long := time.NewTimer(lockPatience)
	defer long.Stop()
	holder := 0
	for {
		select {
		case err := <-taken:
			if err != nil {
				return nil, err
			}
			signLock(path)
			return unlock, nil
		case <-long.C:
			holder = lockHolder(path)
			if waiting != nil {
				waiting(holder)
			}
		case <-ctx.Done():
			go func() { // the system's wait cannot be interrupted
				if <-taken == nil {
					unlock()
				}
			}()
			if holder != 0 {
				return nil, fmt.Errorf("process %d holds %s: %w", holder, path, context.Cause(ctx))
			}
			return nil, context.Cause(ctx)
		}
	}
}

// signLock writes this process's id in the lock file, if it can: on Windows it
// cannot.
func signLock(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	_, _ = f.WriteAt(fmt.Appendf(nil, "%10d\n", os.Getpid()), 0) // always the same length
	_ = f.Close()
}

func lockHolder(path string) int {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0
	}
	return pid
}

// plainFile refuses anything but a regular file or a path that does not exist: in a
// directory that others can write to, a link may lead to another file.
func plainFile(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = &StoreError{Path: path, Reason: "it is not a regular file"}
	}
	return err
}
