package compute

import (
	"net/http"
	"strings"
	"testing"
)

func TestErrorShapes(t *testing.T) {
	t.Parallel()
	const html = "<!DOCTYPE html><html><head><TITLE>502\n Bad Gateway</TITLE></head><body>x</body></html>"
	for _, test := range []struct {
		what          string
		status        int
		body          string
		code, message string
		kind          Kind
		details       int
	}{
		{"plain", 404, `{"error":{"code":"ResourceNotFound","message":"no ci"}}`, "ResourceNotFound", "no ci", KindNotFound, 0},
		{"nested twice", 409, `{"error":{"error":{"code":"Conflict","message":"is taken: already exists"}}}`, "Conflict", "is taken: already exists", KindConflict, 0},
		{"nested, outer code only", 400, `{"error":{"code":"UserError","error":{"message":"inner"}}}`, "UserError", "inner", KindInvalid, 0},
		{"bare", 400, `{"code":"BadRequest","message":"bad"}`, "BadRequest", "bad", KindInvalid, 0},
		{"capital keys", 400, `{"Error":{"Code":"BadRequest","Message":"bad"}}`, "BadRequest", "bad", KindInvalid, 0},
		{"JSON in the message", 400, `{"error":{"code":"X","message":"{\"error\":{\"code\":\"Inner\",\"message\":\"why\"}}"}}`, "Inner", "why", KindInvalid, 0},
		{"JSON in the message, twice", 400, `{"message":"{\"message\":\"{\\\"message\\\":\\\"deep\\\"}\"}"}`, "", "deep", KindInvalid, 0},
		{"a message that only looks like JSON", 400, `{"error":{"code":"X","message":"{not json"}}`, "X", "{not json", KindInvalid, 0},
		{"a list", 400, `[{"error":{"code":"A","message":"one"}},{"error":{"code":"B","message":"two"}}]`, "A", "one", KindInvalid, 1},
		{"errors", 400, `{"errors":[{"code":"A","message":"one"},{"code":"B","message":"two"}]}`, "A", "one", KindInvalid, 1},
		{"details", 400, `{"error":{"code":"A","message":"one","details":[{"code":"B","message":"two"},{"message":"three"}]}}`, "A", "one", KindInvalid, 2},
		{"details only", 400, `{"error":{"details":[{"code":"B","message":"two"}]}}`, "B", "two", KindInvalid, 0},
		{"quota in a detail", 400, `{"error":{"code":"A","message":"failed","details":[{"code":"B","message":"vCPU quota of 0"}]}}`, "A", "failed", KindConflict, 1},
		{"inner error", 400, `{"error":{"code":"A","message":"one","innererror":{"code":"B"}}}`, "A", "one", KindInvalid, 0},
		{"OAuth", 401, `{"error":"invalid_token","error_description":"expired"}`, "", "invalid_token", KindAuth, 0},
		{"a number for a code", 400, `{"error":{"code":17,"message":"m"}}`, "17", "m", KindInvalid, 0},
		{"wrong types", 400, `{"error":{"code":{"a":1},"message":["m"],"details":"d"}}`, "", "d", KindInvalid, 0},
		{"a string", 400, `"just words"`, "", "just words", KindInvalid, 0},
		{"null", 500, `null`, "", "the service answered HTTP 500 Internal Server Error: null", KindFailed, 0},
		{"empty object", 500, `{}`, "", "the service answered HTTP 500 Internal Server Error with a body that holds no error", KindFailed, 0},
		{"empty", 403, ``, "", "the service answered HTTP 403 Forbidden without a reason", KindAuth, 0},
		{"HTML", 502, html, "", `something between here and the service answered HTTP 502 Bad Gateway with a web page titled "502 Bad Gateway"; check the proxy and the endpoint`, KindUnreachable, 0},
		{"HTML for a missing compute", 404, "\n<html></html>", "", `something between here and the service answered HTTP 404 Not Found with a web page; check the proxy and the endpoint`, KindUnreachable, 0},
		{"HTML without title", 502, "<html></html>", "", `something between here and the service answered HTTP 502 Bad Gateway with a web page; check the proxy and the endpoint`, KindUnreachable, 0},
		{"cut off", 500, `{"error":{"code":"A","mess`, "", "the service answered HTTP 500 Internal Server Error with a body that holds no error", KindFailed, 0},
		{"unknown status", 599, ``, "", "the service answered HTTP 599 without a reason", KindFailed, 0},
		{"throttled", 429, `{"error":{"code":"TooManyRequests","message":"slow"}}`, "TooManyRequests", "slow", KindBusy, 0},
		{"another operation", 409, `{"error":{"code":"Conflict","message":"ci is currently being processed by another command, such as Deleting or Shutting down"}}`, "Conflict",
			"ci is currently being processed by another command, such as Deleting or Shutting down", KindBusy, 0},
		{"active operation", 400, `{"error":{"message":"There is already an active operation submitted"}}`, "", "There is already an active operation submitted", KindBusy, 0},
		{"not stopped", 400, `{"error":{"code":"StartComputeInstanceOnlyAllowedInStoppedState","message":"Start Azure ML Compute Instance is only allowed when the instance ci is in 'stopped' state"}}`,
			"StartComputeInstanceOnlyAllowedInStoppedState", "Start Azure ML Compute Instance is only allowed when the instance ci is in 'stopped' state", KindConflict, 0},
		{"quota", 400, `{"error":{"code":"BadRequest","message":"The specified subscription has a total vCPU quota of 0 and cannot accomodate for at least 1 requested managed compute node which maps to 2 vCPUs."}}`,
			"BadRequest", "The specified subscription has a total vCPU quota of 0 and cannot accomodate for at least 1 requested managed compute node which maps to 2 vCPUs.", KindConflict, 0},
		{"size", 400, `{"error":{"code":"BadRequest","message":"Standard_B2s is not a supported VM size"}}`, "BadRequest", "Standard_B2s is not a supported VM size", KindInvalid, 0},
		{"capacity", 409, `{"error":{"code":"AllocationFailed","message":"no machines"}}`, "AllocationFailed", "no machines", KindBusy, 0},
		{"lock", 409, `{"error":{"code":"ScopeLocked","message":"locked"}}`, "ScopeLocked", "locked", KindConflict, 0},
		{"permission", 403, `{"error":{"code":"AuthorizationFailed","message":"no"}}`, "AuthorizationFailed", "no", KindAuth, 0},
		{"disk full", 400, `{"error":{"code":"UserError","message":"StopCompute is not allowed when ComputeInstance disk is full."}}`, "UserError", "StopCompute is not allowed when ComputeInstance disk is full.", KindFailed, 0},
		{"redirect", 307, ``, "", "the service answered HTTP 307 Temporary Redirect, a redirect to another address, which is not followed because a token must not travel there; check the endpoint", KindFailed, 0},
	} {
		e := answerError(opGet, "ci", &answer{status: test.status, header: http.Header{}, body: []byte(test.body)})
		if e.Code != test.code || e.Message != test.message || e.Kind != test.kind || len(e.Details) != test.details {
			t.Errorf("%s: (%s) %q, %s, details %v; want (%s) %q, %s, %d details", test.what, e.Code, e.Message, e.Kind, e.Details, test.code, test.message, test.kind, test.details)
		}
	}
}

func TestErrorsStaySmall(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 10000)
	found := readProblems([]byte(`{"error":{"code":"A","message":"`+long+`"}}`), 0)
	if len(found) != 1 || len(found[0].Message) > maxMessage+8 || strings.Contains(found[0].Message, "\uFFFD") {
		t.Errorf("a long message is kept with %d bytes", len(found[0].Message))
	}
	many := `{"errors":[` + strings.Repeat(`{"message":"m"},`, 5000) + `{"message":"m"}]}`
	if found := readProblems([]byte(many), 0); len(found) != 1 || len(found[0].Details) > 2*maxDetails {
		t.Errorf("%d details are kept", len(found[0].Details))
	}
	deep := strings.Repeat(`{"error":`, 5000) + `{"message":"m"}` + strings.Repeat(`}`, 5000)
	readProblems([]byte(deep), 0)
}

func FuzzProblems(f *testing.F) {
	for _, seed := range []string{`{"error":{"code":"A","message":"m","details":[{}]}}`, `[[[]]]`, `{"error":{"message":"{\"error\":1}"}}`, `"x"`, `{"errors":{"a":1}}`, `{"error":[null,1,"x",{}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := answerError(opGet, "ci", &answer{status: 400, header: http.Header{}, body: body})
		if e.Error() == "" {
			t.Errorf("%q became an error without words", body)
		}
	})
}

// What an answer says is repeated when it is words; anything else may hold a
// secret.
func TestDescribeKeepsSecrets(t *testing.T) {
	for _, body := range []string{
		"\ufeff{\"password\":\"hunter2\"", "{'password': 'hunter2'}", "access_token=hunter2&x=1", "<Key>hunter2</Key>",
		`"{\"password\":\"hunter2\"}`, "h\x00u\x00n\x00t\x00e\x00r\x002\x00", "password = hunter2",
		`{"error":{"code":"Bad","message":"see https://a.blob.core.windows.net/c?sv=2&sig=hunter2&se=1"}}`,
	} {
		e := answerError(opGet, "dev", &answer{status: 400, body: []byte(body)})
		if strings.Contains(e.Error(), "hunter2") || strings.Contains(e.Error(), "h\ufffd") {
			t.Errorf("%q is told as %q", body, e)
		}
	}
	e := answerError(opGet, "dev", &answer{status: 404, body: []byte("404 page not found\n")})
	if !strings.Contains(e.Error(), "404 page not found") {
		t.Errorf("words are told as %q", e)
	}
}
