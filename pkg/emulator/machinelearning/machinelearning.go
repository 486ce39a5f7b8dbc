// Package machinelearning is Microsoft.MachineLearningServices: workspaces and
// their computes, which are instances with their whole life, schedules and idle
// shutdown, clusters, and attached computes; sizes, usages and quotas.
package machinelearning

import (
	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/resources"
)

// Workspace is the one that every new emulator holds.
const Workspace = "local-ws"

const (
	namespace     = "Microsoft.MachineLearningServices"
	workspaceType = namespace + "/workspaces"
	computeType   = workspaceType + "/computes"

	subPath      = "subscriptions/{}/"
	groupPath    = subPath + "resourceGroups/{}/providers/" + workspaceType
	wsPath       = groupPath + "/{}"
	computePath  = wsPath + "/computes/{}"
	locationPath = subPath + "providers/" + namespace + "/locations/{}/"
)

// What the provider keeps.
const (
	workspaces  arm.Table[*workspace] = "workspace" // by sub/group/workspace
	computes    arm.Table[*compute]   = "compute"   // by sub/group/workspace/compute
	operations  arm.Table[*operation] = "operation" // by id
	quotas      arm.Table[int]        = "quota"     // by sub/location/family, and /group/workspace for the share of one: limits that were set
	setupPlans  arm.Table[setupPlan]  = "setup"     // by sub/group/workspace/compute: what becomes of its setups
	stickySizes arm.Table[string]     = "size"      // by sub/group/workspace/compute: what the next one of that name gets
)

// Provider is the provider, and its routes are the API.
func Provider() *arm.Provider {
	return &arm.Provider{
		Namespace: namespace,
		Types: []string{
			"workspaces", "workspaces/computes", "workspaces/datastores", "operations", "locations", "locations/vmSizes", "locations/usages", "locations/quotas",
			"locations/computeOperationsStatus",
		},
		Versions: published,
		Tables:   []arm.Declared{workspaces, computes, operations, quotas, setupPlans, stickySizes},
		Seed: func(t *arm.Tx) {
			addWorkspace(t, &workspace{Subscription: resources.Subscription, ResourceGroup: resources.ResourceGroup, Name: Workspace, Location: resources.Location})
		},
		Scopes: []arm.Scope{
			{Path: wsPath, Find: func(t *arm.Tx, args []string) error { _, err := needWorkspace(t, args); return err }},
			{Path: computePath, Find: func(t *arm.Tx, args []string) error { _, err := find(t, args); return err }},
		},
		Resources: listed,
		Below:     computesBelow,
		Empty:     empty,
		Doom:      doom,
		Routes: []arm.Route{
			{Method: "GET", Path: wsPath + "/computes", Type: "workspaces/computes", Handle: inWorkspace(listComputes)},
			{Method: "GET", Path: computePath, Type: "workspaces/computes", Handle: getCompute},
			{Method: "PUT", Path: computePath, Type: "workspaces/computes", Handle: inWorkspace(putCompute)},
			{Method: "PATCH", Path: computePath, Type: "workspaces/computes", Handle: patchCompute},
			{Method: "DELETE", Path: computePath, Type: "workspaces/computes", Handle: deleteCompute},
			{Method: "POST", Path: computePath + "/start", Type: "workspaces/computes", Handle: startCompute},
			{Method: "POST", Path: computePath + "/stop", Type: "workspaces/computes", Handle: stopCompute},
			{Method: "POST", Path: computePath + "/restart", Type: "workspaces/computes", Handle: restartCompute},
			{Method: "POST", Path: computePath + "/listKeys", Type: "workspaces/computes", Handle: listKeys},
			{Method: "POST", Path: computePath + "/listNodes", Type: "workspaces/computes", Handle: listNodes},
			{Method: "POST", Path: computePath + "/updateSchedules", Type: "workspaces/computes/updateSchedules", Versions: scheduleVersions, Handle: setting("UpdateSchedules", updateSchedules)},
			{Method: "POST", Path: computePath + "/updateIdleShutdownSetting", Type: "workspaces/computes/updateIdleShutdownSetting", Versions: idleVersions(), Handle: setting("UpdateIdleShutdownSetting", updateIdle)},
			{Method: "POST", Path: computePath + "/customServices", Type: "workspaces/computes/customServices", Versions: idleVersions(), Handle: setting("UpdateCustomServices", updateCustomServices)},
			{Method: "POST", Path: computePath + "/updateDataMounts", Type: "workspaces/computes/updateDataMounts", Versions: resizeVersions(), Handle: setting("UpdateDataMounts", updateDataMounts)},
			{Method: "POST", Path: computePath + "/resize", Type: "workspaces/computes/resize", Versions: resizeVersions(), Handle: resizeCompute},
			{Method: "POST", Path: computePath + "/getAllowedVmSizesForResize", Type: "workspaces/computes/getAllowedVmSizesForResize", Versions: resizeVersions(), Handle: allowedSizes},
			{Method: "POST", Path: computePath + "/enableSso", Type: "workspaces/computes/enableSso", Versions: ssoVersions(), Handle: setting("EnableSso", enableSSO)},
			{Method: "POST", Path: wsPath + "/checkComputeNameAvailability", Type: "workspaces", Handle: inWorkspace(checkName)},
			{Method: "GET", Path: wsPath + "/datastores", Type: "workspaces/datastores", Versions: datastoreVersions(), Handle: inWorkspace(listDatastores)},
			{Method: "GET", Path: wsPath + "/datastores/{}", Type: "workspaces/datastores", Versions: datastoreVersions(), Handle: inWorkspace(getDatastore)},
			{Method: "POST", Path: wsPath + "/datastores/{}/listSecrets", Type: "workspaces/datastores", Versions: datastoreVersions(), Handle: inWorkspace(listSecrets)},
			{Method: "GET", Path: wsPath, Type: "workspaces", Handle: ofWorkspace((*workspace).body)},
			{Method: "PUT", Path: wsPath, Type: "workspaces", Handle: putWorkspace},
			{Method: "PATCH", Path: wsPath, Type: "workspaces", Handle: inWorkspace(patchWorkspace)},
			{Method: "DELETE", Path: wsPath, Type: "workspaces", Handle: deleteWorkspace},
			{Method: "POST", Path: wsPath + "/listKeys", Type: "workspaces", Handle: ofWorkspace((*workspace).keys)},
			{Method: "POST", Path: wsPath + "/listStorageAccountKeys", Type: "workspaces", Handle: ofWorkspace((*workspace).storageKeys)},
			{Method: "POST", Path: wsPath + "/listNotebookKeys", Type: "workspaces", Handle: ofWorkspace((*workspace).notebookKeys)},
			{Method: "POST", Path: wsPath + "/listNotebookAccessToken", Type: "workspaces", Handle: ofWorkspace((*workspace).notebookToken)},
			{Method: "POST", Path: wsPath + "/prepareNotebook", Type: "workspaces", Handle: ofWorkspace((*workspace).notebook)},
			{Method: "POST", Path: wsPath + "/diagnose", Type: "workspaces", Handle: ofWorkspace((*workspace).diagnosis)},
			{Method: "POST", Path: wsPath + "/resyncKeys", Type: "workspaces", Handle: inWorkspace(resyncKeys)},
			{Method: "GET", Path: wsPath + "/outboundNetworkDependenciesEndpoints", Type: "workspaces", Handle: ofWorkspace((*workspace).outbound)},
			{Method: "GET", Path: groupPath, Type: "workspaces", Handle: listWorkspaces},
			{Method: "GET", Path: subPath + "providers/" + workspaceType, Type: "workspaces", Handle: listWorkspaces},
			{Method: "GET", Path: locationPath + "vmSizes", Type: "locations/vmSizes", Handle: resources.InSubscription(listSizes)},
			{Method: "GET", Path: locationPath + "usages", Type: "locations/usages", Handle: resources.InSubscription(listUsages)},
			{Method: "GET", Path: locationPath + "quotas", Type: "locations/quotas", Handle: resources.InSubscription(listQuotas)},
			{Method: "POST", Path: locationPath + "updateQuotas", Type: "locations/updateQuotas", Handle: resources.InSubscription(updateQuotas)},
			{Method: "GET", Path: locationPath + "computeOperationsStatus/{}", Type: "locations/computeOperationsStatus", Handle: getOperation},
		},
	}
}
