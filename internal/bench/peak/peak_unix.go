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
	peak := int64(usage.Maxrss) //nolint:unconvert // 32 bits wide on some systems
	if runtime.GOOS == "darwin" {
		return peak / 1024 // macOS counts bytes
	}
	return peak
}
