package zoneinfo

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the program that TestBareMachine runs where there is nothing
// else.
func TestMain(m *testing.M) {
	if os.Getenv("BARE_MACHINE") == "" {
		os.Exit(m.Run())
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	summer := time.Date(2026, 7, 1, 12, 0, 0, 0, zone)
	if _, offset := summer.Zone(); offset != 2*60*60 {
		panic(summer.String())
	}
	if !summer.Equal(time.Date(2026, 7, 1, 19, 0, 0, 0, time.Local)) {
		panic("TZ is not understood: " + summer.In(time.Local).String())
	}
}

// TestBareMachine asks package time for a zone in a root directory that holds only
// the program.
func TestBareMachine(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "bare"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bare")
	cmd.Dir = "/"
	cmd.Env = []string{"BARE_MACHINE=1", "TZ=Asia/Tokyo"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:      root,
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
	}
	cmd.Stderr = t.Output()
	err = cmd.Start()
	if err != nil {
		t.Skip("this machine lets no test change its root directory, or the program is not static:", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
