package cmd_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

// withScript creates an instance with an inline setup script, as another client
// does, and leaves it to itself.
func (b *bubble) withScript(name string) {
	b.t.Helper()
	b.send(http.MethodPut, "/subscriptions/"+emulator.Subscription+"/resourceGroups/"+emulator.ResourceGroup+
		"/providers/Microsoft.MachineLearningServices/workspaces/"+emulator.Workspace+"/computes/"+name+"?api-version=2024-04-01",
		`{"location":"eastus","properties":{"computeType":"ComputeInstance","properties":{
			"vmSize":"Standard_DS3_v2","setupScripts":{"scripts":{"creationScript":{"scriptSource":"inline","scriptData":"ZWNobyBoaQo="}}}}}}`)
}

// share puts a file into the workspace's share, in a folder that exists.
func (b *bubble) share(path, text string) {
	b.t.Helper()
	b.send(http.MethodPut, "/storage/localws3054544554/code-391ff5ac-6576-460f-ba4d-7e03433c68b6/"+path, text,
		"Authorization: Bearer x", "X-Ms-Version: 2026-06-06", "X-Ms-File-Request-Intent: backup", "X-Ms-Type: file", fmt.Sprint("X-Ms-Content-Length: ", len(text)))
}

// send sends a request of another client to the emulator, which has to accept it.
func (b *bubble) send(method, path, text string, headers ...string) {
	b.t.Helper()
	b.emulator(func(e *emulator.Emulator) error {
		q, err := http.NewRequestWithContext(context.Background(), method, "https://emulator.localhost"+path, strings.NewReader(text))
		if err != nil {
			return err
		}
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			q.Header.Set(name, value)
		}
		res, err := e.Transport().RoundTrip(q)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusCreated {
			text, _ := io.ReadAll(res.Body)
			return fmt.Errorf("%s: %s", res.Status, text)
		}
		return nil
	})
}

// A log is followed from before its first line to the end of the setup.
func TestFollowLog(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.withScript("dev")
	early := b.run("logs", "dev")
	if early.code != 3 || !strings.Contains(early.errors, "dev has no log yet: it is Creating") || !strings.Contains(early.errors, "computetarget logs dev -f waits for it") {
		t.Errorf("exit code %d: %s", early.code, early.errors)
	}
	var begun, seen time.Time
	b.beside = func(c *running) {
		begun = time.Now()
		for !strings.Contains(c.out.String(), "started") && time.Since(begun) < time.Hour {
			time.Sleep(time.Second)
		}
		seen = time.Now()
	}
	got := b.must("logs", "-f", "dev")
	if first := seen.Sub(begun); first < 140*time.Second || first > 157*time.Second || got.took < 180*time.Second || got.took > 200*time.Second {
		t.Errorf("the first line came after %s, the end after %s", first, got.took)
	}
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[0], "inline script started, with the arguments '' and 15m0s to run") || !strings.HasSuffix(lines[2], "exit code 0") {
		t.Errorf("printed %q", lines)
	}
	b.beside = nil
	if whole := b.must("logs", "dev"); whole.out != got.out {
		t.Errorf("afterwards it is %q", whole.out)
	}
	if again := b.must("logs", "dev", "--follow"); again.out != got.out || again.took > 10*time.Second {
		t.Errorf("followed afterwards, it took %s and is %q", again.took, again.out)
	}
	if list := b.must("logs", "dev", "--list", "-o", "json", "--query", "[].path", "-o", "tsv"); list.out != "Logs/dev/creation_script.log\n" {
		t.Errorf("the list is %q", list.out)
	}
}

// Of several files logs prints the newest, --all and -f all, and a last line that
// has no end, too.
func TestSeveralLogs(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	b.withScript("dev")
	b.state("dev")
	b.now = b.now.Add(time.Minute)
	b.share("Logs/dev/later.txt", "one\ntwo, without an end")
	newest := b.must("logs", "dev")
	if newest.out != "one\ntwo, without an end\n" || !strings.Contains(newest.errors, "the newest of 2 files: computetarget logs dev --list") {
		t.Errorf("the newest is %q: %s", newest.out, newest.errors)
	}
	for _, flag := range []string{"--all", "-f"} {
		got := b.must("logs", "dev", flag).out
		if !strings.Contains(got, "exit code 0\n==> Logs/dev/later.txt <==\none\ntwo, without an end") || strings.HasPrefix(got, "==>") != (flag == "--all") {
			t.Errorf("%s prints %q", flag, got)
		}
	}
	list := b.must("logs", "dev", "--list", "--query", "[].[path,size]", "-o", "tsv").out
	if !strings.HasPrefix(list, "Logs/dev/later.txt\t23\nLogs/dev/creation_script.log\t") {
		t.Errorf("the list is %q", list)
	}
}

// A setup that fails ends logs -f as it ends wait, and ctrl-c leaves it alone.
func TestFollowFailingLog(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.must("emulator", "set", "dev", "--setup-fails", "-o", "none")
	b.withScript("dev")
	b.beside = func(c *running) { time.Sleep(100 * time.Second); c.signal(syscall.SIGINT) }
	if got := b.run("logs", "dev", "-f"); got.code != 130 || got.out != "" || !strings.Contains(got.errors, "to wait again: ") {
		t.Errorf("ctrl-c: exit code %d: %s", got.code, got.errors)
	}
	b.beside = nil
	got := b.run("logs", "dev", "-f")
	if got.code != 5 || !strings.HasSuffix(got.out, "Setup script exited with code 1\n") || !strings.Contains(got.errors, "dev is in state UserSetupFailed") {
		t.Errorf("exit code %d: %q\n%s", got.code, got.out, got.errors)
	}
	// A read of it is not a failure; every verb that waits shows its end.
	if whole := b.must("logs", "dev"); whole.out != got.out {
		t.Errorf("afterwards it is %q", whole.out)
	}
	waited := b.run("wait", "dev")
	if waited.code != 5 || !strings.Contains(waited.errors, "the end of Logs/dev/creation_script.log:\n") ||
		!strings.Contains(waited.errors, "exited with code 1\nERROR: ") {
		t.Errorf("exit code %d: %s", waited.code, waited.errors)
	}
}

// The log of another instance of that name, which was deleted, is not shown as the log
// of a setup that failed.
func TestLogOfAnEarlierInstance(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.must("emulator", "set", "dev", "--setup-fails", "-o", "none")
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		res, err := next.RoundTrip(r)
		if err != nil || r.URL.Query().Get("comp") != "list" {
			return res, err
		}
		return rewritten(res, func(body []byte) []byte {
			return regexp.MustCompile(`<LastWriteTime>[^<]*`).ReplaceAll(body, []byte("<LastWriteTime>2020-01-01T00:00:00Z"))
		})
	}
	e := b.run("create", "dev", "-s", "Standard_DS3_v2", "--setup-script", b.file("setup.sh", goodScript))
	if e.code != 5 || !strings.HasPrefix(e.errors, "no log of this setup: Logs/dev/creation_script.log is older than dev, and of another instance of that name\nERROR: ") {
		t.Errorf("exit code %d: %s", e.code, e.errors)
	}
}

// A share that cannot be read for a while is looked at again; one that is closed
// ends it.
func TestFollowThroughTrouble(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.withScript("dev")
	broken := 0
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/storage/") && broken < 20 {
			broken++
			return nil, io.ErrUnexpectedEOF
		}
		return next.RoundTrip(r)
	}
	got := b.must("logs", "dev", "-f")
	if !strings.Contains(got.out, "exit code 0\n") || broken != 20 {
		t.Errorf("after %d losses: %q", broken, got.out)
	}
	if strings.Count(got.errors, "the log cannot be read, and is tried again: ") != 1 || strings.Contains(got.errors, "its own network") {
		t.Errorf("of the losses is told: %s", got.errors)
	}
	b.network = nil
	for _, step := range []struct {
		code, words string
		exit        int
	}{
		{"AuthorizationFailure", "lets nobody in from this network", 6},
		{"AuthorizationPermissionMismatch", "Storage File Data Privileged Reader", 6},
		{"ShareNotFound", "az storage share-rm create", 3},
	} {
		b.must("emulator", "fault", "add", "--match", "* /storage/*", "--status", "403", "--code", step.code, "-o", "none")
		for _, args := range [][]string{{"logs", "dev"}, {"logs", "dev", "-f"}} {
			if got := b.run(args...); got.code != step.exit || !strings.Contains(got.errors, step.words) {
				t.Errorf("%s with %s: exit code %d: %s", args, step.code, got.code, got.errors)
			}
		}
		b.must("emulator", "fault", "clear", "-o", "none")
	}
}

// What is too long to print at once is refused rather than cut off, and followed whole.
// An empty log is a log.
func TestLongAndEmptyLogs(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	b.withScript("dev")
	b.state("dev")
	text := strings.Repeat(strings.Repeat("x", 1<<10-1)+"\n", 32<<10) + "the error\n"
	list := ""
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		switch {
		case !strings.HasPrefix(r.URL.Path, "/storage/"):
			return next.RoundTrip(r)
		case r.URL.Query().Get("comp") == "list":
			return answered(r, 200, "<EnumerationResults><Entries>"+list+"</Entries></EnumerationResults>"), nil
		}
		from := 0
		_, _ = fmt.Sscanf(r.Header.Get("X-Ms-Range"), "bytes=%d-", &from)
		return answered(r, 206, text[from:]), nil
	}
	list = fmt.Sprintf("<File><Name>log</Name><Properties><Content-Length>%d</Content-Length></Properties></File>", len(text))
	if got := b.run("logs", "dev"); got.code != 1 || got.out != "" || !strings.Contains(got.errors, "Logs/dev/log has more than 32 MiB") || !strings.Contains(got.errors, "computetarget logs dev -f prints all of it") {
		t.Errorf("exit code %d, %d bytes: %s", got.code, len(got.out), got.errors)
	}
	if got := b.must("logs", "dev", "-f"); got.out != text {
		t.Errorf("followed, it has %d bytes of %d", len(got.out), len(text))
	}
	if got := b.must("logs", "dev", "--list"); !strings.HasPrefix(got.out, "-  ") {
		t.Errorf("of an unknown time the list shows %q", got.out)
	}
	text, list = "", "<File><Name>log</Name><Properties><Content-Length>0</Content-Length></Properties></File>"
	for _, flag := range []string{"--all", "-f"} {
		if got := b.must("logs", "dev", flag); got.out != "" || got.errors != "" {
			t.Errorf("%s of an empty log: %q %s", flag, got.out, got.errors)
		}
	}
	list = "<File>"
	if got := b.run("logs", "dev"); got.code != 1 || !strings.Contains(got.errors, "the list of its files cannot be read") || strings.Contains(got.errors, "cannot be reached") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}

// Who may not read the account's key reads the log with a token, and nothing that
// opens the share is shown.
func TestLogsWithoutTheKey(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	b.withScript("dev")
	signed := map[string]int{}
	var keys sync.Mutex
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		how, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if strings.HasPrefix(r.URL.Path, "/storage/") {
			keys.Lock()
			signed[how]++
			keys.Unlock()
		}
		return next.RoundTrip(r)
	}
	secret := regexp.MustCompile(`[A-Za-z0-9+/]{86}==|SharedKey|eyJ`)
	for _, step := range []struct {
		permit []string
		how    string
	}{{[]string{"*"}, "SharedKey"}, {[]string{"workspaces/read", "workspaces/*/read"}, "Bearer"}} {
		b.must(append([]string{"emulator", "permit", "me", "-o", "none"}, step.permit...)...)
		clear(signed)
		got := b.must("logs", "dev", "--debug")
		if !strings.Contains(got.out, "exit code 0") || signed[step.how] != 2 || len(signed) != 1 {
			t.Errorf("with %s the requests were signed %v", step.permit, signed)
		}
		if found := secret.FindString(got.out + got.errors); found != "" || !strings.Contains(got.errors, "> GET https://emulator.localhost/storage/localws") {
			t.Errorf("--debug shows %q", found)
		}
	}
	// Reader of the workspace, without a right on files.
	b.must("emulator", "permit", "me", "workspaces/read", "workspaces/*/read", "--deny", "Microsoft.Storage/*/files/*", "-o", "none")
	for _, args := range [][]string{{"logs", "dev"}, {"logs", "dev", "-f"}} {
		got := b.run(args...)
		if got.code != 6 || !strings.Contains(got.errors, "you may not use the files of the storage account") ||
			!strings.Contains(got.errors, "Storage File Data Privileged Reader") || !strings.Contains(got.errors, "datastores/listsecrets/action") {
			t.Errorf("exit code %d: %s", got.code, got.errors)
		}
	}
}

// Where there is no log, the reason is told.
func TestNoLog(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.must("create", "plain", "-s", "Standard_DS3_v2", "-o", "none")
	b.must("create", "amlcompute", "-n", "cpus", "-s", "Standard_DS3_v2", "--max-nodes", "1", "-o", "none")
	for _, test := range []struct {
		args  string
		code  int
		words string
	}{
		{"logs plain", 3, "it has no setup script"},
		{"logs plain -f", 3, "it has no setup script"},
		{"logs cpus", 2, "only compute instances have setup scripts"},
		{"logs gone", 3, "gone"},
		{"logs gone -f", 3, "gone"},
		{"logs plain -f --list", 2, "--list cannot be used with --follow"},
		{"logs plain -f -o json", 2, "leave out -o"},
		{"logs a b", 2, "takes one name"},
		{"logs", 2, "name"},
	} {
		if got := b.run(strings.Fields(test.args)...); got.code != test.code || !strings.Contains(got.errors, test.words) || got.out != "" {
			t.Errorf("%s: exit code %d: %s%s", test.args, got.code, got.out, got.errors)
		}
	}
}
