package render

import (
	"fmt"
)

// Format is an output format of -o.
type Format string

// The formats of az, and ours: names, ARM ids, and what a terminal shows.
const (
	JSON  Format = "json"
	JSONC Format = "jsonc"
	YAML  Format = "yaml"
	YAMLC Format = "yamlc"
	Table Format = "table"
	TSV   Format = "tsv"
	None  Format = "none"
	Name  Format = "name"
	ID    Format = "id"
	Wide  Format = "wide"
)

// Formats lists every format, in the order help shows them.
func Formats() []Format {
	return []Format{JSON, JSONC, YAML, YAMLC, Table, TSV, None, Name, ID, Wide}
}

// write renders one JSON value. v1 applies, and the order of keys in table and
// tsv is sorted, only for results that no --query has touched.
func write(out *Output, format Format, data any, v1 *V1, queried bool) error {
	if data == nil {
		return nil
	}
	var text []byte
	switch format {
	case JSON:
		return writeJSON(out, data, false)
	case JSONC:
		return writeJSON(out, data, out.Color)
	case YAML:
		return writeYAML(out, data, false)
	case YAMLC:
		return writeYAML(out, data, out.Color)
	case TSV:
		text = appendTSV(nil, data, v1, queried)
	case Table:
		var err error
		if text, err = appendTable(nil, data, v1, queried); err != nil {
			return err
		}
	case Name:
		names, err := namesOf(data)
		if err != nil {
			return err
		}
		return writeNames(out, names)
	case ID:
		ids, err := idsOf(data)
		if err != nil {
			return err
		}
		return writeNames(out, ids)
	case None:
		return nil
	default:
		return fmt.Errorf("%q is not an output format", format)
	}
	_, err := out.Write(text)
	return err
}
