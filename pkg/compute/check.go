package compute

// CheckError lists everything that is wrong with a compute before it is
// requested.
type CheckError struct {
	Name     string
	Findings []Finding
}

// Finding is one thing that is wrong.
type Finding struct {
	// Kind is KindInvalid for wrong input, KindConflict for what exists.
	Kind Kind
	// Field is the setting: name, vmSize, quota, sshPublicKey, …
	Field   string
	Message string
	// Suggestions are valid values, best first.
	Suggestions []string
}

// Error returns all findings, one per line.
func (e *CheckError) Error() string {
	text := ""
	for i, f := range e.Findings {
		if i > 0 {
			text += "\n"
		}
		text += f.Message
	}
	return text
}

// Kind is KindInvalid if any input is wrong, else the kind of the first
// finding.
func (e *CheckError) Kind() Kind {
	for _, f := range e.Findings {
		if f.Kind == KindInvalid {
			return KindInvalid
		}
	}
	if len(e.Findings) > 0 {
		return e.Findings[0].Kind
	}
	return KindFailed
}
