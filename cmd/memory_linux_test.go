package cmd_test

import "syscall"

// memory is a folder whose files are in memory, if there is room for those of
// the tests and programs may run there; "" is where the system has temporary
// files. Making and removing files on a disk takes a sixth of the time of all.
func memory() string {
	const (
		dir    = "/dev/shm"
		noExec = 0x8
		room   = 1 << 30
	)
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil || fs.Flags&noExec != 0 || fs.Bavail*uint64(fs.Bsize) < room { //nolint:gosec // a block has a size
		return ""
	}
	return dir
}
