package azure

import (
	"errors"
	"net/url"
	"strings"
)

// Services are the addresses of a cloud's services beside its Resource Manager.
// Source: az cloud list, and "Microsoft Graph and national clouds".
type Services struct {
	// Graph is the base URL of Microsoft Graph, which is its audience, too.
	Graph string
	// Storage ends the names of storage hosts, such as core.windows.net. On a
	// loopback endpoint it is a URL instead, below which accounts are paths.
	Storage string
}

// Metadata is what a Resource Manager tells of its cloud at metadata/endpoints.
type Metadata struct {
	Graph    string `json:"microsoftGraphResourceId"`
	Suffixes struct {
		Storage string `json:"storage"`
	} `json:"suffixes"`
}

// At returns the services that a loopback endpoint names. Only addresses on the
// endpoint's own host and port count: nothing else is known to be on this machine.
func (m Metadata) At(endpoint string) (Services, error) {
	own, err := url.Parse(endpoint)
	if err != nil {
		return Services{}, err
	}
	here := func(value string) string {
		if !strings.Contains(value, "://") {
			value = own.Scheme + "://" + value
		}
		u, err := url.Parse(strings.TrimRight(value, "/"))
		if err != nil || u.Scheme != own.Scheme || !strings.EqualFold(u.Host, own.Host) || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return ""
		}
		u.Host = own.Host
		return u.String()
	}
	s := Services{Graph: here(m.Graph), Storage: here(m.Suffixes.Storage)}
	if s == (Services{}) {
		return s, errors.New("the endpoint " + own.Host + " names no services on its own address in /metadata/endpoints")
	}
	return s, nil
}
