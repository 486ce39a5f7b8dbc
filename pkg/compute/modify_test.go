package compute

import (
	"encoding/json"
	"reflect"
	"testing"
)

// A change of tags or identities sends what was read, without what only the service
// sets, and without the account of a cluster, whose password is not told.
func TestModificationSendsWhatWasRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, have, want string }{
		{
			"cluster",
			`{"id":"i","name":"net","type":"t","location":"eastus","tags":{"a":"1"},"systemData":{},
			 "identity":{"type":"SystemAssigned,UserAssigned","principalId":"p","tenantId":"t","userAssignedIdentities":{"/u1":{"principalId":"q","clientId":"c"}}},
			 "properties":{"computeType":"AmlCompute","provisioningState":"Succeeded","createdOn":"2026-01-01T00:00:00Z","disableLocalAuth":false,
			 "properties":{"vmSize":"S","subnet":{"id":"/s"},"userAccountCredentials":{"adminUserName":"ops"},"scaleSettings":{"maxNodeCount":2,"minNodeCount":0},
			 "allocationState":"Steady","currentNodeCount":0,"enableNodePublicIp":false}}}`,
			`{"location":"eastus","tags":{"b":"2"},"identity":{"type":"SystemAssigned,UserAssigned","userAssignedIdentities":{"/u1":{}}},
			 "properties":{"computeType":"AmlCompute","disableLocalAuth":false,
			 "properties":{"vmSize":"S","subnet":{"id":"/s"},"scaleSettings":{"maxNodeCount":5,"minNodeCount":0},"enableNodePublicIp":false}}}`,
		},
		{
			"instance",
			`{"id":"i","name":"dev","location":"eastus","tags":{},"properties":{"computeType":"ComputeInstance","provisioningState":"Succeeded",
			 "properties":{"vmSize":"S","state":"Running","lastOperation":{},"applications":[],"connectivityEndpoints":{},"createdBy":{},"errors":[],"osImageMetadata":{},
			 "sshSettings":{"sshPublicAccess":"Disabled","adminUserName":"azureuser","sshPort":4000},"schedules":{"computeStartStop":[{"id":"one"}]},"enableSSO":false}}}`,
			`{"location":"eastus","tags":{"b":"2"},"properties":{"computeType":"ComputeInstance","properties":{"vmSize":"S",
			 "sshSettings":{"sshPublicAccess":"Disabled"},"schedules":{"computeStartStop":[{"id":"one"}]},"enableSSO":false}}}`,
		},
	} {
		have, err := Decode([]byte(test.have))
		if err != nil {
			t.Fatal(err)
		}
		m := Modification{Tags: map[string]string{"b": "2"}}
		if have.IsCluster() {
			m.Scale = &ScaleSettings{MaxNodes: 5}
		}
		body, err := m.body(have)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if json.Unmarshal(body, &got) != nil || json.Unmarshal([]byte(test.want), &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: sends %s", test.name, body)
		}
	}
}
