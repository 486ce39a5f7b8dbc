package cmd_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const goodScript = "#!/bin/bash\nset -e\necho ready\n"

// file writes a file of this machine.
func (b *bubble) file(name, text string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// inShare is a file of the share, "" if it is not there.
func (b *bubble) inShare(path string) (text string) {
	b.t.Helper()
	b.emulator(func(e *emulator.Emulator) error {
		q, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://emulator.localhost"+sharePath+path, nil)
		if err != nil {
			return err
		}
		for name, value := range map[string]string{"Authorization": "Bearer x", "X-Ms-Version": "2026-06-06", "X-Ms-File-Request-Intent": "backup"} {
			q.Header.Set(name, value)
		}
		res, err := e.Transport().RoundTrip(q)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode == http.StatusOK {
			raw, err := io.ReadAll(res.Body)
			text = string(raw)
			return err
		}
		return nil
	})
	return text
}

const sharePath = "/storage/localws3054544554/code-391ff5ac-6576-460f-ba4d-7e03433c68b6/"

// upload is a create that puts a script into the share.
func upload(name, file string, more ...string) []string {
	return append([]string{"create", name, "-s", "Standard_DS3_v2", "--setup-script", file, "--upload-to", "Users/me/", "-o", "none"}, more...)
}

// A create waits while its scripts run, and obeys their time limit.
func TestCreateWaitsForScripts(t *testing.T) {
	t.Parallel()
	b := virtual(t, "COMPUTETARGET_PROGRESS=plain")
	script := b.file("setup.sh", goodScript)
	e := b.must("create", "dev", "-s", "Standard_DS3_v2", "--setup-script", script, "--startup-script", script, "-o", "none")
	last := -1
	for _, state := range []string{"Creating", "SettingUp", "UserSettingUp", "Running"} {
		at := strings.Index(e.errors, state)
		if at <= last {
			t.Errorf("%s is not seen, or not in its place:\n%s", state, e.errors)
		}
		last = at
	}
	if strings.Contains(e.errors, "put into") {
		t.Errorf("nothing was uploaded:\n%s", e.errors)
	}
	b.must("emulator", "set", "slow", "--setup-takes", "20m", "-o", "none")
	e = b.run("create", "slow", "-s", "Standard_DS3_v2", "--setup-script", script)
	if e.code != 5 || !strings.Contains(e.errors, "timed out after 15m") || !strings.Contains(e.errors, "the end of Logs/slow/") || !strings.Contains(e.errors, "computetarget logs slow") || e.took < 15*time.Minute {
		t.Errorf("exit code %d after %s", e.code, e.took)
	}
	b.must("delete", "slow", "--yes", "-o", "none")
	if e = b.must("create", "slow", "-s", "Standard_DS3_v2", "--setup-script", script, "--setup-script-timeout", "1500", "-o", "none"); e.took < 20*time.Minute {
		t.Errorf("it took %s", e.took)
	}
	// A wait that ends before the script does can be taken up again.
	b.must("delete", "slow", "--yes", "-o", "none")
	e = b.run("create", "slow", "-s", "Standard_DS3_v2", "--setup-script", script, "--setup-script-timeout", "25m", "--timeout", "10m")
	if e.code != 4 || !strings.Contains(e.errors, "UserSettingUp") || !strings.Contains(e.errors, "to wait again: ") {
		t.Errorf("exit code %d after %s", e.code, e.took)
	}
	b.must("wait", "slow")
}

// An instance that is there already has other settings when its script in the share has
// another text than the one that is given, although the path is the same.
func TestCreateAgainComparesTheShare(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	script := b.file("setup.sh", goodScript)
	b.must(upload("dev", script)...)
	if e := b.must(upload("dev", script)...); e.errors != "nothing was uploaded, because dev exists already\n" {
		t.Errorf("the same again: %s", e.errors)
	}
	b.file("setup.sh", goodScript+"echo more\n")
	for _, more := range [][]string{nil, {"--replace"}, {"--dry-run"}, {"--no-wait"}, {"--stopped"}} {
		e := b.run(upload("dev", script, more...)...)
		if e.code != 1 || !strings.Contains(e.errors, "dev exists with other settings: what is in the workspace's share at Users/me/setup.sh has other content; nothing was sent") {
			t.Errorf("%s: exit code %d: %s", more, e.code, e.errors)
		}
	}
	if have := b.inShare("Users/me/setup.sh"); have != goodScript {
		t.Errorf("in the share is %q", have)
	}
	b.must(upload("dev", script, "--if-exists", "use")...)
	// What cannot be read, or is not there any more, is told.
	for code, want := range map[string]string{"ResourceNotFound": "Users/me/setup.sh is not in the workspace's share any more", "AuthorizationFailure": "whether the workspace's share holds the same script is not known: "} {
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/storage/") {
				return answered(r, 404, "", "x-ms-error-code: "+code), nil
			}
			return next.RoundTrip(r)
		}
		if e := b.must(upload("dev", script)...); !strings.Contains(e.errors, want) {
			t.Errorf("%s: %s", code, e.errors)
		}
	}
}

// A create takes six requests until it is accepted, and its upload six more.
func TestCreateWithUploadBudget(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.must(upload("first", b.file("other.sh", goodScript))...) // makes the folder above
	var toShare, others, polls []string
	accepted := false
	var counting sync.Mutex // requests of a preflight are made at once
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		q := r.Method + " " + r.URL.Path
		counting.Lock()
		defer counting.Unlock()
		switch {
		case r.URL.Path == "/metadata/endpoints": // a loopback endpoint is asked where its storage is
		case strings.HasPrefix(r.URL.Path, "/storage/") || strings.Contains(r.URL.Path, "/datastores/"):
			toShare = append(toShare, q)
		case accepted:
			polls = append(polls, q)
		default:
			others = append(others, q)
			accepted = r.Method == http.MethodPut
		}
		return next.RoundTrip(r)
	}
	b.must(upload("dev", b.file("setup.sh", goodScript), "--upload-to", "Users/new/")...)
	if len(toShare) > 6 || len(others) > 6 {
		t.Errorf("%d requests to the share, %d others before it was accepted:\n%s\n%s", len(toShare), len(others), strings.Join(toShare, "\n"), strings.Join(others, "\n"))
	}
	if last := toShare[len(toShare)-1]; !accepted || len(polls) == 0 || !strings.HasPrefix(last, "GET") {
		t.Errorf("the last request to the share is %s", last)
	}
	// What is sent along needs no share, wherever it comes from.
	toShare, others, accepted = nil, nil, false
	b.must("create", "inline", "-s", "Standard_DS3_v2", "--setup-script", b.file("setup.sh", goodScript), "-o", "none")
	if len(toShare) > 0 || len(others) > 6 {
		t.Errorf("without an upload: %q %q", toShare, others)
	}
	b.in = strings.NewReader(goodScript)
	b.must("create", "piped", "-s", "Standard_DS3_v2", "--setup-script", "-", "-o", "none")
	b.in = nil
	if got := b.body("piped"); !strings.Contains(got, base64.StdEncoding.EncodeToString([]byte(goodScript))) {
		t.Errorf("from stdin: %s", got)
	}
}

// What is wrong with a script, or with flags about it, shows before any request.
func TestWrongScriptsSendNothing(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	good := b.file("setup.sh", goodScript)
	loop := filepath.Join(b.dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	utf16 := func(order string) string {
		var w strings.Builder
		w.WriteString(order)
		for _, r := range goodScript {
			if order == "\xff\xfe" {
				w.WriteString(string(r) + "\x00")
			} else {
				w.WriteString("\x00" + string(r))
			}
		}
		return w.String()
	}
	for want, args := range map[string][]string{
		"[crlf]":                               {"--setup-script", b.file("crlf.sh", strings.ReplaceAll(goodScript, "\n", "\r\n"))},
		"[bom]":                                {"--startup-script", b.file("bom.sh", "\xef\xbb\xbf"+goodScript)},
		"le.sh:1:1: error: the file is UTF-16": {"--setup-script", b.file("le.sh", utf16("\xff\xfe"))},
		"be.sh:1:1: error: the file is UTF-16": {"--setup-script", b.file("be.sh", utf16("\xfe\xff"))},
		"[nul]":                                {"--setup-script", b.file("nul.sh", goodScript+"\x00")},
		"[syntax]":                             {"--setup-script", b.file("syntax.sh", goodScript+"if\n")},
		"[size]":                               {"--setup-script", b.file("long.sh", goodScript+strings.Repeat("# long\n", 500))},
		"--upload-to":                          {"--setup-script", b.file("long.sh", goodScript+strings.Repeat("# long\n", 500))},
		"empty.sh is empty":                    {"--setup-script", b.file("empty.sh", "")},
		"larger than the limit":                {"--setup-script", b.file("huge.sh", goodScript+strings.Repeat("# huge\n", 10<<20/7)), "--upload-to", "Users/me"},
		"/dev/zero is larger":                  {"--setup-script", "/dev/zero"},
		"is a folder, not a file":              {"--setup-script", b.dir},
		"cannot be read":                       {"--setup-script", loop},
		"does not exist":                       {"--startup-script", filepath.Join(b.dir, "nobody.sh")},
		"- is empty":                           {"--setup-script", "-"},
		"takes the name of a file":             {"--setup-script", "@" + good},
		"the file name is empty":               {"--setup-script", ""},
		"begins with Users/":                   {"--setup-script", `Users\me\setup.sh`},
		"in Users/me/x.sh":                     {"--setup-script", "/users/me/x.sh"},
		"in Users/admin/x.sh":                  {"--setup-script", "/home/azureuser/cloudfiles/code/Users/admin/x.sh"},
		"takes no address":                     {"--setup-script", "https://account.file.core.windows.net/x.sh?sig=secret"},
		`"Users/" cannot`:                      {"--setup-script", "Users/"},
		"the path of a file":                   {"--setup-script", "Users/me/../../etc/x.sh"},
		"cannot be the path":                   {"--setup-script", "Users/me//x.sh"},
		"must end in .sh":                      {"--setup-script", "Users/me/x.SH"},
		"[share-name]":                         {"--setup-script", b.file("setup", goodScript), "--upload-to", "Users/me/"},
		"backslashes":                          {"--setup-script", good, "--upload-to", `Users\me`},
		`"Users" is not`:                       {"--setup-script", good, "--upload-to", "Users"},
		`"/Users/me" is not`:                   {"--setup-script", good, "--upload-to", "/Users/me"},
		`"Users/../Logs" is not`:               {"--setup-script", good, "--upload-to", "Users/../Logs"},
		`"Users/x/../.." is not`:               {"--setup-script", good, "--upload-to", "Users/x/../.."},
		`"C:/Users/me" is not`:                 {"--setup-script", good, "--upload-to", "C:/Users/me"},
		`"Users/a:b/setup.sh" cannot`:          {"--setup-script", good, "--upload-to", "Users/a:b"},
		`"" is not a folder`:                   {"--setup-script", good, "--upload-to", ""},
		"--upload-to needs a file":             {"--setup-script", "Users/me/x.sh", "--upload-to", "Users/me"},
		"--replace needs --upload-to":          {"--setup-script", good, "--replace"},
		"args needs --setup-script":            {"--setup-script-args", "x"},
		"out needs --startup-script":           {"--startup-script-timeout", "5m", "--setup-script", good},
		"0 is too short":                       {"--setup-script", good, "--setup-script-timeout", "0"},
		"it is empty":                          {"--startup-script", good, "--startup-script-timeout", ""},
		"is negative":                          {"--setup-script", good, "--setup-script-timeout=-5m"},
		"seven days":                           {"--setup-script", good, "--setup-script-timeout", "8d"},
		"a line break":                         {"--setup-script", good, "--setup-script-args", "a\nreboot"},
		"argument --setup-script-args: it is not UTF-8":                                                    {"--setup-script", good, "--setup-script-args", "M\xfcller"},
		"argument --tag: it is not UTF-8":                                                                  {"--setup-script", good, "--tag", "team=M\xfcller"},
		"argument --description: it is not UTF-8":                                                          {"--setup-script", good, "--description", "M\xfcller"},
		"argument --setup-script: --upload-to needs the name":                                              {"--setup-script", "-", "--upload-to", "Users/me"},
		"argument --startup-script: stdin is read once":                                                    {"--setup-script", "-", "--startup-script", "-"},
		"quote\\\".sh\" cannot be the path of a file in the workspace's share: give the file another name": {"--setup-script", b.file(`quote".sh`, goodScript), "--upload-to", "Users/me"},
		"rename it to Users/me/setup.sh\n":                                                                 {"--setup-script", b.file("setup.SH ", goodScript), "--upload-to", "Users/me"},
		"different names":                                                                                  {"--setup-script", good, "--startup-script", b.file("../setup.sh", "#!/bin/bash\n"), "--upload-to", "Users/me"},
	} {
		tried := b.sealed()
		e := b.run(append([]string{"create", "dev", "-s", "Standard_DS3_v2"}, args...)...)
		if e.code != 2 || *tried != "" || e.out != "" || !strings.Contains(e.errors, want) {
			t.Errorf("%q: exit code %d, tried %q, and %q is not in\n%s", args, e.code, *tried, want, e.errors)
		}
	}
	// All of it is told at once, with what is wrong beside it.
	tried := b.sealed()
	e := b.run("create", "d", "-s", "Standard_DS3_v2", "--setup-script", filepath.Join(b.dir, "syntax.sh"), "--startup-script", filepath.Join(b.dir, "bom.sh"), "--idle-shutdown", "1m")
	for _, want := range []string{"[syntax]", "[bom]", "--idle-shutdown", "must have 3 characters"} {
		if e.code != 2 || *tried != "" || !strings.Contains(e.errors, want) {
			t.Errorf("exit code %d, tried %q, and %q is not in\n%s", e.code, *tried, want, e.errors)
		}
	}
}

// Scripts that a file describes are checked as those of flags are, before anything is
// sent, and their time limits get the form that is sent.
func TestDescribedScriptsAreChecked(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	const head = "name: dev\ntype: computeinstance\nsize: Standard_DS3_v2\nsetup_scripts:\n"
	for want, text := range map[string]string{
		"dev.yml:5:3: creationScript: error: the name of a script in the share must end in .sh": "  creation_script: {path: Users/me/setup}",
		"dev.yml:5:3: startupScript: \"Users/../x.sh\" cannot be the path":                      "  startup_script: {path: Users/../x.sh}",
		"dev.yml:5:3: creationScript: its arguments have a line break":                          `  creation_script: {path: Users/me/setup.sh, command: "a\nreboot"}`,
		"creationScript: its time limit: PT20M is an ISO 8601 duration":                         "  creation_script: {path: Users/me/setup.sh, timeout: PT20M}",
		"creationScript:2:5: error: the line ends with CR LF":                                   `  creation_script: {inline: "#!/bin/bash\necho\r\n"}`,
		"creationScript: error: the script has":                                                 `  creation_script: {inline: "#!/bin/bash\nset -e\n#` + strings.Repeat("x", 4000) + `\n"}`,
	} {
		file := b.file("dev.yml", head+text+"\n")
		for _, args := range [][]string{{"create", "-f", file}, {"apply", "-f", file, "--yes"}} {
			if e := b.run(args...); e.code != 2 || e.out != "" || !strings.Contains(e.errors, want) {
				t.Errorf("%s %q: exit code %d, and %q is not in\n%s", args[0], text, e.code, want, e.errors)
			}
			if e := b.run("show", "dev"); e.code != 3 {
				t.Fatalf("%s %q sent it", args[0], text)
			}
		}
	}
	if e := b.must("create", "-f", b.file("dev.yml", head+"  creation_script: {path: setup.sh}\n"), "--dry-run", "-o", "none"); e.errors != "setup.sh is not in the workspace's share, where the setup will look for it; --upload-to puts a file there\n" {
		t.Errorf("of a script at the root of the share is told: %s", e.errors)
	}
	file := b.file("dev.yml", head+"  creation_script: {path: Users/me/setup, timeout: PT20M}\n  startup_script: {path: Users/me/start.sh, timeout: 1.5h}\n")
	e := b.must("create", "-f", file, "--setup-script", "Users/me/other.sh", "--dry-run", "-o", "tsv", "--query",
		"body.properties.properties.setupScripts.scripts.[startupScript.timeout, creationScript.scriptSource]")
	if e.out != "90m\nworkspaceStorage\n" && e.out != "90m\tworkspaceStorage\n" || !strings.Contains(e.errors, "1.5h is longer than 25 minutes") {
		t.Errorf("sent %q: %s", e.out, e.errors)
	}
}

// A share that cannot be used ends a create with the reason, before anything is
// created.
func TestCreateWithoutItsShare(t *testing.T) {
	t.Parallel()
	refusal := func(code string) string { return "<Error><Code>" + code + "</Code><Message>no</Message></Error>" }
	for name, c := range map[string]struct {
		of, method   string // what is answered
		status       int
		code, answer string
		exit         int
		want         string
	}{
		"no network rights":   {"/storage/", "GET", 403, "AuthorizationFailure", refusal("AuthorizationFailure"), 6, "lets nobody in from this network"},
		"no rights to write":  {"/storage/", "PUT", 403, "AuthorizationPermissionMismatch", refusal("AuthorizationPermissionMismatch"), 6, "Storage File Data Privileged Contributor"},
		"no share":            {"/storage/", "GET", 404, "ShareNotFound", refusal("ShareNotFound"), 3, "does not exist"},
		"a page":              {"/storage/", "GET", 200, "", "<html><title>Sign in</title>", 1, "other content"},
		"a page for 404":      {"/storage/", "GET", 404, "", "<html><title>Not here</title>", 1, "HTTP 404"},
		"a page of an error":  {"/storage/", "GET", 403, "", "<html><title>Proxy</title>", 6, "HTTP 403"},
		"a page after it":     {"/storage/", "PUT", 502, "", "<html><title>Proxy</title>", 1, "HTTP 502"},
		"no route":            {"/storage/", "GET", 0, "", "", 1, "run it inside the workspace's network, or by its VPN"},
		"no datastore":        {"/datastores/", "GET", 403, "", `{"error":{"code":"AuthorizationFailed","message":"no"}}`, 6, "AuthorizationFailed"},
		"datastore is a page": {"/datastores/", "GET", 200, "", "<html>", 1, "page"},
	} {
		b := virtual(t)
		script := b.file("setup.sh", goodScript)
		created := 0
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.Contains(r.URL.Path, c.of) && r.Method == c.method {
				if c.status == 0 {
					return nil, &net.OpError{Op: "dial", Err: errors.New("no such host")}
				}
				kind := "application/xml"
				if strings.HasPrefix(c.answer, "{") {
					kind = "application/json"
				}
				return answered(r, c.status, c.answer, "Content-Type: "+kind, "x-ms-error-code: "+c.code), nil
			}
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/computes/") {
				created++
			}
			return next.RoundTrip(r)
		}
		e := b.run(upload("dev", script)...)
		if e.code != c.exit || created > 0 || !strings.Contains(e.errors, c.want) || !strings.Contains(e.errors, "; nothing was created") {
			t.Errorf("%s: exit code %d, %d creates, and %q is not in\n%s", name, e.code, created, c.want, e.errors)
		}
		if b.state("dev") != "" {
			t.Errorf("%s: it was created", name)
		}
	}
}

// Ctrl-c and the timeout end an upload, and nothing is created.
func TestInterruptedUpload(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"GET", "PUT"} {
		b := virtual(t)
		args := upload("dev", b.file("setup.sh", goodScript))
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/setup.sh") && r.Method == at {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return next.RoundTrip(r)
		}
		b.beside = func(c *running) { time.Sleep(5 * time.Second); c.signal(syscall.SIGINT) }
		e := b.run(args...)
		if e.code != 130 || !strings.Contains(e.errors, "nothing was sent") || strings.Contains(e.errors, "may be in the workspace's share") != (at == "PUT") {
			t.Errorf("%s: exit code %d\n%s", at, e.code, e.errors)
		}
		b.beside = nil
		e = b.run(append(args, "--timeout", "10s")...)
		if e.code != 4 || e.took > 11*time.Second || !strings.Contains(e.errors, "the time given ran out before the request for dev; nothing was sent") || strings.Contains(e.errors, "may be in the workspace's share") != (at == "PUT") {
			t.Errorf("%s: exit code %d after %s\n%s", at, e.code, e.took, e.errors)
		}
		if b.state("dev") != "" {
			t.Errorf("%s: it was created", at)
		}
	}
}

// When the create is refused after the upload, the file that stays is told.
func TestRefusedAfterUpload(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	script := b.file("setup.sh", goodScript)
	refuse := func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/computes/") {
			return answered(r, 400, `{"error":{"code":"UserError","message":"no"}}`), nil
		}
		return next.RoundTrip(r)
	}
	b.network = refuse
	e := b.run(upload("dev", script)...)
	if e.code != 1 || !strings.Contains(e.errors, "Users/me/setup.sh is in the workspace's share now, and stays there") {
		t.Errorf("exit code %d: something was changed\n%s", e.code, e.errors)
	}
	if got := b.inShare("Users/me/setup.sh"); got != goodScript {
		t.Errorf("the share has %q", got)
	}
	b.network = refuse
	e = b.run(upload("dev", script)...)
	if e.code != 2 || strings.Contains(e.errors, "stays there") {
		t.Errorf("exit code %d: nothing was changed this time\n%s", e.code, e.errors)
	}
	// A check that fails comes before the upload.
	b.network = nil
	script = b.file("setup.sh", goodScript+"# other\n")
	for _, args := range [][]string{upload("dev", script, "-s", "Standard_DS33_v2", "--replace"), upload("1dev", script, "--replace"), upload("dev", script), upload("dev", script, "--replace", "--dry-run")} {
		b.run(args...)
		if got := b.inShare("Users/me/setup.sh"); got != goodScript {
			t.Fatalf("%q: the share has %q", args, got)
		}
	}
	b.must(upload("dev", script, "--replace")...)
	if got := b.inShare("Users/me/setup.sh"); got != goodScript+"# other\n" {
		t.Errorf("the share has %q", got)
	}
}

// Of two creates that put different files under one name at the same time, one is
// told, and creates nothing.
func TestUploadsAtOnce(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	script := b.file("setup.sh", goodScript)
	b.must(upload("first", b.file("other.sh", goodScript))...)
	theirs := strings.Replace(goodScript, "ready", "steady", 1)
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		res, err := next.RoundTrip(r)
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/setup.sh") && res.StatusCode == 200 { // the read after the write
			return rewritten(res, func([]byte) []byte { return []byte(theirs) })
		}
		return res, err
	}
	e := b.run(upload("dev", script)...)
	if e.code != 8 || !strings.Contains(e.errors, "Users/me/setup.sh was changed by somebody else at the same moment") || !strings.Contains(e.errors, "nothing was created") || b.state("dev") != "" {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
}

// The account's keys may be off: a token is used, if there is one for storage.
func TestUploadWithoutKeys(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	script := b.file("setup.sh", goodScript)
	off := func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/storage/") && strings.HasPrefix(r.Header.Get("Authorization"), "SharedKey") {
			return answered(r, 403, "<Error><Code>KeyBasedAuthenticationNotPermitted</Code></Error>", "x-ms-error-code: KeyBasedAuthenticationNotPermitted", "Content-Type: application/xml"), nil
		}
		return next.RoundTrip(r)
	}
	b.network = off
	b.must(upload("dev", script)...)
	served := b.service()
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) { return off(r, served) }
	b.set("COMPUTETARGET_CLOUD=", "COMPUTETARGET_ENDPOINT=http://127.0.0.1:1", "COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN=e30.e30.e30")
	e := b.run(upload("other", b.file("other.sh", goodScript))...)
	if e.code != 6 || !strings.Contains(e.errors, "--auth-mode token has one for the Resource Manager only") || !strings.Contains(e.errors, "nothing was created") {
		t.Errorf("exit code %d\n%s", e.code, e.errors)
	}
}

// Scripts may hold secrets: neither what is logged nor what is shown has them.
func TestScriptsStaySecret(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	script := b.file("setup.sh", goodScript+"# hunter2\n")
	other := b.file("other.sh", goodScript+"# hunter3\n")
	var shown bytes.Buffer
	for _, args := range [][]string{
		{"--setup-script", script, "--setup-script-args", "--token hunter2", "--dry-run"},
		{"--setup-script", script, "--upload-to", "Users/me", "--dry-run"},
		{"--setup-script", script, "--setup-script-args", "--token hunter2"},
		{"--setup-script", script, "--setup-script-args", "--token hunter3"},
		{"--setup-script", other},
	} {
		e := b.run(append([]string{"create", "dev", "-s", "Standard_DS3_v2", "--debug", "--verbose", "--query", "state"}, args...)...)
		fmt.Fprint(&shown, e.out, e.errors)
		if e.code > 1 {
			t.Errorf("%q: exit code %d", args, e.code)
		}
	}
	for _, secret := range []string{"hunter", "aHVudGVy", "h1bnRlc"} {
		if strings.Contains(shown.String(), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

// The same file twice is uploaded once.
func TestOneFileForBothScripts(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	script := b.file("setup.sh", goodScript)
	n := 0
	b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".sh") {
			n++
		}
		return next.RoundTrip(r)
	}
	b.must(upload("dev", script, "--startup-script", script)...)
	b.must(upload("other", script, "--startup-script", b.file("start.sh", goodScript))...)
	if n != 2 || b.inShare("Users/me/start.sh") != goodScript {
		t.Errorf("%d files were uploaded", n)
	}
	// Nothing is written when one of them cannot be.
	script, start := b.file("setup.sh", goodScript+"# a\n"), b.file("new.sh", goodScript)
	if e := b.run(upload("third", start, "--startup-script", script)...); e.code != 1 || n != 2 || b.inShare("Users/me/new.sh") != "" {
		t.Errorf("exit code %d, %d files were uploaded\n%s", e.code, n, e.errors)
	}
}

// A script that is in the share already is looked at, too. It is somebody else's as
// well, so nothing that is found there stops the create.
func TestScriptInTheShare(t *testing.T) {
	t.Parallel()
	b := virtual(t)
	b.must(upload("first", b.file("setup.sh", goodScript))...)
	create := func(name string) ended {
		return b.must("create", name, "-s", "Standard_DS3_v2", "--setup-script", "Users/me/setup.sh", "-o", "none")
	}
	if e := create("good"); e.errors != "" {
		t.Errorf("of a good one is told: %s", e.errors)
	}
	for _, text := range []string{strings.ReplaceAll(goodScript, "\n", "\r\n"), goodScript + "if true\n"} {
		b.share("Users/me/setup.sh", text)
		name := fmt.Sprintf("of%d", len(text))
		if e := create(name); !strings.Contains(e.errors, "Users/me/setup.sh:") || !strings.Contains(e.errors, ": error: ") {
			t.Errorf("nothing is told of %q: %s", text, e.errors)
		}
	}
	b.share("Users/me/setup.sh", goodScript+strings.Repeat("# long\n", 1<<18)+"cat <<'EOF'\nEOF\n")
	if e := create("long"); e.errors != "" {
		t.Errorf("of one that is not read to its end is told: %s", e.errors)
	}
	b.share("Users/me/setup.sh", goodScript)
	e := b.run("create", "none", "-s", "Standard_DS3_v2", "--setup-script", "Users/me/setup.sh", "--startup-script", "Users/me/nobody.sh")
	if e.code != 5 || !strings.Contains(e.errors, "the end of Logs/none/startup_script.log") || !strings.HasPrefix(e.errors, "Users/me/nobody.sh is not in the workspace's share, where the setup will look for it; ") {
		t.Errorf("exit code %d: %s", e.code, e.errors)
	}
	if e := b.must("create", "shown", "-s", "Standard_DS3_v2", "--startup-script", "Users/me/nobody.sh", "--dry-run"); !strings.HasPrefix(e.errors, "Users/me/nobody.sh is not in") {
		t.Errorf("a dry run: %s", e.errors)
	}
	// A share that cannot be read is the service's to read.
	for _, answer := range []func(*http.Request) (*http.Response, error){
		func(r *http.Request) (*http.Response, error) { return answered(r, 403, "<html>"), nil },
		func(r *http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() },
	} {
		b.share("Users/me/setup.sh", goodScript)
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/storage/") {
				return answer(r)
			}
			return next.RoundTrip(r)
		}
		if e := create("blind"); e.errors != "" || e.took > 5*time.Minute {
			t.Errorf("after %s: %s", e.took, e.errors)
		}
		b.must("delete", "blind", "--yes", "-o", "none")
		b.network = nil
	}
}

// In other clouds the share is on their own storage hosts. A datastore that names
// another host is not believed.
func TestUploadInOtherClouds(t *testing.T) {
	t.Parallel()
	for cloud, suffix := range map[string]string{"AzureCloud": "core.windows.net", "AzureChinaCloud": "core.chinacloudapi.cn", "AzureUSGovernment": "core.usgovcloudapi.net"} {
		for _, told := range []string{suffix, "core.example.com"} {
			b := virtual(t, "COMPUTETARGET_CLOUD="+cloud, "COMPUTETARGET_AUTH_MODE=token", "COMPUTETARGET_ACCESS_TOKEN=e30.e30.e30")
			served := b.service()
			stored, created := "", 0
			hosts := map[string]bool{}
			b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
				if strings.Contains(r.URL.Host, ".file.") {
					hosts[r.URL.Host] = true
					if r.Header.Get("Authorization") == "" || strings.Contains(r.Header.Get("Authorization"), "e30") {
						t.Errorf("%s: signed with %q", cloud, r.Header.Get("Authorization"))
					}
					switch {
					case r.Method == http.MethodPut:
						raw, _ := io.ReadAll(r.Body)
						stored = string(raw)
						return answered(r, 201, ""), nil
					case stored == "":
						return answered(r, 404, "", "x-ms-error-code: ResourceNotFound"), nil
					}
					return answered(r, 200, stored), nil
				}
				if r.Method == http.MethodPut {
					created++
				}
				res, err := served.RoundTrip(r)
				if err == nil && strings.HasSuffix(r.URL.Path, "/datastores/workspaceworkingdirectory") {
					return rewritten(res, func(body []byte) []byte {
						return regexp.MustCompile(`"endpoint":\s*"[^"]*"`).ReplaceAll(body, []byte(`"endpoint":"`+told+`"`))
					})
				}
				return res, err
			}
			e := b.run(upload("dev", b.file("setup.sh", goodScript), "--no-wait")...)
			own := hosts["localws3054544554.file."+suffix]
			switch {
			case told == suffix && (e.code != 0 || !own || len(hosts) != 1 || stored != goodScript || created != 1):
				t.Errorf("%s: exit code %d, hosts %v, %d creates", cloud, e.code, hosts, created)
			case told != suffix && (e.code != 1 || len(hosts) > 0 || created > 0 || !strings.Contains(e.errors, "does not belong to the chosen cloud")):
				t.Errorf("%s: exit code %d, hosts %v, %d creates", cloud, e.code, hosts, created)
			}
		}
	}
}

// A create is done when the instance shows its scripts. What the service does not
// tell of a script is not held against it.
func TestCreateShowsItsScripts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, replacement string
		exit             int
		want             string
	}{
		"dropped":       {`"setupScripts":\s*\{.*?\}\s*\}\s*\}`, `"setupScripts":null`, 1, "creationScript is empty, not an inline script of 30 bytes"},
		"empty":         {`"creationScript":\s*\{.*?\}`, `"creationScript":null`, 1, "creationScript is empty"},
		"replaced":      {`"scriptSource":\s*"inline",\s*"scriptData":\s*".*?"`, `"scriptSource":"workspaceStorage","scriptData":"Users/admin/all.sh"`, 1, "creationScript is Users/admin/all.sh, not an inline script"},
		"other text":    {`"scriptData":\s*".*?"`, `"scriptData":"IyEvYmluL2Jhc2gKc2V0IC1lCmVjaG8gc3RlYWR5Cg=="`, 1, "not an inline script"},
		"text withheld": {`"scriptData":\s*".*?"`, `"scriptData":null`, 0, ""},
		"other limit":   {`"timeout":\s*"20m"`, `"timeout":"15m"`, 1, "creationScript.timeout is 15m, not 20m"},
		"same limit":    {`"timeout":\s*"20m"`, `"timeout":"1200"`, 0, ""},
	} {
		b := virtual(t)
		script := b.file("setup.sh", goodScript)
		pattern := regexp.MustCompile("(?s)" + c.old)
		found := false
		b.network = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			res, err := next.RoundTrip(r)
			if err != nil || r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/computes") {
				return res, err
			}
			return rewritten(res, func(body []byte) []byte {
				found = found || pattern.Match(body)
				return pattern.ReplaceAll(body, []byte(c.replacement))
			})
		}
		e := b.run("create", "dev", "-s", "Standard_DS3_v2", "--setup-script", script, "--setup-script-timeout", "20m", "-o", "none")
		if !found || e.code != c.exit || !strings.Contains(e.errors, c.want) || c.exit == 1 && !strings.Contains(e.errors, "dev was created, but not as it was asked for") {
			t.Errorf("%s: exit code %d, rewritten %t\n%s", name, e.code, found, e.errors)
		}
	}
}
