package cmd_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// shell is an interactive shell of a person in which computetarget completes.
type shell struct {
	name, needs string // the program, and a file it needs, or ""
	// rc writes the start-up file into a home folder and returns the command
	// line that reads it.
	rc func(t *testing.T, home string) []string
}

func shells() []shell {
	const bashCompletion = "/usr/share/bash-completion/bash_completion"
	repository, _ := filepath.Abs("..")
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []shell{
		{"bash", bashCompletion, func(t *testing.T, home string) []string {
			write(t, filepath.Join(home, "rc"), ". "+bashCompletion+"\n. "+repository+"/completions/computetarget.bash\nPS1='$ '\nbind 'set enable-bracketed-paste off'\n")
			return []string{"--noprofile", "--rcfile", filepath.Join(home, "rc"), "-i"}
		}},
		{"zsh", "", func(t *testing.T, home string) []string {
			write(t, filepath.Join(home, ".zshrc"), "fpath=("+repository+"/completions $fpath)\nautoload -Uz compinit\ncompinit -u -D\nbindkey -e\nunsetopt prompt_sp\nPS1='$ '\n")
			return []string{"-i"}
		}},
	}
}

// What a person types before pressing tab, and what then stands on the line.
//
// Real time: a shell completes, on a terminal.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	long(t)
	for _, s := range shells() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(s.name)
			if err != nil {
				t.Skipf("%s is not installed", s.name)
			}
			if _, err := os.Stat(s.needs); s.needs != "" && err != nil {
				t.Skipf("%s needs %s", s.name, s.needs)
			}
			home := folder(t)
			env := completionEnv(home, "COMPUTETARGET_CLOUD=emulator", "COMPUTETARGET_EMULATOR_PACE=instant",
				"PATH="+filepath.Dir(built(t))+":"+os.Getenv("PATH"), "TERM=dumb", "ZDOTDIR="+home, "PS1=$ ")
			for _, args := range [][]string{
				{"create", "developer", "-s", "Standard_DS3_v2", "-o", "none"},
				{"create", "amlcompute", "-n", "devcluster", "-s", "Standard_DS3_v2", "--max-nodes", "1", "-o", "none"},
			} {
				c := exec.Command(built(t), args...)
				c.Env = env
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
			}
			c := exec.Command(path, s.rc(t, home)...)
			c.Env, c.Dir = env, home
			if err := os.WriteFile(filepath.Join(home, "developer.txt"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			terminal, err := pty.StartWithSize(c, &pty.Winsize{Rows: 24, Cols: 200})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { // it must not write into a home that is being removed
				_ = c.Process.Kill()
				_ = c.Wait()
				_ = terminal.Close()
			}()
			screen := &watcher{word: "THE-END", seen: make(chan struct{})}
			go io.Copy(screen, terminal)

			lines := []struct{ typed, want string }{
				{"computetarget star", "computetarget start"},
				{"computetarget ml computetarget star", "computetarget ml computetarget start"},
				{"computetarget stop dev", "computetarget stop developer"},
				{"computetarget ml computetarget computeinstance stop -n dev", "computetarget ml computetarget computeinstance stop -n developer"},
				{"computetarget show devc", "computetarget show devcluster"},
				{"computetarget stop --no-w", "computetarget stop --no-wait"},
				{"computetarget list -o ta", "computetarget list -o table"},
				{"computetarget list --output=ta", "computetarget list --output=table"},
				{"computetarget create x -s standard_ds12", "computetarget create x -s standard_ds12_v2"},
				{"computetarget use loc", "computetarget use local-ws"},
				{"computetarget completion fi", "computetarget completion fish"},
				{"computetarget help exit", "computetarget help exit-codes"},
				{"computetarget create nothing-like-it", "computetarget create nothing-like-it"},
				{"computetarget config set time-z", "computetarget config set time-zone="},
			}
			// Home, a word in front, end, a word behind: the line is printed as
			// completion left it.
			for _, l := range lines {
				send(t, terminal, l.typed+"\t\x01echo LINE \x05 END\r")
			}
			// The second tab lists what is possible, with words about it.
			send(t, terminal, "computetarget st\t\t\x01echo \x05\r")
			send(t, terminal, "echo THE\\-END\r")
			select {
			case <-screen.seen:
			case <-time.After(patience):
				t.Fatalf("the shell does not answer:\n%s", screen)
			}
			// A trailing blank is what completion adds to a finished word.
			shown := strings.ReplaceAll(strings.ReplaceAll(screen.String(), "\r", ""), "  END", " END")
			for _, l := range lines {
				if want := "\nLINE " + l.want + " END\n"; !strings.Contains(shown, want) {
					t.Errorf("%q became something else than %q", l.typed, l.want)
				}
			}
			for _, want := range []string{"Start compute instances", "Stop compute instances"} {
				if !strings.Contains(shown, want) {
					t.Errorf("the list of candidates lacks %q", want)
				}
			}
			if t.Failed() {
				t.Logf("the screen:\n%s", shown)
			}
		})
	}
}

func send(t *testing.T, terminal *os.File, keys string) {
	t.Helper()
	if _, err := terminal.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// completionEnv is the environment of a person with an empty home.
func completionEnv(home string, more ...string) []string {
	return append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "COMPUTETARGET_EMULATOR_DIR=" + filepath.Join(home, "emulator"),
		"COMPUTETARGET_SUBSCRIPTION=" + emulator.Subscription, "COMPUTETARGET_RESOURCE_GROUP=" + emulator.ResourceGroup,
		"COMPUTETARGET_WORKSPACE=" + emulator.Workspace}, more...)
}

// completing runs a command in an environment and returns what it printed.
func completing(t *testing.T, env []string, args ...string) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.Command(built(t), args...)
	c.Env, c.Stdout, c.Stderr = env, &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &errs)
	}
	if args[0] == "__complete" && errs.Len() > 0 {
		t.Errorf("a person in the middle of typing was told %q", &errs)
	}
	return out.String()
}

func candidates(answer string) []string {
	var out []string
	for line := range strings.Lines(answer) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); !strings.HasPrefix(name, ":") {
			out = append(out, name)
		}
	}
	return out
}

// countingServer is an emulator that counts what it is asked.
func countingServer(t *testing.T) (url string, asked func() int, end func()) {
	t.Helper()
	e, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	requests := make(chan int, 1)
	requests <- 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- <-requests + 1
		e.ServeHTTP(w, r)
	}))
	end = func() { server.Close(); _ = e.Close() }
	t.Cleanup(end)
	return server.URL, func() int { n := <-requests; requests <- n; return n }, end
}

// Real time: a shell's completions are processes, and the service may be gone between them.
func TestCompletionRemembersNames(t *testing.T) {
	t.Parallel()
	home := folder(t)
	url, asked, end := countingServer(t)
	env := completionEnv(home, "COMPUTETARGET_ENDPOINT="+url, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
	completing(t, env, "create", "dev", "-s", "Standard_DS3_v2", "-o", "none", "--no-wait")
	completing(t, env, "list", "-o", "none")

	before := asked()
	if got := candidates(completing(t, env, "__complete", "stop", "")); !slices.Equal(got, []string{"dev"}) {
		t.Errorf("after list: %q", got)
	}
	completing(t, env, "create", "gpu", "-s", "Standard_NC6s_v3", "-o", "none", "--no-wait", "--dry-run")
	if got := candidates(completing(t, env, "__complete", "stop", "")); !slices.Equal(got, []string{"dev"}) {
		t.Errorf("after a dry run: %q", got)
	}
	before += asked() - before
	completing(t, env, "__complete", "stop", "")
	if n := asked() - before; n != 0 {
		t.Errorf("a name that is remembered cost %d requests", n)
	}
	completing(t, env, "create", "gpu", "-s", "Standard_NC6s_v3", "-o", "none", "--no-wait")
	if got := candidates(completing(t, env, "__complete", "stop", "")); !slices.Equal(got, []string{"dev", "gpu"}) {
		t.Errorf("after create: %q", got)
	}

	// Another workspace has names of its own.
	elsewhere := append(slices.Clone(env), "COMPUTETARGET_WORKSPACE=other-ws")
	if got := candidates(completing(t, elsewhere, "__complete", "stop", "")); len(got) > 0 {
		t.Errorf("another workspace: %q", got)
	}

	// What is remembered lasts longer than the service.
	end()
	if got := candidates(completing(t, env, "__complete", "stop", "")); !slices.Equal(got, []string{"dev", "gpu"}) {
		t.Errorf("without the service: %q", got)
	}

	// A file somebody has spoilt is nothing, not an error.
	files, err := filepath.Glob(filepath.Join(home, "cache", "computetarget", "names", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no remembered names: %v", err)
	}
	for _, file := range files {
		if err := os.WriteFile(file, []byte(`{"version":1,"lis`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := completing(t, env, "__complete", "stop", ""); got != ":4\n" {
		t.Errorf("after damage: %q", got)
	}
}

// Names that mean something to a shell, or would be taken for a flag, are not
// offered, wherever they come from.
//
// Real time: a shell's completions are processes.
func TestCompletionOffersOnlyNames(t *testing.T) {
	t.Parallel()
	home := folder(t)
	url, _, _ := countingServer(t)
	env := completionEnv(home, "COMPUTETARGET_ENDPOINT="+url, "XDG_CACHE_HOME="+home)
	completing(t, env, "list", "-o", "none")
	files, err := filepath.Glob(filepath.Join(home, "computetarget", "names", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	var kept map[string]any
	data, err := os.ReadFile(files[0])
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		t.Fatal(err)
	}
	list := kept["lists"].(map[string]any)["computes"].(map[string]any)
	list["names"] = []any{
		map[string]any{"name": "good", "about": "ComputeInstance \x1b[31mred\x1b[0m\nsecond line\tand tab"},
		map[string]any{"name": "--cloud=public"}, map[string]any{"name": "$(reboot)"}, map[string]any{"name": "`id`"},
		map[string]any{"name": "two words"}, map[string]any{"name": "a\nb"}, map[string]any{"name": "\u202eevil"}, map[string]any{"name": ""},
		map[string]any{"name": ":36"}, map[string]any{"name": "_activeHelp_ x"},
	}
	if data, err = json.Marshal(kept); err == nil {
		err = os.WriteFile(files[0], data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	answer := completing(t, env, "__complete", "stop", "")
	if got := candidates(answer); !slices.Equal(got, []string{"good"}) {
		t.Errorf("offered %q", got)
	}
	if strings.Contains(answer, "\x1b") || strings.Count(answer, "\n") != 2 {
		t.Errorf("words about a name reach the terminal as they are: %q", answer)
	}
}

// A service that takes the connection and says nothing must not hold up a
// person for longer than a second, and only once.
//
// Real time: a listener that says nothing holds a process up.
func TestCompletionGivesUp(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	calls := make(chan net.Conn, 10) // which keeps them open: one that is collected is closed
	go func() {
		for {
			call, err := silent.Accept()
			if err != nil {
				return
			}
			calls <- call
		}
	}()
	env := completionEnv(folder(t), "COMPUTETARGET_ENDPOINT=http://"+silent.Addr().String())
	for range 2 {
		if got := completing(t, env, "__complete", "stop", ""); got != ":4\n" {
			t.Errorf("got %q", got)
		}
	}
	if len(calls) != 1 {
		t.Errorf("%d connections instead of one", len(calls))
	}
}
