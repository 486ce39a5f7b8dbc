package cmd_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/computetarget/computetarget/cmd"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/render"
)

// helped runs a command in this process and returns what it printed.
func helped(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	code = cmd.Main(args, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), code
}

// The words of the root fit on the smallest screen people use.
func TestRootHelpFitsAScreen(t *testing.T) {
	t.Parallel()
	out, _, code := helped(t)
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if n := strings.Count(out, "\n"); n > 23 {
		t.Errorf("%d lines do not fit 24 rows and a prompt:\n%s", n, out)
	}
	for line := range strings.Lines(out) {
		if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
	for _, c := range cmd.References() {
		if !strings.Contains(c.Words, " ") && !strings.Contains(out, " "+c.Words) {
			t.Errorf("root help lacks %s", c.Words)
		}
	}
}

// Help is read on terminals of 80 columns.
func TestHelpIsNotWiderThanATerminal(t *testing.T) {
	t.Parallel()
	check := func(words, text string) {
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if utf8.RuneCountInString(line) > 80 && !strings.HasPrefix(line, "  ") {
				t.Errorf("help %s: wider than 80 columns: %q", words, line)
			}
		}
	}
	for _, c := range cmd.References() {
		out, _, code := helped(t, append(strings.Fields(c.Words), "--help")...)
		if code != 0 || out == "" {
			t.Errorf("%s --help: exit code %d, %d bytes", c.Words, code, len(out))
		}
		again, _, _ := helped(t, append([]string{"help"}, strings.Fields(c.Words)...)...)
		if again != out {
			t.Errorf("help %s is not %s --help", c.Words, c.Words)
		}
		check(c.Words, out)
	}
	for _, topic := range cmd.Topics() {
		out, _, code := helped(t, "help", topic.Word)
		if code != 0 || out != topic.Text {
			t.Errorf("help %s: exit code %d\n%s", topic.Word, code, out)
		}
		check(topic.Word, out)
	}
}

func TestTopicsSayEverything(t *testing.T) {
	t.Parallel()
	environment, _, _ := helped(t, "help", "environment")
	for _, o := range config.Options() {
		if o.Env != "" && !strings.Contains(environment, "  "+o.Env+" ") {
			t.Errorf("help environment lacks %s", o.Env)
		}
	}
	formats, _, _ := helped(t, "help", "formats")
	for _, f := range render.Formats() {
		if !strings.Contains(formats, "\n  "+string(f)+" ") {
			t.Errorf("help formats lacks %s", f)
		}
	}
	commands, _, _ := helped(t, "help", "commands")
	for _, c := range cmd.References() {
		if !c.Group && !strings.Contains(commands, "  "+c.Words+" ") {
			t.Errorf("help commands lacks %s", c.Words)
		}
	}
	codes, _, _ := helped(t, "help", "exit-codes")
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{
		exit.Done, exit.Failed, exit.Usage, exit.NotFound, exit.Timeout, exit.Broken,
		exit.Auth, exit.Check, exit.TryLater, exit.Interrupted, exit.Terminated,
	} {
		text := strconv.Itoa(code)
		if !strings.Contains(codes, " "+text+"  ") {
			t.Errorf("help exit-codes lacks %d", code)
		}
		if !strings.Contains(string(readme), "| "+text) && !strings.Contains(string(readme), ", "+text+" |") {
			t.Errorf("the README lacks exit code %d", code)
		}
	}
}

func TestHelpForAWordThatIsNone(t *testing.T) {
	t.Parallel()
	for args, near := range map[string]string{
		"help exit-code":   "exit-codes",
		"help formts":      "formats",
		"help stpo":        "stop",
		"stpo --help":      "stop",
		"help emulator st": "",
		"emulator statsu":  "emulator status",
	} {
		out, errs, code := helped(t, strings.Fields(args)...)
		if code != 2 || out != "" {
			t.Errorf("%s: exit code %d, stdout %q", args, code, out)
		}
		if !strings.Contains(errs, near) {
			t.Errorf("%s does not name %s: %s", args, near, errs)
		}
	}
}
