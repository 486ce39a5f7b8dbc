//go:build !linux

package cmd_test

// memory is where the system has temporary files.
func memory() string { return "" }
