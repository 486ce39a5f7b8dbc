package cmd_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// Help and the version are told without opening any file of settings, sign-in
// or state.
//
// Real time: the system tells which files a process opens.
func TestStartReadsNothing(t *testing.T) {
	t.Parallel()
	s := emulated(t, "instant")
	for name, text := range map[string]string{
		"home/.config/computetarget/config.yaml": "output: json\n",
		"home/.azure/config":                     "[core]\noutput = json\n",
		"home/.azure/azureProfile.json":          "{}",
		"home/.azure/clouds.config":              "",
		"home/.azure/msal_token_cache.json":      "{}",
		".azureml/config.json":                   `{"subscription_id":"1","resource_group":"g","workspace_name":"w"}`,
		"emulator/state.log":                     "",
	} {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"", "--help", "help", "version", "--version", "stop --help", "help create", "emulator --help", "completion bash", "__complete sto"} {
		opened := opens(t, s.dir)
		s.must(strings.Fields(args)...)
		if names := opened(); len(names) > 0 {
			t.Errorf("computetarget %s opened %s", args, strings.Join(names, ", "))
		}
	}
	// Were anything opened, it would be seen here.
	opened := opens(t, s.dir)
	s.run("list")
	if names := opened(); len(names) == 0 {
		t.Error("list opened nothing")
	}
}

// opens watches everything below a folder; what it returns tells the names that
// were opened since.
func opens(t *testing.T, dir string) func() []string {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			_, err = syscall.InotifyAddWatch(fd, path, syscall.IN_OPEN)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func() (names []string) {
		buffer := make([]byte, 1<<16)
		n, err := syscall.Read(fd, buffer)
		if err != nil && !errors.Is(err, syscall.EAGAIN) {
			t.Fatal(err)
		}
		for at := 0; at < n; {
			event := (*syscall.InotifyEvent)(unsafe.Pointer(&buffer[at]))
			at += syscall.SizeofInotifyEvent
			name := strings.TrimRight(string(buffer[at:at+int(event.Len)]), "\x00")
			at += int(event.Len)
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names
	}
	read() // the walk opened folders
	return func() []string {
		defer func() { _ = syscall.Close(fd) }()
		return read()
	}
}
