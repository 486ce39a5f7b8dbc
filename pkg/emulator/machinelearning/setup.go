package machinelearning

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/storage"
)

// What a setup script may be. The default time is documented; that more is
// refused, the bound, and the size of a script that is sent along are reported by
// users.
const (
	scriptDefault = 15 * time.Minute
	scriptMost    = 25 * time.Minute
	scriptInline  = 4096 // characters of base64
)

// scriptTime is how long a script runs that nothing is said about. The emulator
// never runs scripts.
const scriptTime = createTime * 15 / 100

// The scripts of an instance: one runs when it is made, one each time it starts.
const (
	creationScript = "creationScript"
	startupScript  = "startupScript"
)

// script is one of them, as it is sent.
type script struct{ ScriptSource, ScriptData, ScriptArguments, Timeout string }

// scripts reads setupScripts; one that is absent or null is nil. Keys match
// without regard to case.
func scripts(raw json.RawMessage) (map[string]*script, error) {
	var in struct {
		Scripts struct{ CreationScript, StartupScript *script }
	}
	if arm.IsNull(raw) {
		return nil, nil
	}
	if err := arm.Decode(raw, &in); err != nil {
		return nil, err
	}
	return map[string]*script{creationScript: in.Scripts.CreationScript, startupScript: in.Scripts.StartupScript}, nil
}

// checkScripts refuses what the service refuses before it makes anything.
func checkScripts(raw json.RawMessage) error {
	all, err := scripts(raw)
	if err != nil {
		return err
	}
	for _, which := range []string{creationScript, startupScript} {
		if s := all[which]; s != nil {
			if err := s.check(which); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *script) check(which string) error {
	refuse := func(format string, a ...any) error {
		return arm.Fail(http.StatusBadRequest, "UserError", format, a...)
	}
	if s.ScriptData == "" {
		return refuse("%s.scriptData cannot be null or empty.", which)
	}
	if s.Timeout != "" {
		limit, ok := minutes(s.Timeout)
		switch {
		case !ok:
			return refuse("The specified script timeout %s is invalid. It should be a floating point number followed by suffix 'm' for minutes", s.Timeout)
		case limit > scriptMost:
			return refuse("The specified script timeout %s is invalid. It should not exceed %dm", s.Timeout, int(scriptMost.Minutes()))
		}
	}
	if s.inline() && len(s.ScriptData) > scriptInline {
		return refuse("%s.scriptData cannot be longer than %d characters.", which, scriptInline)
	}
	return nil
}

func (s *script) inline() bool { return strings.EqualFold(s.ScriptSource, "inline") }

// minutes reads the one form of a timeout that the service takes.
func minutes(text string) (time.Duration, bool) {
	digits, ok := strings.CutSuffix(text, "m")
	if !ok || strings.Trim(digits, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n <= 0 || n > 1e6 {
		return 0, false
	}
	return time.Duration(n * float64(time.Minute)), true
}

func (s *script) limit() time.Duration {
	if d, ok := minutes(s.Timeout); ok {
		return d
	}
	return scriptDefault
}

// script returns one of the instance's scripts, or nil.
func (i *instance) script(which string) *script {
	all, err := scripts(i.SetupScripts)
	if err != nil {
		return nil // loaded, and never checked
	}
	return all[which]
}

// setupPlan is what somebody said will become of the setup of an instance; it
// holds for every setup under the name until it is changed.
type setupPlan struct {
	Fails bool          `json:"fails,omitempty"`
	Takes time.Duration `json:"takes,omitempty"` // how long a script runs; 0 is scriptTime
}

// planSetup changes the plan of the compute under a key.
func planSetup(t *arm.Tx, k string, ch Change) error {
	p, _ := setupPlans.Lookup(t, k)
	if ch.SetupFails != nil {
		p.Fails = *ch.SetupFails
	}
	if ch.SetupTakes != nil {
		d, err := time.ParseDuration(*ch.SetupTakes)
		if err != nil || d < 0 || d > 24*time.Hour {
			return arm.BadRequest("'%s' is not how long a script runs: give a duration such as 20m, up to 24h.", *ch.SetupTakes)
		}
		p.Takes = d
	}
	setupPlans.Put(t, k, p)
	return nil
}

// beginScript is the moment at which the script of the present step of an
// operation starts: when it ends is known from then on.
func beginScript(t *arm.Tx, c *compute, which string) {
	s, b := c.Instance.script(which), c.Busy
	if s == nil || b.Failure != nil {
		return
	}
	plan, _ := setupPlans.Lookup(t, c.key())
	takes := scriptTime
	if plan.Takes > 0 {
		takes = plan.Takes
	}
	c.log(t, which, "%s started, with the arguments '%s' and %s to run", s.describe(), s.ScriptArguments, s.limit())
	switch missing := s.missing(t, c); {
	case missing != "":
		takes = 0
		b.Failure = scriptFailure(missing)
	case takes > s.limit():
		takes = s.limit()
		b.Failure = scriptFailure(fmt.Sprintf("Setup script timed out after %s", s.limit()))
	}
	later := t.Now.Add(t.Takes(takes)).Sub(b.Steps[0].At)
	for n := range b.Steps {
		b.Steps[n].At = b.Steps[n].At.Add(later)
	}
}

// endScript is the moment at which a script has run.
func endScript(t *arm.Tx, c *compute, which string) {
	b := c.Busy
	if c.Instance.script(which) == nil {
		return
	}
	if plan, _ := setupPlans.Lookup(t, c.key()); plan.Fails && b.Failure == nil {
		c.log(t, which, "the emulator was told to let this script fail")
		b.Failure = scriptFailure("Setup script exited with code 1")
	}
	if b.Failure == nil {
		c.log(t, which, "the emulator does not run scripts; this one counts as done")
		c.log(t, which, "exit code 0")
		return
	}
	b.Steps = b.Steps[len(b.Steps)-1:] // nothing comes after a failure
	b.Steps[0].At = t.Now
	if why := b.Failure.Script; why != "" {
		c.log(t, which, "%s", why)
		b.Failure.Error = c.setupError(t, "SetupScriptsError",
			fmt.Sprintf("The specified Azure ML Compute Instance %s user script setup failed with error \"%s\"", c.Name, why))
	}
}

// scriptFailure is the failure of a script, without its error, which is known when
// it ends.
func scriptFailure(why string) *failure { return &failure{State: "UserSetupFailed", Script: why} }

// failPlatform makes an operation end with the machine's own setup failing, where that was
// asked for and there is no script to fail.
func (c *compute) failPlatform(t *arm.Tx) {
	if plan, _ := setupPlans.Lookup(t, c.key()); !plan.Fails || c.Instance == nil || c.Busy.Failure != nil ||
		c.Busy.Name != createOperation || c.Instance.script(creationScript) != nil || c.Instance.script(startupScript) != nil {
		return
	}
	c.Busy.Failure = &failure{State: "SetupFailed", Error: c.setupError(t, "StorageMountError",
		fmt.Sprintf("The specified Azure ML Compute Instance %s setup failed with error \"Failed to mount storage. Details - Hint:If you're using network security group rules, "+
			"make sure to allow outbound connection to ports 443, 445 for storage service tag.\"", c.Name))}
}

// setupError is the error of a setup, in JSON inside of another one: that is how
// the service sends it.
func (c *compute) setupError(t *arm.Tx, code, message string) *arm.Error {
	id := arm.StableUUID("setup of " + c.key() + c.Busy.Started.String())
	inner := arm.Value(new(arm.Object).
		Set("id", "https://"+c.region()+".api.azureml.ms/batchai/subscriptions/"+c.Subscription+"/operationresults/"+id).
		Set("name", id).Set("status", "Failed").
		Set("startTime", c.Busy.Started.Format(envelopeTime)).Set("endTime", t.Now.Format(envelopeTime)).
		Set("error", new(arm.Object).Set("code", code).Set("message", message)))
	return arm.BadRequest("%s", inner)
}

// describe names a script as its log does.
func (s *script) describe() string {
	if s.inline() {
		return "inline script"
	}
	return s.ScriptData
}

// missing is the service's error for a script that is not where it is said to be,
// or "". Text that was sent along and is not base64 counts as a path.
func (s *script) missing(t *arm.Tx, c *compute) string {
	if s.inline() {
		if _, err := base64.StdEncoding.DecodeString(s.ScriptData); err == nil {
			return ""
		}
	} else if _, ok := storage.Read(t, c.account(t), strings.Trim(s.ScriptData, "/")); ok {
		return ""
	}
	return "User specified setup script file not found. Details - SetupScriptsError: script not found : /mnt/batch/tasks/shared/LS_root/mounts/clusters/" +
		c.Name + "/code/" + strings.Trim(s.ScriptData, "/")
}

// account is the storage account of the workspace that c is in.
func (c *compute) account(t *arm.Tx) string {
	if w, ok := workspaces.Lookup(t, arm.Key(c.Subscription, c.ResourceGroup, c.Workspace)); ok {
		return w.account()
	}
	return (&workspace{Subscription: c.Subscription, ResourceGroup: c.ResourceGroup, Name: c.Workspace}).account()
}

// logFolder is where the logs of an instance are in the share. It is documented;
// the names of the files in it are not, and ours are made up.
func (c *compute) logFolder() string { return "Logs/" + c.Name }

// log writes a line into a script's log, in the workspace's share.
func (c *compute) log(t *arm.Tx, which, format string, a ...any) {
	name := strings.ToLower(strings.TrimSuffix(which, "Script")) + "_script.log"
	storage.Append(t, c.account(t), c.logFolder()+"/"+name, t.Now.Format("2006-01-02T15:04:05.000Z ")+fmt.Sprintf(format, a...)+"\n")
}
