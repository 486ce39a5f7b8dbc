// The file share of a workspace, by Microsoft's client for JavaScript.
const assert = require("node:assert");
const { ShareServiceClient, StorageSharedKeyCredential } = require("@azure/storage-file-share");

const at = process.env.COMPUTETARGET_ENDPOINT + "/subscriptions/" + process.env.COMPUTETARGET_SUBSCRIPTION + "/resourceGroups/" +
  process.env.COMPUTETARGET_RESOURCE_GROUP + "/providers/Microsoft.MachineLearningServices/workspaces/" + process.env.COMPUTETARGET_WORKSPACE +
  "/datastores/workspaceworkingdirectory";

async function refused(code, promise) {
  await assert.rejects(promise, (e) => e.code === code || assert.fail(`${e.code}, not ${code}`));
}

async function main() {
  const store = (await (await fetch(at + "?api-version=2024-04-01")).json()).properties;
  const { key } = await (await fetch(at + "/listSecrets?api-version=2024-07-01-preview", {
    method: "POST", body: '{"expirableSecret":true,"expireAfterHours":1}', headers: { "content-type": "application/json" },
  })).json();
  const service = new ShareServiceClient(`${store.protocol}://${store.endpoint}/${store.accountName}`, new StorageSharedKeyCredential(store.accountName, key));
  const share = service.getShareClient(store.fileShareName);
  const folder = share.getDirectoryClient("Users/me");
  await folder.create();
  await refused("ResourceAlreadyExists", folder.create());
  const file = folder.getFileClient("set up.sh");
  await file.uploadData(Buffer.from("#!/bin/bash\necho hé\n"));
  assert.equal((await file.downloadToBuffer()).toString(), "#!/bin/bash\necho hé\n");
  assert.equal((await file.getProperties()).contentLength, 21);
  const names = [];
  for await (const e of folder.listFilesAndDirectories()) names.push(`${e.kind} ${e.name} ${e.properties.contentLength}`);
  assert.deepEqual(names, ["file set up.sh 21"]);
  assert.equal(await share.getDirectoryClient("no/where").exists(), false);
  await refused("ParentNotFound", share.getDirectoryClient("no").getFileClient("where").download());
  await file.delete();
  await folder.delete();
  console.log("done");
}

main().catch((e) => { console.error(e); process.exit(1); });
