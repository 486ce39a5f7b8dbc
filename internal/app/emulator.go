package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// Drive sends one of the emulator's own requests, such as POST advance: to the
// endpoint when one is set, else to the state on this machine. body is sent as
// JSON unless it is nil; the answer is returned as it came.
func (a *App) Drive(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	transport, base, err := a.driven()
	if err != nil {
		return nil, err
	}
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+"/_emulator/"+path, content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", a.Agent)
	req.Header.Set(emulator.ControlHeader, "1")
	req.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(req)
	if method != http.MethodGet && (err != nil || resp.StatusCode/100 == 2) {
		a.Wrote() // or may have
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return data, nil
	}
	var refused struct {
		Error struct{ Code, Message string }
	}
	if json.Unmarshal(data, &refused) != nil || refused.Error.Code == "" {
		return nil, exit.Errorf(exit.Failed, "%s answered %s: it does not seem to be an emulator of computetarget", base, resp.Status)
	}
	code := exit.Failed
	switch resp.StatusCode {
	case http.StatusBadRequest:
		code = exit.Usage
	case http.StatusNotFound:
		code = exit.NotFound
	}
	return nil, &exit.Error{Exit: code, Code: refused.Error.Code, Text: refused.Error.Message}
}

// driven is where the emulator's own requests go.
func (a *App) driven() (http.RoundTripper, string, error) {
	target, err := a.Settings.Target()
	if err != nil {
		return nil, "", err
	}
	if target.Endpoint.Set() && !target.Emulator() {
		next, err := a.network()
		return next, strings.TrimRight(target.Endpoint.Text, "/"), err
	}
	a.output.Emulator = true
	next, err := a.emulated()
	return next, emulatorEndpoint, err
}

// emulated answers requests to the emulator of this machine: in this process,
// or in the server that owns its folder.
func (a *App) emulated() (http.RoundTripper, error) {
	dir, err := a.EmulatorDir()
	if err != nil {
		return nil, err
	}
	info, served, err := emulator.Serving(dir)
	if err != nil {
		return nil, err
	}
	if served {
		to, err := url.Parse(info.Endpoint)
		if err != nil {
			return nil, exit.Errorf(exit.Failed, "the server of the emulator in %s has no address: %w", dir, err)
		}
		next, err := a.network()
		return toServer{to, next}, err
	}
	if _, err := a.pace(); err != nil {
		return nil, err
	}
	return a.carried(embedded{a}), nil
}

// embedded is the emulator in this process. It is opened at the first request,
// whose context ends the wait for another process that has it.
type embedded struct{ app *App }

// RoundTrip implements http.RoundTripper.
func (t embedded) RoundTrip(r *http.Request) (*http.Response, error) {
	e, err := t.app.openEmulator(r.Context())
	if err != nil {
		return nil, err
	}
	return e.Transport().RoundTrip(r)
}

// elsewhere adds to the error of a folder that cannot be written, such as that
// of a read-only home, how to keep the emulator's state in another one.
func elsewhere(err error) error {
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return err
	}
	return &exit.Error{Err: err,
		Tip: "let COMPUTETARGET_EMULATOR_DIR name a folder that can be written to"}
}

// toServer sends what is meant for the emulator in this process to a server. The
// Host header stays, so that URLs in the answers are of the same host.
type toServer struct {
	to   *url.URL
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	if sent.Host == "" {
		sent.Host = r.URL.Host
	}
	sent.URL.Scheme, sent.URL.Host = s.to.Scheme, s.to.Host
	answer, err := s.next.RoundTrip(sent)
	if answer != nil {
		answer.Request = r
	}
	return answer, err
}
