package compute

import (
	"encoding/json"
	"errors"
)

// ErrDryRun ends a call that would have changed something if Options.DryRun is
// set. Nothing was sent.
var ErrDryRun = errors.New("dry run: nothing was sent")

// Request is a request that would have been sent. Secrets in its body are
// replaced.
type Request struct {
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// show hands a request to the dry run instead of sending it.
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
