// Package emulator emulates Azure Resource Manager for the computes of Azure
// Machine Learning, as an http.Handler: instances with operations, schedules and
// idle shutdown, clusters, attached computes, sizes, usages and quotas. The state
// is in memory, or in a directory that several processes may share. The clock can
// be advanced.
//
// It shares no wire types with pkg/compute: each implements the protocol
// independently, so a misreading cannot pass on both sides.
package emulator

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
	"github.com/computetarget/computetarget/pkg/emulator/machinelearning"
	"github.com/computetarget/computetarget/pkg/emulator/resources"
)

// The resources of a new emulator, which callers may use as defaults: the
// subscription whose id is all zeros, and local-ws in local-rg, in eastus.
const (
	Subscription  = resources.Subscription
	ResourceGroup = resources.ResourceGroup
	Workspace     = machinelearning.Workspace
	Location      = resources.Location // also of what is made on first use
)

// Limits of request bodies. ARM's is 4 MB; a list to load may have tens of
// thousands of computes.
const (
	maxBody = 4 << 20
	maxLoad = 128 << 20
)

// defaultPage is the number of items in one page of a list. The service's own
// page size is not published.
const defaultPage = 200

// Options configure an emulator. The zero value is one in memory, on the wall
// clock, at the fast pace, that makes unknown workspaces on first use.
type Options struct {
	Dir              string // directory of the state; "" is memory
	Clock            Clock  // nil is the wall clock
	Pace             Pace   // scales how long operations take; the zero value is PaceFast
	StrictWorkspaces bool   // answer 404 for an unknown subscription, group or workspace instead of making it
	FamilyCores      int    // vCPU quota of each VM family and region; 0 is 100
	PageSize         int    // items in one page of a list; 0 is 200
	Throttle         bool   // refuse requests above ARM's published rates
	StrictAuth       bool   // refuse requests without a valid token for this endpoint

	// Waiting is called when a request has waited two seconds for another
	// process that uses Dir, with its id, or 0 if not known.
	Waiting func(pid int)
}

// Emulator is an ARM endpoint. It is safe for concurrent use. Make one with New.
type Emulator struct {
	opts Options
	disk *disk // nil in memory

	mu       chan struct{} // a mutex whose waiters can give up
	settings arm.Settings
	records  *arm.Records
	journal  *journal
	buckets  map[string]*bucket // of the rate limit
	closed   bool
}

// New is Open without a context.
func New(o Options) (*Emulator, error) { return Open(context.Background(), o) }

// Open opens an emulator. ctx ends the wait for another process that uses its
// directory. A damaged state file is moved aside and reported once, as a
// *StoreError; the next Open starts with an empty emulator.
func Open(ctx context.Context, o Options) (*Emulator, error) {
	if o.Clock == nil {
		o.Clock = wallClock{}
	}
	if o.FamilyCores <= 0 {
		o.FamilyCores = 100
	}
	if o.PageSize <= 0 {
		o.PageSize = defaultPage
	}
	e := &Emulator{opts: o, mu: make(chan struct{}, 1)}
	e.settings = arm.Settings{
		Speed: o.Pace.factor(), PageSize: o.PageSize, Strict: o.StrictWorkspaces, FamilyCores: o.FamilyCores, CheckTokens: o.StrictAuth, NewID: uuid, Providers: providers(),
	}
	e.records = e.seeded()
	e.journal, e.buckets = newJournal(o.Dir), map[string]*bucket{}
	if o.Dir != "" {
		d, err := openDisk(o.Dir, o.Waiting, e.seeded)
		if err != nil {
			return nil, err
		}
		e.disk = d
	}
	if err := e.update(ctx, func(*tx) error { return nil }); err != nil {
		return nil, err
	}
	return e, nil
}

// Close ends the emulator. Later requests fail. The state stays in its directory.
func (e *Emulator) Close() error {
	e.mu <- struct{}{}
	defer func() { <-e.mu }()
	e.closed = true
	return nil
}

var errClosed = errors.New("the emulator is closed")

// update runs f as one transaction, after what is due has been applied and
// committed. The changes of f are written when update returns, and undone if f
// fails.
func (e *Emulator) update(ctx context.Context, f func(*tx) error) error {
	select {
	case e.mu <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.mu }()
	if e.closed {
		return errClosed
	}
	if e.disk != nil {
		unlock, err := e.disk.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		if e.records, err = e.disk.refresh(e.records); err != nil {
			e.records = e.seeded()
			return err
		}
	}
	t := &tx{e.records.Begin(&e.settings), e}
	t.Now = e.clockNow(t.Tx)
	t.ApplyDue()
	if err := t.commit(); err != nil {
		e.records = e.seeded()
		return err
	}
	failure := f(t)
	if failure != nil {
		return errors.Join(failure, t.Rollback())
	}
	if err := t.commit(); err != nil {
		e.records = e.seeded()
		return err
	}
	return nil
}

// transact is update for an f that returns a value.
func transact[T any](ctx context.Context, e *Emulator, f func(*tx) (T, error)) (out T, err error) {
	err = e.update(ctx, func(t *tx) (err error) {
		out, err = f(t)
		return err
	})
	return out, err
}

// ServeHTTP serves ARM requests, the emulator's own under /_emulator/, and
// /healthz, under any Host. It refuses requests from web pages of another origin. A
// fault that breaks the connection panics with http.ErrAbortHandler.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if foreign := fromPage(r); foreign != nil {
		refuse(w, foreign)
		return
	}
	res, err := e.exchange(r)
	if err != nil {
		if r.Context().Err() != nil {
			return
		}
		res = exchange{Response: e.failed(err)}
	}
	if res.reset {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	for k, v := range res.Header {
		h[k] = v
	}
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(writePatience)) // where it can be set
	w.WriteHeader(res.Status)
	if r.Method == http.MethodHead {
		return
	}
	body := res.Body
	if res.cut {
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body) // fails only if the client has gone
	if res.cut {
		_ = control.Flush() // unflushed, the body is only cut shorter
		panic(http.ErrAbortHandler)
	}
}

// Transport serves requests in this process, under any host name. Client and
// emulator share no memory. Failures of the store are errors, not responses, so
// that a retry does not hide them.
func (e *Emulator) Transport() http.RoundTripper { return transport{e} }

type transport struct{ e *Emulator }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		closeBody(r)
		return nil, err
	}
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.Header = make(http.Header, len(r.Header)) // names in any case, as a network delivers them
	for k, v := range r.Header {
		k = http.CanonicalHeaderKey(k)
		in.Header[k] = append(in.Header[k], v...)
	}
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{}
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer closeBody(r)
	res, err := t.e.exchange(in)
	if err != nil {
		return nil, err
	}
	if res.reset {
		return nil, errReset
	}
	answer := asHTTP(res.Response, r)
	if res.cut {
		answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(res.Body[:len(res.Body)/2]), brokenReader{}))
	}
	return answer, nil
}

// errReset is the client's error if a fault breaks the connection.
var errReset = fmt.Errorf("the connection was reset by a fault of the emulator: %w", io.ErrUnexpectedEOF)

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errReset }

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // the request is over either way
	}
}

// uuid returns a new random (version 4) id.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// tx is the transaction of one request, as the core sees it.
type tx struct {
	*arm.Tx
	e *Emulator
}

// The tables of the core.
const (
	clocks arm.Table[clockRecord] = "clock" // one
	faults arm.Table[*Fault]      = "fault" // by id
)

type clockRecord struct {
	Offset time.Duration `json:"offset"` // sum of all advances
	Seen   time.Time     `json:"seen"`   // the emulator's time when the state last changed
}

// seeded returns the records of a new emulator.
func (e *Emulator) seeded() *arm.Records {
	tables := []arm.Declared{clocks, faults}
	for _, p := range providers() {
		tables = append(tables, p.Tables...)
	}
	r := arm.NewRecords(tables)
	seed(r.Begin(&e.settings))
	if change, err := r.Pending(); err == nil { // three records of plain strings
		r.Commit(change)
	}
	return r
}

func seed(t *arm.Tx) {
	for _, p := range providers() {
		if p.Seed != nil {
			p.Seed(t)
		}
	}
}

// commit writes the changes.
func (t *tx) commit() error {
	if !t.e.records.Changed() {
		return nil
	}
	clock := clocks.Get(t.Tx, "")
	clock.Seen = t.Now
	clocks.Put(t.Tx, "", clock)
	change, err := t.e.records.Pending()
	if err != nil {
		return err
	}
	if t.e.disk != nil {
		if err := t.e.disk.append(change, t.e.records); err != nil {
			return err
		}
	}
	t.e.records.Commit(change)
	return nil
}

// clockNow is the emulator's time: its clock plus all advances. It never goes
// back.
func (e *Emulator) clockNow(t *arm.Tx) time.Time {
	clock := clocks.Get(t, "")
	now := e.opts.Clock.Now().UTC().Round(0).Add(clock.Offset)
	if behind := clock.Seen.Sub(now); behind > 0 {
		// The clock went back: the wall clock was set, or this state had a
		// faster clock before. Go on from the last time.
		clock.Offset += behind
		clocks.Put(t, "", clock)
		now = clock.Seen
	}
	return now
}

// asHTTP is a response as a client gets it.
func asHTTP(r *arm.Response, req *http.Request) *http.Response {
	body := r.Body
	if req.Method == http.MethodHead {
		body = nil
	}
	return &http.Response{
		Status: strconv.Itoa(r.Status) + " " + http.StatusText(r.Status), StatusCode: r.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.Header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}
