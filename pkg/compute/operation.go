package compute

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Verb is what is done to a compute.
type Verb string

// The verbs.
const (
	VerbCreate  Verb = "create"
	VerbAttach  Verb = "attach"
	VerbStart   Verb = "start"
	VerbStop    Verb = "stop"
	VerbRestart Verb = "restart"
	VerbDelete  Verb = "delete"
	VerbDetach  Verb = "detach"
	VerbUpdate  Verb = "update"
	VerbResize  Verb = "resize"
	VerbWait    Verb = "wait"
)

// Operation is what the service does after it accepted a request.
type Operation struct {
	Verb       Verb
	Name       string        // of the compute
	URL        string        // where its status is read, as the service wrote it; "" if it named none
	Done       bool          // the response said that there is nothing to wait for
	Adopted    bool          // the response was lost, and a read of the compute showed the operation
	Compute    *Compute      // from the response; nil if it had none
	Accepted   time.Time     // by the service's clock
	RetryAfter time.Duration // that the response asked for; 0 if it did not

	byLocation bool // URL came from Location, so the HTTP status tells the end
}

// makes reports whether the verb makes a compute.
func (v Verb) makes() bool { return v == VerbCreate || v == VerbAttach }

// write sends one write and reads from the response what there is to wait for. If
// the response does not say that the request was accepted, the error is uncertain
// and the operation holds what the response said.
func (c *Client) write(ctx context.Context, op operation, verb Verb, name string, body any) (*Operation, error) {
	k, err := c.compute(op, name)
	if err != nil {
		return nil, err
	}
	k.body = body
	a, err := c.send(ctx, k)
	if err != nil {
		return nil, err
	}
	o := &Operation{Verb: verb, Name: name, Accepted: a.date, RetryAfter: a.retryAfter}
	o.URL = a.header.Get("Azure-AsyncOperation")
	if o.URL == "" {
		o.URL, o.byLocation = a.header.Get("Location"), true
	}
	var refused *HostError
	if u, err := url.Parse(o.URL); err != nil || !u.IsAbs() || u.Host == "" {
		// Nothing can be read there, so the compute decides.
		o.URL, o.byLocation = "", false
	} else if !c.hosts.allow(u) {
		refused, o.URL = &HostError{Host: u.Host, Scheme: u.Scheme}, ""
	}
	var told bool
	o.Compute, told = acceptance(k, a, o.URL != "" || refused != nil)
	if !told {
		e := garbledError(k, a, fmt.Sprintf("the service's answer to the %s of %s does not say that it was accepted: HTTP %d with %s", verb, name, a.status, shape(a.body)))
		e.garbled = false
		return o, e
	}
	if refused != nil {
		return o, &Error{Kind: KindFailed, Name: name, Operation: op.id, Err: refused,
			Message: fmt.Sprintf("%s was accepted, but %s; the operation goes on: wait for %s by its name", verb, refused.Error(), name)}
	}
	o.Done = o.URL == "" && (a.status == http.StatusOK || a.status == http.StatusNoContent) && !inProgress(o.Compute)
	return o, nil
}

// acceptance reports whether the body of a 2xx response says that the write was
// accepted: it is about this compute or its operation, or it is empty where the
// service promises only a status. compute is nil if the body does not hold it.
func acceptance(k call, a *answer, address bool) (*Compute, bool) {
	body := bytes.TrimSpace(a.body)
	if len(body) == 0 {
		return nil, address || k.op.method == http.MethodPost || k.op.method == http.MethodDelete
	}
	compute, err := Decode(body)
	if err != nil || len(readProblems(body, 0)) > 0 {
		return nil, false
	}
	if compute.about(k.name) {
		return compute, true
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(body, &keys) != nil {
		return nil, false
	}
	var status string
	named := json.Unmarshal(keys["status"], &status) == nil && status != "" && keys["properties"] == nil
	return nil, named || k.op.empty && len(keys) == 0
}

// shape describes a body that is not what it should be.
func shape(body []byte) string {
	body = bytes.TrimSpace(body)
	problems := readProblems(body, 0)
	switch {
	case len(body) == 0:
		return "nothing in it"
	case isPage(body):
		return "a web page"
	case !json.Valid(body):
		return "a body that is not JSON"
	case body[0] == '{' && len(problems) > 0:
		return "the error " + problems[0].String()
	case body[0] == '{' && len(bytes.TrimSpace(body[1:len(body)-1])) > 0:
		return "an object that is about something else"
	case body[0] == '[':
		return "a list"
	}
	return string(body[:min(len(body), 20)])
}

// inProgress reports whether the compute in the response to a write is still in
// transition.
func inProgress(c *Compute) bool {
	return c != nil && listed("creating updating deleting", c.ProvisioningState)
}

// opState is what an operation's address says.
type opState struct {
	over       bool
	err        error // why it failed; comes with over
	retryAfter time.Duration
}

// status reads the address of an operation as the service wrote it.
func (c *Client) status(ctx context.Context, op *Operation, address string) (opState, error) {
	a, err := c.send(ctx, call{op: opStatus, name: op.Name, address: address, verbatim: true, once: true})
	if err != nil {
		return opState{}, err
	}
	s := opState{retryAfter: a.retryAfter}
	var body struct {
		Status text `json:"status"`
	}
	if err := decode(opStatus, op.Name, a, &body); err != nil && len(a.body) > 0 && (!op.byLocation || isPage(a.body)) {
		return opState{}, err
	}
	switch word := strings.ToLower(string(body.Status)); {
	case word == "succeeded", word == "completed":
		s.over = true
	case word == "failed", word == "canceled", word == "cancelled": // under HTTP 200
		e := answerError(opStatus, op.Name, a)
		if len(readProblems(a.body, 0)) == 0 {
			e.Message = fmt.Sprintf("the %s of %s ended as %s without a reason", op.Verb, op.Name, body.Status)
		}
		e.Kind = operationKind(e.Code, e.Message)
		s.over, s.err = true, e
	case a.status == http.StatusAccepted, listed("inprogress running accepted notstarted pending creating updating deleting starting stopping restarting resizing", word):
	case word == "" && (op.byLocation || a.status == http.StatusNoContent):
		s.over = true
	default:
		return opState{}, &Error{Kind: KindFailed, Name: op.Name, Operation: opStatus.id, Status: a.status, RetryAfter: a.retryAfter,
			Message: fmt.Sprintf("the operation's answer does not say how it stands: HTTP %d with %s", a.status, shape(a.body))}
	}
	return s, nil
}
