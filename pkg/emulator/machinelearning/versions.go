package machinelearning

import "github.com/computetarget/computetarget/pkg/emulator/arm"

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
var (
	idleVersions     = published.From(arm.Since{Preview: "2022-06-01"})
	resizeVersions   = published.From(arm.Since{Preview: "2023-08-01"})
	scheduleVersions = arm.Versions{"2021-07-01", "2022-10-01", "2021-03-01-preview", "2022-10-01-preview"}
)

// Since when there is which field of ComputeInstance; see the change log of
// workspaces/computes. A version that lacks one neither takes nor shows it.
var (
	schedulesField      = arm.Since{Preview: "2021-03-01", Stable: "2021-03-01"}
	nodePublicIPField   = arm.Since{Preview: "2022-05-01", Stable: "2022-05-01"}
	containersField     = arm.Since{Preview: "2022-05-01", Stable: "2022-05-01"}
	mountModeField      = arm.Since{Preview: "2022-05-01", Stable: "2025-12-01"} // of dataMounts
	idleField           = arm.Since{Preview: "2022-06-01", Stable: "2025-12-01"}
	customServicesField = arm.Since{Preview: "2022-06-01", Stable: "2024-04-01"}
	imageMetadataField  = arm.Since{Preview: "2022-10-01", Stable: "2024-04-01"}
	autologgerField     = arm.Since{Preview: "2022-10-01"}
	kernelField         = arm.Since{Preview: "2023-08-01", Stable: "2025-12-01"} // of customServices
	ssoField            = arm.Since{Preview: "2023-08-01", Stable: "2025-12-01"}
	previewFields       = arm.Since{Preview: "2023-08-01"} // OS patching, root access, release of quota
)
