package emulator

import "io/fs"

// trustOwner and trustMode trust everything: on Windows a folder inherits who
// may write to it, and a user's own is the user's alone.

func trustOwner(string, fs.FileInfo) error { return nil }

func trustMode(string, fs.FileInfo) error { return nil }
