package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/loopback"
)

// workloadSource is an application that proves its identity with an assertion
// of the platform it runs on: the file of a Kubernetes service account, or the
// identity service of GitHub Actions or Azure Pipelines. The assertion lives
// for minutes only, so it is fetched again for every token.
func (c *Credential) workloadSource() *source {
	env := c.opts.Getenv
	client, tenant := env("AZURE_CLIENT_ID"), env("AZURE_TENANT_ID")
	file := env("AZURE_FEDERATED_TOKEN_FILE")
	github, githubKey := env("ACTIONS_ID_TOKEN_REQUEST_URL"), env("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	pipelines, pipelinesKey := env("SYSTEM_OIDCREQUESTURI"), env("SYSTEM_ACCESSTOKEN")
	connection := env("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")

	missing := func(reason string) *source {
		return &source{mode: ModeWorkload, name: "workload identity", token: unavailable(reason)}
	}
	federated := func(name, client, tenant string, secrets []string, assertion func(context.Context, policy.Transporter) (string, error)) *source {
		return c.through(ModeWorkload, name+" (application "+client+")", secrets, func(options azcore.ClientOptions) (azcore.TokenCredential, error) {
			fetch := func(ctx context.Context) (string, error) { return assertion(ctx, options.Transport) }
			return azidentity.NewClientAssertionCredential(tenant, client, fetch,
				&azidentity.ClientAssertionCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		})
	}
	switch {
	case pipelines != "" && pipelinesKey != "" && connection != "" && file == "" && github == "":
		client, tenant = cmp.Or(env("AZURESUBSCRIPTION_CLIENT_ID"), client), cmp.Or(env("AZURESUBSCRIPTION_TENANT_ID"), tenant)
		if client == "" || tenant == "" {
			return missing("AZURESUBSCRIPTION_CLIENT_ID and AZURESUBSCRIPTION_TENANT_ID are not both set")
		}
		return federated("Azure Pipelines", client, tenant, []string{pipelinesKey}, func(ctx context.Context, through policy.Transporter) (string, error) {
			return pipelinesAssertion(ctx, through, pipelines, pipelinesKey, connection)
		})
	case file == "" && (github == "" || githubKey == ""):
		return missing("neither AZURE_FEDERATED_TOKEN_FILE nor a GitHub Actions job with id-token: write")
	case client == "" || tenant == "":
		return missing("AZURE_CLIENT_ID and AZURE_TENANT_ID are not both set")
	case file != "":
		return federated("workload identity", client, tenant, nil, func(context.Context, policy.Transporter) (string, error) {
			return fileAssertion(file)
		})
	}
	return federated("GitHub OIDC", client, tenant, []string{githubKey}, func(ctx context.Context, through policy.Transporter) (string, error) {
		return githubAssertion(ctx, through, github, githubKey, exchangeAudience(c.opts.Target.Cloud.Name))
	})
}

func fileAssertion(path string) (string, error) {
	data, err := input.Plain(path)
	if err != nil {
		return "", fmt.Errorf("AZURE_FEDERATED_TOKEN_FILE: %w", err)
	}
	text, err := input.Text(data)
	if err != nil {
		return "", fmt.Errorf("AZURE_FEDERATED_TOKEN_FILE: %s %w", path, err)
	}
	assertion := strings.TrimSpace(string(text))
	if assertion == "" {
		return "", fmt.Errorf("AZURE_FEDERATED_TOKEN_FILE: %s is empty", path)
	}
	return assertion, nil
}

// githubAssertion asks GitHub for an identity token (GitHub Docs, "OpenID
// Connect reference").
func githubAssertion(ctx context.Context, through policy.Transporter, endpoint, key, audience string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL")
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery = query.Encode()
	return assertion(ctx, through, "GitHub", http.MethodGet, u, key, "value")
}

// exchangeAudience is the audience that Entra ID expects of a federated token
// in each cloud.
func exchangeAudience(cloudName string) string {
	switch cloudName {
	case China:
		return "api://AzureADTokenExchangeChina"
	case USGovernment:
		return "api://AzureADTokenExchangeUSGov"
	}
	return "api://AzureADTokenExchange"
}

// pipelinesAssertion asks Azure Pipelines for an identity token of a service
// connection (Azure DevOps REST API, Oidctoken - Create).
func pipelinesAssertion(ctx context.Context, through policy.Transporter, endpoint, key, connection string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", errors.New("SYSTEM_OIDCREQUESTURI is not a URL")
	}
	query := u.Query()
	query.Set("api-version", "7.1")
	query.Set("serviceConnectionId", connection)
	u.RawQuery = query.Encode()
	return assertion(ctx, through, "Azure Pipelines", http.MethodPost, u, key, "oidcToken")
}

// assertion fetches an identity token from the platform a job runs on.
func assertion(ctx context.Context, through policy.Transporter, platform, method string, u *url.URL, key, field string) (string, error) {
	if u.Scheme != "https" && !loopback.Is(u.Hostname()) {
		return "", fmt.Errorf("the identity service of %s is not https", platform)
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
		// Without it, a failed sign-in redirects to a web page.
		request.Header.Set("X-TFS-FedAuthRedirect", "Suppress")
	}
	response, err := through.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s refused an identity token (%s)", platform, response.Status)
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || text(fields[field]) == "" {
		return "", fmt.Errorf("%s answered without an identity token", platform)
	}
	return text(fields[field]), nil
}

var _ azcore.TokenCredential = (*Credential)(nil)
var _ policy.Transporter = (*http.Client)(nil)
