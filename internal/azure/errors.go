package azure

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"unicode"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/computetarget/computetarget/internal/exit"
)

// attempt is a token source that was tried, and why it failed.
type attempt struct {
	mode   string // the auth mode that forces this source
	source string // the source in words
	reason string // one line, without secrets

	missing bool // the source does not exist here, as opposed to failing
	garbled bool // its answer was not understood
}

// told is the error text when every source failed; lost is true if sign-in
// worked earlier in this process.
func told(tried []attempt, lost bool) string {
	text := "not signed in: "
	switch {
	case lost:
		text = "the sign-in no longer works: "
	case len(tried) == 1:
		text = "sign-in failed: "
	}
	reasons := make([]string, len(tried))
	for i, a := range tried {
		reasons[i] = a.source + ": " + a.reason
	}
	return text + strings.Join(reasons, "; ")
}

// passing marks a temporary cause as a net.Error.
type passing struct{ error }

// Timeout implements net.Error.
func (passing) Timeout() bool { return false }

// Temporary implements net.Error.
func (passing) Temporary() bool { return true }

func (e passing) Unwrap() error { return e.error }

// markPassing wraps a temporary error that is not a net.Error: the sign-in
// service is busy, or az could not reach it, which only az's output tells.
func markPassing(err error) error {
	var network net.Error
	if err == nil || errors.As(err, &network) {
		return err
	}
	var refused *azidentity.AuthenticationFailedError
	if errors.As(err, &refused) && refused.RawResponse != nil {
		if status := refused.RawResponse.StatusCode; status == http.StatusTooManyRequests || status >= 500 {
			return passing{err}
		}
		return err
	}
	text := err.Error()
	if strings.Contains(text, "AADSTS") {
		return err
	}
	for _, words := range []string{"Max retries exceeded", "ConnectionError", "Connection aborted", "Connection reset", "Read timed out",
		"getaddrinfo failed", "Temporary failure in name resolution", "no such host", "i/o timeout", "connection refused"} {
		if strings.Contains(text, words) {
			return passing{err}
		}
	}
	return err
}

// garbledAnswer is output of az or azd without a readable token. Signing in
// again does not help.
type garbledAnswer struct {
	tool string
	why  string
}

func (e *garbledAnswer) Error() string {
	return e.tool + "'s answer was not understood: " + e.why
}

// notThere is why a source does not exist here, as opposed to failing.
type notThere struct{ reason string }

func (e *notThere) Error() string { return e.reason }

// failure is the error when every source failed; cause is the error of the last
// one. If it is temporary, because the network failed or the sign-in service
// was busy, its chain has a net.Error.
func (c *Credential) failure(ctx context.Context, tried []attempt, cause error, lost bool) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	failed := &exit.Error{Exit: exit.Auth, Text: told(tried, lost), Err: markPassing(cause)}
	var passes net.Error
	if !errors.As(failed.Err, &passes) {
		failed.Tip = c.advice(tried)
	}
	if passes != nil || unreached(cause) != nil {
		failed.Exit = exit.Failed // the sign-in service was unreachable or broken
	}
	return failed
}

// advice is what to do after a failed sign-in.
func (c *Credential) advice(tried []attempt) string {
	if c.opts.Target.Foreign {
		return "give a token for this endpoint in COMPUTETARGET_ACCESS_TOKEN with --auth-mode token, or register its cloud with az cloud register"
	}
	if len(tried) == 0 {
		return "run az login"
	}
	for _, a := range tried {
		switch {
		case a.garbled && a.mode == ModeAzd:
			return "run azd auth token to see what it prints, or choose another source with --auth-mode"
		case a.garbled:
			return "run az account get-access-token -o json to see what it prints, or choose another source with --auth-mode"
		}
	}
	switch last := tried[len(tried)-1]; {
	case len(tried) > 1 && last.missing:
		return "run az login, or choose a source with --auth-mode"
	case last.mode == ModeEnv:
		return "correct the AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET variables, or unset them to use another source"
	case last.mode == ModeWorkload:
		return "check the federated credential of the application: its issuer, subject and audience must be those of this job"
	case last.mode == ModeAzureCLI && c.tenant() != "":
		return "run az login --tenant " + c.tenant()
	case last.mode == ModeMSI:
		return "give this machine a managed identity, or choose another source with --auth-mode"
	case last.mode == ModeAzd:
		return "run azd auth login"
	case last.mode == ModeToken:
		return "put a new token in COMPUTETARGET_ACCESS_TOKEN, for example from az account get-access-token --query accessToken -o tsv"
	}
	return "run az login"
}

// reason turns a source's error into one line. The sign-in service buries one
// sentence in pages of headers and JSON.
func reason(err error) string {
	if network := unreached(err); network != nil {
		return network.Error()
	}
	var refused *azidentity.AuthenticationFailedError
	if errors.As(err, &refused) && refused.RawResponse != nil {
		if text := refusal(refused.RawResponse); text != "" {
			return oneLine(text)
		}
		return "the sign-in service answered " + refused.RawResponse.Status
	}
	text := err.Error()
	text, _, _ = strings.Cut(text, "To troubleshoot, visit")
	for _, prefix := range []string{"AzureCLICredential: ", "AzureDeveloperCLICredential: ", "ManagedIdentityCredential: ",
		"ClientSecretCredential: ", "ClientCertificateCredential: ", "ClientAssertionCredential: ", "ERROR: "} {
		text = strings.TrimPrefix(strings.TrimSpace(text), prefix)
	}
	return oneLine(text)
}

// refusal is the sentence in an OAuth error response.
func refusal(response *http.Response) string {
	if response.Body == nil {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err != nil {
		return ""
	}
	var answer struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	text := answer.Description
	if text == "" {
		_ = json.Unmarshal(answer.Error, &text)
	}
	// Trace and correlation ids and the time follow on the same line or the next.
	text, _, _ = strings.Cut(text, "Trace ID:")
	return text
}

// oneLine makes text printable: control and format characters become spaces,
// and runs of spaces become one.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 400 {
		text = string(runes[:400]) + "…"
	}
	return strings.TrimRight(text, ". ")
}
