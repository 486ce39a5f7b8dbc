package azure

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// Whatever an endpoint says, its services are at its own scheme, host and port.
func FuzzServices(f *testing.F) {
	const endpoint = "https://127.0.0.1:8443"
	for _, text := range []string{
		endpoint + "/graph/", "https://127.0.0.1:8443@evil.example/", "https://127.0.0.1:84430/graph", "http://127.0.0.1:8443/graph", "//evil.example",
		"127.0.0.1:8443/storage", "https:\\\\evil.example", "https://127.0.0.1:8443\t.evil.example/", "https://[::1]:8443/graph", "",
	} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, graph, storage string) {
		var m Metadata
		m.Graph, m.Suffixes.Storage = graph, storage
		body, err := json.Marshal(m)
		if err != nil || json.Unmarshal(body, &m) != nil {
			t.Skip()
		}
		s, err := m.At(endpoint)
		if err != nil {
			if s != (Services{}) {
				t.Errorf("%q, %q: %+v and %v", graph, storage, s, err)
			}
			return
		}
		for _, address := range []string{s.Graph, s.Storage} {
			if address == "" {
				continue
			}
			u, err := url.Parse(address)
			if err != nil || u.Scheme != "https" || u.Host != "127.0.0.1:8443" || u.User != nil || !strings.HasPrefix(address, endpoint) {
				t.Errorf("%q, %q: %s", graph, storage, address)
			}
		}
	})
}
