package setup

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
)

// The time limit of a script.
const (
	DefaultTimeout = 15 * time.Minute // the service's own, when none is sent
	usualTimeout   = 25 * time.Minute // users report that the service refuses more
	maxTimeout     = 7 * 24 * time.Hour
)

// Timeout reads a DURATION of the article: a number with an optional suffix, s
// (the default), m, h or d. It returns the time limit in the form that is sent,
// minutes, which is all that users saw the service take. The name is for the
// finding about one that is longer than the service is known to allow. The error
// is a clause that says why the text is none.
func Timeout(name, text string) (sent string, found []Finding, err error) {
	d, err := duration(text)
	if err != nil {
		return "", nil, err
	}
	if d > usualTimeout {
		found = append(found, Finding{Code: "timeout", Severity: Warning, File: name,
			Reason: fmt.Sprintf("%s is longer than 25 minutes; users report that the service refuses more, though its page allows it", text),
			Fix:    "use at most 25m, and leave what takes longer to the first start"})
	}
	tenThousandths := math.Ceil(d.Minutes()*10000 - 1e-6) // never shorter than asked
	return strconv.FormatFloat(tenThousandths/10000, 'f', -1, 64) + "m", found, nil
}

func duration(text string) (time.Duration, error) {
	const form = "it is a number with an optional suffix: 900 or 900s, 15m, 1.5h, 1d"
	d, ok := compute.ScriptTimeout(text)
	switch {
	case text == "":
		return 0, fmt.Errorf("it is empty; %s", form)
	case strings.HasPrefix(text, "-"):
		return 0, fmt.Errorf("%s is negative; %s", text, form)
	case strings.HasPrefix(strings.ToUpper(text), "P"):
		return 0, fmt.Errorf("%s is an ISO 8601 duration, which the service refuses; %s", text, form)
	case strings.Contains(text, ","):
		return 0, fmt.Errorf("%s has a comma; write %s", text, strings.ReplaceAll(text, ",", "."))
	case ok && d > maxTimeout, !ok && huge(text):
		return 0, fmt.Errorf("%s is longer than seven days", text)
	case !ok:
		return 0, fmt.Errorf("%s is not a duration; %s", text, form)
	case d <= 0:
		return 0, fmt.Errorf("%s is too short; without the flag the service allows 15 minutes", text)
	}
	return d, nil
}

// huge reports whether a text is a number too large for a duration.
func huge(text string) bool {
	digits := strings.TrimRight(text, "smhd")
	return len(text)-len(digits) < 2 && strings.Count(digits, ".") < 2 && strings.Trim(digits, ".") != "" && strings.Trim(digits, "0123456789.") == ""
}
