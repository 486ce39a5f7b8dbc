package config

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/computetarget/computetarget/pkg/emulator"
	"github.com/computetarget/computetarget/pkg/nearest"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Canonical checks a text against an option's kind and normalizes it: choices
// and booleans in lower case. The error is a clause that continues "KEY (from
// SOURCE) …".
func Canonical(option Option, text string) (string, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "", errors.New("contains control characters")
	}
	text = strings.TrimSpace(text)
	switch option.Kind {
	case Choice:
		for _, choice := range option.Values {
			if strings.EqualFold(choice, text) {
				return choice, nil
			}
		}
		if near := nearest.Word(text, option.Values); near != "" {
			return "", fmt.Errorf("is %q; did you mean %s?", text, near)
		}
		return "", fmt.Errorf("is %q, not one of %s", text, strings.Join(option.Values, ", "))
	case Bool:
		value, ok := ParseBool(text)
		if !ok {
			return "", fmt.Errorf("is %q, not true or false", text)
		}
		return strconv.FormatBool(value), nil
	case Duration:
		if _, err := ParseDuration(text); err != nil {
			return "", err
		}
	case Group, Name:
		if strings.ContainsAny(text, `/\?#%`) {
			return "", fmt.Errorf("is %q, not a valid name", text)
		}
	case Zone:
		if _, err := schedule.Resolve(text); err != nil {
			return "", fmt.Errorf("cannot be used: %w", err)
		}
	case Pace:
		if _, err := emulator.ParsePace(text); err != nil {
			return "", fmt.Errorf("cannot be used: %w", err)
		}
	case Version:
		if !version().MatchString(text) {
			return "", fmt.Errorf("is %q, not an api-version such as 2025-12-01 or 2025-12-01-preview", text)
		}
	case URL:
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "", fmt.Errorf("is %q, not a URL such as https://management.azure.com", text)
		}
	}
	return text, nil
}

var version = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{4}-\d\d-\d\d(-[a-z]+)?$`) })

// ParseBool parses a boolean as az does: true, yes, on, 1 and their opposites,
// in any case.
func ParseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1", "y", "t":
		return true, true
	case "false", "no", "off", "0", "n", "f":
		return false, true
	}
	return false, false
}

// ParseDuration parses a duration with units: 90s, 90m, 1h30m, 3d. A bare
// number other than 0 is an error, because it could mean seconds or minutes.
func ParseDuration(text string) (time.Duration, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	if lower == "0" {
		return 0, nil
	}
	if n, err := strconv.ParseInt(lower, 10, 64); err == nil && n > 0 {
		return 0, fmt.Errorf("is %q without a unit: write %ds for seconds or %dm for minutes", text, n, n)
	}
	bad := fmt.Errorf("is %q, not a duration such as 90m, 1h30m or 3d", text)
	days, rest, found := strings.Cut(lower, "d")
	var total time.Duration
	if found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, bad
		}
		total = time.Duration(n) * 24 * time.Hour
	} else {
		rest = lower
	}
	if rest != "" {
		more, err := time.ParseDuration(rest)
		if err != nil || more < 0 || more > math.MaxInt64-total {
			return 0, bad
		}
		total += more
	} else if !found {
		return 0, bad
	}
	return total, nil
}
