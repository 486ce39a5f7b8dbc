package cmd_test

import (
	"encoding/gob"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/computetarget/computetarget/cmd"
)

// Scenarios run more than a thousand commands. A process for each would take
// most of their time, so workers run them: processes that run one command after
// the other, each in the folder and the environment that the scenario has then.
type workers struct {
	idle chan *worker // nil stands for one that has not been started
}

// worker is the side of the tests.
type worker struct {
	calls   *gob.Encoder
	answers *gob.Decoder
	end     func() error
}

// call is a command that a worker runs, answer how it ended.
type call struct {
	Dir       string
	Env, Args []string
	In        string
	// Terminal is that all its streams are a terminal of 120 columns. Out has
	// what that was sent.
	Terminal bool
}

type answer struct {
	Code        int
	Out, Errors string
}

// workerMark says in the environment of a computetarget that it is a worker.
const workerMark = "TEST_WORKER"

// newWorkers returns workers that end with the test, so that what they covered
// counts.
func newWorkers(t *testing.T) *workers {
	n := 2 * runtime.GOMAXPROCS(0)
	w := &workers{idle: make(chan *worker, n)}
	for range n {
		w.idle <- nil
	}
	t.Cleanup(func() {
		for range n {
			if one := <-w.idle; one != nil {
				if err := one.end(); err != nil {
					t.Errorf("a worker ended with %v", err)
				}
			}
		}
	})
	return w
}

// run runs a command in the next worker that is free.
func (w *workers) run(c call) (a answer, err error) {
	one := <-w.idle
	defer func() { w.idle <- one }()
	if one == nil {
		if one, err = startWorker(); err != nil {
			return a, err
		}
	}
	if err = errors.Join(one.calls.Encode(c), one.answers.Decode(&a)); err != nil {
		_ = one.end() // what it broke on is in err
		one = nil
	}
	return a, err
}

func startWorker() (*worker, error) {
	path, err := lookPath("computetarget", os.Getenv("PATH"))
	if err != nil {
		return nil, err
	}
	c := exec.Command(path)
	// There are more of them than processors; they need no threads to spin.
	c.Env, c.Stderr = append(os.Environ(), workerMark+"=1", "GOGC=1600", "GOMAXPROCS=1"), os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &worker{calls: gob.NewEncoder(in), answers: gob.NewDecoder(out), end: func() error {
		return errors.Join(in.Close(), c.Wait())
	}}, c.Start()
}

// TestWorker is the side of the worker.
func TestWorker(t *testing.T) {
	if os.Getenv(workerMark) == "" {
		t.Skip("this is how scenarios run their commands")
	}
	calls, answers := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
	for {
		var c call
		err := calls.Decode(&c)
		if errors.Is(err, io.EOF) {
			os.Exit(0)
		}
		must(err)
		os.Clearenv()
		for _, variable := range c.Env {
			name, value, _ := strings.Cut(variable, "=")
			must(os.Setenv(name, value))
		}
		must(os.Chdir(c.Dir))
		must(answers.Encode(c.answer(t)))
	}
}

// answer runs a command, on real time where there is no clock of a scenario.
func (c call) answer(t *testing.T) answer {
	run := func(p cmd.Process) int {
		if os.Getenv(clockFile) != "" {
			return runVirtual(t, p)
		}
		p.Signals = make(chan os.Signal) // those of the system kill
		return cmd.Run(p)
	}
	if c.Terminal {
		code, screen := onNewTerminal(t, c.Args, run)
		return answer{Code: code, Out: screen}
	}
	var out, errs watcher
	code := run(process(c.Args, strings.NewReader(c.In), &out, &errs))
	return answer{code, out.String(), errs.String()}
}

// plain splits a line that is one call of computetarget, needs nothing of a
// shell, and ends without another program in its place: what a worker can run.
func plain(line string) (args []string, ok bool) {
	var word strings.Builder
	var quote rune
	begun := false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == '\'', quote == '"' && !strings.ContainsRune("$`\\", r):
			word.WriteRune(r)
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && r == ' ':
			if begun {
				args = append(args, word.String())
			}
			begun = false
			word.Reset()
		case strings.ContainsRune("|<>$`\\;&*?~(){}#!\n", r):
			return nil, false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 || len(args) == 0 || args[0] != "computetarget" {
		return nil, false
	}
	for _, other := range []string{"ssh", "emulator exec", "emulator serve"} {
		if strings.HasPrefix(strings.Join(args[1:], " ")+" ", other+" ") {
			return nil, false
		}
	}
	return args[1:], true
}

// command is computetarget as a command of scenarios; "< FILE" at its end gives
// it an input. What replaces its process, or runs beside the scenario, needs
// "exec computetarget".
func (w *workers) command(ts *testscript.TestScript, neg bool, args []string) {
	if code := w.code(ts, args); (code != 0) != neg {
		ts.Fatalf("exit code %d", code)
	}
}

// code runs a command of a scenario and returns its exit code.
func (w *workers) code(ts *testscript.TestScript, args []string) int {
	c := call{Dir: ts.MkAbs("."), Args: args, Env: []string{"PWD=" + ts.MkAbs(".")}}
	if n := len(args) - 2; n >= 0 && args[n] == "<" {
		c.Args, c.In = args[:n], ts.ReadFile(args[n+1])
	}
	for _, name := range ts.Value(names{}).([]string) {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	a, err := w.run(c)
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), a.Out)
	ts.Check(err)
	_, err = io.WriteString(ts.Stderr(), a.Errors)
	ts.Check(err)
	return a.Code
}

// names are the variables that a scenario has, whatever their values.
type names struct{}

// enter notes the names of a scenario's variables: those it begins with, and
// those of its own lines. Testscript tells only the value of a name.
func (w *workers) enter(env *testscript.Env) error {
	var all []string
	for _, variable := range env.Vars {
		name, _, _ := strings.Cut(variable, "=")
		all = append(all, name)
	}
	script := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
	text, err := os.ReadFile(filepath.Join("../testdata/script", script+".txtar"))
	for _, line := range envLine.FindAllString(string(text), -1) {
		for _, set := range envName.FindAllStringSubmatch(line, -1) {
			all = append(all, set[1])
		}
	}
	env.Values[names{}] = all
	return err
}

var (
	envLine = regexp.MustCompile(`(?m)^(?:\[.*\] )?env .*`)
	envName = regexp.MustCompile(` (\w+)=`)
)
