// Package emulatortest serves a pkg/emulator for the length of a Go test.
//
//	srv := emulatortest.NewServer(t, emulator.Options{})
//	client, err := armmachinelearning.NewComputeClient(srv.Subscription, srv.Credential(), srv.ClientOptions())
//
// Each server has its own state and its own clock, which stands still until the
// test moves it, so tests may run in parallel.
package emulatortest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// Start is the time that a server's clock shows first: a Monday morning, UTC.
var Start = time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)

// Server is an emulator that listens on a loopback port over TLS.
type Server struct {
	*httptest.Server // URL is the endpoint; Client() trusts its certificate

	Emulator *emulator.Emulator
	Clock    *emulator.ManualClock // nil when the options brought their own clock
	Computes *compute.Client       // this repository's client for the seeded workspace

	Subscription, ResourceGroup, Workspace string // what the emulator is seeded with

	t testing.TB // nil where there is no test
}

// NewServer starts a server that ends with the test. Unlike in emulator.Options,
// no clock means a clock that stands still at Start, and no pace means
// PaceInstant.
func NewServer(t testing.TB, o emulator.Options) *Server {
	t.Helper()
	s, err := Serve(o)
	if err != nil {
		t.Fatalf("emulator: %v", err)
	}
	t.Cleanup(s.Close)
	s.t = t
	return s
}

// Serve is NewServer outside a test, such as in an example or TestMain. The
// caller closes the server.
func Serve(o emulator.Options) (*Server, error) {
	s := &Server{
		Subscription:  emulator.Subscription,
		ResourceGroup: emulator.ResourceGroup,
		Workspace:     emulator.Workspace,
	}
	if o.Clock == nil {
		s.Clock = emulator.NewManualClock(Start)
		o.Clock = s.Clock
	}
	if o.Pace == (emulator.Pace{}) {
		o.Pace = emulator.PaceInstant
	}
	e, err := emulator.New(o)
	if err != nil {
		return nil, err
	}
	s.Emulator, s.Server = e, httptest.NewUnstartedServer(e)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // faults break connections
	s.StartTLS()
	s.Computes, err = compute.New(compute.Workspace{Subscription: s.Subscription, ResourceGroup: s.ResourceGroup, Name: s.Workspace},
		compute.Options{Endpoint: s.URL, Credential: s.Credential(), Transport: s.Client().Transport})
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the server.
func (s *Server) Close() {
	s.Server.Close()
	_ = s.Emulator.Close() // it fails for nobody
}

// must ends the test, or panics where there is none, when err is not nil.
func (s *Server) must(err error) {
	if err == nil {
		return
	}
	if s.t == nil {
		panic(err)
	}
	s.t.Helper()
	s.t.Fatalf("emulator: %v", err)
}

// Fault lets requests go wrong from now on; see emulator.Fault. One that makes
// no sense fails the test.
func (s *Server) Fault(f emulator.Fault) {
	if s.t != nil {
		s.t.Helper()
	}
	_, err := s.Emulator.AddFault(context.Background(), f)
	s.must(err)
}

// Requests returns the requests of clients so far, in order.
func (s *Server) Requests() []emulator.Request {
	list, err := s.Emulator.Requests(context.Background())
	s.must(err)
	return list
}

// ClientOptions points a client of Microsoft's SDK at the server.
func (s *Server) ClientOptions() *arm.ClientOptions {
	return &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Cloud: cloud.Configuration{
				ActiveDirectoryAuthorityHost: s.URL,
				Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
					cloud.ResourceManager: {Endpoint: s.URL, Audience: s.URL},
				},
			},
			Transport: s.Client(),
		},
		DisableRPRegistration: true,
	}
}

// The person that Credential signs in.
const (
	ObjectID = "11111111-1111-1111-1111-111111111111"
	TenantID = "22222222-2222-2222-2222-222222222222"
	UserName = "Test User"
)

// Credential gives tokens that the emulator takes for ObjectID of TenantID.
func (s *Server) Credential() azcore.TokenCredential { return credential{} }

type credential struct{}

func (credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	claims, err := json.Marshal(map[string]any{
		"oid": ObjectID, "tid": TenantID, "name": UserName,
		"aud": "https://management.azure.com", "exp": time.Now().Add(time.Hour).Unix(), // for StrictAuth
	})
	if err != nil {
		return azcore.AccessToken{}, err
	}
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(claims) + "." + part([]byte("unsigned"))
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}
