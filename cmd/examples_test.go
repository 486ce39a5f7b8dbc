//go:build unix

package cmd_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/cmd"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// Every command says at length what it does and shows how it is used.
func TestEveryCommandIsFinished(t *testing.T) {
	t.Parallel()
	for _, c := range cmd.References() {
		switch {
		case c.Short == "" || strings.HasSuffix(c.Short, "."):
			t.Errorf("%s: the line of help is %q", c.Words, c.Short)
		case c.Group:
		case len(c.Long) <= len(c.Short)+1:
			t.Errorf("%s has no long help", c.Words)
		case c.Example == "":
			t.Errorf("%s has no example", c.Words)
		}
		for _, f := range c.Flags {
			if f.About == "" {
				t.Errorf("%s: nothing is said about %s", c.Words, f.Spelling)
			}
		}
		for line := range strings.Lines(c.Example) {
			if !strings.HasPrefix(line, "  ") || !strings.Contains(line, "computetarget "+firstWord(c.Words)) {
				t.Errorf("%s: the example %q is not of it", c.Words, line)
			}
		}
	}
}

func firstWord(words string) string {
	first, _, _ := strings.Cut(words, " ")
	return first
}

// Every example in the help of a command works as it stands. Each runs in a
// home and on an emulator of its own; what it names is there, unless it is the
// example that makes it.
//
// Real time: a shell reads the lines that need one.
func TestExamples(t *testing.T) {
	t.Parallel()
	long(t)
	w := newWorkers(t)
	full := exampleState(t, w)
	for _, c := range cmd.References() {
		for line := range strings.Lines(c.Example) {
			line = strings.TrimSpace(line)
			t.Run(line, func(t *testing.T) {
				t.Parallel()
				s := emulated(t, "instant")
				exampleHome(t, s)
				if first := firstWord(c.Words); first != "create" && first != "attach" {
					if err := os.CopyFS(filepath.Join(s.dir, "emulator"), os.DirFS(full)); err != nil {
						t.Fatal(err)
					}
				}
				if strings.Contains(line, "http://127.0.0.1:8443") {
					e, err := emulator.New(emulator.Options{})
					if err != nil {
						t.Fatal(err)
					}
					server := httptest.NewServer(e)
					t.Cleanup(server.Close)
					line = strings.ReplaceAll(line, "http://127.0.0.1:8443", server.URL)
				}
				line = strings.ReplaceAll(line, "/usr/bin/az", filepath.Join(s.dir, "bin/az"))
				if strings.HasPrefix(line, "computetarget emulator serve") {
					endless(t, s, line)
					return
				}
				if strings.Contains(line, "emulator env") {
					s.serve() // which it speaks of
				}
				want := 0
				switch {
				case strings.Contains(line, "--for deleted"):
					s.must("delete", "dev", "--no-wait")
				case strings.HasPrefix(line, "computetarget migrate .") && !strings.Contains(line, "--write"):
					want = 7 // there is something to change
				case strings.HasPrefix(line, "computetarget permissions") && strings.Contains(line, "--user"):
					want = 7 // she has no role
				case strings.HasPrefix(line, "computetarget policy check") && !strings.Contains(line, "--fix"):
					want = 7 // the instances have hours on working days, and no idle time
				}
				if out, code := s.line(w, line); code != want || want == 0 && strings.Contains(out, "ERROR") {
					t.Errorf("exit code %d\n%s", code, out)
				}
			})
		}
	}
}

// exampleState is the folder of an emulator that holds what examples name.
func exampleState(t *testing.T, w *workers) string {
	t.Helper()
	s := emulated(t, "instant")
	exampleHome(t, s)
	for _, line := range []string{
		"computetarget create dev -s Standard_DS3_v2 --ssh-key ~/.ssh/id_rsa.pub --setup-script setup.sh -o none",
		"computetarget schedule set dev 'mon-fri 09:00-18:00' --time-zone Europe/Berlin -o none",
		"computetarget create gpu -s Standard_NC6 -o none",
		"computetarget schedule set gpu 'mon-fri 09:00-18:00' --time-zone Europe/Berlin -o none",
		"computetarget create amlcompute -n cpu -s Standard_D2_v2 --max-nodes 4 --assign-identity '[system]' -o none",
		"computetarget attach aks -n serving -i /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks",
		"computetarget attach kubernetes -n k8s --namespace ml -i /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks2",
		"computetarget emulator advance 1h -o none",
	} {
		if out, code := s.line(w, line); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", line, code, out)
		}
	}
	return filepath.Join(s.dir, "emulator")
}

// exampleHome gives somebody the files that examples name, and commands of
// others that do nothing, but that az knows its version and has no extensions.
func exampleHome(t *testing.T, s *person) {
	t.Helper()
	for name, text := range map[string]string{
		"home/.ssh/id_rsa.pub": publicKey + "\n",
		"home/.ssh/id_rsa":     "-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n",
		"password.txt":         "secret\n",
		"hours.yaml":           "time-zone: Europe/Berlin\ninstances: {dev: {hours: [mon-fri 09:00-18:00]}}\n",
		"pipeline.yml":         "steps: []\n",
		"dev.yml":              "name: dev\ntype: computeinstance\nsize: Standard_DS3_v2\nhours: [mon-fri 09:00-18:00]\ntime_zone: Europe/Berlin\n",
		"cpu.yml":              "name: cpu\ntype: amlcompute\nsize: Standard_D2_v2\nmax_instances: 4\n",
		"computes/dev.yml":     "name: dev\ntype: computeinstance\nsize: Standard_DS3_v2\nhours: [mon-fri 09:00-18:00]\ntime_zone: Europe/Berlin\n",
		"setup.sh":             "#!/bin/bash\nset -e\napt-get install -y graphviz\n",
		"old.sh":               "az ml computetarget list -g local-rg -w local-ws -o table\n",
		"scripts/nightly.sh":   "az ml computetarget computeinstance stop -n dev -g local-rg -w local-ws\n",
		"bin/az":               "#!/bin/sh\ncase $1 in version) echo '{\"azure-cli\": \"2.77.0\", \"extensions\": {}}' ;; extension) echo '[]' ;; esac\n",
		"bin/ssh":              "#!/bin/sh\nexit 0\n",
	} {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.env[0] = "PATH=" + filepath.Join(s.dir, "bin") + ":" + filepath.Dir(s.binary) + ":" + os.Getenv("PATH")
}

// line runs a line and returns both outputs: a worker does, or a shell where it
// needs one.
func (s *person) line(w *workers, line string) (output string, code int) {
	args, ok := plain(line)
	if !ok {
		return s.bash(line)
	}
	a, err := w.run(call{Dir: s.dir, Env: append([]string{"PWD=" + s.dir}, s.env...), Args: args})
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Out + a.Errors, a.Code
}

// bash runs a line of a shell and returns both outputs.
func (s *person) bash(line string) (output string, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", line)
	c.Dir, c.Env = s.dir, s.env
	c.WaitDelay = patience // for what bash started
	out, err := c.CombinedOutput()
	return string(out), codeOf(err)
}
