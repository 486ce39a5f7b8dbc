package cmd_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/computetarget/computetarget/cmd"
)

// inProcess runs computetarget in this process, as the person the environment of t
// says.
func inProcess(t *testing.T, args ...string) {
	t.Helper()
	if code := cmd.Main(args, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatalf("computetarget %s: exit code %d", strings.Join(args, " "), code)
	}
}

// What is printed without asking anybody takes few allocations: only the verb
// asked for is built, and nothing is computed before it is needed. The bounds
// are what was counted, and a third more.
func TestStartAllocatesLittle(t *testing.T) {
	t.Setenv("HOME", folder(t))
	for _, test := range []struct {
		args  string
		bound float64
	}{
		{"version", 750},
		{"--help", 500},
		{"help", 660},
		{"stop --help", 1200},
		{"create --help", 1650},
		{"__complete sto", 750},
	} {
		args := strings.Fields(test.args)
		if n := testing.AllocsPerRun(10, func() { inProcess(t, args...) }); n > test.bound {
			t.Errorf("%s: %.0f allocations, more than %.0f", test.args, n, test.bound)
		} else {
			t.Logf("%s: %.0f allocations", test.args, n)
		}
	}
}

// Help and the version are told without dialling anybody.
//
// Real time: a listener tells who connects.
func TestStartDialsNobody(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	anybody := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(anybody.Close)
	s := on(t, anybody.URL, "HTTPS_PROXY="+anybody.URL, "HTTP_PROXY="+anybody.URL)
	s.env = append(s.env, "HOME="+filepath.Join(s.dir, "nowhere"))
	for _, args := range []string{"", "--help", "help", "version", "--version", "stop --help", "help create", "emulator --help", "completion bash", "__complete sto"} {
		s.must(strings.Fields(args)...)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests were made", n)
	}
	// Were anything asked, it would be seen here.
	if s.run("list"); asked.Load() == 0 {
		t.Error("list asked nobody")
	}
}
