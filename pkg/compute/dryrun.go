package compute

import (
	"encoding/json"
	"errors"
)

// ErrDryRun ends a call that would have changed something, with Options.DryRun.
var ErrDryRun = errors.New("dry run: nothing was sent")

// Request is a request that was not sent. Secrets in its body are replaced.
type Request struct {
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// show passes a request to Options.DryRun.
func (c *Client) show(k call, address string) error {
	r := Request{Method: k.op.method, URL: address}
	if k.body != nil {
		body, err := asMap(k.body)
		if err != nil {
			return invalidf(k.name, "the request cannot be written as JSON: %v", err)
		}
		if r.Body, err = json.Marshal(withoutSecrets(body)); err != nil {
			return err
		}
	}
	c.options.DryRun(r)
	return ErrDryRun
}
