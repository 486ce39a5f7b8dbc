package view

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
)

// fared counts how n computes fared when some of them failed: "29 running, 11
// failed: quota", or with several causes "11 failed: 8 quota, 3 not found". It
// is "" when one compute was asked for, or none failed. of is the word for how
// one ended, or its error.
func fared(n int, failed error, of func(int) (string, error)) string {
	if n < 2 || failed == nil {
		return ""
	}
	var done, causes tally
	for i := range n {
		switch word, err := of(i); {
		case errors.Is(err, compute.ErrDryRun):
		case err != nil:
			causes.add(cause(err))
		default:
			done.add(word)
		}
	}
	if causes.total == 0 {
		return ""
	}
	why := causes.words()
	if len(causes.order) == 1 {
		why = causes.order[0]
	}
	text := fmt.Sprintf("%d failed: %s", causes.total, why)
	if done.total > 0 {
		text = done.words() + ", " + text
	}
	return text
}

// tally counts words in the order in which they came.
type tally struct {
	order []string
	count map[string]int
	total int
}

func (t *tally) add(word string) {
	if t.count == nil {
		t.count = map[string]int{}
	}
	if t.count[word] == 0 {
		t.order = append(t.order, word)
	}
	t.count[word]++
	t.total++
}

func (t *tally) words() string {
	words := make([]string, len(t.order))
	for i, word := range t.order {
		words[i] = fmt.Sprintf("%d %s", t.count[word], word)
	}
	return strings.Join(words, ", ")
}

// cause is the reason of a failure in a word or two.
func cause(err error) string {
	var e *compute.Error
	if !errors.As(err, &e) {
		return "other errors"
	}
	text := strings.ToLower(e.Code + " " + e.Message)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case has("quota", "corelimit") && e.Kind != compute.KindBusy:
		return "quota"
	case has("capacity", "allocationfailed", "skunotavailable"):
		return "no capacity"
	}
	return cmp.Or(map[compute.Kind]string{
		compute.KindUnreachable: "not reached",
		compute.KindConflict:    "in conflict with what exists",
		compute.KindInvalid:     "refused",
		compute.KindNotFound:    "not found",
		compute.KindTimeout:     "timed out",
		compute.KindState:       "in a failed state",
		compute.KindAuth:        "not permitted",
		compute.KindBusy:        "busy",
		compute.KindInterrupted: "interrupted",
	}[e.Kind], "other errors")
}
