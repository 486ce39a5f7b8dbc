package main

import "os"

// Windows does not tell once a process has ended.
func kilobytes(*os.ProcessState) int64 { return 0 }
