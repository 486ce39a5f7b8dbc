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

// lockPatience is how long a request waits for another process before it says
// so.
const lockPatience = 2 * time.Second

// lock takes a file's lock, which one process has at a time, and returns what
// gives it back. The wait for another process ends with ctx; after two seconds
// of it, waiting is told that process's id, 0 when it is not known.
func lock(ctx context.Context, path string, waiting func(pid int)) (func(), error) {
	if err := plainFile(path); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	unlock := func() { _ = l.Unlock() } // it goes with the descriptor in any case
	ok, err := l.TryLock()
	if err != nil {
		return nil, err
	}
	if ok {
		signLock(path)
		return unlock, nil
	}
	// The system wakes one waiter at a time, where many that look again and
	// again would keep the holder from its work.
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
			go func() { // nothing interrupts the system's own wait
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

// signLock writes into a lock file who holds it. Where that cannot be written,
// as on Windows, it is not known.
func signLock(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	_, _ = f.WriteAt(fmt.Appendf(nil, "%10d\n", os.Getpid()), 0) // always as long as the one before
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

// plainFile refuses a path that is there and is not a regular file: a link in a
// directory that others write to would lead into another file.
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
