package compute

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Fetch reads a resource that this package has no call for: path is below the
// endpoint and encoded, and the query names the api-version if there is one. It is
// sent, signed, retried and logged as every other request, and a JSON answer is
// decoded into v. To ask another service, such as Microsoft Graph, make a Client
// whose Endpoint and Audience are that service's.
func (c *Client) Fetch(ctx context.Context, path string, query url.Values, v any) error {
	return c.ask(ctx, operation{id: "GET " + path, method: http.MethodGet, read: true}, path, query, nil, v)
}

// SignIn requests the token of the client's audience before it is needed.
func (c *Client) SignIn(ctx context.Context) error {
	if c.options.Credential == nil {
		return nil
	}
	_, err := c.options.Credential.GetToken(ctx, azpolicy.TokenRequestOptions{Scopes: []string{c.options.Audience + "/.default"}})
	return err
}

// Query is Fetch for a request that has a body and changes nothing, such as a search.
func (c *Client) Query(ctx context.Context, path string, query url.Values, body, v any) error {
	return c.ask(ctx, operation{id: "POST " + path, method: http.MethodPost, read: true}, path, query, body, v)
}

func (c *Client) ask(ctx context.Context, op operation, path string, query url.Values, body, v any) error {
	k := call{op: op, address: c.endpoint + "/" + strings.TrimLeft(path, "/"), body: body, verbatim: true}
	if len(query) > 0 {
		k.address += "?" + query.Encode()
	}
	_, err := c.read(ctx, k, func(a *answer) error { return decode(op, "", a, v) })
	return err
}
