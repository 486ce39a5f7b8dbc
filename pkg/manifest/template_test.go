package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/manifest"
)

const quickstart = `{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
  "parameters": {
    "workspaceName": {"type": "string"}, "computeName": {"type": "string"},
    "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
    "vmSize": {"type": "string", "defaultValue": "Standard_DS3_v2"},
    "vnetName": {"type": "string", "defaultValue": ""}, "subnetName": {"type": "string", "defaultValue": ""},
    "inlineCommand": {"type": "string", "defaultValue": "ls"}, "creationScript.cmdArguments": {"type": "string", "defaultValue": "a b"},
    "schedules": {"type": "object"}
  },
  "variables": {"subnet": {"id": "[resourceId('rg', 'Microsoft.Network/virtualNetworks/subnets', parameters('vnetName'), parameters('subnetName'))]"}},
  "resources": [
    {"type": "Microsoft.Storage/storageAccounts", "name": "[uniqueString('x')]"},
    {"type": "Microsoft.MachineLearningServices/workspaces/computes", "apiVersion": "2021-07-01", "condition": "[equals(1, 2)]", "name": "[reference('x')]"},
    {"type": "Microsoft.MachineLearningServices/workspaces/computes", "apiVersion": "2021-07-01",
     "name": "[concat(parameters('workspaceName'), '/', parameters('computeName'))]", "location": "[parameters('location')]", "dependsOn": ["[reference('x')]"],
     "properties": {"computeType": "ComputeInstance", "properties": {
       "VMSize": "[parameters('vmSize')]",
       "subnet": "[if(and(not(empty(parameters('vnetName'))), not(empty(parameters('subnetName')))), variables('subnet'), json('null'))]",
       "setupScripts": {"scripts": {"creationScript": {"scriptSource": "inline", "scriptData": "[base64(parameters('inlineCommand'))]", "scriptArguments": "[parameters('creationScript.cmdArguments')]"}}},
       "schedules": "[parameters('schedules')]"}}}
  ]}`

const values = `{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", "contentVersion": "1.0.0.0",
  "parameters": {"workspaceName": {"value": "ml"}, "computeName": {"value": "dev"}, "schedules": {"value": {"computeStartStop": [
    {"triggerType": "Cron", "cron": {"timeZone": "UTC", "expression": "0 18 * * *"}, "action": "Stop", "status": "Enabled"}]}}%MORE%}}`

func TestTemplates(t *testing.T) {
	t.Parallel()
	o := options()
	o.Parameters = manifest.ReadParameters([]byte(strings.Replace(values, "%MORE%", "", 1)))
	o.Here = func() (compute.Workspace, error) { return here, nil }
	read, err := manifest.Read([]byte(quickstart), o)
	if err != nil || len(read.Documents) != 1 {
		t.Fatalf("%+v, %v", read, err)
	}
	d := read.Documents[0]
	body, err := json.Marshal(d.Create(here))
	want := `{"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"Standard_DS3_v2","setupScripts":{"scripts":{"creationScript":{"scriptSource":"inline","scriptData":"bHM=","scriptArguments":"a b"}}},"schedules":{"computeStartStop":[{"action":"Stop","cron":{"expression":"0 18 * * *","timeZone":"UTC"},"status":"Enabled","triggerType":"Cron"}]}}}}`
	if err != nil || string(body) != want || d.Name != "dev" || d.Workspace != "ml" {
		t.Errorf("%s in %s is\n%s\nwant\n%s (%v)", d.Name, d.Workspace, body, want, err)
	}
	o.Parameters = manifest.ReadParameters([]byte(strings.Replace(values, "%MORE%", `, "vnetName": {"value": "v"}, "subnetName": {"value": "s"}`, 1)))
	if read, err = manifest.Read([]byte(quickstart), o); err != nil || read.Documents[0].Spec.Instance.SubnetID != "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s" {
		t.Errorf("%+v, %v", read, err)
	}
	o.Parameters = nil
	if _, err := manifest.Read([]byte(quickstart), o); err == nil || !strings.Contains(err.Error(), `the parameter "workspaceName" has no value here; write it, or give the parameters file too`) {
		t.Error(err)
	}
	if _, err := manifest.Read([]byte(strings.Replace(values, "%MORE%", "", 1)), o); err == nil || !strings.Contains(err.Error(), "give the template beside it") {
		t.Error(err)
	}
}

// What Bicep compiles to: resources by name, modules, nested resources.
func TestBicep(t *testing.T) {
	t.Parallel()
	cluster := func(name string) string {
		return `{"type": "Microsoft.MachineLearningServices/workspaces/computes", "apiVersion": "2025-12-01", "name": "` + name + `", "location": "westus", "properties": {"computeType": "AmlCompute",
			"properties": {"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2}}}}`
	}
	for about, file := range map[string]string{
		"resources by name": `{"contentVersion": "1.0.0.0", "languageVersion": "2.0", "resources": {"ws": {"existing": true, "type": "Microsoft.MachineLearningServices/workspaces", "name": "ml"}, "cpu": ` + cluster("[format('{0}/{1}', 'ml', 'cpu')]") + `}}`,
		"a module": `{"contentVersion": "1.0.0.0", "parameters": {"n": {"defaultValue": "cpu"}}, "resources": [{"type": "Microsoft.Resources/deployments", "name": "m", "properties": {"parameters": {"name": {"value": "[parameters('n')]"}},
			"template": {"contentVersion": "1.0.0.0", "parameters": {"name": {"type": "string"}}, "resources": [` + cluster("[concat('ml/', parameters('name'))]") + `]}}}]}`,
		"inside its workspace": `{"contentVersion": "1.0.0.0", "resources": [{"type": "Microsoft.MachineLearningServices/workspaces", "name": "ml", "resources": [` + strings.Replace(cluster("cpu"), "Microsoft.MachineLearningServices/workspaces/", "", 1) + `]}]}`,
	} {
		read, err := manifest.Read([]byte(file), options())
		if err != nil || len(read.Documents) != 1 {
			t.Errorf("%s: %+v, %v", about, read, err)
			continue
		}
		if d := read.Documents[0]; d.Name != "cpu" || d.Workspace != "ml" || d.Spec.Cluster.MaxNodes != 2 || d.Spec.Location != "westus" {
			t.Errorf("%s: %+v", about, d)
		}
	}
	for file, want := range map[string]string{
		`{"contentVersion": "1", "resources": [` + strings.Replace(cluster("a"), `"location"`, `"copy": {"count": 2}, "location"`, 1) + `]}`: "the compute uses copy, which is not evaluated here",
		`{"contentVersion": "1", "resources": [` + cluster("[uniqueString('a')]") + `]}`:                                                     "the function uniqueString() is not supported here",
		`{"contentVersion": "1", "resources": [` + strings.Replace(cluster("a"), `"vmSize"`, `"vmSiez"`, 1) + `]}`:                           `has the key "vmSiez"; did you mean vmSize?`,
		`{"contentVersion": "1", "resources": [` + strings.Replace(cluster("a"), `"location"`, `"condition": "maybe", "location"`, 1) + `]}`: "neither true nor false",
	} {
		if _, err := manifest.Read([]byte(file), options()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
	if read, err := manifest.Read([]byte(`{"contentVersion": "1", "resources": [{"type": "A.B/c", "name": "x"}]}`), options()); err != nil || read.Others != 1 {
		t.Errorf("%+v, %v", read, err)
	}
}
