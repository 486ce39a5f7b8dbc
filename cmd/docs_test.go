package cmd_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.yaml.in/yaml/v3"
)

// block is a fenced block of a guide.
type block struct {
	language, text string
	line           int
}

func blocks(text string) []block {
	var out []block
	var open *block
	for i, line := range strings.Split(text, "\n") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{language: language, line: i + 1}
		case fence:
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return out
}

// TestGuides runs what the README and the guides tell people to type, in the
// order they tell it, against the emulator. In a console block the output must
// be what the guide shows: "…" in a line stands for any text, a line of its own
// for any lines, and how long something took does not matter.
//
// Real time: a shell reads the scripts, and the lines that need one.
func TestGuides(t *testing.T) {
	t.Parallel()
	long(t)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	w := newWorkers(t)
	guides, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(guides, "../README.md") {
		name := filepath.Base(path)
		if name == "architecture.md" {
			continue // it follows one command through the code
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReader(t, w)
			for _, b := range blocks(string(text)) {
				at := fmt.Sprintf("%s:%d", name, b.line)
				switch b.language {
				case "console":
					r.console(t, at, b.text)
				case "sh", "yaml":
					for _, s := range snippets(t, name, b) {
						r.script(t, at, s)
						failsFromTheStart(t, at, s)
					}
				}
			}
		})
	}
}

// reader is somebody who types what a guide says.
type reader struct {
	home    string
	env     []string
	workers *workers
}

// newReader has a home of its own, the emulator for Azure, and commands of
// others that do nothing.
func newReader(t *testing.T, w *workers) *reader {
	t.Helper()
	home := folder(t)
	bin := filepath.Join(home, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"az", "go"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\nexit 0\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"company.pem": "",
		// Looking for primes would take a second now and then.
		"bin/ssh-keygen": "#!/bin/sh\nwhile [ \"$1\" != -f ]; do shift; done\necho 'key' > \"$2\"\necho '" + publicKey + "' > \"$2.pub\"\n",
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return &reader{home: home, workers: w, env: []string{
		"HOME=" + home, "TERM=dumb", "PATH=" + bin + ":" + filepath.Dir(built(t)) + ":" + os.Getenv("PATH"),
		"COMPUTETARGET_CLOUD=emulator", "COMPUTETARGET_EMULATOR_PACE=instant", "COMPUTETARGET_PROGRESS=none",
	}}
}

const publicKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDHAEaduyCbt8+X73NyivL/UjrPohQpo6xAUhMiUuDL+wpZp2cWsmvgRZ11CHlfW4D03sd39QsNZr/PQcnz86+MavKh89LmMDZ5MgXUt650HBCptNAu5cTAngxHNCA5vtbZgFDzTvPxtuAyFdl+lyFTfC7VGYmfFpKr0aKMZzv+Bkt4pQFfExCl6iemUSwioXt5rBkbFtYNueUPvCo7AwrOOeV5WgTN1gWq96Y/rMJ9XpSAivGoWorU2xdZslBz9sYZr4iiVlZopirQukXx5oG63bQUhAGyydr6VJq44+WPfU1U9mUnf1aUgFUNCtKhA3fzB7jJ4TRHdIHsr8WZl2rl ada@example"

// console runs the commands of a console block on a terminal.
func (r *reader) console(t *testing.T, at, text string) {
	t.Helper()
	commands := strings.Split("\n"+text, "\n$ ")
	for _, command := range commands[1:] {
		line, want, _ := strings.Cut(command, "\n")
		if variable, ok := strings.CutPrefix(line, "export "); ok {
			r.env = append(r.env, variable)
			continue
		}
		if line == "go test ./..." {
			continue // what runs right now
		}
		shown := line
		if rest, ok := strings.CutPrefix(line, "go run . "); ok {
			line = "computetarget " + rest
		}
		got, code := r.run(t, line)
		if code != 0 && !strings.Contains(want, "ERROR:") {
			t.Errorf("%s: %s: exit code %d\n%s", at, shown, code, got)
			continue
		}
		if !matches(want, got) {
			t.Errorf("%s: %s\nprints:\n%s\nnot:\n%s", at, shown, got, want)
		}
	}
}

// run runs one command line on a terminal of 120 columns.
func (r *reader) run(t *testing.T, line string) (output string, code int) {
	t.Helper()
	if args, ok := plain(line); ok {
		a, err := r.workers.run(call{Dir: r.home, Env: append([]string{"PWD=" + r.home}, r.env...), Args: args, Terminal: true})
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(a.Out, "\r", ""), a.Code
	}
	c := exec.Command("bash", "-c", line)
	c.Dir, c.Env = r.home, r.env
	terminal, err := pty.StartWithSize(c, &pty.Winsize{Rows: 24, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	var screen bytes.Buffer
	read := make(chan struct{})
	go func() { // ends with an error when the last process leaves the terminal
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := terminal.Read(buffer)
			_, _ = screen.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	ended := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer ended.Stop()
	err = c.Wait()
	<-read
	return strings.ReplaceAll(screen.String(), "\r", ""), codeOf(err)
}

// snippet is a script and the shell that runs it where the guide puts it.
type snippet struct {
	shell []string
	text  string
}

func (s snippet) command() *exec.Cmd {
	return exec.Command(s.shell[0], append(slices.Clone(s.shell[1:]), "-c", s.text)...)
}

// script runs a script as CI would.
func (r *reader) script(t *testing.T, at string, s snippet) {
	t.Helper()
	c := s.command()
	c.Dir, c.Env = r.home, r.env
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s\nof:\n%s", at, err, out, s.text)
	}
}

// failsFromTheStart runs a script whose first call of computetarget fails, as
// when the sign-in does. The script has to fail, too, and nothing may be done
// after that: a pipe into a verb brings it no names.
func failsFromTheStart(t *testing.T, at string, s snippet) {
	t.Helper()
	dir := folder(t)
	for name, text := range map[string]string{
		"computetarget": `names=; case " $* " in *" - "*) names=$(cat) ;; esac
if mkdir "$HOME/first" 2>/dev/null; then echo "ERROR: not signed in" >&2; exit 6; fi
echo "$* <$names>" >> "$HOME/called"`,
		"az": "", "go": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c := s.command()
	c.Dir, c.Env = dir, []string{"HOME=" + dir, "PATH=" + dir + ":" + os.Getenv("PATH")}
	out, err := c.CombinedOutput()
	if _, unused := os.Stat(filepath.Join(dir, "first")); unused != nil {
		return // computetarget is not what it calls
	}
	if err == nil {
		t.Errorf("%s is green although its first call failed:\n%s\nof:\n%s", at, out, s.text)
	}
	called, err := os.ReadFile(filepath.Join(dir, "called"))
	if err != nil {
		return // nothing was called after it
	}
	for line := range strings.Lines(string(called)) {
		if !strings.Contains(line, " - ") || !strings.HasSuffix(line, " <>\n") {
			t.Errorf("%s goes on after its first call failed: computetarget %s\nof:\n%s", at, strings.TrimSpace(line), s.text)
		}
	}
}

// snippets are the scripts of a block: the block itself, or the commands of a
// workflow in order, each with the shell that runs it there. GitHub runs bash
// without pipefail unless the workflow names bash; Azure Pipelines sets nothing.
func snippets(t *testing.T, guide string, b block) []snippet {
	t.Helper()
	switch {
	case b.language == "sh" && guide == "scripts-and-ci.md":
		return []snippet{{[]string{"bash"}, b.text}} // a script, which sets its own options
	case b.language == "sh":
		return []snippet{{[]string{"bash", "-e"}, b.text}} // lines to type, one after the other
	}
	shell := []string{"bash"}
	var workflow struct {
		Jobs     map[string]any
		Defaults struct{ Run struct{ Shell string } }
	}
	if err := yaml.Unmarshal([]byte(b.text), &workflow); err != nil {
		t.Fatal(err)
	}
	switch {
	case workflow.Jobs == nil:
	case workflow.Defaults.Run.Shell == "bash":
		shell = []string{"bash", "--noprofile", "--norc", "-eo", "pipefail"}
	default:
		shell = []string{"bash", "-e"}
	}
	var out []snippet
	for _, text := range scripts(t, b.text) {
		out = append(out, snippet{shell, text})
	}
	return out
}

// scripts are the commands of a workflow, in order.
func scripts(t *testing.T, text string) []string {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && slices.Contains([]string{"run", "script", "inlineScript"}, n.Content[i-1].Value) {
				out = append(out, child.Value)
			}
			walk(child)
		}
	}
	walk(&root)
	if len(out) == 0 {
		t.Errorf("a workflow without a command:\n%s", text)
	}
	return out
}

var (
	took    = regexp.MustCompile(`\((\d+(h|m|s|ms))+\)`)
	colours = regexp.MustCompile("\x1b\\[[0-9;]*[a-zA-Z]")
)

// matches compares what a guide shows with what was printed.
func matches(want, got string) bool {
	plain := func(s string) []string {
		var out []string
		for line := range strings.Lines(colours.ReplaceAllString(s, "")) {
			line = strings.TrimSuffix(strings.TrimRight(line, " \n"), "(emulator)")
			line = strings.TrimRight(took.ReplaceAllString(line, ""), " ")
			line = strings.Join(strings.Fields(line), " ")
			if line != "" {
				out = append(out, line)
			}
		}
		return out
	}
	return matchLines(plain(want), plain(got))
}

func matchLines(want, got []string) bool {
	for i, line := range want {
		if line == "…" {
			for from := i; from <= len(got); from++ {
				if matchLines(want[i+1:], got[from:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || !matchLine(line, got[i]) {
			return false
		}
	}
	return len(got) == len(want)
}

// matchLine matches "…" with any text.
func matchLine(want, got string) bool {
	parts := strings.Split(want, "…")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(got)
}

// Every link between the pages leads to a page and a heading that exist, and the
// README leads to every guide.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := []string{"../README.md"}
	for _, pattern := range []string{"../docs/*.md", "../docs/reference/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	from := map[string][]string{} // what leads to a page
	for _, path := range pages {
		for _, link := range links.FindAllStringSubmatch(prose(t, path), -1) {
			to, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			target := path
			if to != "" {
				target = filepath.Join(filepath.Dir(path), to)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", path, link[1], err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(prose(t, target)), anchor) {
				t.Errorf("%s: %s: there is no such heading", path, link[1])
			}
			from[target] = append(from[target], path)
		}
	}
	for _, path := range pages[1:] {
		if filepath.Dir(path) == "../docs" && !slices.Contains(from[path], "../README.md") {
			t.Errorf("%s: the README does not lead there", path)
		}
	}
}

var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// prose is a page without its blocks.
func prose(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	inside := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "```") {
			inside = !inside
		} else if !inside {
			out.WriteString(line)
		}
	}
	return out.String()
}

// anchors are the names that GitHub gives a page's headings.
func anchors(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		heading := strings.TrimLeft(line, "#")
		if heading == line || !strings.HasPrefix(heading, " ") {
			continue
		}
		heading = strings.ToLower(strings.TrimSpace(heading))
		heading = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(heading, "")
		out = append(out, strings.ReplaceAll(heading, " ", "-"))
	}
	return out
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"dev is Running (3s)\n", "dev is Running (1m02s) (emulator)\n", true},
		{"dev is Running (3s)\n", "dev is Running\n", true},
		{"dev is Running\n", "dev is Stopped\n", false},
		{"a …\n", "a b c\n", true},
		{"…\nz\n", "a\nb\nz\n", true},
		{"a\n…\n", "a\n", true},
		{"a\n…\nz\n", "a\nb\n", false},
		{"a\n", "a\nb\n", false},
		{"a\nb\n", "a\n", false},
		{"", "a\n", false},
	} {
		if matches(c.want, c.got) != c.same {
			t.Errorf("%q and %q: %v", c.want, c.got, !c.same)
		}
	}
}
