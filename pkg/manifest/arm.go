package manifest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
)

// ARM is an ARM template that creates computes as files describe them. The workspace
// and the region are its parameters; as in the service's own templates, an instance
// keeps its schedules and scripts. Source: the quickstart template of instances.
func ARM(list []*Document, in compute.Workspace) (Block, error) {
	resources := []any{}
	for _, d := range list {
		spec := d.Create(in)
		if i := spec.Instance; i != nil { // only a preview version takes these, and what is so anyway needs none
			i.EnableRootAccess = unless(i.EnableRootAccess, true)
			i.EnableOSPatching = unless(i.EnableOSPatching, false)
			i.ReleaseQuotaOnStop = unless(i.ReleaseQuotaOnStop, false)
		}
		text, err := json.Marshal(spec)
		if err != nil {
			return nil, err
		}
		var body map[string]any
		if err := json.Unmarshal(text, &body); err != nil {
			return nil, err
		}
		one := Block{{"type", resourceType}, {"apiVersion", spec.APIVersion()},
			{"name", "[concat(parameters('workspaceName'), '/" + d.Name + "')]"}, {"location", "[parameters('location')]"}}
		if at, ok := body["location"].(string); ok && d.Spec.Instance == nil {
			one[3].Value = at
		}
		delete(body, "location")
		for _, key := range slices.Sorted(maps.Keys(body)) {
			one = append(one, Field{key, escaped(body[key])})
		}
		resources = append(resources, one)
	}
	parameter := func(value string) Block { return Block{{"type", "string"}, {"defaultValue", value}} }
	return Block{
		{"$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"},
		{"contentVersion", "1.0.0.0"},
		{"parameters", Block{{"workspaceName", parameter(in.Name)}, {"location", parameter("[resourceGroup().location]")}}},
		{"resources", resources},
	}, nil
}

// unless is nil for a value that is the service's own default.
func unless(value *bool, usual bool) *bool {
	if value != nil && *value == usual {
		return nil
	}
	return value
}

// escaped doubles the bracket of texts that would be expressions.
func escaped(v any) any {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "[") {
			return "[" + v
		}
	case []any:
		for i := range v {
			v[i] = escaped(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = escaped(v[key])
		}
	}
	return v
}
