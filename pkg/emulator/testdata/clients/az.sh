# az signs in to the emulator and finds its way in it.
set -eu
az cloud register -n emulator --endpoint-resource-manager "$COMPUTETARGET_ENDPOINT" --endpoint-management "$COMPUTETARGET_ENDPOINT" \
  --endpoint-active-directory "$COMPUTETARGET_ENDPOINT/adfs" --endpoint-active-directory-resource-id "$COMPUTETARGET_ENDPOINT" \
  --endpoint-active-directory-graph-resource-id "$COMPUTETARGET_ENDPOINT" -o none
az cloud set -n emulator -o none --only-show-errors
az login --service-principal -u me -p secret --tenant adfs -o none
computes="/subscriptions/$COMPUTETARGET_SUBSCRIPTION/resourceGroups/$COMPUTETARGET_RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$COMPUTETARGET_WORKSPACE/computes"
az rest -m put -u "$computes/desk?api-version=2025-12-01" -o none \
  --body '{"location":"eastus","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2"}}}'
az rest -m get -u "$computes/desk?api-version=2025-12-01" --query properties.properties.state -o tsv
az resource list --resource-type Microsoft.MachineLearningServices/workspaces --query '[].name' -o tsv
az resource show -g "$COMPUTETARGET_RESOURCE_GROUP" -n "$COMPUTETARGET_WORKSPACE" --resource-type Microsoft.MachineLearningServices/workspaces --query location -o tsv
az group list --query '[].name' -o tsv
az group exists -n "$COMPUTETARGET_RESOURCE_GROUP"
az account list-locations --query "[?name=='eastus'].displayName" -o tsv
