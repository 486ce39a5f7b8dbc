// Command bench compares computetarget's start-up time, size, memory and
// requests with minimal programs, and prints the ratios beside their budgets.
// Ratios of one run are comparable between machines; times are not.
//
//	go run ./internal/bench [-runs 40]
//
// It uses az and hyperfine if they are installed.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator"
)

const many = 10000 // computes of a large workspace

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	runs := flag.Int("runs", 40, "how often each program is started")
	flag.Parse()
	if err := measure(context.Background(), *runs); err != nil {
		log.Fatal(err)
	}
}

func measure(ctx context.Context, runs int) error {
	dir, err := os.MkdirTemp("", "computetarget-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover folder in /tmp is harmless
	b := &bench{ctx: ctx, dir: dir}
	for name, pkg := range map[string]string{"computetarget": ".", "hello": "./internal/bench/hello", "pages": "./internal/bench/pages", "peak": "./internal/bench/peak"} {
		if err := b.build(name, pkg); err != nil {
			return err
		}
	}
	fmt.Printf("%s, %s/%s, %d processors, %d starts of each\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runs)
	fmt.Print("| what | measured | yardstick | ratio | budget | |\n| --- | --- | --- | --- | --- | --- |\n")
	return errors.Join(b.startUp(runs), b.size(), b.large(runs), b.requests(), b.prompt(), b.hyperfine())
}

// bench is one run of all measurements.
type bench struct {
	ctx context.Context
	dir string // for the programs and their home
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// build builds a program like a release: static and stripped.
func (b *bench) build(name, pkg string) error {
	c := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.path(name), pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// cost is the cost of one run of a program.
type cost struct {
	wall, cpu time.Duration
}

// once runs a program in an empty home. Its output goes through a pipe, as in
// a script.
func (b *bench) once(env []string, program string, args ...string) (cost, error) {
	c := exec.CommandContext(b.ctx, b.path(program), args...)
	if filepath.IsAbs(program) {
		c.Path = program
	}
	c.Env = append([]string{"HOME=" + b.dir, "PATH=" + os.Getenv("PATH")}, env...)
	var errs bytes.Buffer
	// A pipe whose end is thrown away: keeping 40 MB would be measured, too.
	c.Stdout, c.Stderr = struct{ io.Writer }{io.Discard}, &errs
	begun := time.Now()
	err := c.Run()
	took := time.Since(begun)
	if err != nil {
		return cost{}, fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, &errs)
	}
	return cost{took, c.ProcessState.UserTime() + c.ProcessState.SystemTime()}, nil
}

// peak is the peak memory of a program, in megabytes. Linux includes the
// parent's memory at the fork, so the parent must be a small program.
func (b *bench) peak(env []string, program string, args ...string) (float64, error) {
	if filepath.Base(program) == program {
		program = b.path(program)
	}
	c := exec.CommandContext(b.ctx, b.path("peak"), append([]string{program}, args...)...)
	c.Env = append([]string{"HOME=" + b.dir, "PATH=" + os.Getenv("PATH")}, env...)
	out, err := c.Output()
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	kb, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	return kb / 1024, err
}

// memory prints the row for the peak memory of a command.
func (b *bench) memory(what string, budget float64, env []string, args ...string) error {
	mb, err := b.peak(env, "computetarget", args...)
	if err == nil {
		row(what, fmt.Sprintf("%.1f MB", mb), "", mb, budget, " MB")
	}
	return err
}

// program is a command line to measure.
type program struct {
	env  []string
	argv []string
}

// median runs programs in turn, so that other load affects them equally, and
// returns the median of each cost.
func (b *bench) median(runs int, programs ...program) ([]cost, error) {
	all := make([][]cost, len(programs))
	for range runs {
		for i, p := range programs {
			c, err := b.once(p.env, p.argv[0], p.argv[1:]...)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], c)
		}
	}
	out := make([]cost, len(programs))
	for i, list := range all {
		middle := func(of func(cost) int64) int64 {
			values := make([]int64, len(list))
			for j, c := range list {
				values[j] = of(c)
			}
			slices.Sort(values)
			return values[len(values)/2]
		}
		out[i] = cost{
			wall: time.Duration(middle(func(c cost) int64 { return int64(c.wall) })),
			cpu:  time.Duration(middle(func(c cost) int64 { return int64(c.cpu) })),
		}
	}
	return out, nil
}

// row prints a row of the table and marks a measurement over its budget.
func row(what, measured, yardstick string, ratio, budget float64, unit string) {
	mark := "ok"
	if ratio > budget {
		mark = "**missed**"
	}
	if budget == 0 {
		fmt.Printf("| %s | %s | %s | %.3g%s | | |\n", what, measured, yardstick, ratio, unit)
		return
	}
	fmt.Printf("| %s | %s | %s | %.3g%s | %g%s | %s |\n", what, measured, yardstick, ratio, unit, budget, unit, mark)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// startUp compares start-up times.
func (b *bench) startUp(runs int) error {
	server, err := b.emulator("instant")
	if err != nil {
		return err
	}
	defer server.close()
	for _, args := range [][]string{{"create", "dev", "-s", "Standard_DS3_v2", "-o", "none"}, {"list", "-o", "none"}} {
		if _, err := b.once(server.env, "computetarget", args...); err != nil {
			return err
		}
	}
	commands := []struct {
		args   []string
		budget float64
		what   string
		env    []string
	}{
		{[]string{"version"}, 2, "start: `version`", nil},
		{[]string{"create", "--help"}, 2, "start: `create --help`", nil},
		{[]string{"create", "computeinstance", "--help"}, 2, "start: `create computeinstance --help`", nil},
		{[]string{"__complete", "sto"}, 2, "start: `__complete sto`", nil},
		{[]string{"__complete", "stop", ""}, 4, "completion of an instance's name, remembered", server.env},
	}
	programs := []program{{nil, []string{"hello"}}}
	for _, c := range commands {
		programs = append(programs, program{c.env, append([]string{"computetarget"}, c.args...)})
	}
	costs, err := b.median(runs, programs...)
	if err != nil {
		return err
	}
	hello := costs[0]
	for i, c := range commands {
		row(c.what, ms(costs[i+1].wall), "net/http hello "+ms(hello.wall), float64(costs[i+1].wall)/float64(hello.wall), c.budget, "×")
	}
	row("processor time of `version`", ms(costs[1].cpu), "net/http hello "+ms(hello.cpu), float64(costs[1].cpu)/float64(hello.cpu), 0, "×")
	if err := b.memory("peak memory of `version`", 14, nil, "version"); err != nil {
		return err
	}
	if az, err := exec.LookPath("az"); err == nil {
		if costs, err := b.median(3, program{nil, []string{az, "version"}}); err == nil {
			row("`az version`, for comparison", ms(costs[0].wall), "net/http hello "+ms(hello.wall), float64(costs[0].wall)/float64(hello.wall), 0, "×")
			if mb, err := b.peak(nil, az, "version"); err == nil {
				row("peak memory of `az version`", fmt.Sprintf("%.1f MB", mb), "", mb, 0, " MB")
			}
		}
	}
	return nil
}

func (b *bench) size() error {
	info, err := os.Stat(b.path("computetarget"))
	if err != nil {
		return err
	}
	mb := float64(info.Size()) / 1e6
	row("binary, stripped and static", fmt.Sprintf("%.1f MB", mb), "", mb, 17, " MB")
	return nil
}

// large measures a workspace of ten thousand computes.
func (b *bench) large(runs int) error {
	server := pages(many, 200)
	defer server.Close()
	env := []string{
		"COMPUTETARGET_ENDPOINT=" + server.URL, "COMPUTETARGET_SUBSCRIPTION=" + emulator.Subscription,
		"COMPUTETARGET_RESOURCE_GROUP=rg", "COMPUTETARGET_WORKSPACE=ws",
	}
	first := server.URL + "/subscriptions/" + emulator.Subscription + "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/computes"
	lists := []struct {
		args   []string
		budget float64
	}{
		{[]string{"list", "-o", "json"}, 1},
		{[]string{"list", "-o", "name"}, 0.9},
		{[]string{"list", "-v"}, 1.5},
		{[]string{"list", "-o", "wide"}, 1.3},
	}
	programs := []program{{nil, []string{"pages", first}}}
	for _, l := range lists {
		programs = append(programs, program{env, append([]string{"computetarget"}, l.args...)})
	}
	costs, err := b.median(max(3, runs/8), programs...)
	if err != nil {
		return err
	}
	for i, l := range lists {
		row(fmt.Sprintf("`%s` of 10,000", strings.Join(l.args, " ")), ms(costs[i+1].wall), "decoding the pages into maps "+ms(costs[0].wall), float64(costs[i+1].wall)/float64(costs[0].wall), l.budget, "×")
	}
	return errors.Join(
		b.memory("peak memory of `list` of 10,000", 120, env, "list"),
		b.memory("peak memory of `show`", 25, env, "show", "ci-00001x"),
	)
}

// requests counts the requests of commands.
func (b *bench) requests() error {
	server, err := b.emulator("20")
	if err != nil {
		return err
	}
	defer server.close()
	count := func(args ...string) (int, time.Duration, error) {
		before := server.asked.Load()
		c, err := b.once(server.env, "computetarget", args...)
		return int(server.asked.Load() - before), c.wall, err
	}
	const names = 10
	var all []string
	for i := range names {
		all = append(all, fmt.Sprintf("dev%02d", i))
	}
	for _, step := range []struct {
		what   string
		args   []string
		budget int
	}{
		{"requests of `create --no-wait`", []string{"create", "dev", "-s", "Standard_DS3_v2", "--no-wait"}, 6},
		{"", []string{"wait", "dev"}, 0},
		{"requests of `show`", []string{"show", "dev"}, 1},
		{"requests of `list`, one page", []string{"list"}, 1},
		{"requests of `stop --no-wait`", []string{"stop", "dev", "--no-wait"}, 2},
	} {
		n, _, err := count(step.args...)
		if err != nil {
			return err
		}
		if step.what != "" {
			row(step.what, fmt.Sprint(n), "", float64(n), float64(step.budget), "")
		}
	}
	for _, name := range all {
		if _, _, err := count("create", name, "-s", "Standard_D2_v2", "--no-wait"); err != nil {
			return err
		}
	}
	if _, _, err := count(append([]string{"wait"}, all...)...); err != nil {
		return err
	}
	n, took, err := count(append([]string{"stop"}, all...)...)
	if err != nil {
		return err
	}
	budget := 3*names + 4 + int(took.Seconds())/4
	row(fmt.Sprintf("requests of `stop` of %d, waiting %.0f s", names, took.Seconds()), fmt.Sprint(n), "", float64(n), float64(budget), "")
	return nil
}

// prompt measures the time from the end of an operation to the shell's prompt.
func (b *bench) prompt() error {
	const pace = 20
	server, err := b.emulator(fmt.Sprint(pace))
	if err != nil {
		return err
	}
	defer server.close()
	if _, err := b.once(server.env, "computetarget", "create", "dev", "-s", "Standard_DS3_v2"); err != nil {
		return err
	}
	if _, err := b.once(server.env, "computetarget", "stop", "dev"); err != nil {
		return err
	}
	c, err := b.once(server.env, "computetarget", "start", "dev")
	if err != nil {
		return err
	}
	done := 120 * time.Second / pace // duration of a start at this pace
	late := c.wall - done
	row("from done to prompt, a start of 6 s", ms(late), "interval of polls then about 2 s", late.Seconds(), 2.5, " s")
	return nil
}

// hyperfine measures start-up independently.
func (b *bench) hyperfine() error {
	tool, err := exec.LookPath("hyperfine")
	if err != nil {
		return nil //nolint:nilerr // optional
	}
	report := b.path("hyperfine.json")
	c := exec.CommandContext(b.ctx, tool, "-N", "--warmup", "5", "--runs", "60", "--style", "none", "--export-json", report,
		b.path("hello"), b.path("computetarget")+" version")
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return err
	}
	var found struct{ Results []struct{ Median float64 } }
	if err := json.Unmarshal(data, &found); err != nil || len(found.Results) != 2 {
		return fmt.Errorf("hyperfine's report cannot be read: %w", err)
	}
	of := func(i int) time.Duration { return time.Duration(found.Results[i].Median * float64(time.Second)) }
	row("start: `version`, by hyperfine", ms(of(1)), "net/http hello "+ms(of(0)), float64(of(1))/float64(of(0)), 2, "×")
	return nil
}

// served is an emulator on a port that counts requests.
type served struct {
	env   []string
	asked atomic.Int64
	close func()
}

func (b *bench) emulator(pace string) (*served, error) {
	p, err := emulator.ParsePace(pace)
	if err != nil {
		return nil, err
	}
	e, err := emulator.New(emulator.Options{Pace: p})
	if err != nil {
		return nil, err
	}
	s := &served{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		e.ServeHTTP(w, r)
	}))
	s.close = func() { server.Close(); _ = e.Close() }
	s.env = []string{
		"COMPUTETARGET_ENDPOINT=" + server.URL, "COMPUTETARGET_SUBSCRIPTION=" + emulator.Subscription,
		"COMPUTETARGET_RESOURCE_GROUP=" + emulator.ResourceGroup, "COMPUTETARGET_WORKSPACE=" + emulator.Workspace,
	}
	return s, nil
}

// pages serves n static instances, half of them with four schedules.
func pages(n, size int) *httptest.Server {
	one := func(i int) string {
		stops := stop
		if i%2 == 1 {
			stops = strings.Repeat(","+stop, 4)[1:]
		}
		return fmt.Sprintf(instance, fmt.Sprintf("ci-%05dx", i), stops)
	}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := filepath.Base(r.URL.Path); name != "computes" {
			fmt.Fprintf(w, instance, name, stop)
			return
		}
		from := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("$skip"), &from) // absent on the first page
		var page bytes.Buffer
		page.WriteString(`{"value":[`)
		to := min(n, from+size)
		for i := from; i < to; i++ {
			if i > from {
				page.WriteByte(',')
			}
			page.WriteString(one(i))
		}
		page.WriteByte(']')
		if to < n {
			fmt.Fprintf(&page, `,"nextLink":"%s%s?api-version=x&$skip=%d"`, server.URL, r.URL.Path, to)
		}
		page.WriteByte('}')
		_, _ = w.Write(page.Bytes())
	}))
	return server
}

// instance is an instance as the service lists it.
const instance = `{"id":"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/computes/%[1]s",
"name":"%[1]s","type":"Microsoft.MachineLearningServices/workspaces/computes","location":"westeurope","tags":{"team":"search"},"identity":null,
"properties":{"createdOn":"2026-02-04T05:56:08.1617498+00:00","modifiedOn":"2026-02-04T05:58:48.3360386+00:00","disableLocalAuth":true,
"description":"for the ranking experiments","resourceId":null,"computeType":"ComputeInstance","computeLocation":"westeurope",
"provisioningState":"Succeeded","provisioningErrors":null,"isAttachedCompute":false,"properties":{"vmSize":"STANDARD_DS3_V2","subnet":null,
"sshSettings":{"sshPublicAccess":"Disabled","adminUserName":"azureuser","sshPort":4000,"adminPublicKey":null},"errors":[],
"connectivityEndpoints":{"publicIpAddress":"203.0.113.17","privateIpAddress":"10.0.18.4"},
"applications":[{"displayName":"Jupyter","endpointUri":"https://%[1]s.westeurope.instances.azureml.ms/tree/"},{"displayName":"Jupyter Lab","endpointUri":"https://%[1]s.westeurope.instances.azureml.ms/lab"}],
"state":"Running","lastOperation":{"operationName":"Start","operationTime":"2026-03-02T08:00:12.799+00:00","operationStatus":"Succeeded","operationTrigger":"Schedule"},
"createdBy":{"userName":"anna@example.com","userOrgId":"22222222-2222-2222-2222-222222222222","userId":"33333333-3333-3333-3333-333333333333"},
"applicationSharingPolicy":"Personal","computeInstanceAuthorizationType":"personal","personalComputeInstanceSettings":null,"setupScripts":null,
"schedules":{"computeStartStop":[%[2]s]},
"idleTimeBeforeShutdown":"PT60M","dataMounts":null,"dataDisks":null,"containers":null,"updateStatus":null,"versions":{"runtime":"3.0.02094.0004"},"customServices":[]}}}`

// stop is one schedule of an instance.
const stop = `{"id":"a1","provisioningStatus":"Completed","status":"Enabled","action":"Stop","triggerType":"Cron","cron":{"expression":"0 18 * * 1-5","startTime":"2026-01-01T00:00:00","timeZone":"W. Europe Standard Time"}}`
