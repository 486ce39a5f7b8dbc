package azure

import (
	"net/url"
	"strings"
)

// Target is where requests go: a cloud's Resource Manager, or an ARM endpoint
// given by its URL.
type Target struct {
	// Cloud holds the endpoint, audience and token hosts to use. Its Endpoint
	// is the one given, when one was given.
	Cloud Cloud
	// Loopback is true for an endpoint on this machine, http or https: it
	// gets a dummy token unless a real one is asked for.
	Loopback bool
	// Foreign is true for an https endpoint of no cloud that is known: it
	// gets only the token of auth mode "token".
	Foreign bool
}

// Locate finds the Target of a cloud's name and an endpoint's URL. An empty
// endpoint means the cloud's own. An endpoint that belongs to the named cloud,
// or is the endpoint of another built-in or registered one, is that cloud's.
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
	// A registry that cannot be read leaves the built-in clouds to compare.
	known, _ := Clouds(configDir)
	for _, candidate := range known {
		if at, err := url.Parse(candidate.Endpoint); err == nil && strings.EqualFold(at.Host, own.Host) {
			candidate.Endpoint = parsed.URL
			return Target{Cloud: candidate}, nil
		}
	}
	return Target{Cloud: at(parsed.URL, cloud), Foreign: true}, nil
}

// at is a nameless cloud with one endpoint, whose tokens are asked for as
// like's are and go to that endpoint's host alone.
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
