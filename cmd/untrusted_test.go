//go:build unix

package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/creack/pty"
	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/cmd"
)

// evil is text that would set a terminal's title, clear it, turn its writing
// around and put a line of its own into what is printed.
const evil = "\x1b]0;title\x07\x1b[2J\u009b2J\x7f\x00\b\u202e\u2066\u200b\ufeff\u2028\r\nFORGED\tx"

// spoil adds evil to the strings of a JSON value. Without all, words that
// decide what happens next stay as they are.
func spoil(v any, key string, all bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, value := range v {
			spoiled := spoil(value, k, all)
			if key == "tags" {
				k += evil
			}
			out[k] = spoiled
		}
		if key == "properties" && out["provisioningErrors"] == nil {
			out["provisioningErrors"] = []any{map[string]any{"error": map[string]any{"code": evil, "message": evil,
				"details": []any{map[string]any{"code": evil, "message": evil}}}}}
		}
		return out
	case []any:
		for i := range v {
			v[i] = spoil(v[i], key, all)
		}
	case string:
		switch key {
		case "nextLink", "computeType":
			return v
		case "id", "name", "type", "state", "provisioningState", "status", "location", "operationTime", "operationStatus", "operationName",
			"vmSize", "unit", "family", "provisioningStatus", "action", "triggerType", "cron", "recurrence", "timeZone", "startTime", "frequency", "schedule", "idleTimeBeforeShutdown":
			if !all {
				return v
			}
		}
		return v + evil
	}
	return v
}

// hostile answers a request with evil in it: in some words of what the service
// says, in all of them, or in an error.
func hostile(mode string, r *http.Request, service http.RoundTripper) (*http.Response, error) {
	switch mode {
	case "error":
		problem := map[string]any{"code": "Bad" + evil, "message": "It is bad." + evil, "target": evil,
			"details": []any{map[string]any{"code": "Worse", "message": "Worse." + evil}}}
		body, err := json.Marshal(map[string]any{"error": problem})
		return answered(r, http.StatusBadRequest, string(body), "x-ms-request-id: id\u202e\u009b2J"), err
	case "page":
		return answered(r, http.StatusForbidden, "<html>"+evil+"</html>"), nil
	}
	resp, err := service.RoundTrip(r)
	if err != nil || mode == "" {
		return resp, err
	}
	return rewritten(resp, func(body []byte) []byte {
		var value any
		if json.Unmarshal(body, &value) != nil {
			return body
		}
		spoiled, err := json.Marshal(spoil(value, "", mode == "all"))
		if err != nil {
			return body
		}
		return spoiled
	})
}

// ours are the sequences that this program itself sends to a terminal.
var ours = regexp.MustCompile("\x1b\\[[0-9;]*m|\x1b\\[[0-9]+A|\x1b\\[F|\x1b\\[J|\x1b\\[2?K|\x1b\\[\\?25[hl]")

// harm names what in text would act on its reader, or "".
func harm(text string) string {
	if !utf8.ValidString(text) {
		return "broken UTF-8"
	}
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t':
		case unicode.In(r, unicode.Cc, unicode.Cf) || r == 0x2028 || r == 0x2029:
			return fmt.Sprintf("%U", r)
		}
	}
	if strings.Contains("\n"+text, "\nFORGED") {
		return "a forged line"
	}
	return ""
}

// Nothing a service says acts on a terminal or forges a line, whatever command
// asked and whatever form was asked for; JSON and YAML keep every character,
// escaped.
func TestUntrustedText(t *testing.T) {
	t.Setenv("PATH", folder(t)) // ssh is not to be found
	mode := ""
	b := virtual(t, "TERM=xterm-256color", "COMPUTETARGET_CLOUD=", "COMPUTETARGET_ENDPOINT=http://127.0.0.1:8443",
		"COMPUTETARGET_EMULATOR_PACE=instant", "COMPUTETARGET_TIME_ZONE=Europe/Berlin", "COMPUTETARGET_TIMEOUT=1m")
	b.network = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return hostile(mode, r, b.service())
	}
	b.must("create", "dev", "-s", "Standard_A1_v2", "--tags", "team=vision")
	b.must("create", "amlcompute", "-n", "gpu", "-s", "Standard_A1_v2", "--max-nodes", "1")
	b.must("schedule", "set", "dev", "mon-fri 09:00-18:00")
	b.must("create", "hers", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com")

	reads := [][]string{
		{"list"}, {"show", "dev"}, {"list", "-v"}, {"list", "--raw"}, {"list", "--owner", "nobody"}, {"show", "dev", "gpu"}, {"show", "dev", "-v"},
		{"show", "dev", "--raw"}, {"list-nodes", "gpu"}, {"list-sizes"}, {"list-usage"}, {"workspace", "list"}, {"schedule", "list"},
		{"schedule", "preview", "dev"}, {"open", "dev", "--print"}, {"ssh-config", "dev"}, {"ssh-config", "--all"}, {"ssh", "dev"},
		{"amlcompute", "identity", "show", "-n", "gpu"}, {"get-credentials", "-n", "gpu"}, {"use", "local-ws"}, {"auth", "status"},
		{"emulator", "status"}, {"emulator", "requests"}, {"wait", "dev", "--timeout", "1s"}, {"show", "dev", "--debug"}, {"list", "--query", "[].tags"},
		{"permissions"}, {"permissions", "--user", "ada@contoso.com"}, {"list", "--owner", "ada@contoso.com"}, {"enable-sso", "hers"}, {"open", "hers"}, {"show", "hers"},
		{"create", "dev3", "-s", "Standard_A1_v2", "--assign-to", "ada@contoso.com", "--dry-run"}, {"__complete", "list", "--owner", ""}, {"__complete", "create", "--assign-to", ""},
		{"__complete", "show", ""}, {"__complete", "use", ""}, {"__complete", "create", "-s", ""}, {"create", "dev2", "-s", "Standard_A1_v2", "--dry-run"},
	}
	writes := [][]string{
		{"stop", "dev"}, {"start", "dev", "--verbose"}, {"restart", "dev"}, {"idle", "dev", "1h"}, {"schedule", "disable", "dev", "--all"},
		{"schedule", "skip", "dev"}, {"update", "amlcompute", "-n", "gpu", "--max-nodes", "2"}, {"amlcompute", "identity", "assign", "-n", "gpu", "--identities", "[system]"},
		{"create", "dev", "-s", "Standard_A1_v2"}, {"create", "dev", "-s", "Standard_DS3_v2"}, {"stop", "dev", "nobody"}, {"resize", "dev", "-s", "Standard_DS3_v2"}, {"delete", "nobody", "-y"},
	}
	formats := []string{"", "json", "jsonc", "yaml", "yamlc", "table", "tsv", "name", "none"}
	for how, commands := range map[string][][]string{
		"some": slices.Concat(reads, writes), "all": reads, "error": slices.Concat(reads, writes), "page": {{"list"}, {"stop", "dev"}, {"create", "dev", "-s", "Standard_A1_v2"}, {"list", "--debug"}},
	} {
		mode = how
		for _, args := range commands {
			for _, format := range formats {
				if format != "" && (mode == "error" || mode == "page" || !slices.ContainsFunc(reads[:3], func(r []string) bool { return slices.Equal(r, args) })) {
					continue // a form more shows nothing more
				}
				full := slices.Clone(args)
				if format != "" {
					full = append(full, "-o", format)
				}
				look(t, b, mode, format, full)
			}
		}
	}
}

// look runs a command in a pipe and on a terminal.
func look(t *testing.T, b *bubble, mode, format string, args []string) {
	t.Helper()
	about := mode + ": computetarget " + strings.Join(args, " ")
	e := b.run(args...)
	if (e.code == 0) == strings.Contains(e.errors, "ERROR: ") {
		t.Errorf("%s: exit code %d\n%s", about, e.code, e.errors)
	}
	pipe(t, about, format, e.out)
	if what := harm(e.errors); what != "" {
		t.Errorf("%s: stderr of a pipe holds %s: %q", about, what, e.errors)
	}
	seen := onTerminal(b, args)
	if what := harm(ours.ReplaceAllString(seen, "")); what != "" {
		t.Errorf("%s: a terminal is sent %s: %q", about, what, seen)
	}
}

// pipe looks at what a command wrote to a pipe.
func pipe(t *testing.T, about, format, text string) {
	t.Helper()
	switch format {
	case "table", "tsv":
		return // az's own bytes, for programs
	case "yaml", "yamlc":
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: this is no YAML (%v): %q", about, err, text)
		}
	case "json", "jsonc":
		if format == "json" && text != "" && !json.Valid([]byte(text)) {
			t.Errorf("%s: this is no JSON: %q", about, text)
		}
	}
	if what := harm(text); what != "" {
		t.Errorf("%s: a pipe is sent %s: %q", about, what, text)
	}
}

// onTerminal runs a command with every stream on a terminal, and returns what
// that was sent.
func onTerminal(b *bubble, args []string) string {
	t := b.t
	t.Helper()
	terminal, tty, err := pty.Open()
	if err != nil {
		t.Error(err)
		return ""
	}
	defer terminal.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 40, Cols: 120}); err != nil {
		t.Error(err)
	}
	var sent bytes.Buffer
	read := make(chan struct{})
	const end = lastWords
	go func() {
		defer close(read)
		data := make([]byte, 4096)
		for !bytes.HasSuffix(sent.Bytes(), []byte(end)) {
			n, err := terminal.Read(data)
			sent.Write(data[:n])
			if err != nil {
				return
			}
		}
		sent.Truncate(sent.Len() - len(end))
	}()
	synctest.Test(t, func(*testing.T) {
		time.Sleep(time.Until(b.now))
		cmd.Run(cmd.Process{Args: args, In: strings.NewReader(""), Out: tty, Err: tty, Signals: make(chan os.Signal),
			Getenv: func(name string) string { return b.env[name] }, Network: b.wire()})
		time.Sleep(time.Second) // the spinner's last pause
		b.now = time.Now()
	})
	_, _ = io.WriteString(tty, end)
	_ = tty.Close()
	<-read
	// The terminal's driver turns line feeds into two characters; a carriage
	// return of our own stands at the start of a line that is drawn again.
	return strings.ReplaceAll(sent.String(), "\r", "")
}
