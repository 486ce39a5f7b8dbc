package view

import (
	"bytes"
	"encoding/json"
)

// rawAt returns the text under a path of keys of a JSON document, or nil. Lists
// of thousands of computes need three values of each that the typed view does
// not keep; decoding every body again for them would take as long as everything
// else together. The document has been read before, so it is known to be JSON.
func rawAt(doc []byte, path ...string) json.RawMessage {
	i := skipSpace(doc, 0)
	for _, key := range path {
		if i = findKey(doc, i, key); i < 0 {
			return nil
		}
	}
	return doc[i:skipValue(doc, i)]
}

// findKey returns where the value of a key starts in the object at i, or -1.
func findKey(doc []byte, i int, key string) int {
	if i >= len(doc) || doc[i] != '{' {
		return -1
	}
	for i++; ; i++ {
		i = skipSpace(doc, i)
		if i >= len(doc) || doc[i] != '"' {
			return -1
		}
		end := skipString(doc, i)
		found := end-1 > i && string(doc[i+1:end-1]) == key
		i = skipSpace(doc, skipSpace(doc, end)+1) // past the colon
		if found && i < len(doc) {
			return i
		}
		i = skipSpace(doc, skipValue(doc, i))
		if i >= len(doc) || doc[i] != ',' {
			return -1
		}
	}
}

func skipSpace(doc []byte, i int) int {
	for i < len(doc) && (doc[i] == ' ' || doc[i] == '\n' || doc[i] == '\t' || doc[i] == '\r') {
		i++
	}
	return min(i, len(doc))
}

// skipString returns the index after the string that starts at i.
func skipString(doc []byte, i int) int {
	for i++; i < len(doc); i++ {
		quote := bytes.IndexByte(doc[i:], '"')
		if quote < 0 {
			break
		}
		if slash := bytes.IndexByte(doc[i:i+quote], '\\'); slash >= 0 {
			i += slash + 1 // the loop steps over what is escaped
			continue
		}
		return i + quote + 1
	}
	return len(doc)
}

// skipValue returns the index after the value that starts at i.
func skipValue(doc []byte, i int) int {
	for nesting := 0; i < len(doc); {
		switch doc[i] {
		case '"':
			i = skipString(doc, i)
			if nesting == 0 {
				return i
			}
			continue
		case '{', '[':
			nesting++
		case '}', ']':
			if nesting == 0 {
				return i
			}
			if nesting--; nesting == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if nesting == 0 {
				return i
			}
		}
		i++
	}
	return len(doc)
}
