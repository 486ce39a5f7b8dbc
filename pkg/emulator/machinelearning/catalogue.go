package machinelearning

import (
	"math"
	"net/http"
	"strings"
	"sync"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// vmSize is one entry of the catalogue. Prices are list prices in US dollars an
// hour as they were when this was written, rounded; they are samples.
type vmSize struct {
	name     string
	family   string
	cores    int
	gpus     int
	memoryGB float64
	diskMB   int
	premium  bool
	low      bool    // low priority is offered
	linux    float64 // price of a dedicated Linux node
	windows  float64
	types    string // compute types other than AmlCompute, which every size has
}

// family joins the two spellings of a VM family: vmSizes has family
// "standardDSv2Family", usages and quotas a row named "Standard DSv2 Family
// Cluster Dedicated vCPUs".
type family struct{ name, display string }

var families = []family{
	{"standardAv2Family", "Av2"}, {"standardDv2Family", "Dv2"}, {"standardDv3Family", "Dv3"}, {"standardDSv2Family", "DSv2"},
	{"standardDSv3Family", "DSv3"}, {"standardDDSv4Family", "DDSv4"}, {"standardESv3Family", "ESv3"}, {"standardEDSv4Family", "EDSv4"},
	{"standardFSv2Family", "FSv2"}, {"standardNCFamily", "NC"}, {"standardNCSv2Family", "NCSv2"}, {"standardNCSv3Family", "NCSv3"},
	{"Standard NCASv3_T4 Family", "NCASv3_T4"}, {"StandardNCADSA100v4Family", "NCADSA100v4"}, {"standardNDASv4_A100Family", "NDASv4_A100"},
	{"standardNDv2Family", "NDv2"}, {"standardNVFamily", "NV"},
}

const both = "ComputeInstance,MIR"

// sizes is the catalogue; every region offers all of it. It holds what published
// scripts ask for, so that they can be rehearsed as they are.
var sizes = []vmSize{
	{"Standard_A1_v2", "standardAv2Family", 1, 0, 2, 10240, false, true, 0.04, 0.07, "ComputeInstance"},
	{"Standard_A2_v2", "standardAv2Family", 2, 0, 4, 20480, false, true, 0.09, 0.14, "ComputeInstance"},
	{"Standard_A4_v2", "standardAv2Family", 4, 0, 8, 40960, false, true, 0.19, 0.29, "ComputeInstance"},
	{"Standard_A8_v2", "standardAv2Family", 8, 0, 16, 81920, false, true, 0.4, 0.6, "ComputeInstance"},
	{"Standard_D1_v2", "standardDv2Family", 1, 0, 3.5, 51200, false, true, 0.07, 0.13, "ComputeInstance"},
	{"Standard_D2_v2", "standardDv2Family", 2, 0, 7, 102400, false, true, 0.15, 0.25, "ComputeInstance"},
	{"Standard_D3_v2", "standardDv2Family", 4, 0, 14, 204800, false, true, 0.29, 0.5, "ComputeInstance"},
	{"Standard_D4_v2", "standardDv2Family", 8, 0, 28, 409600, false, true, 0.58, 1.01, "ComputeInstance"},
	{"Standard_D5_v2", "standardDv2Family", 16, 0, 56, 819200, false, true, 1.17, 2.02, "ComputeInstance"},
	{"Standard_D11_v2", "standardDv2Family", 2, 0, 14, 102400, false, true, 0.18, 0.26, "ComputeInstance"},
	{"Standard_D12_v2", "standardDv2Family", 4, 0, 28, 204800, false, true, 0.37, 0.53, "ComputeInstance"},
	{"Standard_D13_v2", "standardDv2Family", 8, 0, 56, 409600, false, true, 0.74, 1.06, "ComputeInstance"},
	{"Standard_D14_v2", "standardDv2Family", 16, 0, 112, 819200, false, true, 1.48, 2.11, "ComputeInstance"},
	{"Standard_D2_v3", "standardDv3Family", 2, 0, 8, 51200, false, true, 0.1, 0.19, "ComputeInstance"},
	{"Standard_D4_v3", "standardDv3Family", 4, 0, 16, 102400, false, true, 0.19, 0.38, "ComputeInstance"},
	{"Standard_D8_v3", "standardDv3Family", 8, 0, 32, 204800, false, true, 0.38, 0.75, "ComputeInstance"},
	{"Standard_D16_v3", "standardDv3Family", 16, 0, 64, 409600, false, true, 0.77, 1.5, "ComputeInstance"},
	{"Standard_DS1_v2", "standardDSv2Family", 1, 0, 3.5, 7168, true, true, 0.07, 0.13, "ComputeInstance"},
	{"Standard_DS2_v2", "standardDSv2Family", 2, 0, 7, 14336, true, true, 0.15, 0.25, both},
	{"Standard_DS3_v2", "standardDSv2Family", 4, 0, 14, 28672, true, true, 0.29, 0.5, both},
	{"Standard_DS4_v2", "standardDSv2Family", 8, 0, 28, 57344, true, true, 0.58, 1.01, both},
	{"Standard_DS5_v2", "standardDSv2Family", 16, 0, 56, 114688, true, true, 1.17, 2.02, both},
	{"Standard_DS11_v2", "standardDSv2Family", 2, 0, 14, 28672, true, true, 0.18, 0.26, "ComputeInstance"},
	{"Standard_DS12_v2", "standardDSv2Family", 4, 0, 28, 57344, true, true, 0.37, 0.53, "ComputeInstance"},
	{"Standard_DS13_v2", "standardDSv2Family", 8, 0, 56, 114688, true, true, 0.74, 1.06, "ComputeInstance"},
	{"Standard_DS14_v2", "standardDSv2Family", 16, 0, 112, 229376, true, true, 1.48, 2.11, "ComputeInstance"},
	{"Standard_DS15_v2", "standardDSv2Family", 20, 0, 140, 286720, true, true, 1.85, 2.76, "ComputeInstance"},
	{"Standard_D2s_v3", "standardDSv3Family", 2, 0, 8, 16384, true, true, 0.1, 0.19, both},
	{"Standard_D4s_v3", "standardDSv3Family", 4, 0, 16, 32768, true, true, 0.19, 0.38, both},
	{"Standard_D8s_v3", "standardDSv3Family", 8, 0, 32, 65536, true, true, 0.38, 0.75, both},
	{"Standard_D16s_v3", "standardDSv3Family", 16, 0, 64, 131072, true, true, 0.77, 1.5, both},
	{"Standard_D32s_v3", "standardDSv3Family", 32, 0, 128, 262144, true, true, 1.54, 3.01, both},
	{"Standard_D64s_v3", "standardDSv3Family", 64, 0, 256, 524288, true, true, 3.07, 6.02, both},
	{"Standard_D2ds_v4", "standardDDSv4Family", 2, 0, 8, 76800, true, true, 0.11, 0.21, both},
	{"Standard_D4ds_v4", "standardDDSv4Family", 4, 0, 16, 153600, true, true, 0.23, 0.41, both},
	{"Standard_D8ds_v4", "standardDDSv4Family", 8, 0, 32, 307200, true, true, 0.45, 0.82, both},
	{"Standard_E2s_v3", "standardESv3Family", 2, 0, 16, 32768, true, true, 0.13, 0.22, both},
	{"Standard_E4s_v3", "standardESv3Family", 4, 0, 32, 65536, true, true, 0.25, 0.44, both},
	{"Standard_E8s_v3", "standardESv3Family", 8, 0, 64, 131072, true, true, 0.5, 0.87, both},
	{"Standard_E16s_v3", "standardESv3Family", 16, 0, 128, 262144, true, true, 1.01, 1.74, both},
	{"Standard_E32s_v3", "standardESv3Family", 32, 0, 256, 524288, true, true, 2.02, 3.49, both},
	{"Standard_E4ds_v4", "standardEDSv4Family", 4, 0, 32, 153600, true, true, 0.29, 0.47, both},
	{"Standard_E8ds_v4", "standardEDSv4Family", 8, 0, 64, 307200, true, true, 0.58, 0.94, both},
	{"Standard_F2s_v2", "standardFSv2Family", 2, 0, 4, 16384, true, true, 0.08, 0.18, both},
	{"Standard_F4s_v2", "standardFSv2Family", 4, 0, 8, 32768, true, true, 0.17, 0.35, both},
	{"Standard_F8s_v2", "standardFSv2Family", 8, 0, 16, 65536, true, true, 0.34, 0.71, both},
	{"Standard_F16s_v2", "standardFSv2Family", 16, 0, 32, 131072, true, true, 0.68, 1.41, both},
	{"Standard_F32s_v2", "standardFSv2Family", 32, 0, 64, 262144, true, true, 1.35, 2.82, both},
	{"Standard_F72s_v2", "standardFSv2Family", 72, 0, 144, 589824, true, true, 3.05, 6.36, both},
	{"Standard_NC6", "standardNCFamily", 6, 1, 56, 389120, false, true, 0.9, 1.18, both},
	{"Standard_NC12", "standardNCFamily", 12, 2, 112, 696320, false, true, 1.8, 2.35, both},
	{"Standard_NC24", "standardNCFamily", 24, 4, 224, 1474560, false, true, 3.6, 4.7, both},
	{"Standard_NC24r", "standardNCFamily", 24, 4, 224, 1474560, false, true, 3.96, 5.17, both},
	{"Standard_NC6s_v2", "standardNCSv2Family", 6, 1, 112, 344064, true, true, 2.07, 2.35, both},
	{"Standard_NC12s_v2", "standardNCSv2Family", 12, 2, 224, 688128, true, true, 4.14, 4.69, both},
	{"Standard_NC24s_v2", "standardNCSv2Family", 24, 4, 448, 1376256, true, true, 8.28, 9.38, both},
	{"Standard_NC6s_v3", "standardNCSv3Family", 6, 1, 112, 344064, true, true, 3.06, 3.34, both},
	{"Standard_NC12s_v3", "standardNCSv3Family", 12, 2, 224, 688128, true, true, 6.12, 6.67, both},
	{"Standard_NC24s_v3", "standardNCSv3Family", 24, 4, 448, 1376256, true, true, 12.24, 13.34, both},
	{"Standard_NC24rs_v3", "standardNCSv3Family", 24, 4, 448, 1376256, true, true, 13.46, 14.57, both},
	{"Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", 4, 1, 28, 180224, true, true, 0.53, 0.71, both},
	{"Standard_NC8as_T4_v3", "Standard NCASv3_T4 Family", 8, 1, 56, 360448, true, true, 0.75, 1.12, both},
	{"Standard_NC16as_T4_v3", "Standard NCASv3_T4 Family", 16, 1, 110, 360448, true, true, 1.2, 1.94, both},
	{"Standard_NC64as_T4_v3", "Standard NCASv3_T4 Family", 64, 4, 440, 2883584, true, true, 4.35, 7.3, both},
	{"Standard_NC24ads_A100_v4", "StandardNCADSA100v4Family", 24, 1, 220, 983040, true, true, 3.67, 4.78, both},
	{"Standard_NC48ads_A100_v4", "StandardNCADSA100v4Family", 48, 2, 440, 1966080, true, true, 7.35, 9.55, both},
	{"Standard_ND96asr_v4", "standardNDASv4_A100Family", 96, 8, 900, 6144000, true, true, 27.2, 31.61, both},
	{"Standard_ND40rs_v2", "standardNDv2Family", 40, 8, 672, 3014656, true, true, 22.03, 23.87, both},
	{"Standard_NV6", "standardNVFamily", 6, 1, 56, 389120, false, true, 1.14, 1.24, both},
	{"Standard_NV12", "standardNVFamily", 12, 2, 112, 696320, false, true, 2.28, 2.48, both},
}

// byName finds sizes by their upper-case name, the form computes keep.
var byName = sync.OnceValue(func() map[string]*vmSize {
	m := make(map[string]*vmSize, len(sizes))
	for i := range sizes {
		m[strings.ToUpper(sizes[i].name)] = &sizes[i]
	}
	return m
})

// findSize returns the size of a name in any case, or nil.
func findSize(name string) *vmSize {
	if s := byName()[name]; s != nil {
		return s
	}
	return byName()[strings.ToUpper(name)]
}

// sizeOf returns the size of a name; one that is not in the catalogue, as a
// loaded compute may have, counts no vCPUs in any family.
func sizeOf(name string) vmSize {
	if s := findSize(name); s != nil {
		return *s
	}
	return vmSize{name: name}
}

func (s *vmSize) supports(computeType string) bool {
	return computeType == clusterType || strings.Contains(","+s.types+",", ","+computeType+",")
}

func (s *vmSize) body() *arm.Object {
	cents := func(f float64) float64 { return math.Round(f*100) / 100 }
	price := func(p float64, os, tier string) *arm.Object {
		return new(arm.Object).Set("retailPrice", cents(p)).Set("osType", os).Set("vmTier", tier)
	}
	prices := []*arm.Object{price(s.linux, "Linux", "Standard"), price(s.windows, "Windows", "Standard")}
	if s.low {
		prices = append(prices, price(s.linux/5, "Linux", "LowPriority"), price(s.windows*2/5, "Windows", "LowPriority"))
	}
	types := []string{clusterType}
	if s.types != "" {
		types = append(types, strings.Split(s.types, ",")...)
	}
	return new(arm.Object).Set("name", s.name).Set("family", s.family).Set("vCPUs", s.cores).Set("gpus", s.gpus).
		Set("osVhdSizeMB", 1047552).Set("maxResourceVolumeMB", s.diskMB).Set("memoryGB", s.memoryGB).
		Set("lowPriorityCapable", s.low).Set("premiumIO", s.premium).
		Set("estimatedVMPrices", new(arm.Object).Set("billingCurrency", "USD").Set("unitOfMeasure", "OneHour").Set("values", prices)).
		Set("supportedComputeTypes", types)
}

// listSizes lists the catalogue, or the part that supports one compute type,
// which older api-versions could ask for.
func listSizes(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	only := q.Query.Get("compute-type")
	kind, ok := computeKind(only)
	return listSizesThat(func(s *vmSize) bool { return only == "" || ok && s.supports(kind) }), nil
}

func listSizesThat(fit func(*vmSize) bool) *arm.Response {
	var value []*arm.Object
	for i := range sizes {
		if fit(&sizes[i]) {
			value = append(value, sizes[i].body())
		}
	}
	return arm.List(value...)
}

// allowedSizes lists what an instance can be resized to: another size of the
// same kind, with or without GPUs.
func allowedSizes(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	c, err := instanceOf(t, q, "GetAllowedVmSizesForResize")
	if err != nil {
		return nil, err
	}
	return listSizesThat(c.Instance.canBecome), nil
}

func (i *instance) canBecome(s *vmSize) bool {
	now := findSize(i.VMSize)
	return now != nil && s != now && s.supports(instanceType) && (s.gpus > 0) == (now.gpus > 0)
}

// resizeCompute changes the size of an instance. The specification gives it a
// Location header where the others have Azure-AsyncOperation; we send both.
func resizeCompute(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	c, err := instanceFor(t, q, resizeOperation)
	if err != nil {
		return nil, err
	}
	var in struct{ TargetVMSize string }
	if err := arm.Decode(q.Body, &in); err != nil {
		return nil, err
	}
	size := findSize(in.TargetVMSize)
	if size == nil || !size.supports(instanceType) {
		return nil, arm.BadRequest("%s is not a supported VM size", in.TargetVMSize)
	}
	if !c.Instance.canBecome(size) {
		return nil, arm.BadRequest("The compute instance %s of size %s cannot be resized to %s.", c.Name, c.Instance.VMSize, size.name)
	}
	if s := c.Instance.State; s != "Running" && s != "Stopped" {
		return nil, arm.BadRequest("Resize is not allowed when the compute instance %s is in '%s' state.", c.Name, s)
	}
	next := *c
	inst := *c.Instance
	next.Instance, inst.VMSize = &inst, strings.ToUpper(size.name)
	if err := fits(t, &next, c, 1); err != nil {
		return nil, err
	}
	operate(t, c, resizeOperation, triggerUser).Size = inst.VMSize
	res := accept(t, c, q, arm.NewResponse(http.StatusAccepted))
	res.Header.Set("Location", res.Header.Get(operationHeader))
	return res, nil
}
