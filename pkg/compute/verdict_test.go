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

func TestWhatALookMeansForAGoal(t *testing.T) {
	t.Parallel()
	const oneError = `[{"error":{"code":"E","message":"m"}}]`
	const ci, cluster, aks = TypeInstance, TypeCluster, TypeAKS
	for _, test := range []struct {
		kind, provisioning, state, last, errors string
		goal                                    Goal
		want                                    verdict
	}{
		// Until nothing is in progress.
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalSettled, reached},
		{ci, "Succeeded", "Stopped", "Stop Succeeded", "", GoalSettled, reached},
		{ci, "Succeeded", "JobRunning", "Start Succeeded", "", GoalSettled, reached},
		{ci, "Succeeded", "Running", "", "", GoalSettled, reached},
		{ci, "Succeeded", "Running", "Start Succeeded", oneError, GoalSettled, reached},
		{ci, "Succeeded", "Running", "", oneError, GoalSettled, failed},
		{ci, "Creating", "", "", "", GoalSettled, coming},
		{ci, "Creating", "Creating", "Create InProgress", "", GoalSettled, coming},
		{ci, "Creating", "SettingUp", "Create InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "UserSettingUp", "Create InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "Starting", "Start InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "Stopping", "Stop InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "Restarting", "Restart InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "Resizing", "Resize InProgress", "", GoalSettled, coming},
		{ci, "Deleting", "Running", "Delete InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "Deleting", "", "", GoalSettled, coming},
		{ci, "Succeeded", "Running", "Stop InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "Running", "Start InProgress", "", GoalSettled, reached},
		{ci, "Succeeded", "Stopped", "Start InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "Stopped", "Stop InProgress", "", GoalSettled, reached},
		{ci, "Succeeded", "Stopped", "Start StartFailed", "", GoalSettled, failed},
		{ci, "Succeeded", "Running", "Stop StopFailed", "", GoalSettled, failed},
		{ci, "Succeeded", "Running", "Delete DeleteFailed", "", GoalSettled, failed},
		{ci, "Failed", "CreateFailed", "Create CreateFailed", oneError, GoalSettled, failed},
		{ci, "Succeeded", "SetupFailed", "Create Succeeded", "", GoalSettled, failed},
		{ci, "Succeeded", "UserSetupFailed", "", "", GoalSettled, failed},
		{ci, "Succeeded", "Unusable", "Start Succeeded", "", GoalSettled, failed},
		{ci, "Failed", "", "", "", GoalSettled, failed},
		{ci, "Succeeded", "Unknown", "Start Succeeded", "", GoalSettled, reached},
		{ci, "Succeeded", "Unknown", "Start InProgress", "", GoalSettled, coming},
		{ci, "Succeeded", "SomethingNew", "Start Succeeded", "", GoalSettled, reached},
		{ci, "Succeeded", "running", "start succeeded", "", GoalSettled, reached},
		{cluster, "Succeeded", "Steady", "", "", GoalSettled, reached},
		{cluster, "Succeeded", "Resizing", "", "", GoalSettled, coming},
		{cluster, "Updating", "Steady", "", "", GoalSettled, coming},
		{cluster, "Creating", "", "", "", GoalSettled, coming},
		{cluster, "Failed", "Steady", "", oneError, GoalSettled, failed},
		{aks, "Succeeded", "", "", "", GoalSettled, reached},
		{aks, "Creating", "", "", "", GoalSettled, coming},
		{aks, "Canceled", "", "", "", GoalSettled, failed},
		// Until a state.
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalRunning, reached},
		{ci, "Succeeded", "JobRunning", "Start Succeeded", "", GoalRunning, reached},
		{ci, "Succeeded", "Stopped", "Stop Succeeded", "", GoalRunning, apart},
		{ci, "Succeeded", "Stopped", "Start StartFailed", "", GoalRunning, apart},
		{ci, "Succeeded", "Stopping", "Stop InProgress", "", GoalRunning, apart},
		{ci, "Failed", "CreateFailed", "Create CreateFailed", "", GoalRunning, failed},
		{ci, "Failed", "CreateFailed", "Create CreateFailed", "", "createfailed", reached},
		{ci, "Succeeded", "Stopped", "Stop Succeeded", "", "STOPPED", reached},
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalStopped, apart},
		{ci, "Succeeded", "JobRunning", "Start Succeeded", "", "JobRunning", reached},
		{ci, "Succeeded", "Running", "Start Succeeded", "", "JobRunning", apart},
		{ci, "Deleting", "Running", "Delete InProgress", "", GoalRunning, apart},
		{ci, "Failed", "CreateFailed", "", "", GoalDeleted, apart},
		{ci, "Succeeded", "Running", "Start Succeeded", "", GoalDeleted, apart},
		{ci, "Succeeded", "Running", "Delete DeleteFailed", "", GoalDeleted, failed},
		{ci, "Deleting", "Deleting", "Delete InProgress", "", GoalDeleted, apart},
		{ci, "Succeeded", "Running", "Stop Failed", "", GoalDeleted, apart},
		{cluster, "Succeeded", "Steady", "", "", "steady", reached},
		{aks, "Succeeded", "", "", "", "Succeeded", reached},
	} {
		c := look(t, test.kind, test.provisioning, test.state, test.last, test.errors)
		if got := test.goal.means(c); got != test.want {
			t.Errorf("%s %s/%s, %q, errors %s, for %q: %d, want %d", test.kind, test.provisioning, test.state, test.last, test.errors, test.goal, got, test.want)
		}
	}
	for goal, want := range map[Goal]verdict{GoalSettled: gone, GoalRunning: gone, GoalStopped: gone, GoalDeleted: reached, "JobRunning": gone} {
		if got := goal.means(nil); got != want {
			t.Errorf("nothing there, for %q: %d, want %d", goal, got, want)
		}
	}
}

func TestWhatALookMeansForAVerb(t *testing.T) {
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
	letters := map[verdict]string{apart: "s", reached: "d", coming: "f", busy: "w", failed: "r"}
	for verb, row := range table {
		for i, want := range strings.Fields(row) {
			c := look(t, TypeInstance, "Succeeded", states[i], "", "")
			got, err := verb.means(c)
			if letters[got] != want || (got == failed) != (err != nil) {
				t.Errorf("%s in %s: %s (%v), want %s", verb, states[i], letters[got], err, want)
			}
			if err != nil && KindOf(err) != KindState {
				t.Errorf("%s in %s: %s", verb, states[i], KindOf(err))
			}
		}
	}
	attached := look(t, TypeAKS, "Succeeded", "", "", "")
	attached.IsAttachedCompute = true
	if got, err := VerbDelete.means(attached); got != failed || KindOf(err) != KindInvalid {
		t.Errorf("delete of what is attached: %v %v", got, err)
	}
	if got, err := VerbDetach.means(attached); got != apart || err != nil {
		t.Errorf("detach of what is attached: %v %v", got, err)
	}
	cluster := look(t, TypeCluster, "Succeeded", "Steady", "", "")
	for _, verb := range []Verb{VerbStart, VerbStop, VerbRestart, VerbResize} {
		if got, err := verb.means(cluster); got != failed || KindOf(err) != KindInvalid {
			t.Errorf("%s of a cluster: %v %v", verb, got, err)
		}
	}
}
