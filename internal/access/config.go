package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/computetarget/computetarget/internal/input"
	"github.com/computetarget/computetarget/pkg/atomicfile"
)

// Block is the part of an OpenSSH client configuration that makes "ssh NAME"
// reach the instance, between two marker lines.
func (d Destination) Block() string {
	begin, end := markers(d.Name)
	if d.Proxy != "" {
		return fmt.Sprintf("%s\nHost %s\n    HostName %s\n    User %s\n    ProxyCommand %s\n%s\n", begin, d.Name, d.Host, d.User, d.Proxy, end)
	}
	return fmt.Sprintf("%s\nHost %s\n    HostName %s\n    Port %d\n    User %s\n%s\n", begin, d.Name, d.Host, d.Port, d.User, end)
}

func markers(name string) (begin, end string) {
	return "# >>> computetarget " + name + " >>>", "# <<< computetarget " + name + " <<<"
}

// Merge returns a configuration with the destinations' blocks: it replaces an
// existing block in place and appends a new one. The rest stays unchanged, byte
// for byte.
func Merge(config string, destinations []Destination) string {
	for _, d := range destinations {
		begin, end := markers(d.Name)
		from := lineIndex(config, begin, 0)
		to := -1
		if from >= 0 {
			to = lineIndex(config, end, from)
		}
		// Without its end marker, a block is left alone.
		for next := from; next >= 0 && next < to; next = lineIndex(config, begin, next+1) {
			from = next
		}
		if to < 0 {
			if config != "" && !strings.HasSuffix(config, "\n") {
				config += "\n"
			}
			config += d.Block()
			continue
		}
		rest := config[to+len(end):]
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "\r"), "\n")
		config = config[:from] + d.Block() + rest
	}
	return config
}

// lineIndex finds a whole line at or after from.
func lineIndex(text, line string, from int) int {
	for at := from; at <= len(text); {
		i := strings.Index(text[at:], line)
		if i < 0 {
			return -1
		}
		i += at
		after := i + len(line)
		if (i == 0 || text[i-1] == '\n') && (after == len(text) || text[after] == '\n' || text[after] == '\r') {
			return i
		}
		at = i + 1
	}
	return -1
}

// Write merges the destinations into the configuration file at path,
// atomically. It keeps the mode and follows a link; a new file is readable by
// its owner only.
func Write(path string, destinations []Destination) error {
	mode := fs.FileMode(0o600)
	before, err := input.Plain(path)
	switch {
	case err == nil:
		if info, err := os.Stat(path); err == nil {
			mode = info.Mode().Perm()
		}
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	default:
		return err
	}
	after := Merge(string(before), destinations)
	if after == string(before) {
		return nil
	}
	return atomicfile.Write(path, []byte(after), mode)
}
