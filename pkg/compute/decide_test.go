package compute

import (
	"fmt"
	"strings"
	"testing"
)

// look is a compute written down shortly: state, last operation and errors.
func look(t *testing.T, kind, provisioning, state, last, errors string) *Compute {
	t.Helper()
	operation := "null"
	if last != "" {
		name, status, _ := strings.Cut(last, " ")
		operation = fmt.Sprintf(`{"operationName":%q,"operationStatus":%q,"operationTime":"2026-03-02T09:00:00Z"}`, name, status)
	}
	if errors == "" {
		errors = "[]"
	}
	key := "state"
	if kind == TypeCluster {
		key = "allocationState"
	}
	return mustDecode(t, fmt.Sprintf(`{"name":"ci","properties":{"computeType":%q,"provisioningState":%q,"properties":{%q:%q,"lastOperation":%s,"errors":%s}}}`,
		kind, provisioning, key, state, operation, errors))
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const oneError = `[{"error":{"code":"E","message":"m"}}]`
	const ci, cluster, aks = TypeInstance, TypeCluster, TypeAKS
	for _, test := range []struct {
		kind, provisioning, state, last, errors string
		goal                                    Goal
		want                                    verdict
	}{
		// Until nothing is in progress.
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "Stopped", "Stop Succeeded", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "JobRunning", "Start Succeeded", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "Running", "", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "Running", "Start Succeeded", oneError, GoalSettled, verdictReached},
		{ci, "Succeeded", "Running", "", oneError, GoalSettled, verdictFailed},
		{ci, "Creating", "", "", "", GoalSettled, verdictWait},
		{ci, "Creating", "Creating", "Create InProgress", "", GoalSettled, verdictWait},
		{ci, "Creating", "SettingUp", "Create InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "UserSettingUp", "Create InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Starting", "Start InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Stopping", "Stop InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Restarting", "Restart InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Resizing", "Resize InProgress", "", GoalSettled, verdictWait},
		{ci, "Deleting", "Running", "Delete InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Deleting", "", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Running", "Stop InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Running", "Start InProgress", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "Stopped", "Start InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "Stopped", "Stop InProgress", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "Stopped", "Start StartFailed", "", GoalSettled, verdictFailed},
		{ci, "Succeeded", "Running", "Stop StopFailed", "", GoalSettled, verdictFailed},
		{ci, "Succeeded", "Running", "Delete DeleteFailed", "", GoalSettled, verdictFailed},
		{ci, "Failed", "CreateFailed", "Create CreateFailed", oneError, GoalSettled, verdictFailed},
		{ci, "Succeeded", "SetupFailed", "Create Succeeded", "", GoalSettled, verdictFailed},
		{ci, "Succeeded", "UserSetupFailed", "", "", GoalSettled, verdictFailed},
		{ci, "Succeeded", "Unusable", "Start Succeeded", "", GoalSettled, verdictFailed},
		{ci, "Failed", "", "", "", GoalSettled, verdictFailed},
		{ci, "Succeeded", "Unknown", "Start Succeeded", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "Unknown", "Start InProgress", "", GoalSettled, verdictWait},
		{ci, "Succeeded", "SomethingNew", "Start Succeeded", "", GoalSettled, verdictReached},
		{ci, "Succeeded", "running", "start succeeded", "", GoalSettled, verdictReached},
		{cluster, "Succeeded", "Steady", "", "", GoalSettled, verdictReached},
		{cluster, "Succeeded", "Resizing", "", "", GoalSettled, verdictWait},
		{cluster, "Updating", "Steady", "", "", GoalSettled, verdictWait},
		{cluster, "Creating", "", "", "", GoalSettled, verdictWait},
		{cluster, "Failed", "Steady", "", oneError, GoalSettled, verdictFailed},
		{aks, "Succeeded", "", "", "", GoalSettled, verdictReached},
		{aks, "Creating", "", "", "", GoalSettled, verdictWait},
		{aks, "Canceled", "", "", "", GoalSettled, verdictFailed},
		// Until a state.
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalRunning, verdictReached},
		{ci, "Succeeded", "JobRunning", "Start Succeeded", "", GoalRunning, verdictReached},
		{ci, "Succeeded", "Stopped", "Stop Succeeded", "", GoalRunning, verdictWait},
		{ci, "Succeeded", "Stopped", "Start StartFailed", "", GoalRunning, verdictWait},
		{ci, "Succeeded", "Stopping", "Stop InProgress", "", GoalRunning, verdictWait},
		{ci, "Failed", "CreateFailed", "Create CreateFailed", "", GoalRunning, verdictFailed},
		{ci, "Failed", "CreateFailed", "Create CreateFailed", "", "createfailed", verdictReached},
		{ci, "Succeeded", "Stopped", "Stop Succeeded", "", "STOPPED", verdictReached},
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalStopped, verdictWait},
		{ci, "Succeeded", "JobRunning", "Start Succeeded", "", "JobRunning", verdictReached},
		{ci, "Succeeded", "Running", "Start Succeeded", "", "JobRunning", verdictWait},
		{ci, "Deleting", "Running", "Delete InProgress", "", GoalRunning, verdictWait},
		{ci, "Failed", "CreateFailed", "", "", GoalDeleted, verdictWait},
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalDeleted, verdictWait},
		{ci, "Succeeded", "Running", "Delete DeleteFailed", "", GoalDeleted, verdictFailed},
		{ci, "Deleting", "Deleting", "Delete InProgress", "", GoalDeleted, verdictWait},
		{cluster, "Succeeded", "Steady", "", "", "steady", verdictReached},
		{aks, "Succeeded", "", "", "", "Succeeded", verdictReached},
	} {
		c := look(t, test.kind, test.provisioning, test.state, test.last, test.errors)
		if got := decide(c, test.goal); got != test.want {
			t.Errorf("%s %s/%s, %q, errors %s, for %q: %d, want %d", test.kind, test.provisioning, test.state, test.last, test.errors, test.goal, got, test.want)
		}
	}
	for goal, want := range map[Goal]verdict{GoalSettled: verdictMissing, GoalRunning: verdictMissing, GoalStopped: verdictMissing, GoalDeleted: verdictReached, "JobRunning": verdictMissing} {
		if got := decide(nil, goal); got != want {
			t.Errorf("nothing there, for %q: %d, want %d", goal, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	states := strings.Fields("Creating CreateFailed Deleting Running Restarting JobRunning SettingUp SetupFailed Starting Stopped Stopping UserSettingUp UserSetupFailed Unknown Unusable Resizing SomethingNew")
	// One letter a state: s send, d done, f follow, w wait first, r refuse.
	table := map[Verb]string{
		//            Cr CF De Ru Re JR SU SF St So Sg US UF Un Uu Rz New
		VerbStart:   "f  r  w  d  f  d  f  s  f  s  w  f  s  s  s  w  s",
		VerbStop:    "w  r  w  s  w  s  w  s  w  d  f  w  s  s  s  w  s",
		VerbRestart: "w  r  w  s  f  s  w  s  w  s  w  w  s  s  s  w  s",
		VerbResize:  "w  r  w  s  w  s  w  s  w  s  w  w  s  s  s  w  s",
		VerbDelete:  "w  s  f  s  w  s  w  s  w  s  w  w  s  s  s  w  s",
		VerbDetach:  "w  s  f  s  w  s  w  s  w  s  w  w  s  s  s  w  s",
		VerbUpdate:  "w  s  w  s  w  s  w  s  w  s  w  w  s  s  s  w  s",
	}
	letters := map[step]string{stepSend: "s", stepDone: "d", stepFollow: "f", stepSettle: "w", stepRefuse: "r"}
	for verb, row := range table {
		for i, want := range strings.Fields(row) {
			c := look(t, TypeInstance, "Succeeded", states[i], "", "")
			got, err := plan(verb, c)
			if letters[got] != want || (got == stepRefuse) != (err != nil) {
				t.Errorf("%s in %s: %s (%v), want %s", verb, states[i], letters[got], err, want)
			}
			if err != nil && KindOf(err) != KindState {
				t.Errorf("%s in %s: %s", verb, states[i], KindOf(err))
			}
		}
	}
	cluster := look(t, TypeCluster, "Succeeded", "Steady", "", "")
	for _, verb := range []Verb{VerbStart, VerbStop, VerbRestart, VerbResize} {
		if got, err := plan(verb, cluster); got != stepRefuse || KindOf(err) != KindInvalid {
			t.Errorf("%s of a cluster: %v %v", verb, got, err)
		}
	}
}
