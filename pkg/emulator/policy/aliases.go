package policy

import (
	"slices"
	"strings"
	"sync"
)

// computeType is the only type of resource that policies judge here.
const computeType = "Microsoft.MachineLearningServices/workspaces/computes"

// The aliases of computes, as GET providers with $expand=resourceTypes/aliases
// lists them at Azure. a.{b,c} is a.b and a.c; what stands above an alias, lists
// and their elements included, is an alias too.
const (
	envelopeAliases = `computeType,computeLocation,provisioningState,description,createdOn,modifiedOn,resourceId,isAttachedCompute,disableLocalAuth,
provisioningErrors[*].error.{code,message,target,details[*].{code,message,target,details,additionalInfo[*].type},additionalInfo[*].type}`
	skuAliases   = `sku.{name,tier,size,family,capacity}`
	innerAliases = `vmSize,subnet.id,applicationSharingPolicy,computeInstanceAuthorizationType,enableNodePublicIp,enableSSO,enableRootAccess,enableOSPatching,
releaseQuotaOnStop,idleTimeBeforeShutdown,isNotebookInstanceCompute,state,sshSettings.{sshPublicAccess,adminUserName,sshPort,adminPublicKey},
connectivityEndpoints.{publicIpAddress,privateIpAddress},applications[*].{displayName,endpointUri},createdBy.{userName,userOrgId,userId},
personalComputeInstanceSettings.assignedUser.{objectId,tenantId},lastOperation.{operationName,operationTime,operationStatus,operationTrigger},
setupScripts.scripts.{startupScript,creationScript}.{scriptSource,scriptData,scriptArguments,timeout},autologgerSettings.mlflowAutologger,versions.runtime,
osImageMetadata.{currentImageVersion,latestImageVersion,isLatestOsImageVersion,osPatchingStatus.{patchStatus,latestPatchTime,rebootPending,scheduledRebootTime,osPatchingErrors[*].error.{code,message,target}}},
errors[*].error.{code,message,target,details[*].{code,message,target},additionalInfo[*].type},
containers[*].{name,autosave,gpu,network,environment.{name,version},services[*]},dataDisks[*].{caching,diskSizeGB,lun,storageAccountType},
dataMounts[*].{source,sourceType,mountName,mountAction,mountMode,mountPath,mountState,mountedOn,createdBy,error},
customServices[*].{name,image.{type,reference,version},environmentVariables,docker.privileged,endpoints[*].{protocol,name,target,published,hostIp},
volumes[*].{type,readOnly,source,target,consistency,bind.{propagation,createHostPath,selinux},volume.nocopy,tmpfs.size},kernel.{argv[*],displayName,language}},
schedules.computeStartStop[*].{id,provisioningStatus,status,triggerType,action,
recurrence.{frequency,interval,startTime,timeZone,endTime,triggerType,schedule.{minutes[*],hours[*],weekDays[*],monthDays[*]},
Recurrence.{frequency,interval,schedule.{minutes[*],hours[*],weekDays[*],monthDays[*]}},Cron.expression},
cron.{startTime,timeZone,expression,endTime,triggerType,Cron.expression,Recurrence.{frequency,interval,schedule.{minutes[*],hours[*],weekDays[*],monthDays[*]}}},
schedule.{id,provisioningStatus,status,startTime,endTime,timeZone,scheduleStatus,scheduleType,Recurrence.{frequency,interval,pattern.{hours,minutes,weekdays}},Cron.expression}},
vmPriority,osType,virtualMachineImage.id,isolatedNetwork,remoteLoginPortPublicAccess,
scaleSettings.{maxNodeCount,minNodeCount,nodeIdleTimeBeforeScaleDown,autoScaleEnabled},userAccountCredentials.{adminUserName,adminUserSshPublicKey,adminUserPassword},
allocationState,allocationStateTransitionTime,currentNodeCount,targetNodeCount,
nodeStateCounts.{idleNodeCount,runningNodeCount,preparingNodeCount,unusableNodeCount,leavingNodeCount,preemptedNodeCount},propertyBag,
clusterFqdn,systemServices[*].{systemServiceType,publicIpAddress,version},agentCount,agentVMSize,clusterPurpose,loadBalancerType,loadBalancerSubnet,
sslConfiguration.{status,cert,key,cname,leafDomainLabel,overwriteExistingDomain},aksNetworkingConfiguration.{subnetId,serviceCidr,dnsServiceIP,dockerBridgeCidr},
virtualMachineSize,sshPort,address,notebookServerPort,administratorAccount.{username,password,publicKeyData,privateKeyData},databricksAccessToken,workspaceUrl,
dataLakeStoreAccountName,relayConnectionString,serviceBusConnectionString,extensionPrincipalId,extensionInstanceReleaseTrain,vcName,namespace,defaultInstanceType,
instanceTypes,sparkVersion,nodeCount,nodeSize,nodeSizeFamily,subscriptionId,resourceGroup,workspaceName,poolName,
autoScaleProperties.{enabled,minNodeCount,maxNodeCount},autoPauseProperties.{enabled,delayInMinutes}`
)

// modifiable are the aliases that the effect modify is known to change: a
// built-in policy of Azure does it. Those of the others are not published.
var modifiable = []string{"disablelocalauth"}

// aliases are the paths of the aliases by their names in lower case, without the
// type before them.
var aliases = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for _, group := range []struct {
		under []string
		list  string
	}{{[]string{"properties"}, envelopeAliases}, {nil, skuAliases}, {[]string{"properties", "properties"}, innerAliases}} {
		for _, alias := range expand(strings.ReplaceAll(group.list, "\n", "")) {
			parts := strings.Split(strings.ReplaceAll(alias, "[*]", ".[*]"), ".")
			for n := 1; n <= len(parts); n++ {
				name := strings.ToLower(strings.ReplaceAll(strings.Join(parts[:n], "."), ".[*]", "[*]"))
				out[name] = append(slices.Clone(group.under), plain(parts[:n])...)
			}
		}
	}
	return out
})

// plain is a path without the names of types that twins of aliases have in it.
func plain(parts []string) []string {
	return slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "Recurrence" || s == "Cron" })
}

// expand writes out a list with braces.
func expand(list string) []string {
	var out []string
	for _, item := range split(list) {
		before, rest, ok := strings.Cut(item, "{")
		if !ok {
			out = append(out, item)
			continue
		}
		end, depth := 0, 1
		for ; depth > 0; end++ {
			switch rest[end] {
			case '{':
				depth++
			case '}':
				depth--
			}
		}
		for _, inner := range expand(rest[:end-1]) {
			out = append(out, expand(before+inner+rest[end:])...)
		}
	}
	return out
}

// split cuts a list at its commas outside of braces.
func split(list string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range list {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth == 0 {
				out, from = append(out, list[from:i]), i+1
			}
		}
	}
	return append(out, list[from:])
}

// fieldPath returns the path of what a field names, or false.
func fieldPath(field string) ([]string, bool) {
	lower := strings.ToLower(field)
	switch lower {
	case "name", "fullname", "kind", "type", "location", "id", "tags", "identity.type", "identity.userassignedidentities":
		return strings.Split(lower, "."), true // fields that every resource has
	}
	if strings.HasPrefix(lower, "tags[") && strings.HasSuffix(lower, "]") {
		return []string{"tags", strings.ReplaceAll(strings.Trim(field[len("tags["):len(field)-1], "'"), "''", "'")}, true
	}
	if strings.HasPrefix(lower, "tags.") {
		return []string{"tags", field[len("tags."):]}, true
	}
	if alias, ok := strings.CutPrefix(lower, strings.ToLower(computeType)+"/"); ok {
		path, known := aliases()[alias]
		return path, known
	}
	return nil, false
}
