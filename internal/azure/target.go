package azure

import (
	"net/url"
	"strings"
)

// Target is where requests go: a cloud's Resource Manager, or an ARM endpoint
// given by its URL.
type Target struct {
	// Cloud holds the endpoint, audience and token hosts to use. Its Endpoint
	// is the given one, if any.
	Cloud Cloud
	// Loopback is true for an http or https endpoint on this machine: it gets a
	// dummy token unless auth mode "token" is set.
	Loopback bool
	// Foreign is true for an https endpoint of an unknown cloud: it only gets
	// the token of auth mode "token".
	Foreign bool
}

// Locate returns the Target for a cloud and an endpoint URL. An empty endpoint
// means the cloud's own. An endpoint of the named cloud, or of another built-in
// or registered cloud, is that cloud's.
func Locate(cloudName, endpoint, configDir string) (Target, error) {
	if endpoint == "" {
		cloud, err := FindCloud(cloudName, configDir)
		return Target{Cloud: cloud}, err
	}
	parsed, err := ParseEndpoint(endpoint)
	if err != nil {
		return Target{}, err
	}
	if parsed.Loopback {
		return Target{Cloud: at(parsed.URL, builtin()[0]), Loopback: true}, nil
	}
	cloud, err := FindCloud(cloudName, configDir)
	if err != nil {
		return Target{}, err
	}
	own, _ := url.Parse(parsed.URL)
	if cloud.AllowsToken(own) {
		cloud.Endpoint = parsed.URL
		return Target{Cloud: cloud}, nil
	}
	// If the registry cannot be read, only the built-in clouds are compared.
	known, _ := Clouds(configDir)
	for _, candidate := range known {
		if at, err := url.Parse(candidate.Endpoint); err == nil && strings.EqualFold(at.Host, own.Host) {
			candidate.Endpoint = parsed.URL
			return Target{Cloud: candidate}, nil
		}
	}
	return Target{Cloud: at(parsed.URL, cloud), Foreign: true}, nil
}

// at is an unnamed cloud with one endpoint. Its tokens are requested as for
// like and go only to that endpoint's host.
func at(endpoint string, like Cloud) Cloud {
	u, _ := url.Parse(endpoint)
	return Cloud{
		Endpoint:   endpoint,
		Audience:   like.Audience,
		Audiences:  like.Audiences,
		Authority:  like.Authority,
		LoginHosts: like.LoginHosts,
		TokenHosts: []string{u.Hostname()},
	}
}
