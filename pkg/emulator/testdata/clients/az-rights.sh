# az gives roles and assigns policies in the emulator.
set -eu
az() { /usr/bin/python3 "$(dirname "$0")/az.py" "$@"; }
az cloud register -n emulator -o none --cloud-config "{\"endpoints\": {\"resourceManager\": \"$COMPUTETARGET_ENDPOINT\",
  \"management\": \"$COMPUTETARGET_ENDPOINT\", \"activeDirectory\": \"$COMPUTETARGET_ENDPOINT/adfs\",
  \"activeDirectoryResourceId\": \"$COMPUTETARGET_ENDPOINT\", \"activeDirectoryGraphResourceId\": \"$COMPUTETARGET_ENDPOINT\",
  \"microsoftGraphResourceId\": \"$COMPUTETARGET_ENDPOINT/graph/\"}}"
az cloud set -n emulator -o none --only-show-errors
az login --service-principal -u me -p secret --tenant adfs -o none
workspace="/subscriptions/$COMPUTETARGET_SUBSCRIPTION/resourceGroups/$COMPUTETARGET_RESOURCE_GROUP/providers/Microsoft.MachineLearningServices/workspaces/$COMPUTETARGET_WORKSPACE"
az role definition create -o none --only-show-errors --role-definition "{\"Name\": \"Starter\", \"IsCustom\": true, \"Description\": \"Starts and stops\",
  \"Actions\": [\"Microsoft.MachineLearningServices/workspaces/computes/start/action\"], \"NotActions\": [], \"AssignableScopes\": [\"$workspace\"]}"
az role definition list --scope "$workspace" --custom-role-only --query '[].roleName' -o tsv
az role assignment create --assignee ada@contoso.com --role Starter --scope "$workspace" -o none --only-show-errors
az role assignment list --scope "$workspace" --query '[].[principalName, roleDefinitionName]' -o tsv --only-show-errors
az policy definition create -n stop-at-ten --mode All -o none --rules '{"if": {"allOf": [
  {"field": "Microsoft.MachineLearningServices/workspaces/computes/computeType", "equals": "ComputeInstance"},
  {"field": "Microsoft.MachineLearningServices/workspaces/computes/schedules", "exists": "false"}]},
  "then": {"effect": "[parameters('"'effect'"')]"}}' --params '{"effect": {"type": "String", "allowedValues": ["Deny", "Audit"], "defaultValue": "Audit"}}'
az policy assignment create -n hours --policy stop-at-ten --params '{"effect": {"value": "Deny"}}' --query enforcementMode -o tsv
az policy assignment list --query '[].name' -o tsv
az rest -m put -u "$workspace/computes/desk?api-version=2025-12-01" -o none \
  --body '{"location":"eastus","properties":{"computeType":"ComputeInstance","properties":{"vmSize":"STANDARD_DS3_V2"}}}' 2>&1 | grep -o RequestDisallowedByPolicy | head -1
az policy assignment delete -n hours
az policy definition delete -n stop-at-ten -y 2>/dev/null || az policy definition delete -n stop-at-ten
