package compute

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// The list of what is a secret by its name.
func TestSecretNames(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"password": true, "adminUserPassword": true, "admin_password": true, "Passwd": true, "pwd": true, "passphrase": true,
		"privateKey": true, "privateKeyData": true, "key": true, "keys": true, "accountKey": true, "primaryKey": true, "primaryAccessKey": true,
		"userStorageKey": true, "appInsightsInstrumentationKey": true, "api-key": true, "x-functions-key": true, "sharedAccessKey": true,
		"client_secret": true, "secretRef": true, "accessToken": true, "refresh_token": true, "code_verifier": true, "assertion": true, "clientAssertion": true,
		"connectionString": true, "userKubeConfig": true, "sas": true, "sasSignature": true, "cert": true, "pfx": true, "clientCertificateData": true,
		"credential": true, "credentials": true, "userAccountCredentials": true, "Authorization": true, "Set-Cookie": true, "pin": true,
		"scriptData": true, "scriptArguments": true, "environmentVariables": true,
		"publicKey": false, "adminPublicKey": false, "sshPublicKey": false, "adminUserName": false, "name": false, "id": false, "vmSize": false,
		"computeInstanceAuthorizationType": false, "tokenType": false, "credentialsType": false,
		"state": false, "tags": false, "message": false, "keyVault": false, "pinned": false, "spinner": false,
	} {
		if got := isSecret(key); got != want {
			t.Errorf("%s: secret %t, want %t", key, got, want)
		}
	}
}

// A body that does not decode, in any way it may not, is shown by type and
// length alone.
func TestDebugHidesUndecodableBodies(t *testing.T) {
	t.Parallel()
	good := `{"properties":{"adminPassword":"hunter2","name":"visible"}}`
	for name, body := range map[string]string{
		"a BOM":               "\ufeff" + good,
		"cut by one byte":     good[:len(good)-1],
		"cut in the middle":   good[:45],
		"single quotes":       strings.ReplaceAll(good, `"`, `'`),
		"no quotes":           `{adminPassword: hunter2}`,
		"two values":          `{} ` + good,
		"a comma at the end":  `{"adminPassword":"hunter2",}`,
		"a form":              "grant_type=password&password=hunter2",
		"YAML":                "adminPassword: hunter2\n",
		"HTML":                "<html><form><input name=password value=hunter2></form></html>",
		"UTF-16":              "{\x00\"\x00p\x00w\x00d\x00\"\x00:\x00\"\x00hunter2",
		"a comment before it": "/* */" + good,
		"bytes":               "\xff\xfehunter2",
	} {
		for _, prefix := range []string{"> ", "< "} {
			var b strings.Builder
			writeBody(&b, prefix, http.Header{"Content-Type": {"application/json"}}, []byte(body))
			if want := prefix + strconv.Itoa(len(body)) + ` bytes of "application/json" that are not JSON` + "\n"; b.String() != want {
				t.Errorf("%s: %q, want %q", name, b.String(), want)
			}
		}
	}
	for _, empty := range []string{"", " \n"} {
		var b strings.Builder
		if writeBody(&b, "> ", nil, []byte(empty)); b.Len() > 0 {
			t.Errorf("%q: %q", empty, b.String())
		}
	}
}

// Secrets in places that JSON does not name them in.
func TestDebugHidesSecretsInStrings(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"JSON in a string":                 `{"password":"hunter2"}`,
		"JSON in JSON in a string":         `{"inner":"{\"password\":\"hunter2\"}"}`,
		"a string in a string":             `"{\"password\":\"hunter2\"}"`,
		"a list in a string":               `[{"password":"hunter2"}]`,
		"a BOM before it":                  "\ufeff" + `{"password":"hunter2"}`,
		"cut JSON in a string":             `{"password":"hunter2`,
		"single quotes in a string":        `{'password':'hunter2'}`,
		"a list of single quotes":          `[{'user':'hunter2'}]`,
		"a connection string":              "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter2",
		"a shared access key":              "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=hunter2",
		"a SAS without its address":        "?sv=2022&se=x&sig=hunter2",
		"a SAS":                            "https://a.blob.core.windows.net/c?sv=1&sig=hunter2",
		"a SAS after text":                 "see https://a.blob.core.windows.net/c?sv=1&sig=hunter2 for more",
		"a relative address":               "/c?sv=1&code=hunter2",
		"a user in an address":             "https://me:hunter2@host/",
		"a user in an address, after text": "clone https://me:hunter2@host/ first",
		"a fragment":                       "https://host/#access_token=hunter2",
		"a semicolon in the query":         "https://host/?api-version=1;sig=hunter2",
		"a header":                         "Authorization: Bearer hunter2hunter2",
		"basic":                            "basic aHVudGVyMg==hunter2",
		"a JWT":                            "it is eyJhbGciOiJub25lIn0.hunter2.x",
		"a private key":                    "-----BEGIN RSA PRIVATE KEY-----\nhunter2",
		"words":                            "your password: hunter2",
		"a command":                        "mount -o username=u,password=hunter2",
		"quoted":                           `it said "password" : "hunter2"`,
		"a pair":                           map[string]any{"name": "DB_PASSWORD", "value": "hunter2"},
		"a pair by key":                    map[string]any{"Key": "secret", "Value": []any{"hunter2"}},
	} {
		for _, v := range []any{value, []any{value}, map[string]any{"x": value}} {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			writeBody(&b, "< ", nil, text)
			if strings.Contains(b.String(), "hunter2") || strings.Contains(b.String(), "not JSON") {
				t.Errorf("%s: %s", name, b.String())
			}
		}
	}
	for _, shown := range []string{
		"", "plain", "12", "true", "null", "[Forbidden] not allowed", "The password is too short.", "mon-fri 09:00-18:00", "0 9 * * 1-5",
		"https://host/path?api-version=2023-04-01", "/subscriptions/s/resourceGroups/g", `"dev" is not a name`, "ssh-rsa AAAAB3Nza me@host",
		"The access token expiry UTC time is earlier than current UTC time.",
	} {
		if got := safeText(shown); got != shown {
			t.Errorf("%q became %q", shown, got)
		}
	}
}

// Headers are shown by a list, and addresses in them without their secrets.
func TestDebugHidesHeaders(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	writeHeaders(&b, "< ", http.Header{
		"Authorization": {"Bearer hunter2"}, "Proxy-Authorization": {"Basic hunter2"}, "Cookie": {"a=hunter2"}, "Set-Cookie": {"a=hunter2"},
		"X-Ms-Encryption-Key": {"hunter2"}, "X-Ms-Copy-Source": {"https://h/?sig=hunter2"}, "X-Ms-Authorization-Auxiliary": {"Bearer hunter2"},
		"X-Functions-Key": {"hunter2"}, "Ocp-Apim-Subscription-Key": {"hunter2"},
		"Location":             {"/relative?sig=hunter2"},
		"Azure-Asyncoperation": {"https://h/op?api-version=1&t=1&c=hunter2&s=hunter2#hunter2", "https://u:hunter2@h/?x=hunter2"},
		"Www-Authenticate":     {`Bearer authorization_uri="https://login/x?code=hunter2", error="visible"`},
		"X-Ms-Request-Id":      {"visible"},
	})
	if strings.Contains(b.String(), "hunter2") || !strings.Contains(b.String(), "X-Ms-Request-Id: visible") || !strings.Contains(b.String(), "/op?api-version=1&t=REDACTED") {
		t.Error(b.String())
	}
}

func FuzzSafeText(f *testing.F) {
	for _, seed := range []string{"https://u:p@h/?a=b#c", `{"a":1}`, `[`, `"`, "/x?y", "%zz://", "eyJ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := safeText("https://host/?sig=hunter2&" + s); strings.Contains(got, "hunter2") && !strings.Contains(s, "hunter2") {
			t.Errorf("after a signature, %q shows %q", s, got)
		}
		text, err := json.Marshal(map[string]any{s: s, "password": "hunter2", "inner": `{"password":"hunter2"}` + s})
		if err != nil {
			return
		}
		var b strings.Builder
		if writeBody(&b, "", nil, text); strings.Contains(b.String(), "hunter2") && !strings.Contains(s, "hunter2") {
			t.Errorf("with %q: %s", s, b.String())
		}
	})
}
