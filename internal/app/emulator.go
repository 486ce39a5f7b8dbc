package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/computetarget/computetarget/internal/azure"
	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/render"
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
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := transport.RoundTrip(req)
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
		return nil, render.Errorf(render.ExitFailed, "%s answered %s: it does not seem to be an emulator of computetarget", base, resp.Status)
	}
	exit := render.ExitFailed
	switch resp.StatusCode {
	case http.StatusBadRequest:
		exit = render.ExitUsage
	case http.StatusNotFound:
		exit = render.ExitNotFound
	}
	return nil, &render.Error{Exit: exit, Code: refused.Error.Code, Text: refused.Error.Message}
}

// driven is where the emulator's own requests go.
func (a *App) driven() (http.RoundTripper, string, error) {
	target, err := a.Settings.Target()
	if err != nil {
		return nil, "", err
	}
	if target.Endpoint.Set() && !target.Emulator() {
		ca, err := a.Settings.Get(config.CAFile)
		if err != nil {
			return nil, "", err
		}
		client, err := azure.NewTransport(azure.TransportOptions{CAFile: ca.Text})
		if err != nil {
			return nil, "", err
		}
		return client.Transport, strings.TrimRight(target.Endpoint.Text, "/"), nil
	}
	a.output.Emulator = true
	e, err := a.Emulator()
	if err != nil {
		return nil, "", err
	}
	return e.Transport(), emulatorEndpoint, nil
}
