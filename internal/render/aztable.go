package render

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/computetarget/computetarget/internal/query"
)

// appendTable writes az's table: left-aligned columns two spaces apart, each
// at least two wider than its header, under it dashes as wide as the column.
func appendTable(b []byte, v any, v1 *V1, queried bool) ([]byte, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var headers []string
	column := map[string]int{}
	var rows [][]string
	for _, e := range list {
		cells := tableCells(e, v1, queried)
		var row []string
		for _, c := range cells {
			at, known := column[c.Key]
			if !known {
				at = len(headers)
				column[c.Key] = at
				headers = append(headers, c.Key)
			}
			for len(row) <= at {
				row = append(row, "")
			}
			row[at] = tableCell(c.Value)
		}
		rows = append(rows, row)
	}
	if len(headers) == 0 {
		return append(b, '\n'), nil
	}
	width := make([]int, len(headers))
	dashes := make([]string, len(headers))
	for i, h := range headers {
		width[i] = utf8.RuneCountInString(h) + 2
		for _, row := range rows {
			if i < len(row) {
				width[i] = max(width[i], utf8.RuneCountInString(row[i]))
			}
		}
		dashes[i] = strings.Repeat("-", width[i])
	}
	for _, row := range append([][]string{headers, dashes}, rows...) {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)))
		}
		b = append(append(b, strings.TrimRight(line.String(), " ")...), '\n')
	}
	return b, nil
}

// TableOf is az's table of rows, keys in their own order.
func TableOf(rows []any) string {
	text, err := appendTable(nil, rows, nil, true)
	if err != nil {
		return ""
	}
	return string(text)
}

// tableCells are the cells of one row, keyed by their headers.
func tableCells(v any, v1 *V1, queried bool) []member {
	if list, ok := v.([]any); ok {
		var cells []member
		for i, e := range list {
			cells = append(cells, member{Key: "Column" + strconv.Itoa(i+1), Value: e})
		}
		return cells
	}
	list, ok := v.(query.Object)
	if !ok {
		return []member{{Key: "Result", Value: v}}
	}
	var cells []member
	if v1 != nil {
		for _, c := range v1.Columns {
			if value := c.cell(v); value != nil {
				cells = append(cells, member{Key: c.Header, Value: value})
			}
		}
		return cells
	}
	if !queried {
		list, _ = sorted(v)
	}
	for _, m := range list {
		switch m.Key {
		case "id", "type", "etag":
			continue
		}
		if m.Value != nil && !compound(m.Value) {
			cells = append(cells, member{Key: upperFirst(m.Key), Value: m.Value})
		}
	}
	return cells
}

// tableCell is the text of a cell. Lists and objects get here only inside list
// rows, where az shows them as Python would.
func tableCell(v any) string {
	if v == nil {
		return ""
	}
	return strings.TrimSpace(Clean(string(appendPython(nil, v))))
}

// appendPython writes a value as Python's str does; strings inside a list or
// an object are quoted.
func appendPython(b []byte, v any) []byte {
	if list, ok := v.([]any); ok {
		b = append(b, '[')
		for i, e := range list {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendPythonItem(b, e)
		}
		return append(b, ']')
	}
	if list, ok := v.(query.Object); ok {
		b = append(b, '{')
		for i, m := range list {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendPythonItem(b, m.Key)
			b = append(b, ": "...)
			b = appendPythonItem(b, m.Value)
		}
		return append(b, '}')
	}
	return append(b, scalar(v, "None", "True", "False")...)
}

func appendPythonItem(b []byte, v any) []byte {
	s, ok := v.(string)
	if !ok {
		return appendPython(b, v)
	}
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	s = strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
	return append(append(append(b, quote...), s...), quote...)
}

func compound(v any) bool {
	if _, ok := v.([]any); ok {
		return true
	}
	_, ok := v.(query.Object)
	return ok
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	r, size := utf8.DecodeRuneInString(s)
	return Clean(string(unicode.ToUpper(r)) + s[size:])
}
