package emulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// other is a compute that is neither an instance nor a cluster: made or
// attached elsewhere, and known here by its properties alone.
type other struct {
	Properties map[string]json.RawMessage `json:"properties,omitempty"` // as sent, secrets dropped
}

// putOther attaches a compute, creates one of the types that can be, or changes
// one that is there.
func (t *tx) putOther(q *request, c, old *compute, raw json.RawMessage) (*response, error) {
	var props map[string]json.RawMessage
	if !isNull(raw) {
		if err := decode(raw, &props); err != nil {
			return nil, err
		}
	}
	c.Attached = c.ResourceID != nil && *c.ResourceID != ""
	switch c.Type {
	case "Kubernetes":
		if !c.Attached {
			return nil, badRequest("The request is invalid: properties.resourceId is required to attach a compute of type %s.", c.Type)
		}
	case "VirtualMachine", "HDInsight", "Databricks", "SynapseSpark", "DataLakeAnalytics":
		c.Attached = true
	}
	if c.ResourceID != nil && *c.ResourceID != "" && !strings.HasPrefix(strings.ToLower(*c.ResourceID), "/subscriptions/") {
		return nil, badRequest("The resource id '%s' is not valid.", *c.ResourceID)
	}
	c.Other = &other{Properties: dropSecrets("", props)}
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
	t.s.addCompute(c.key(), c)
	t.operate(c, name, triggerUser)
	return t.accept(c, q, newResponse(status).json(c.body(q.version, false))), nil
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
		if isNull(o.Properties[k]) {
			o.Properties[k] = appendValue(nil, v)
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
		put("systemServices", []*object{
			new(object).set("systemServiceType", "ScoringFrontEnd").set("publicIpAddress", public).set("version", "1.0"),
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

// secretField tells the fields whose values are dropped as they arrive:
// passwords, private keys, tokens and connection strings of any compute type.
func secretField(parent, name string) bool {
	switch strings.ToLower(name) {
	case "password", "adminuserpassword", "privatekeydata", "privatekey", "passphrase", "databricksaccesstoken",
		"relayconnectionstring", "servicebusconnectionstring":
		return true
	case "key", "cert":
		return strings.EqualFold(parent, "sslConfiguration")
	}
	return false
}

// dropSecrets returns the object under a name with every secret in it set to
// null.
func dropSecrets(parent string, in map[string]json.RawMessage) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(in))
	for k, v := range in {
		if secretField(parent, k) {
			out[k] = json.RawMessage("null")
			continue
		}
		out[k] = dropNested(k, v)
	}
	return out
}

func dropNested(parent string, raw json.RawMessage) json.RawMessage {
	var obj map[string]json.RawMessage
	var list []json.RawMessage
	var out any
	switch {
	case isNull(raw):
		return json.RawMessage("null")
	case json.Unmarshal(raw, &obj) == nil:
		out = dropSecrets(parent, obj)
	case json.Unmarshal(raw, &list) == nil:
		for i := range list {
			list[i] = dropNested(parent, list[i])
		}
		out = list
	default:
		return raw
	}
	clean, err := json.Marshal(out)
	if err != nil {
		return json.RawMessage("null")
	}
	return clean
}

// listKeys returns the secrets of a compute. The emulator has none: it makes
// them up, or has dropped what was sent.
func listKeys(t *tx, q *request) (*response, error) {
	c, err := t.find(q)
	if err != nil {
		return nil, err
	}
	o := new(object).set("computeType", c.Type)
	switch c.Type {
	case "AKS":
		o.set("userKubeConfig", kubeConfig(c, "clusterUser")).set("adminKubeConfig", kubeConfig(c, "clusterAdmin")).
			set("imagePullSecretName", "azuremlpullsecret")
	case "VirtualMachine", "HDInsight":
		var account struct{ Username, PublicKeyData *string }
		if raw := field(c.Other.Properties, "administratorAccount"); !isNull(raw) {
			if err := decode(raw, &account); err != nil {
				return nil, err
			}
		}
		o.set("administratorAccount", new(object).set("username", account.Username).set("password", nil).
			set("publicKeyData", account.PublicKeyData).set("privateKeyData", nil))
	case "Databricks":
		o.set("databricksAccessToken", nil)
	default:
		return nil, badRequest("ComputeListKeys with computeType %s is not supported.", c.Type)
	}
	return newResponse(http.StatusOK).json(o), nil
}

// field finds a key without regard to case.
func field(m map[string]json.RawMessage, name string) json.RawMessage {
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

// kubeConfig makes up a kubeconfig that parses and leads nowhere.
func kubeConfig(c *compute, role string) string {
	made := func(what string) string {
		return base64.StdEncoding.EncodeToString([]byte(what + " of " + stableUUID(role+c.key()) + ", made up by the emulator"))
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
		made("certificate"), made("key"), strings.ReplaceAll(stableUUID("token "+role+c.key()), "-", ""))
}
