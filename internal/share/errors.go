package share

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/computetarget/computetarget/internal/exit"
)

// keysOff is the code of an account that accepts no keys.
const keysOff = "KeyBasedAuthenticationNotPermitted"

// code is the service's code of an error, "" for any other error.
func code(err error) string {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		return refused.ErrorCode
	}
	return ""
}

// strangerError is an answer that storage did not write: the page of a proxy, or of
// a network that asks to sign in.
type strangerError struct{ status int }

func (e strangerError) Error() string {
	return fmt.Sprintf("something between here and the storage account answered HTTP %d", e.status)
}

// unreadableError is a list of files that is none.
type unreadableError struct{ error }

func (e unreadableError) Error() string {
	return "the list of its files cannot be read: " + e.error.Error()
}

// isPage reports whether an answer is a web page that storage did not write: it has
// none of storage's headers.
func isPage(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(http.CanonicalHeaderKey(name), "X-Ms-") {
			return false
		}
	}
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "text/html")
}

// absent reports whether err says that a file or folder is not there.
func absent(err error) bool {
	switch code(err) {
	case "ResourceNotFound", "ParentNotFound":
		return true
	}
	return false
}

// explain turns an error of the share into its cause and what to do. A file or
// folder that is not there is fs.ErrNotExist.
func (s *Share) explain(ctx context.Context, err error) error {
	var told *exit.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case absent(err):
		return fs.ErrNotExist
	case errors.As(err, &told): // of the sign-in
		return err
	}
	var refused *azcore.ResponseError
	var stranger strangerError
	if errors.As(err, &stranger) {
		return &exit.Error{Exit: exit.Failed, Err: err, Tip: "check the proxy: " + s.at.url + " must be let through"}
	}
	if errors.As(err, new(unreadableError)) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &exit.Error{Exit: exit.Failed, Text: s.Where() + " did not answer as storage does: " + withoutURL(err), Err: err,
			Tip: "try again; if it stays, check the proxy: " + s.at.url + " must be let through"}
	}
	if !errors.As(err, &refused) {
		return &exit.Error{Exit: exit.Failed, Text: fmt.Sprintf("%s cannot be reached: %s", s.Where(), withoutURL(err)), Err: err,
			Tip: "an account that is open to its own network only has no address elsewhere: run it inside the workspace's network, or by its VPN"}
	}
	e := &exit.Error{Exit: exit.Failed, Code: refused.ErrorCode, Err: err}
	say := func(exitCode int, text, tip string) error {
		e.Exit, e.Text, e.Tip = exitCode, text, tip
		return e
	}
	account := "the storage account " + s.at.account
	switch refused.ErrorCode {
	case "ShareNotFound":
		return say(exit.NotFound, s.Where()+" does not exist",
			"the workspace keeps its notebooks, scripts and logs there; it is made again with exactly that name: "+
				"az storage share-rm create --storage-account "+s.at.account+" --name "+s.at.name)
	case "AuthorizationFailure":
		return say(exit.Auth, account+" lets nobody in from this network",
			"run it inside the workspace's network, or by its VPN; or have the account's owner allow this address")
	case "AuthorizationPermissionMismatch", "InsufficientAccountPermissions":
		return say(exit.Auth, "you may not use the files of "+account, s.roles())
	case keysOff:
		return say(exit.Auth, account+" accepts no keys, and no token could be used", s.roles())
	case "AuthenticationFailed":
		if s.usesKey() {
			return say(exit.Auth, account+" refuses the key that the workspace has",
				"its keys were changed: az ml workspace sync-keys -n "+s.options.Client.Workspace().Name+" -g "+s.options.Client.Workspace().ResourceGroup)
		}
		return say(exit.Auth, account+" refuses the sign-in", "sign in again: az login; computetarget auth status shows which identity is used")
	case "InvalidAuthenticationInfo", "NoAuthenticationInformation":
		return say(exit.Auth, account+" refuses the sign-in", "sign in again: az login; computetarget auth status shows which identity is used")
	case "ServerBusy", "OperationTimedOut":
		return say(exit.TryLater, account+" is busy", "try again in a minute")
	case "ResourceTypeMismatch":
		return say(exit.Failed, "there is a folder where a file was asked for, or a file where a folder was, in "+s.Where(), "")
	case "ShareSizeLimitReached":
		return say(exit.Failed, s.Where()+" is full", "")
	}
	e.Text = fmt.Sprintf("%s answered HTTP %d", s.Where(), refused.StatusCode)
	switch {
	case refused.ErrorCode != "":
		e.Text = fmt.Sprintf("%s refused the request", s.Where())
	case refused.StatusCode == http.StatusForbidden || refused.StatusCode == http.StatusUnauthorized:
		e.Exit = exit.Auth
	}
	return e
}

// roles is what to ask for. Owner and Contributor do not hold these rights.
func (s *Share) roles() string {
	tip := "the roles Storage File Data Privileged Reader (to read) and Storage File Data Privileged Contributor (to write) on the account allow it, Owner and Contributor do not"
	if s.noKey != nil && !errors.Is(s.noKey, errKeysOff) {
		tip += "; or the right to the account's key: Microsoft.MachineLearningServices/workspaces/datastores/listsecrets/action"
	}
	return tip + "; a role just assigned takes some minutes"
}

// withoutURL is the text of a network error without the address, which may hold a
// signature.
func withoutURL(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil || !strings.Contains(err.Error(), "://") {
			return err.Error()
		}
		err = inner
	}
}
