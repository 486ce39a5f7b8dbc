package policy

import (
	"encoding/json"
	"sync"
)

// builtIns are the policies of Azure that look at computes, from
// https://github.com/Azure/azure-policy, Machine Learning.
var builtIns = sync.OnceValue(func() []*definition {
	const (
		at       = computeType + "/"
		isType   = `{"field":"type","equals":"` + computeType + `"}`
		instance = `{"field":"` + at + `computeType","equals":"ComputeInstance"}`
		either   = `{"anyOf":[` + instance + `,{"field":"` + at + `computeType","equals":"AmlCompute"}]}`
	)
	policy := func(name, displayName, version, effects, condition, details string, values ...any) *definition {
		rule := `{"if":{"allOf":[` + isType + `,` + condition + `]},"then":{"effect":"[parameters('` + effects + `')]"` + details + `}}`
		return &definition{
			Scope: "/", Name: name, DisplayName: displayName, Mode: "All", Version: version, Rule: json.RawMessage(rule), builtIn: true,
			Metadata:   map[string]any{"category": "Machine Learning", "version": version},
			Parameters: map[string]parameter{effects: {Type: "String", AllowedValues: values, DefaultValue: values[0]}},
		}
	}
	absent := func(field string) string {
		return `{"anyOf":[{"field":"` + at + field + `","exists":"false"},{"field":"` + at + field + `","equals":""}]}`
	}
	return []*definition{
		policy("f110a506-2dcb-422e-bcea-d533fc8c35e2", "Azure Machine Learning compute instances should be recreated to get the latest software updates", "1.0.3", "effects",
			instance+`,{"field":"`+at+`osImageMetadata.isLatestOsImageVersion","equals":"false"}`, "", "Audit", "Disabled"),
		policy("679ddf89-ab8f-48a5-9029-e76054077449", "Azure Machine Learning Compute Instance should have idle shutdown.", "1.0.0", "effect",
			instance+","+absent("idleTimeBeforeShutdown"), "", "Audit", "Deny", "Disabled"),
		policy("e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f", "Azure Machine Learning Computes should have local authentication methods disabled", "2.1.0", "effect",
			either+`,{"field":"`+at+`disableLocalAuth","notEquals":true}`, "", "Audit", "Deny", "Disabled"),
		policy("a6f9a2d0-cff7-4855-83ad-4cd750666512", "Configure Azure Machine Learning Computes to disable local authentication methods", "2.1.0", "effect",
			either+`,{"field":"`+at+`disableLocalAuth","notEquals":true}`,
			`,"details":{"roleDefinitionIds":["/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"],"conflictEffect":"audit",`+
				`"operations":[{"operation":"addOrReplace","field":"`+at+`disableLocalAuth","value":true}]}`, "Modify", "Disabled"),
		policy("7804b5c7-01dc-4723-969b-ae300cc07ff1", "Azure Machine Learning Computes should be in a virtual network", "1.0.1", "effect",
			either+","+absent("subnet.id"), "", "Audit", "Disabled"),
	}
})
