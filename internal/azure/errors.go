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

// Attempt is one source of tokens that was tried, and why it gave none.
type Attempt struct {
	Mode   string // the auth mode that forces this source
	Source string // the source in words
	Reason string // one line, without secrets

	missing bool // the source is not there, as opposed to failing
	garbled bool // it answered, and the answer was not understood
}

// SignInError says that no token could be had: what was tried and why each
// source failed.
type SignInError struct {
	Tried []Attempt
	// Lost is true when the sign-in worked earlier in this process.
	Lost  bool
	cause error
}

func (e *SignInError) Error() string {
	var b strings.Builder
	switch {
	case e.Lost:
		b.WriteString("the sign-in no longer works: ")
	case len(e.Tried) == 1:
		b.WriteString("sign-in failed: ")
	default:
		b.WriteString("not signed in: ")
	}
	for i, attempt := range e.Tried {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(attempt.Source + ": " + attempt.Reason)
	}
	return b.String()
}

func (e *SignInError) Unwrap() error { return e.cause }

// Temporary reports that the same sign-in may work later without anybody doing
// anything: the network failed or the sign-in service was busy. The cause is
// then a net.Error.
func (e *SignInError) Temporary() bool {
	var network net.Error
	return errors.As(e.cause, &network)
}

// passing marks a cause that time cures as a net.Error.
type passing struct{ error }

// Timeout implements net.Error.
func (passing) Timeout() bool { return false }

// Temporary implements net.Error.
func (passing) Temporary() bool { return true }

func (e passing) Unwrap() error { return e.error }

// markPassing wraps an error that time cures, when it is not a net.Error
// already: the sign-in service is busy, or az could not reach it, which only
// az's words tell.
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

// NonRetriable tells azcore's retry policy that asking again at once is
// pointless.
func (e *SignInError) NonRetriable() {}

// garbledAnswer is an answer of az or azd that holds no token that can be read.
// Signing in again does not help.
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

// failure builds the error of a sign-in in which every source failed, a
// SignInError below; cause is the error of the last one.
func (c *Credential) failure(ctx context.Context, tried []Attempt, cause error, lost bool) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	e := &SignInError{Tried: tried, Lost: lost, cause: markPassing(cause)}
	failed := &exit.Error{Exit: exit.Auth, Err: e}
	if !e.Temporary() {
		failed.Tip = c.advice(tried)
	}
	var network *NetworkError
	if e.Temporary() || errors.As(e.cause, &network) {
		failed.Exit = exit.Failed // the sign-in service was not reached, or was out of order
	}
	return failed
}

// advice is the next step for somebody whose sign-in failed.
func (c *Credential) advice(tried []Attempt) string {
	if c.opts.Target.Foreign {
		return "give a token for this endpoint in COMPUTETARGET_ACCESS_TOKEN with --auth-mode token, or register its cloud with az cloud register"
	}
	if len(tried) == 0 {
		return "run az login"
	}
	for _, attempt := range tried {
		switch {
		case attempt.garbled && attempt.Mode == ModeAzd:
			return "run azd auth token to see what it prints, or choose another source with --auth-mode"
		case attempt.garbled:
			return "run az account get-access-token -o json to see what it prints, or choose another source with --auth-mode"
		}
	}
	switch last := tried[len(tried)-1]; {
	case len(tried) > 1 && c.opts.Mode == ModeAuto && last.missing:
		return "run az login, or choose a source with --auth-mode"
	case last.Mode == ModeEnv:
		return "correct the AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET variables, or unset them to use another source"
	case last.Mode == ModeWorkload:
		return "check the federated credential of the application: its issuer, subject and audience must be those of this job"
	case last.Mode == ModeAzureCLI && c.tenant() != "":
		return "run az login --tenant " + c.tenant()
	case last.Mode == ModeMSI:
		return "give this machine a managed identity, or choose another source with --auth-mode"
	case last.Mode == ModeAzd:
		return "run azd auth login"
	case last.Mode == ModeToken:
		return "put a fresh token into COMPUTETARGET_ACCESS_TOKEN, for example that of az account get-access-token --query accessToken -o tsv"
	}
	return "run az login"
}

// reason turns an error of a source into one line for people. The sign-in
// service's answers come as pages of headers and JSON around one sentence.
func reason(err error) string {
	var network *NetworkError
	if errors.As(err, &network) {
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

// oneLine makes text printable and short: control and format characters
// become spaces, runs of spaces one.
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
