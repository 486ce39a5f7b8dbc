//go:build !windows

package main

import (
	"os"
	"runtime"
	"syscall"
)

func kilobytes(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss) / 1024 // macOS counts bytes
	}
	return int64(usage.Maxrss) //nolint:unconvert // 32 bits wide on some systems
}
