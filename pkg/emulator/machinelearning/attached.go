package machinelearning

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

// other is a compute that is neither an instance nor a cluster: made or
// attached elsewhere, and known here by its properties alone.
type other struct {
	Properties map[string]json.RawMessage `json:"properties,omitempty"` // as sent, secrets dropped
}

// putOther attaches a compute, creates one of the types that can be, or changes
// one that is there.
func putOther(t *arm.Tx, q *arm.Request, c, old *compute, raw json.RawMessage) (*arm.Response, error) {
	var props map[string]json.RawMessage
	if !arm.IsNull(raw) {
		if err := arm.Decode(raw, &props); err != nil {
			return nil, err
		}
	}
	c.Attached = c.ResourceID != nil && *c.ResourceID != ""
	switch c.Type {
	case "Kubernetes":
		if !c.Attached {
			return nil, arm.BadRequest("The request is invalid: properties.resourceId is required to attach a compute of type %s.", c.Type)
		}
	case "VirtualMachine", "HDInsight", "Databricks", "SynapseSpark", "DataLakeAnalytics":
		c.Attached = true
	}
	if c.ResourceID != nil && *c.ResourceID != "" && !strings.HasPrefix(strings.ToLower(*c.ResourceID), "/subscriptions/") {
		return nil, arm.BadRequest("The resource id '%s' is not valid.", *c.ResourceID)
	}
	c.Other = &other{Properties: arm.DropSecrets("", props)}
	if c.ResourceID == nil && old == nil {
		c.ResourceID = made(c)
	}
	name, status := createOperation, http.StatusCreated
	if old != nil {
		for k, v := range old.Other.Properties {
			if _, sent := c.Other.Properties[k]; !sent {
				c.Other.Properties[k] = v
			}
		}
		if c.ResourceID == nil {
			c.ResourceID, c.Attached = old.ResourceID, old.Attached
		}
		c.Created, c.CreatedBy = old.Created, old.CreatedBy
		name, status = updateOperation, http.StatusOK
	}
	c.Other.fill(c)
	computes.Put(t, c.key(), c)
	operate(t, c, name, triggerUser)
	return accept(t, c, q, arm.NewResponse(status).JSON(c.body(q.Version, false))), nil
}

// made is the resource that the service makes for a compute that was created
// and not attached.
func made(c *compute) *string {
	var kind string
	switch c.Type {
	case "AKS":
		kind = "Microsoft.ContainerService/managedClusters"
	case "DataFactory":
		kind = "Microsoft.DataFactory/factories"
	default:
		return nil
	}
	id := "/subscriptions/" + c.Subscription + "/resourceGroups/" + c.ResourceGroup + "/providers/" + kind + "/" + c.Name
	return &id
}

// fill sets what the service decides by itself where the request did not.
func (o *other) fill(c *compute) {
	put := func(k string, v any) {
		if arm.IsNull(o.Properties[k]) {
			o.Properties[k] = arm.Value(v)
		}
	}
	switch c.Type {
	case "AKS":
		put("agentCount", 3)
		put("agentVmSize", "Standard_D3_v2")
		put("clusterPurpose", "FastProd")
		put("loadBalancerType", "PublicIp")
		put("loadBalancerSubnet", nil)
		put("sslConfiguration", nil)
		put("clusterFqdn", fmt.Sprintf("%s.hcp.%s.azmk8s.io", strings.ToLower(c.Name), c.region()))
		public, _ := addresses(c.key())
		put("systemServices", []*arm.Object{
			new(arm.Object).Set("systemServiceType", "ScoringFrontEnd").Set("publicIpAddress", public).Set("version", "1.0"),
		})
	case "Kubernetes":
		put("namespace", "default")
		put("extensionInstanceReleaseTrain", "stable")
		for _, k := range [...]string{"relayConnectionString", "serviceBusConnectionString", "extensionPrincipalId", "vcName", "defaultInstanceType", "instanceTypes"} {
			put(k, nil)
		}
	case "VirtualMachine":
		put("sshPort", 22)
		put("notebookServerPort", nil)
		put("isNotebookInstanceCompute", false)
	}
}

func (o *other) body() any {
	if len(o.Properties) == 0 {
		return nil
	}
	return o.Properties
}

// listKeys returns the secrets of a compute. The emulator has none: it makes
// them up, or has dropped what was sent.
func listKeys(t *arm.Tx, q *arm.Request) (*arm.Response, error) {
	c, err := find(t, q.Args)
	if err != nil {
		return nil, err
	}
	o := new(arm.Object).Set("computeType", c.Type)
	switch c.Type {
	case "AKS":
		o.Set("userKubeConfig", kubeConfig(c, "clusterUser")).Set("adminKubeConfig", kubeConfig(c, "clusterAdmin")).
			Set("imagePullSecretName", "azuremlpullsecret")
	case "VirtualMachine", "HDInsight":
		var with struct {
			AdministratorAccount struct{ Username, PublicKeyData *string }
		}
		if err := arm.Decode(arm.Value(c.Other.Properties), &with); err != nil {
			return nil, err
		}
		account := with.AdministratorAccount
		o.Set("administratorAccount", new(arm.Object).Set("username", account.Username).Set("password", nil).
			Set("publicKeyData", account.PublicKeyData).Set("privateKeyData", nil))
	case "Databricks":
		o.Set("databricksAccessToken", nil)
	default:
		return nil, arm.BadRequest("ComputeListKeys with computeType %s is not supported.", c.Type)
	}
	return arm.OK(o), nil
}

// kubeConfig makes up a kubeconfig that parses and leads nowhere.
func kubeConfig(c *compute, role string) string {
	made := func(what string) string {
		return base64.StdEncoding.EncodeToString([]byte(what + " of " + arm.StableUUID(role+c.key()) + ", made up by the emulator"))
	}
	name := strings.ToLower(c.Name)
	user := role + "_" + c.ResourceGroup + "_" + name
	return fmt.Sprintf(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %s
    server: https://%s.hcp.%s.azmk8s.io:443
  name: %s
contexts:
- context:
    cluster: %s
    user: %s
  name: %s
current-context: %s
kind: Config
preferences: {}
users:
- name: %s
  user:
    client-certificate-data: %s
    client-key-data: %s
    token: %s
`, made("certificate authority"), name, c.region(), name, name, user, name, name, user,
		made("certificate"), made("key"), strings.ReplaceAll(arm.StableUUID("token "+role+c.key()), "-", ""))
}
