package manifest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Row is a row of a table: a compute, and its keys and values.
type Row struct {
	Source string
	Line   int
	Values []Assignment
}

// ReadRows reads a table with a compute a row, as spreadsheets save it: separated by
// commas, semicolons or tabs. The first row has the keys, such as name, assign_to
// and tags.team. An empty cell gives nothing. An error is an ErrorList.
func ReadRows(data []byte, source string) ([]Row, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord = separator(data), -1
	r.TrimLeadingSpace = r.Comma != '\t' // else it would swallow empty cells
	var wrong ErrorList
	mistake := func(line, column int, format string, args ...any) {
		wrong = append(wrong, asMistake(place{line, column, source}.errorf(format, args...), place{}))
	}
	var keys []string
	var rows []Row
	for {
		cells, err := r.Read()
		var syntax *csv.ParseError
		switch {
		case errors.As(err, &syntax):
			mistake(syntax.Line, syntax.Column, "this is not a table: %w", syntax.Err)
			return nil, wrong
		case err != nil: // the end
			if len(rows) == 0 && len(wrong) == 0 {
				mistake(0, 0, "the table has no rows: its first row has keys such as name and assign_to, and each other row is a compute")
			}
			if len(wrong) > 0 {
				return nil, wrong
			}
			return rows, nil
		case keys == nil:
			keys = header(cells, r, mistake)
			continue
		}
		line, _ := r.FieldPos(0)
		row := Row{Source: source, Line: line}
		for i, cell := range cells {
			cell = strings.TrimSpace(cell)
			line, column := r.FieldPos(i)
			switch {
			case cell == "":
			case i >= len(keys) || keys[i] == "":
				mistake(line, column, "%s stands in a column without a key", show(cell))
			default:
				row.Values = append(row.Values, Assignment{Key: keys[i], Value: cell, Source: source, Line: line, Column: column})
			}
		}
		if len(row.Values) > 0 {
			rows = append(rows, row)
		}
	}
}

// header reads the keys of the columns.
func header(cells []string, r *csv.Reader, mistake func(line, column int, format string, args ...any)) []string {
	keys := []string{}
	seen := map[string]bool{}
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if line, column := r.FieldPos(i); seen[cell] && cell != "" {
			mistake(line, column, "two columns have the key %s", show(cell))
		} else if strings.Contains(cell, "@") {
			mistake(line, column, "%s is not a key: the first row has keys such as name and assign_to", show(cell))
		}
		seen[cell] = true
		keys = append(keys, cell)
	}
	return keys
}

// separator is what separates the cells of the first row.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, r := range ",;\t" {
		if n := bytes.Count(first, utf8.AppendRune(nil, r)); n > most {
			best, most = r, n
		}
	}
	return best
}

// Fill replaces {user} and {KEY} in the values of a set by what the row has: {user}
// is the address of assign_to before its @.
func (row Row) Fill(set []Assignment) ([]Assignment, error) {
	known := map[string]string{}
	for _, v := range row.Values {
		known[v.Key] = v.Value
	}
	if user, _, is := strings.Cut(known["assign_to"], "@"); is && user != "" {
		known["user"] = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, strings.ToLower(user))
	}
	var out []Assignment
	for _, a := range set {
		var value strings.Builder
		rest := a.Value
		for {
			before, after, found := strings.Cut(rest, "{")
			value.WriteString(before)
			if !found {
				break
			}
			name, tail, closed := strings.Cut(after, "}")
			with, ok := known[name]
			if !closed || !ok {
				text := fmt.Sprintf("%s has {%s}, and this row has no %[2]s", a.Source, name)
				if name == "user" {
					text = fmt.Sprintf("%s has {user}, and this row has no e-mail address in assign_to", a.Source)
				}
				return nil, asMistake(place{row.Line, 0, row.Source}.errorf("%s", text), place{})
			}
			value.WriteString(with)
			rest = tail
		}
		a.Value = value.String()
		out = append(out, a)
	}
	return out, nil
}
