# The life of an instance and a cluster through Microsoft's Python client.
import os
import sys
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient


class Token:
    def get_token(self, *scopes, **kwargs):
        return AccessToken("e30.e30.", int(time.time()) + 3600)


client = MachineLearningServicesMgmtClient(
    Token(), os.environ["COMPUTETARGET_SUBSCRIPTION"], api_version=sys.argv[1],
    base_url=os.environ["COMPUTETARGET_ENDPOINT"], credential_scopes=["https://management.azure.com/.default"], polling_interval=1)
at = (os.environ["COMPUTETARGET_RESOURCE_GROUP"], os.environ["COMPUTETARGET_WORKSPACE"])


def instance(size):
    return {"location": "eastus", "tags": {"team": "vision"},
            "properties": {"computeType": "ComputeInstance", "properties": {"vmSize": size}}}


made = client.compute.begin_create_or_update(*at, "desk", instance("STANDARD_DS3_V2")).result()
assert made.properties.properties.state == "Running", made.properties.properties.state
assert made.tags == {"team": "vision"}, made.tags
client.compute.begin_stop(*at, "desk").result()
now = client.compute.get(*at, "desk").properties
assert (now.properties.state, now.provisioning_state) == ("Stopped", "Succeeded"), now
assert now.properties.last_operation.operation_name == "Stop"
client.compute.begin_start(*at, "desk").result()
client.compute.begin_restart(*at, "desk").result()
try:
    client.compute.begin_start(*at, "desk")
    raise AssertionError("a start of what runs was accepted")
except HttpResponseError as refused:
    assert refused.error.code == "StartComputeInstanceOnlyAllowedInStoppedState", refused
client.compute.begin_create_or_update(*at, "cpus", {
    "location": "eastus", "properties": {"computeType": "AmlCompute", "properties": {
        "vmSize": "STANDARD_D2_V2", "scaleSettings": {"minNodeCount": 1, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT5M"}}}}).result()
assert len(list(client.compute.list_nodes(*at, "cpus"))) == 1
assert sorted(c.name for c in client.compute.list(*at)) == ["cpus", "desk"]
assert client.workspaces.get(*at).location == "eastus"
assert [w.name for w in client.workspaces.list_by_subscription()] == [at[1]]
assert any(u.current_value for u in client.usages.list("eastus"))
assert any(s.name == "Standard_DS3_v2" for s in client.virtual_machine_sizes.list("eastus").value)
for name in ("desk", "cpus"):
    client.compute.begin_delete(*at, name, underlying_resource_action="Delete").result()
assert not list(client.compute.list(*at))
print("done")
