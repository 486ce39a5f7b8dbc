package machinelearning

import (
	"sync"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// published are the api-versions of the provider that have computes, stable and
// then preview: the TypeSpec's enumeration of versions.
var published = arm.Versions{
	"2018-11-19", "2019-05-01", "2019-06-01", "2019-11-01", "2020-01-01", "2020-03-01", "2020-04-01", "2020-06-01", "2020-08-01",
	"2021-01-01", "2021-04-01", "2021-07-01", "2022-05-01", "2022-10-01", "2023-04-01", "2023-10-01", "2024-04-01", "2024-10-01",
	"2025-04-01", "2025-06-01", "2025-09-01", "2025-12-01", "2026-03-01", "2026-05-01",

	"2018-03-01-preview", "2020-02-18-preview", "2020-05-01-preview", "2020-05-15-preview", "2020-09-01-preview", "2021-03-01-preview",
	"2022-01-01-preview", "2022-02-01-preview", "2022-06-01-preview", "2022-10-01-preview", "2022-12-01-preview", "2023-02-01-preview",
	"2023-04-01-preview", "2023-06-01-preview", "2023-08-01-preview", "2024-01-01-preview", "2024-04-01-preview", "2024-07-01-preview",
	"2024-10-01-preview", "2025-01-01-preview", "2025-04-01-preview", "2025-07-01-preview", "2025-10-01-preview", "2026-01-15-preview",
	"2026-03-15-preview", "2026-05-15-preview", "2026-07-15-preview",
}

// Which of them have which action of a compute instance.
func idleVersions() arm.Versions   { return published.From(arm.Since{Preview: "2022-06-01"}) }
func resizeVersions() arm.Versions { return published.From(arm.Since{Preview: "2023-08-01"}) }
func ssoVersions() arm.Versions    { return published.From(arm.Since{Preview: "2024-01-01"}) }

var scheduleVersions = arm.Versions{"2021-07-01", "2022-10-01", "2021-03-01-preview", "2022-10-01-preview"}

// instanceFields says since when there are those properties of a ComputeInstance
// that not every version has; see the change log of workspaces/computes. A
// version that lacks one neither takes nor shows it.
var instanceFields = sync.OnceValue(func() map[string]arm.Since {
	return map[string]arm.Since{
		"schedules":              {Preview: "2021-03-01", Stable: "2021-03-01"},
		"enableNodePublicIp":     {Preview: "2022-05-01", Stable: "2022-05-01"},
		"dataMounts":             {Preview: "2022-05-01", Stable: "2022-05-01"},
		"dataMounts.mountMode":   {Preview: "2022-05-01", Stable: "2025-12-01"},
		"dataDisks":              {Preview: "2022-05-01", Stable: "2022-05-01"},
		"containers":             {Preview: "2022-05-01", Stable: "2022-05-01"},
		"updateStatus":           {Preview: "2022-05-01", Stable: "2022-05-01"},
		"versions":               {Preview: "2022-05-01", Stable: "2022-05-01"},
		"idleTimeBeforeShutdown": {Preview: "2022-06-01", Stable: "2025-12-01"},
		"customServices":         {Preview: "2022-06-01", Stable: "2024-04-01"},
		"customServices.kernel":  {Preview: "2023-08-01", Stable: "2025-12-01"},
		"osImageMetadata":        {Preview: "2022-10-01", Stable: "2024-04-01"},
		"autologgerSettings":     {Preview: "2022-10-01"},
		"enableOSPatching":       {Preview: "2023-08-01"},
		"enableRootAccess":       {Preview: "2023-08-01"},
		"releaseQuotaOnStop":     {Preview: "2023-08-01"},
		"enableSSO":              {Preview: "2023-08-01", Stable: "2025-12-01"},
	}
})

// The answer that accepts the creation of an instance shows the first of these,
// leaves out the second, and has null for the others.
var (
	asked = []string{"vmSize", "subnet", "createdBy", "computeInstanceAuthorizationType", "personalComputeInstanceSettings"}
	later = []string{"schedules", "idleTimeBeforeShutdown", "enableNodePublicIp", "enableOSPatching", "enableRootAccess", "releaseQuotaOnStop", "enableSSO"}
)

// has tells whether a version has a property of a ComputeInstance.
func has(field string, v arm.Version) bool {
	since, some := instanceFields()[field]
	return !some || since.Has(v)
}
