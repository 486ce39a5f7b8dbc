package shim

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// stub prints its name and each argument on a line of its own in brackets.
const stub = "#!/bin/sh\necho NAME\nfor a do printf '[%s]\\n' \"$a\"; done\necho \"words=${words-} dir=${dir-} IFS=${IFS-}\"\nexit 7\n"

type machine struct {
	t      *testing.T
	dir    string
	system System
}

// newMachine has computetarget in "tools it's", the shim in front and an az in
// back.
func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{t: t, dir: t.TempDir()}
	bin := m.file("tools it's/computetarget", strings.ReplaceAll(stub, "NAME", "computetarget"), 0o755)
	m.file("back/az", strings.ReplaceAll(stub, "NAME", "real az"), 0o755)
	m.system = System{GOOS: "linux", Binary: bin, Home: filepath.Join(m.dir, "home"), Shell: "/bin/sh", Cron: filepath.Join(m.dir, "back")}
	m.system.Path = m.path("front") + ":" + m.path("back")
	return m
}

func (m machine) path(name string) string { return filepath.Join(m.dir, name) }

func (m machine) file(name, text string, mode os.FileMode) string {
	m.t.Helper()
	path := m.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m machine) install(dir string) Installed {
	m.t.Helper()
	done, err := m.system.Install(m.path(dir), false)
	if err != nil {
		m.t.Fatal(err)
	}
	return done
}

// run runs the shim with a shell.
func (m machine) run(shell string, env []string, args ...string) (stdout, stderr string, code int) {
	m.t.Helper()
	cmd := exec.Command(shell, append([]string{m.path("front/az")}, args...)...)
	cmd.Env = append([]string{"PATH=" + m.system.Path}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func shells(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"sh", "dash", "bash", "ksh"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	return found
}

func TestWrapper(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	const v = "--auth-mode azurecli "
	for _, c := range []struct {
		args []string
		want string // program and arguments
	}{
		{strings.Fields("ml computetarget create computeinstance -n instance -s STANDARD_D3_V2 -v"), "computetarget " + v + "ml computetarget create computeinstance -n instance -s STANDARD_D3_V2 -v"},
		{strings.Fields("ml computetarget"), "computetarget " + v + "ml computetarget"},
		{strings.Fields("ML ComputeTarget LIST"), "computetarget " + v + "ML ComputeTarget LIST"},
		{strings.Fields("ml computetarget delete -n x"), "computetarget " + v + "ml computetarget delete -n x --no-wait --yes"},
		{strings.Fields("ml computetarget Delete -n x"), "computetarget " + v + "ml computetarget Delete -n x --no-wait --yes"},
		{strings.Fields("ml computetarget detach -n delete"), "computetarget " + v + "ml computetarget detach -n delete"},
		{strings.Fields("ml folder attach -w ws"), "computetarget " + v + "ml folder attach -w ws"},
		{strings.Fields("ml folder detach"), "real az ml folder detach"},
		{strings.Fields("ml compute list"), "real az ml compute list"},
		{strings.Fields("ml"), "real az ml"},
		{strings.Fields("--debug ml computetarget list"), "real az --debug ml computetarget list"},
		{[]string{"ml computetarget"}, "real az ml computetarget"},
		{nil, "real az"},
		{[]string{""}, "real az "},
		{strings.Fields("extension add -n ml"), "real az extension add -n ml"},
		{strings.Fields("extension show -n ml"), "real az extension show -n ml"},
		{strings.Fields("extension list-available"), "real az extension list-available"},
		{strings.Fields("version --help"), "real az version --help"},
		{strings.Fields("--version --debug"), "real az --version --debug"},
		{strings.Fields("vm list --query [?a=='*'].b *"), "real az vm list --query [?a=='*'].b *"},
		{[]string{"vm", "a b", "", "*", "$HOME", "`x`", "\\", "'", "\"", "a\nb", "-n", "é"}, "real az vm a b  * $HOME `x` \\ ' \" a\nb -n é"},
		{[]string{"ml", "computetarget", "show", "-n", "a b", "", "*", "$HOME", "`x`", "\\n", "'", "\"", "a\nb"}, "computetarget " + v + "ml computetarget show -n a b  * $HOME `x` \\n ' \" a\nb"},
	} {
		name, _, _ := strings.Cut(c.want, " ")
		args := c.args
		if name == "real" {
			name = "real az"
		} else {
			args = append(strings.Fields(v), args...)
			if strings.HasSuffix(c.want, "--no-wait --yes") {
				args = append(args, "--no-wait", "--yes")
			}
		}
		want := name + "\n"
		for _, a := range args {
			want += "[" + a + "]\n"
		}
		for _, shell := range shells(t) {
			stdout, stderr, code := m.run(shell, []string{"words=mine", "dir=mine"}, c.args...)
			stdout, rest, _ := strings.Cut(stdout, "words=")
			if stdout != want || stderr != "" || code != 7 || !strings.HasPrefix(rest, "mine dir=mine IFS= \t\n") {
				t.Errorf("%s: az %q ran\n%q %q\nwith %q and exit %d, want\n%q", shell, c.args, stdout, rest, stderr, code, want)
			}
		}
	}
}

// Scripts look for the extension before they use it.
func TestQuestionsForTheExtension(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	for _, c := range []struct{ args, want string }{
		{"extension list", "extension list"},
		{"extension LIST -o tsv --query [?name=='azure-cli-ml']", "extension LIST -o tsv --query [?name=='azure-cli-ml']"},
		{"extension show -n azure-cli-ml -o tsv", "extension show -n azure-cli-ml -o tsv"},
		{"extension show --name=azure-cli-ml", "extension show --name=azure-cli-ml"},
		{"version", "version"},
		{"Version -o json", "Version -o json"},
		{"--version", "versions"},
		{"-v", "versions"},
	} {
		for _, shell := range shells(t) {
			m.system.Path = m.path("front") + ":" + m.path("back")
			stdout, _, code := m.run(shell, nil, strings.Fields(c.args)...)
			want := "computetarget\n[shim]\n[answer]\n[--az]\n[" + m.path("back/az") + "]\n[" + strings.Join(strings.Fields(c.want), "]\n[") + "]\n"
			if !strings.HasPrefix(stdout, want) || code != 7 {
				t.Errorf("%s: az %s ran %q, exit %d", shell, c.args, stdout, code)
			}
			m.system.Path = m.path("front")
			stdout, stderr, code := m.run(shell, nil, strings.Fields(c.args)...)
			if strings.HasPrefix(c.args, "ext") {
				want = strings.Replace(want, m.path("back/az"), "", 1)
				if !strings.HasPrefix(stdout, want) {
					t.Errorf("%s: az %s without an az ran %q, exit %d", shell, c.args, stdout, code)
				}
			} else if code != 127 || stdout != "" || !strings.Contains(stderr, "Azure CLI is not on PATH") {
				t.Errorf("%s: az %s without an az: %q, %q, exit %d", shell, c.args, stdout, stderr, code)
			}
		}
	}
}

// Removing the extension is for the real az, whatever comes of it. Only what was
// never installed there counts as removed: the shim said that it is there.
func TestExtensionIsRemovedByTheRealAz(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	for _, c := range []struct {
		real           string
		stdout, stderr string
		code           int
	}{
		{`for a do echo "[$a]"; done; echo note >&2`, "[extension]\n[remove]\n[--name]\n[azure-cli-ml]\n[a b]\n", "note\n", 0},
		{`echo out; echo 'ERROR: no right to' >&2; exit 5`, "out\n", "ERROR: no right to\n", 5},
		{`exit 3`, "", "", 3},
		{`echo 'ERROR: The extension azure-cli-ml is not installed.' >&2; exit 1`, "", "az: azure-cli-ml is not installed; computetarget serves its commands (computetarget shim uninstall ends that)\n", 0},
	} {
		m.file("back/az", "#!/bin/sh\n"+c.real+"\n", 0o755)
		for _, shell := range shells(t) {
			stdout, stderr, code := m.run(shell, nil, "extension", "remove", "--name", "azure-cli-ml", "a b")
			if stdout != c.stdout || stderr != c.stderr || code != c.code {
				t.Errorf("%s, %s: %q, %q, exit %d", shell, c.real, stdout, stderr, code)
			}
		}
	}
	m.system.Path = m.path("front")
	if _, stderr, code := m.run("/bin/sh", nil, "extension", "remove", "-n", "azure-cli-ml"); code != 127 || !strings.Contains(stderr, "not on PATH") {
		t.Errorf("without an az: %q, exit %d", stderr, code)
	}
}

func TestAddToWhatAzSays(t *testing.T) {
	t.Parallel()
	other := map[string]any{"name": "ml"}
	if got := AddExtension([]any{other}, "/x"); len(got) != 2 || got[1].(map[string]any)["version"] != ExtensionVersion {
		t.Errorf("%v", got)
	}
	real := map[string]any{"name": Extension, "version": "1.2.0"}
	if got := AddExtension([]any{real, other}, "/x"); len(got) != 2 {
		t.Errorf("the real one is there, and %v", got)
	}
	version := map[string]any{"azure-cli": "2", "extensions": map[string]any{"ml": "2"}}
	AddToVersion(version)
	AddToVersion(version)
	if e := version["extensions"].(map[string]any); len(e) != 2 || e[Extension] != ExtensionVersion {
		t.Errorf("%v", version)
	}
	const line = "azure-cli-ml                      1.41.0\n"
	for _, c := range []struct{ in, want string }{
		{"azure-cli 2\n\nDependencies:\nmsal 1\n", "azure-cli 2\n\nExtensions:\n" + line + "\nDependencies:\nmsal 1\n"},
		{"azure-cli 2\n\nExtensions:\nml 2\n\nDependencies:\n", "azure-cli 2\n\nExtensions:\n" + line + "ml 2\n\nDependencies:\n"},
		{"azure-cli 2\n", "azure-cli 2\n\nExtensions:\n" + line},
		{"x\nazure-cli-ml   1.2.0\n", "x\nazure-cli-ml   1.2.0\n"},
		{"", "\nExtensions:\n" + line},
	} {
		if got := AddToText(c.in); got != c.want {
			t.Errorf("%q became %q", c.in, got)
		}
	}
}

// Two that install at once leave one whole shim and nothing else.
func TestInstallTwiceAtOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if _, err := m.system.Install(m.path("front"), false); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	left, err := os.ReadDir(m.path("front"))
	if err != nil || len(left) != 1 || !m.system.current(m.path("front/az")) {
		t.Errorf("%v left, %v", left, err)
	}
}

func TestExtensionIsAnswered(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	for _, args := range []string{
		"extension add -n azure-cli-ml", "extension add --name=azure-cli-ml -y",
		"extension update -n azure-cli-ml", "extension add --source https://x/azure_cli_ml-1.0-py3-none-any.whl -y", "extension add -nazure-cli-ml",
	} {
		for _, shell := range shells(t) {
			stdout, stderr, code := m.run(shell, nil, strings.Fields(args)...)
			if stdout != "" || code != 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "computetarget") {
				t.Errorf("%s: az %s printed %q and %q, exit %d", shell, args, stdout, stderr, code)
			}
		}
	}
}

func TestSignInOfTheEnvironmentWins(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	stdout, _, _ := m.run("/bin/sh", []string{"COMPUTETARGET_AUTH_MODE=env"}, "ml", "computetarget", "list")
	if strings.Contains(stdout, "--auth-mode") {
		t.Errorf("ran %q", stdout)
	}
}

func TestTheRealAzIsNeverTheShim(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	m.install("copy")
	if err := os.Symlink(m.path("front/az"), m.path("copy/link")); err != nil {
		t.Fatal(err)
	}
	m.file("broken/az", "#!/bin/sh\nexit 1\n", 0o644) // not executable
	if err := os.MkdirAll(m.path("folder/az"), 0o755); err != nil {
		t.Fatal(err)
	}
	front := m.path("front")
	for _, c := range []struct{ why, path, want string }{
		{"behind copies", strings.Join([]string{m.path("copy"), front, m.path("copy"), front, m.path("back")}, ":"), "real az\n"},
		{"before the shim", m.path("back") + ":" + front, "real az\n"},
		{"behind what cannot run", strings.Join([]string{"", "/no such folder", m.path("broken"), m.path("folder"), m.path("back")}, ":"), "real az\n"},
		{"missing", front + ":" + m.path("copy") + ":", ""},
		{"no PATH", "", ""},
	} {
		for _, shell := range shells(t) {
			m.system.Path = c.path
			stdout, stderr, code := m.run(shell, nil, "vm", "list")
			switch {
			case c.want != "" && (!strings.HasPrefix(stdout, c.want) || code != 7):
				t.Errorf("%s, %s: %q %q, exit %d", shell, c.why, stdout, stderr, code)
			case c.want == "" && (stdout != "" || code != 127 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "Azure CLI")):
				t.Errorf("%s, %s: %q %q, exit %d", shell, c.why, stdout, stderr, code)
			}
		}
	}
}

func TestTheRealAzMayBeAProgram(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	prog, err := os.ReadFile("/bin/echo")
	if err != nil {
		t.Skip(err)
	}
	m.file("back/az", string(prog), 0o755)
	for _, shell := range shells(t) {
		if stdout, stderr, code := m.run(shell, nil, "vm", "list"); stdout != "vm list\n" || stderr != "" || code != 0 {
			t.Errorf("%s: %q %q, exit %d", shell, stdout, stderr, code)
		}
	}
}

func TestComputetargetMoved(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	if err := os.Rename(m.system.Binary, m.path("back/computetarget")); err != nil {
		t.Fatal(err)
	}
	stdout, _, code := m.run("/bin/sh", nil, "ml", "computetarget", "list")
	if !strings.HasPrefix(stdout, "computetarget\n") || code != 7 {
		t.Errorf("on PATH: %q, exit %d", stdout, code)
	}
	if err := os.Remove(m.path("back/computetarget")); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := m.run("/bin/sh", nil, "ml", "computetarget", "list")
	if stdout != "" || code != 127 || !strings.Contains(stderr, m.system.Binary) || !strings.Contains(stderr, "shim install") {
		t.Errorf("gone: %q %q, exit %d", stdout, stderr, code)
	}
}

func TestInstall(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	first := m.install("front")
	if !slices.Equal(first.Files, []string{m.path("front/az")}) || !first.First || first.Advice != "" {
		t.Errorf("%+v", first)
	}
	if info, err := os.Stat(m.path("front/az")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if again := m.install("front"); !again.First {
		t.Errorf("renewed: %+v", again)
	}
	if other := m.install("elsewhere"); other.First || !strings.Contains(other.Advice, m.path("front/az")) {
		t.Errorf("off PATH: %+v", other)
	}
	left, err := os.ReadDir(m.path("front"))
	if err != nil || len(left) != 1 {
		t.Errorf("%v left in the folder, %v", left, err)
	}
}

func TestInstallLeavesOtherFilesAlone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	text := "#!/bin/sh\n# mine\n"
	m.file("mine/az", text, 0o644)
	for _, dir := range []string{"back", "mine"} {
		if done, err := m.system.Install(m.path(dir), false); err == nil || !strings.Contains(err.Error(), "--dir") {
			t.Errorf("%s: %+v, %v", dir, done, err)
		}
	}
	if got, err := os.ReadFile(m.path("mine/az")); err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
	m.system.Binary = "/a\nb"
	if _, err := m.system.Install(m.path("front"), false); err == nil {
		t.Error("installed for a path with a line end")
	}
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.install("front")
	m.install("elsewhere")
	removed, err := m.system.Uninstall("")
	if err != nil || !slices.Equal(removed, []string{m.path("front/az")}) {
		t.Errorf("%v, %v", removed, err)
	}
	if removed, err = m.system.Uninstall(m.path("back")); err != nil || removed != nil {
		t.Errorf("the real az: %v, %v", removed, err)
	}
	if removed, err = m.system.Uninstall(m.path("elsewhere")); err != nil || len(removed) != 1 {
		t.Errorf("%v, %v", removed, err)
	}
}

// A shim that the real az comes before is installed, and goes again.
func TestBehind(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.system.Path = m.path("back")
	m.install("home/.local/bin")
	places := m.system.Status(context.Background())
	if want := "put " + m.path("home/.local/bin") + " first on PATH"; places[0].Shim || places[0].Advice != want {
		t.Errorf("%+v, want the advice %q", places[0], want)
	}
	if removed, err := m.system.Uninstall(""); err != nil || !slices.Equal(removed, []string{m.path("home/.local/bin/az")}) {
		t.Errorf("removed %v, %v", removed, err)
	}
	if places := m.system.Status(context.Background()); places[0].Advice != "run computetarget shim install" {
		t.Errorf("after: %+v", places[0])
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.file("opt/x", "", 0o644)
	m.file("home/bin/x", "", 0o644)
	for _, c := range []struct{ why, path, want string }{
		{"home first", m.path("opt") + ":" + m.path("home/bin") + ":" + m.path("back"), "home/bin"},
		{"not home", "relative:" + m.path("opt") + ":" + m.path("back"), "opt"},
		{"only before the real az", m.path("back") + ":" + m.path("opt"), "home/.local/bin"},
		{"no PATH", "", "home/.local/bin"},
	} {
		m.system.Path = c.path
		if got, err := m.system.Dir(); err != nil || got != m.path(c.want) {
			t.Errorf("%s: %s, %v", c.why, got, err)
		}
	}
	m.install("opt")
	m.system.Path = m.path("home/bin") + ":" + m.path("opt") + ":" + m.path("back")
	if got, err := m.system.Dir(); err != nil || got != m.path("opt") {
		t.Errorf("the shim that is there: %s, %v", got, err)
	}
	m.system.Path, m.system.Home = m.path("back"), ""
	if got, err := m.system.Dir(); err == nil {
		t.Errorf("nowhere to write, but %s", got)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	env := func(p Place) string { return p.Where + ": " + strings.TrimPrefix(p.Path, m.dir) }
	m.system.Shell = m.file("shell", "#!/bin/sh\nPATH="+m.system.Path+" exec /bin/sh \"$@\"\n", 0o755)

	for _, p := range m.system.Status(context.Background()) {
		if p.Shim || p.Advice != "run computetarget shim install" || p.Path != m.path("back/az") {
			t.Errorf("before: %+v", p)
		}
	}
	m.install("front")
	places := m.system.Status(context.Background())
	want := []string{"this shell: /front/az", "scripts: /front/az", "cron: /back/az"}
	for i, p := range places {
		if env(p) != want[i] || p.Shim != (i < 2) || p.Shim && (p.Real != m.path("back/az") || p.Advice != "") {
			t.Errorf("%+v, want %s", p, want[i])
		}
	}
	if advice := places[2].Advice; advice != "begin the crontab with PATH="+m.path("front")+":"+m.path("back") {
		t.Errorf("cron: %q", advice)
	}
	m.system.Binary = m.path("back/computetarget")
	if p := m.system.Status(context.Background())[0]; !p.Shim || !strings.Contains(p.Advice, "another version") {
		t.Errorf("for another binary: %+v", p)
	}
	m.system = System{GOOS: "linux"}
	if got := m.system.Status(context.Background()); len(got) != 1 || got[0].Path != "" {
		t.Errorf("nothing: %+v", got)
	}
}

func TestFilesForWindows(t *testing.T) {
	t.Parallel()
	files, err := Files("windows", `C:\Program Files\computetarget\computetarget.exe`, false)
	if err != nil || len(files) != 2 || files[1].Name != "az.cmd" {
		t.Fatalf("%v %v", files, err)
	}
	text := files[1].Text
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") || !strings.Contains(text, `set "computetarget_bin=C:\Program Files\computetarget\computetarget.exe"`) {
		t.Errorf("%q", text)
	}
	// every label that is jumped to exists
	for _, line := range strings.Split(text, "\r\n") {
		_, label, ok := strings.Cut(line, "goto ")
		if strings.HasPrefix(label, "%") {
			continue // one of the next line's kind
		}
		if then, named := strings.CutPrefix(line, `set "computetarget_then=`); named {
			label, ok = strings.TrimSuffix(then, `"`), true
		}
		if ok && !strings.Contains(text, "\r\n:"+label+"\r\n") {
			t.Errorf("no label for %q", line)
		}
	}
	if _, err := Files("windows", `C:\100%\computetarget.exe`, false); err == nil {
		t.Error("rendered a path that a batch file would change")
	}
	for _, f := range files {
		path := filepath.Join(t.TempDir(), f.Name)
		if err := os.WriteFile(path, []byte(f.Text), 0o600); err != nil || !isShim(path) {
			t.Errorf("%s is not known as the shim, %v", f.Name, err)
		}
	}
}

func FuzzBinaryPath(f *testing.F) {
	for _, s := range []string{"/usr/bin/computetarget", "/it's", `/a "b" $c`, "/a`b`\\", "/é\u202e", "", "'", "/x'\\''"} {
		f.Add(s)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		files, err := Files("linux", path, false)
		if err != nil || strings.ContainsRune(path, 0) {
			return
		}
		// Cut the wrapper off behind the assignment and print what it assigned.
		head, _, ok := strings.Cut(files[0].Text, "\n\t[ -x")
		if !ok {
			t.Fatal("the wrapper has changed: adapt this test")
		}
		out, err := exec.Command(sh, "-c", head+"\nprintf %s \"$computetarget_bin\"\n}\ncomputetarget_find").Output()
		if err != nil || string(out) != path {
			t.Fatalf("%q became %q, %v", path, out, err)
		}
	})
}
