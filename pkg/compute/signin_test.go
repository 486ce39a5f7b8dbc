package compute

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// numbered is a credential whose every token is another one.
type numbered struct{ asked int }

func (n *numbered) GetToken(context.Context, azpolicy.TokenRequestOptions) (azcore.AccessToken, error) {
	n.asked++
	return azcore.AccessToken{Token: fmt.Sprintf("token-%d", n.asked), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// A token that is refused is replaced, once, and the request is sent again with
// the body it had; a write is not carried out twice by that.
func TestRefusedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refused []string // tokens the service does not take
		want    []string // what it is sent
		kind    Kind
	}{
		"taken":          {nil, []string{"token-1", "token-1"}, 0},
		"first refused":  {[]string{"token-1"}, []string{"token-1", "token-2", "token-2"}, 0},
		"second refused": {[]string{"token-1", "token-2"}, []string{"token-1", "token-2"}, KindAuth},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var sent []string
					c := dial(t, func(req *http.Request) (*http.Response, error) {
						token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
						sent = append(sent, token)
						if req.Body != nil {
							body, err := io.ReadAll(req.Body)
							if err != nil || !strings.Contains(string(body), "ComputeInstance") {
								t.Errorf("body %q %v", body, err)
							}
						}
						if slices.Contains(test.refused, token) {
							return reply(401, `{"error":{"code":"ExpiredAuthenticationToken","message":"too old"}}`), nil
						}
						return reply(200, `{"name":"dev","properties":{"computeType":"ComputeInstance"}}`), nil
					}, Options{Credential: &numbered{}})
					var err error
					for range 2 {
						if method == http.MethodGet {
							_, err = c.Get(t.Context(), "dev")
						} else {
							_, err = c.write(t.Context(), opCreate, VerbCreate, "dev", &Spec{Location: "eastus", Instance: &InstanceSpec{VMSize: "STANDARD_A1_V2"}})
						}
						if err != nil {
							break
						}
					}
					if (err != nil) != (test.kind != 0) || err != nil && KindOf(err) != test.kind {
						t.Errorf("error %v", err)
					}
					if !slices.Equal(sent, test.want) {
						t.Errorf("sent %q, not %q", sent, test.want)
					}
				})
			})
		}
	}
}

// An unreachable host is named once, wherever the error comes from.
func TestUnreachableIsSaidOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			err  error
			want string
		}{
			{errors.New("no host is called management.azure.com"), "no host is called management.azure.com"},
			{errors.New("broken pipe"), "management.azure.com cannot be reached: broken pipe"},
		} {
			c := dial(t, func(*http.Request) (*http.Response, error) { return nil, test.err }, Options{})
			_, err := c.Get(t.Context(), "dev")
			if err == nil || err.Error() != test.want || KindOf(err) != KindUnreachable {
				t.Errorf("%v, not %q", err, test.want)
			}
		}
	})
}
