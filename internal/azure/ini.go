package azure

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/internal/input"
)

// INI is a configuration file of az, read as Python's ConfigParser does:
// section names keep their case, option names do not, "=" or ":" separates, "#"
// and ";" start a comment at the beginning of a line, an indented line
// continues the value above it, [DEFAULT] applies to every section and %(name)s
// stands for another option of the section. Where ConfigParser would fail (a
// duplicate name, text before the first section), the last value counts and
// stray text is ignored, because a bad file of az must not stop this program.
type INI struct {
	sections map[string]map[string]string
}

const defaultSection = "DEFAULT"

// ParseINI parses text. It never fails: it ignores what it does not understand.
func ParseINI(text []byte) *INI {
	ini := &INI{sections: map[string]map[string]string{}}
	var section map[string]string
	key, indent := "", 0
	if plain, err := input.Text(text); err == nil {
		text = plain
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		depth := len(line) - len(strings.TrimLeft(line, " \t"))
		if key != "" && depth > indent {
			section[key] += "\n" + trimmed
			continue
		}
		if name, ok := sectionName(trimmed); ok {
			if ini.sections[name] == nil {
				ini.sections[name] = map[string]string{}
			}
			section, key = ini.sections[name], ""
			continue
		}
		at := strings.IndexAny(trimmed, "=:")
		if section == nil || at <= 0 {
			key = ""
			continue
		}
		key, indent = strings.ToLower(strings.TrimSpace(trimmed[:at])), depth
		section[key] = strings.TrimSpace(trimmed[at+1:])
	}
	return ini
}

func sectionName(line string) (string, bool) {
	end := strings.LastIndexByte(line, ']')
	if line[0] != '[' || end < 2 {
		return "", false
	}
	return line[1:end], true
}

// ReadINI reads a file. A missing file is an empty INI.
func ReadINI(path string) (*INI, error) {
	data, err := input.Plain(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ParseINI(nil), nil
	}
	if err != nil {
		return nil, err
	}
	return ParseINI(data), nil
}

// Get returns the interpolated value of an option, or "" if it is not set.
func (ini *INI) Get(section, option string) string {
	return ini.expand(section, ini.raw(section, option), 10)
}

// Sections lists the section names in alphabetical order, without [DEFAULT].
func (ini *INI) Sections() []string {
	names := slices.Sorted(maps.Keys(ini.sections))
	return slices.DeleteFunc(names, func(name string) bool { return name == defaultSection })
}

func (ini *INI) raw(section, option string) string {
	option = strings.ToLower(option)
	options, ok := ini.sections[section]
	if !ok {
		return ""
	}
	if value, ok := options[option]; ok {
		return value
	}
	return ini.sections[defaultSection][option]
}

// maxValue limits an interpolated value, in bytes.
const maxValue = 1 << 16

// expand replaces %(name)s and %%. It keeps a reference that is not closed or
// is nested deeper than ConfigParser allows.
func (ini *INI) expand(section, value string, depth int) string {
	if depth == 0 || !strings.Contains(value, "%") {
		return value
	}
	var out strings.Builder
	for out.Len() <= maxValue {
		before, after, found := strings.Cut(value, "%")
		out.WriteString(before)
		if !found {
			break
		}
		if rest, ok := strings.CutPrefix(after, "%"); ok {
			out.WriteByte('%')
			value = rest
			continue
		}
		name, rest, closed := strings.Cut(after, ")s")
		name, opened := strings.CutPrefix(name, "(")
		if !closed || !opened {
			out.WriteByte('%')
			value = after
			continue
		}
		out.WriteString(ini.expand(section, ini.raw(section, name), depth-1))
		value = rest
	}
	if out.Len() > maxValue {
		return out.String()[:maxValue]
	}
	return out.String()
}
