package emulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/emulator/arm"
)

const throttled = "SubscriptionRequestsThrottled"

// Sizes and refill rates of ARM's token buckets. Each subscription, principal and
// kind of request has one ("Understand how Azure Resource Manager throttles
// requests").
const (
	readTokens, readRefill   = 250, 25 // requests, requests a second
	writeTokens, writeRefill = 200, 10
)

// bucket is one of ARM's token buckets, on the emulator's clock.
type bucket struct {
	left    float64
	at      time.Time // time of left
	refused time.Time // all requests before it are refused
}

// kindOfRequest returns the bucket of a method, its size and refill rate.
func kindOfRequest(method string) (kind string, size, refill float64) {
	switch method {
	case http.MethodGet, http.MethodHead:
		return "reads", readTokens, readRefill
	case http.MethodDelete:
		return "deletes", writeTokens, writeRefill
	}
	return "writes", writeTokens, writeRefill
}

// limitRate takes a token from the caller's bucket, or refuses the request. Like
// ARM it also refuses requests before Retry-After is over.
func (t *tx) limitRate(q *request) error {
	if !t.e.opts.Throttle || len(q.Path) < 2 || !strings.EqualFold(q.Path[0], "subscriptions") {
		return nil
	}
	kind, size, refill := kindOfRequest(q.Method)
	k := arm.Key(q.Path[1], q.Caller.ObjectID, kind)
	b := t.e.buckets[k]
	if b == nil {
		b = &bucket{left: size, at: t.Now}
		t.e.buckets[k] = b
	}
	if d := t.Now.Sub(b.at); d > 0 {
		b.left, b.at = min(size, b.left+d.Seconds()*refill), t.Now
	}
	if b.left < 1 || t.Now.Before(b.refused) {
		wait := time.Second
		b.refused = t.Now.Add(wait)
		q.remaining = 1
		e := arm.Fail(http.StatusTooManyRequests, throttled,
			"Number of '%s' requests for subscription '%s' exceeded the limit. Please try again after '%d' seconds.", kind, q.Path[1], int(wait.Seconds()))
		e.Header = http.Header{"Retry-After": {strconv.Itoa(int(wait.Seconds()))}}
		return e
	}
	b.left--
	q.remaining = int(b.left) + 1
	return nil
}

// remainingTokens returns the rate-limit header of a response and its value.
func (q *request) remainingTokens() (header, left string) {
	kind, size, _ := kindOfRequest(q.Method)
	n := int(size) - 1
	if q.remaining > 0 {
		n = q.remaining - 1
	}
	return "X-Ms-Ratelimit-Remaining-Subscription-" + strings.ToUpper(kind[:1]) + kind[1:], strconv.Itoa(n)
}
