package cmd_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/computetarget/computetarget/cmd"
)

// named is a call of every command that takes the name of a compute; the words
// that name computes come in the place of NAME.
func named(file string) map[string][]string {
	return map[string][]string{
		"show": {"NAME"}, "start": {"NAME"}, "stop": {"NAME"}, "restart": {"NAME"}, "delete": {"NAME"}, "detach": {"NAME"}, "wait": {"NAME"},
		"open": {"NAME"}, "ssh": {"NAME"}, "ssh-config": {"NAME"}, "logs": {"NAME"}, "list-nodes": {"NAME"}, "get-credentials": {"NAME"},
		"resize": {"NAME", "-s", "Standard_DS3_v2"}, "idle": {"NAME", "1h"},
		"schedule set": {"NAME", "9-17", "--time-zone", "UTC"}, "schedule create": {"NAME", "--action", "stop", "--cron", "0 18 * * *", "--time-zone", "UTC"},
		"schedule list": {"NAME"}, "schedule enable": {"NAME", "--all"}, "schedule disable": {"NAME", "--all"}, "schedule delete": {"NAME", "--all"},
		"schedule skip": {"NAME"}, "schedule pause": {"NAME", "--until", "2030-01-01"}, "schedule preview": {"NAME"}, "schedule apply": {"NAME", "-f", file},
		"update": {"NAME", "--max-nodes", "3"}, "update computeinstance": {"NAME", "--idle-shutdown", "1h"}, "update amlcompute": {"NAME", "--max-nodes", "3"}, "update aks": {"NAME", "--ssl-disable"},
		"amlcompute identity show": {"NAME"}, "amlcompute identity assign": {"NAME", "--identities", "[system]"}, "amlcompute identity remove": {"NAME", "--identities", "[system]"},
		"enable-sso": {"NAME"},
		"export":     {"NAME"}, "recreate": {"NAME", "--yes"},
		"policy check":           {"NAME", "--idle-shutdown", "1h"},
		"emulator set":           {"NAME", "--state", "Unusable"},
		"create computeinstance": {"NAME", "-s", "Standard_DS3_v2"}, "create amlcompute": {"NAME", "-s", "Standard_D2_v2", "--max-nodes", "2"},
		"create aks": {"NAME"}, "create datafactory": {"NAME"},
		"attach aks": {"NAME", "-i", exampleCluster}, "attach kubernetes": {"NAME", "-i", exampleCluster}, "attach remote": {"NAME", "-a", "10.0.0.1", "-u", "me", "-p", "secret"},
	}
}

const exampleCluster = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks"

// The list above lacks no command.
func TestEveryCommandThatTakesNamesIsTried(t *testing.T) {
	t.Parallel()
	calls := named("")
	for _, r := range cmd.References() {
		takes := r.Words != "shim answer" && slices.ContainsFunc(r.Flags, func(f cmd.FlagReference) bool { return strings.HasPrefix(f.Spelling, "-n, --name") })
		if _, tried := calls[r.Words]; takes != tried {
			t.Errorf("%s: it takes names is %v, it is tried is %v", r.Words, takes, tried)
		}
	}
}

// pasted are words that no compute can be called, and what is said of each. The
// invisible ones are written by their code point.
func pasted() map[string]string {
	return map[string]string{
		"–dry-run": "an en dash (U+2013), which is not \"-\"", "—dry-run": "an em dash (U+2014)", "−−dry-run": "a minus sign (U+2212)", "－－yes": "a full-width hyphen (U+FF0D)",
		"‐o": "a typographic hyphen (U+2010)", "“--dry-run”": "a curly quote (U+201C)", "„dev“": "a low quote (U+201E)", "’dev’": "a curly quote (U+2019)",
		"\u00ad--dry-run": "a soft hyphen (U+00AD)", "\u00a0--dry-run": "a no-break space (U+00A0)", "\u202f--yes": "a narrow no-break space (U+202F)", "\u200bdev": "a zero-width space (U+200B)",
		"dev\tgpu": "a tab (U+0009) between others", "dev\u00a0gpu": "a no-break space (U+00A0) between others", "dev\x00gpu": "(U+0000) between others",
		"\ufeffdev": "a byte order mark (U+FEFF)", "de\u2011v": "a non-breaking hyphen (U+2011)", "de\u00adv": "a soft hyphen (U+00AD)", "=query": "write --query",
		`\`: "bash and zsh continue a line", "`": "PowerShell continues a line", "^": "cmd continues a line", `dev\`: "bash and zsh continue a line", "dev`": "PowerShell",
		"C:/Program Files/Git" + exampleCluster: "MSYS_NO_PATHCONV=1", `C:\msys64\subscriptions\1`: "MSYS_NO_PATHCONV=1",
	}
}

// impossible are words that are only refused where a compute that is there is
// named: what is to be created gets a proposal.
func impossible() map[string]string {
	return map[string]string{
		".": "contains '.'", "#": "contains '#'", "1": "begin with a letter", "a b": "contains a blank", "a,b": "separated by blanks", "dev*": "is a pattern", "équipe-gpu": "contains 'é' (U+00E9)",
		"_dev": "begin with a letter", strings.Repeat("x", 65): "more than 64 characters", "a/b": "contains '/'", "$NAME": "contains '$'", " ": "a variable unset", "": "a variable unset",
		`"dev"`: "write dev", "azureml:dev": "write dev", "https://management.azure.com" + computeID("ws", "dev"): "is an address", "dev\ngpu": "contains line breaks",
		exampleCluster: "of type Microsoft.ContainerService/managedClusters",
	}
}

// Whatever no compute can be called is refused by every command before anything
// is asked, and said for what it is. Nothing is done to the others.
func TestNamesAreRefusedByEveryCommand(t *testing.T) {
	t.Parallel()
	file := filepath.Join(folder(t), "hours.yaml")
	if err := os.WriteFile(file, []byte("hours: 9-17\ntime-zone: UTC\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for words, call := range named(file) {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			b := virtual(t)
			sent := b.sealed()
			try := func(word, reason string, name ...string) {
				t.Helper()
				args := strings.Fields(words)
				for _, arg := range call {
					if arg == "NAME" {
						args = append(args, name...)
						continue
					}
					args = append(args, arg)
				}
				e := b.run(args...)
				switch {
				case e.code != 2 || e.out != "" || *sent != "":
					t.Errorf("%q: exit code %d, sent %q, printed %q", args, e.code, *sent, e.out)
				case !strings.Contains(e.errors, reason):
					t.Errorf("%q: %s: not said: %s", args, e.errors, reason)
				}
			}
			first := strings.HasPrefix(words, "schedule ") || words == "idle" || strings.HasPrefix(words, "amlcompute") // what follows the name is something else
			for word, reason := range pasted() {
				try(word, reason, "-n", word)
				if !first {
					try(word, reason, word)
					try(word, reason, "victim", word)
				}
			}
			if strings.HasPrefix(words, "create ") || strings.HasPrefix(words, "attach ") {
				try("id", "a new compute needs a name", "-n", computeID("local-ws", "dev"))
				return
			}
			for word, reason := range impossible() {
				try(word, reason, "-n", word)
			}
		})
	}
}

// All that is wrong is said together.
func TestAllWrongNamesAreSaid(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	sent := b.sealed()
	b.in = strings.NewReader("dev\n2nd\n")
	e := b.run("stop", "a b", "good", "–yes", "-n", "1st", "-")
	for _, want := range []string{`"a b"`, `"–yes"`, `"1st"`, `"2nd"`} {
		if !strings.Contains(e.errors, want) {
			t.Errorf("%s is not said", want)
		}
	}
	if e.code != 2 || *sent != "" || strings.Contains(e.errors, "good") || strings.Contains(e.errors, `"dev"`) {
		t.Errorf("exit code %d, sent %q", e.code, *sent)
	}
}

// Values that swallowed a flag, and arguments of commands that take no names,
// are refused the same way.
func TestPastedFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		reason string
	}{
		{[]string{"show", "dev", "-g", "–w"}, "argument --resource-group: its value is missing: a flag follows that begins with an en dash (U+2013), which is not \"-\": write -w"},
		{[]string{"show", "dev", "-w", "—query"}, "write --query"},
		{[]string{"show", "dev", "-w", "–ws"}, "argument --workspace-name: its value begins with an en dash"},
		{[]string{"create", "dev", "-s", "–no-wait"}, "argument --vm-size: its value is missing"},
		{[]string{"create", "dev", "-s", "X", "--description", "–no-wait"}, "argument --description: its value is missing"},
		{[]string{"create", "dev", "-s", "X", "--tags", "a=b", "–no-wait"}, "argument --tags: its value is missing"},
		{[]string{"attach", "remote", "-n", "dev", "-a", "x", "-u", "me", "-p", "–dry-run"}, "argument --password: its value is missing"},
		{[]string{"create", "dev", "-s", "X", "--subnet-id", "C:/Program Files/Git/subscriptions/1"}, "argument --subnet-id: its value is an id that Git Bash turned"},
		{[]string{"create", "dev", "-s", "X", "--tag", "of=C:/Program Files/Git/subscriptions/1"}, "MSYS_NO_PATHCONV=1"},
		{[]string{"list", "–mine"}, "write --mine"},
		{[]string{"list", "--state", "running", "‑o", "name"}, "write -o"},
		{[]string{"workspace", "list", "–o", "name"}, "write -o"},
		{[]string{"use", "–here"}, "write --here"},
		{[]string{"use", "ml–dev"}, "an en dash (U+2013), which is not \"-\": write ml-dev"},
		{[]string{"use", "ml\u00a0dev"}, "a no-break space"},
		{[]string{"use", "/subscriptions/1/resourceGroups/rg"}, "is not the id of a workspace"},
		{[]string{"use", computeID("ws", "dev")}, "is the id of a compute"},
		{[]string{"use", strings.TrimSuffix(computeID("ws", ""), "/computes/"), "-g", "other"}, "--resource-group/-g says other"},
		{[]string{"config", "set", "output=json", "–here"}, "an en dash"},
		{[]string{"emulator", "advance", "1h", "—x"}, "an em dash"},
		{[]string{"–o", "json", "list"}, "write -o"},
		{[]string{"–-version"}, "write --version"},
		{[]string{"–version"}, "write --version"},
		{[]string{"“list”"}, "write list"},
		{[]string{"stop", "dev", "--no–wait"}, "did you mean --no-wait?"},
		{[]string{"stop", "dev", "--no-wait\r"}, "a carriage return"},
		{[]string{"idle", "dev", "1h", "–dry-run"}, "write --dry-run"},
		{[]string{"schedule", "set", "dev", "9-17", "–time-zone", "UTC"}, "write --time-zone"},
		{[]string{"schedule", "enable", "dev", "–all"}, "write --all"},
		{[]string{"schedule", "skip", "dev", "–next", "stop"}, "write --next"},
		{[]string{"schedule", "skip", "dev", "gpu"}, "unrecognized arguments: gpu"},
		{[]string{"schedule", "pause", "dev", "gpu", "--until", "2030-01-01"}, "unrecognized arguments: gpu"},
		{[]string{"schedule", "create", "dev", "gpu", "--action", "stop"}, "unrecognized arguments: gpu"},
		{[]string{"amlcompute", "identity", "assign", "cpu", "--identities", "[system]", "–dry-run"}, "argument --identities: its value is missing"},
		{[]string{"amlcompute", "identity", "assign", "cpu", "[system]", "–dry-run"}, "write --dry-run"},
		{[]string{"show", "-name", "dev"}, "write --name"},
		{[]string{"show", "-name=dev"}, "write --name"},
		{[]string{"show", "-Name", "dev"}, "write --name"},
		{[]string{"list", "-output", "json"}, "write --output"},
		{[]string{"-output", "json", "list"}, "write --output"},
		{[]string{"delete", "dev", "-yes"}, "write --yes"},
		{[]string{"resize", "dev", "-size", "X"}, "write --size"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			b := virtual(t)
			sent := b.sealed()
			e := b.run(c.args...)
			if e.code != 2 || *sent != "" || !strings.Contains(e.errors, c.reason) {
				t.Errorf("exit code %d, sent %q; want %s", e.code, *sent, c.reason)
			}
		})
	}
}

// What only resembles a mistake goes through.
func TestOddNamesAndValuesAreTaken(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_EMULATOR_PACE=instant")
	b.must("create", "techzone", "-s", "Standard_DS3_v2", "--description", "– with a dash", "--tag", "note=–yes and no")
	b.must("show", "-ntechzone")
	b.must("show", "-vn", "techzone")
	b.must("show", "-n=techzone")
	b.must("schedule", "set", "techzone", "mon–fri 09:00–18:00", "--time-zone", "UTC")
	b.must("schedule", "set", "techzone", "–19:00", "--time-zone", "UTC")
	b.must("schedule", "set", "techzone", "-19:00", "--time-zone", "UTC")
	b.must("show", " techzone ", "techzone\r")
	for _, text := range []string{"\ufefftechzone\r\n\r\n", "\xff\xfet\x00e\x00c\x00h\x00z\x00o\x00n\x00e\x00\r\x00\n\x00", "TechZone"} {
		b.in = strings.NewReader(text)
		if e := b.must("stop", "-", "-o", "name"); !strings.EqualFold(strings.TrimSpace(e.out), "techzone") {
			t.Errorf("%q: %q", text, e.out)
		}
	}
}

func computeID(workspace, name string) string {
	return "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local-rg/providers/Microsoft.MachineLearningServices/workspaces/" + workspace + "/computes/" + name
}

// A wait that ended early is taken up again in the workspace of the ids, by ids
// when there are several.
func TestResumeInTheWorkspaceOfIDs(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.must("create", "one", "-s", "Standard_DS3_v2", "-w", "second-ws")
	b.must("create", "two", "-s", "Standard_DS3_v2", "-w", "third-ws")
	b.must("create", "three", "-s", "Standard_DS3_v2")
	one, two, three := computeID("second-ws", "one"), computeID("third-ws", "two"), computeID("local-ws", "three")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"restart", one, "--timeout", "10s"}, "computetarget wait one -g local-rg -w second-ws --subscription-id "},
		{[]string{"stop", one, two, "--timeout", "10s"}, "computetarget wait " + one + " " + two + "\n"},
		{[]string{"restart", "three", two, "--timeout", "10s"}, "computetarget wait " + three + " " + two + "\n"},
		{[]string{"delete", one, two, "--timeout", "10s"}, "computetarget wait " + one + " " + two + " --for deleted\n"},
	} {
		e := b.run(c.args...)
		if e.code != 4 || !strings.Contains(e.errors, c.want) {
			t.Errorf("%q: exit code %d, and not %q", c.args, e.code, c.want)
		}
		b.run("wait", one, two)
	}
}

// A name that reaches the service is one that was asked for, whatever the words
// are and in whatever order they come.
func FuzzNames(f *testing.F) {
	f.Add(uint8(0), "dev\n–dry-run")
	f.Add(uint8(1), "-n\ndev\n-w\nws\n--dry–run")
	f.Add(uint8(2), "-ndev\n-\n“--yes”\n--\n–x")
	f.Add(uint8(3), "dev\n"+computeID("other", "gpu")+"\n-g\nrg")
	f.Add(uint8(4), "-name\ndev\n.\n..\na%2fb\n\\")
	calls := named("/dev/null")
	delete(calls, "emulator set") // it drives the emulator, not the service
	verbs := make([]string, 0, len(calls))
	for words := range calls {
		verbs = append(verbs, words)
	}
	slices.Sort(verbs)
	possible := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	home := folder(f)
	f.Fuzz(func(t *testing.T, verb uint8, text string) {
		words := verbs[int(verb)%len(verbs)]
		given := strings.Split(text, "\n")
		for _, word := range given {
			if regexp.MustCompile(`^-+(a|c|e|p|i|f|d|ss|k)|@`).MatchString(word) || len(given) > 20 {
				return // flags that name files, clouds and endpoints
			}
		}
		args := strings.Fields(words)
		for _, arg := range calls[words] {
			if arg == "NAME" {
				args = append(args, given...)
				continue
			}
			args = append(args, arg)
		}
		var asked, changed []string
		env := map[string]string{"HOME": home, "COMPUTETARGET_ENDPOINT": "http://127.0.0.1:9", "COMPUTETARGET_AUTH_MODE": "token", "COMPUTETARGET_ACCESS_TOKEN": "x",
			"COMPUTETARGET_SUBSCRIPTION": "00000000-0000-0000-0000-000000000000", "COMPUTETARGET_RESOURCE_GROUP": "rg", "COMPUTETARGET_WORKSPACE": "ws", "COMPUTETARGET_EMULATOR_DIR": home}
		code := 0
		synctest.Test(t, func(*testing.T) {
			answers := make(chan string, 1000)
			code = cmd.Run(cmd.Process{Args: args, In: strings.NewReader(text), Out: io.Discard, Err: io.Discard, Signals: make(chan os.Signal),
				Getenv: func(name string) string { return env[name] },
				Network: func(http.RoundTripper) http.RoundTripper {
					return carrier(func(r *http.Request) (*http.Response, error) {
						answers <- r.Method + " " + r.URL.EscapedPath()
						return answered(r, 404, `{"error":{"code":"ResourceNotFound","message":"not there"}}`), nil
					})
				}})
			close(answers)
			for line := range answers {
				asked = append(asked, line)
			}
		})
		for _, line := range asked {
			method, path, _ := strings.Cut(line, " ")
			if method != http.MethodGet {
				changed = append(changed, line)
			}
			_, rest, ok := strings.Cut(path, "/computes/")
			if !ok {
				continue
			}
			name, _, _ := strings.Cut(rest, "/")
			plain, err := url.PathUnescape(name)
			if err != nil || plain != name || !possible.MatchString(name) {
				t.Errorf("%q asked for %s", args, line)
			}
			if !slices.ContainsFunc(given, func(word string) bool { return strings.Contains(word, name) }) {
				t.Errorf("%q asked for %s, which nobody named", args, line)
			}
		}
		if code == 2 && len(changed) > 0 {
			t.Errorf("%q ended with exit code 2 after %q", args, changed)
		}
	})
}
