package compute

import (
	"cmp"
	"net/http"
	"strings"
)

// DefaultAPIVersion is the api-version of operations without another one in the
// table below. It is the first stable version whose instances have
// idleTimeBeforeShutdown and enableSSO.
const DefaultAPIVersion = "2025-12-01"

// KnowsIdle reports whether instances have idleTimeBeforeShutdown in an api-version.
// Stable ones before DefaultAPIVersion drop it when it is sent, and do not tell it.
// Source: the types of the specification, 2025-09-01 and 2025-12-01. "" is the
// version used without another one.
func KnowsIdle(version string) bool {
	return version == "" || strings.HasSuffix(version, "-preview") || version >= DefaultAPIVersion
}

// previewVersion has the actions that no stable version is known to have.
// Microsoft's Python SDK sends it.
const previewVersion = "2023-08-01-preview"

// operation is a row of the table of REST operations.
type operation struct {
	id      string // operationId of the REST API
	method  string
	suffix  string   // path after the resource it acts on
	query   string   // besides the api-version, encoded
	version string   // "" is DefaultAPIVersion
	older   []string // versions to try if the service does not know version
	read    bool     // changes nothing, so it can be sent again
	empty   bool     // its response may be {}
	arm     bool     // of Resource Manager, which has versions of its own
}

// The table of operations and their api-versions. Options.APIVersion overrides
// every version but those of Resource Manager.
var (
	opList          = operation{id: "Compute_List", method: http.MethodGet, read: true}
	opGet           = operation{id: "Compute_Get", method: http.MethodGet, read: true}
	opCreate        = operation{id: "Compute_CreateOrUpdate", method: http.MethodPut}
	opListWhole     = operation{id: "Compute_List", method: http.MethodGet, read: true, version: previewVersion, older: []string{DefaultAPIVersion}}
	opGetWhole      = operation{id: "Compute_Get", method: http.MethodGet, read: true, version: previewVersion, older: []string{DefaultAPIVersion}}
	opCreatePreview = operation{id: "Compute_CreateOrUpdate", method: http.MethodPut, version: previewVersion}
	opUpdate        = operation{id: "Compute_Update", method: http.MethodPatch}
	opDelete        = operation{id: "Compute_Delete", method: http.MethodDelete, query: "underlyingResourceAction=Delete"}
	opDetach        = operation{id: "Compute_Delete", method: http.MethodDelete, query: "underlyingResourceAction=Detach"}
	opStart         = operation{id: "Compute_Start", method: http.MethodPost, suffix: "/start"}
	opStop          = operation{id: "Compute_Stop", method: http.MethodPost, suffix: "/stop"}
	opRestart       = operation{id: "Compute_Restart", method: http.MethodPost, suffix: "/restart"}
	opListKeys      = operation{id: "Compute_ListKeys", method: http.MethodPost, suffix: "/listKeys", read: true}
	opListNodes     = operation{id: "Compute_ListNodes", method: http.MethodPost, suffix: "/listNodes", read: true}

	opResize       = operation{id: "Compute_Resize", method: http.MethodPost, suffix: "/resize", version: previewVersion}
	opAllowedSizes = operation{id: "Compute_getAllowedResizeSizes", method: http.MethodPost, suffix: "/getAllowedVmSizesForResize", version: previewVersion, read: true}
	opIdle         = operation{id: "Compute_UpdateIdleShutdownSetting", method: http.MethodPost, suffix: "/updateIdleShutdownSetting", version: previewVersion, empty: true}
	opSSO          = operation{id: "Compute_EnableSso", method: http.MethodPost, suffix: "/enableSso", version: "2024-01-01-preview", empty: true}
	opSchedules    = operation{id: "Compute_UpdateSchedules", method: http.MethodPost, suffix: "/updateSchedules", empty: true,
		version: "2021-03-01-preview", older: []string{"2021-07-01", "2022-10-01-preview"}}

	opCheckName      = operation{id: "Workspaces_CheckComputeNameAvailability", method: http.MethodPost, suffix: "/checkComputeNameAvailability", read: true}
	opGetWorkspace   = operation{id: "Workspaces_Get", method: http.MethodGet, read: true}
	opListWorkspaces = operation{id: "Workspaces_ListBySubscription", method: http.MethodGet, read: true}
	opGroupSpaces    = operation{id: "Workspaces_ListByResourceGroup", method: http.MethodGet, read: true}
	opVMSizes        = operation{id: "VirtualMachineSizes_List", method: http.MethodGet, suffix: "/vmSizes", read: true}
	opUsages         = operation{id: "Usages_List", method: http.MethodGet, suffix: "/usages", read: true}
	opSubscriptions  = operation{id: "Subscriptions_List", method: http.MethodGet, suffix: "/subscriptions", version: "2022-12-01", read: true, arm: true}
	opPermissions    = operation{id: "Permissions_List", method: http.MethodGet, suffix: "permissions", version: "2022-04-01", read: true, arm: true}
	opAssignments    = operation{id: "RoleAssignments_ListForScope", method: http.MethodGet, suffix: "roleAssignments", version: "2022-04-01", read: true, arm: true}
	opRole           = operation{id: "RoleDefinitions_GetById", method: http.MethodGet, version: "2022-04-01", read: true, arm: true}
	opStatus         = operation{id: "ComputeOperationsStatus_Get", method: http.MethodGet, read: true}
)

// versions are the api-versions to try for op, in order.
func (c *Client) versions(op operation) []string {
	if c.options.APIVersion != "" && !op.arm {
		return []string{c.options.APIVersion}
	}
	return append([]string{cmp.Or(op.version, DefaultAPIVersion)}, op.older...)
}
