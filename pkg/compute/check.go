package compute

import (
	"slices"
	"strings"
)

// CheckError lists all that is wrong with a compute that was not created.
type CheckError struct {
	Name     string
	Findings []Finding
}

// Finding is one thing that is wrong.
type Finding struct {
	Kind        Kind   // KindInvalid for wrong input, KindConflict for what exists
	Field       string // the setting: name, vmSize, quota, sshPublicKey, …
	Message     string
	Suggestions []string // valid values, best first
}

// Error lists the findings, one per line.
func (e *CheckError) Error() string {
	var lines []string
	for _, f := range e.Findings {
		lines = append(lines, f.Message)
	}
	return strings.Join(lines, "\n")
}

// Kind is KindInvalid if any input is wrong, else the kind of the first finding.
func (e *CheckError) Kind() Kind {
	switch {
	case slices.ContainsFunc(e.Findings, func(f Finding) bool { return f.Kind == KindInvalid }):
		return KindInvalid
	case len(e.Findings) > 0:
		return e.Findings[0].Kind
	}
	return KindFailed
}
