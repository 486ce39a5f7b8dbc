// The life of an instance and a cluster through Microsoft's JavaScript client.
const assert = require("node:assert");
const { AzureMachineLearningWorkspaces } = require("@azure/arm-machinelearning");

const env = process.env;
const at = [env.COMPUTETARGET_RESOURCE_GROUP, env.COMPUTETARGET_WORKSPACE];
const credential = { getToken: async () => ({ token: "e30.e30.", expiresOnTimestamp: Date.now() + 3600000 }) };
const client = new AzureMachineLearningWorkspaces(credential, env.COMPUTETARGET_SUBSCRIPTION, {
  endpoint: env.COMPUTETARGET_ENDPOINT,
  credentialScopes: "https://management.azure.com/.default",
});
const soon = { updateIntervalInMs: 10 };

async function main() {
  const computes = client.computeOperations;
  const made = await computes.beginCreateOrUpdateAndWait(...at, "desk", {
    location: "eastus",
    properties: { computeType: "ComputeInstance", properties: { vmSize: "STANDARD_DS3_V2" } },
  }, soon);
  assert.equal(made.properties.properties.state, "Running");
  await computes.beginStopAndWait(...at, "desk", soon);
  assert.equal((await computes.get(...at, "desk")).properties.properties.state, "Stopped");
  await computes.beginStartAndWait(...at, "desk", soon);
  await computes.beginRestartAndWait(...at, "desk", soon);
  await assert.rejects(computes.beginStartAndWait(...at, "desk", soon), { code: "StartComputeInstanceOnlyAllowedInStoppedState" });
  await computes.beginCreateOrUpdateAndWait(...at, "cpus", {
    location: "eastus",
    properties: {
      computeType: "AmlCompute",
      properties: { vmSize: "STANDARD_D2_V2", scaleSettings: { minNodeCount: 1, maxNodeCount: 2, nodeIdleTimeBeforeScaleDown: "PT5M" } },
    },
  }, soon);
  const names = [], nodes = [];
  for await (const c of computes.list(...at)) names.push(c.name);
  assert.deepEqual(names, ["cpus", "desk"]);
  for await (const n of computes.listNodes(...at, "cpus")) nodes.push(n);
  assert.equal(nodes.length, 1);
  assert.equal((await client.workspaces.get(...at)).location, "eastus");
  for (const name of names) await computes.beginDeleteAndWait(...at, name, "Delete", soon);
  console.log("done");
}

main().catch((failure) => { console.error(failure); process.exit(1); });
