package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"

	"github.com/computetarget/computetarget/internal/config"
	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/emulator"
)

// Host is the emulator of this machine: in this process, where it is opened by
// the first request, or in the server that owns its folder.
type Host struct {
	session *Session

	opening  sync.Mutex
	emulator *emulator.Emulator
	unopened error // why it could not be opened
}

// open opens the emulator's state on this machine, or returns what came of that
// before: a damaged state is moved aside once, and the command that found it
// must not go on with an empty one.
func (h *Host) open(ctx context.Context) (*emulator.Emulator, error) {
	h.opening.Lock()
	defer h.opening.Unlock()
	if h.emulator != nil || h.unopened != nil {
		return h.emulator, h.unopened
	}
	dir, err := h.session.EmulatorDir()
	if err != nil {
		return nil, err
	}
	pace, err := h.pace()
	if err != nil {
		return nil, err
	}
	h.emulator, err = emulator.Open(ctx, emulator.Options{Dir: dir, Pace: pace, Waiting: h.waiting(dir)})
	if err != nil && ctx.Err() == nil {
		h.unopened = elsewhere(err)
	}
	return h.emulator, elsewhere(err)
}

// waiting says which process keeps the emulator's folder to itself.
func (h *Host) waiting(dir string) func(pid int) {
	return func(pid int) {
		holder := "another process"
		if pid != 0 {
			holder = fmt.Sprintf("process %d", pid)
		}
		h.session.Note("waiting for %s, which uses the emulator in %s", holder, dir)
	}
}

func (h *Host) pace() (emulator.Pace, error) {
	setting, err := h.session.Settings.Get(config.EmulatorPace)
	if err != nil {
		return emulator.Pace{}, err
	}
	return emulator.ParsePace(setting.Text) // the setting has been checked
}

func (h *Host) close() {
	if !h.opening.TryLock() {
		return // a request that was left behind is opening it: it ends with the process
	}
	defer h.opening.Unlock()
	if h.emulator != nil {
		closing(h.emulator)
	}
}

// Drive sends one of the emulator's own requests, such as POST advance: to the
// endpoint when one is set, else to the state on this machine. body is sent as
// JSON unless it is nil; the answer is returned as it came.
func (h *Host) Drive(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	transport, base, err := h.driven()
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
	req.Header.Set("User-Agent", h.session.Agent)
	req.Header.Set(emulator.ControlHeader, "1")
	req.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(req)
	if method != http.MethodGet && (err != nil || resp.StatusCode/100 == 2) {
		h.session.Wrote() // or may have
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
func (h *Host) driven() (http.RoundTripper, string, error) {
	target, err := h.session.Settings.Target()
	if err != nil {
		return nil, "", err
	}
	if target.Endpoint.Set() && !target.Emulator() {
		next, err := h.session.network()
		return next, strings.TrimRight(target.Endpoint.Text, "/"), err
	}
	h.session.output.Emulator = true
	next, err := h.transport()
	return next, emulatorEndpoint, err
}

// transport answers requests to the emulator of this machine: in this process,
// or in the server that owns its folder.
func (h *Host) transport() (http.RoundTripper, error) {
	dir, err := h.session.EmulatorDir()
	if err != nil {
		return nil, err
	}
	info, served, err := emulator.Serving(dir)
	if err != nil {
		return nil, elsewhere(err)
	}
	if served {
		to, err := url.Parse(info.Endpoint)
		if err != nil {
			return nil, exit.Errorf(exit.Failed, "the server of the emulator in %s has no address: %w", dir, err)
		}
		next, err := h.session.network()
		return toServer{to, next}, err
	}
	if _, err := h.pace(); err != nil {
		return nil, err
	}
	return h.session.through(embedded{h}), nil
}

// embedded is the emulator in this process. It is opened at the first request,
// whose context ends the wait for another process that has it.
type embedded struct{ host *Host }

// RoundTrip implements http.RoundTripper.
func (t embedded) RoundTrip(r *http.Request) (*http.Response, error) {
	e, err := t.host.open(r.Context())
	if err != nil {
		return nil, err
	}
	return e.Transport().RoundTrip(r)
}

// elsewhere adds to the error of a folder what to do about it: one that cannot be
// written, such as that of a read-only home, or one that is not trusted.
func elsewhere(err error) error {
	var distrust *emulator.TrustError
	switch {
	case errors.As(err, &distrust):
		return &exit.Error{Err: err, Tip: cmp.Or(distrust.Tip, "set COMPUTETARGET_EMULATOR_DIR to a folder of your own")}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &exit.Error{Err: err, Tip: "set COMPUTETARGET_EMULATOR_DIR to a writable folder"}
	}
	return err
}

// toServer sends requests for the embedded emulator to a server. The Host
// header stays, so that URLs in responses have the same host.
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
