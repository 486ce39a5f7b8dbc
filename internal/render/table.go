package render

import (
	"bytes"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

const (
	// cellMax is the widest a cell of a table gets: one long value must not
	// push every other column off the screen.
	cellMax = 40
	// gap is the space between columns.
	gap = 2
)

// Table writes rows under headers, without borders. Columns that do not fit
// the terminal are left out from the right; the first one always stays. Empty
// cells show "-".
func (p *Page) Table(headers []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	wide := make([]int, len(headers))
	for i, h := range headers {
		wide[i] = Columns(h)
	}
	cells := make([][]string, len(rows))
	for r, row := range rows {
		cells[r] = make([]string, len(headers))
		for i := range headers {
			text := "-"
			if i < len(row) && row[i] != "" {
				text = Cut(Clean(row[i]), cellMax)
			}
			cells[r][i] = text
			wide[i] = max(wide[i], Columns(text))
		}
	}
	keep, total := 1, wide[0]
	for width := p.Width(); keep < len(headers); keep++ {
		total += gap + wide[keep]
		if width > 0 && total > width {
			break
		}
	}
	var b bytes.Buffer
	t := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
		})),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}),
	)
	t.Header(headers[:keep])
	for _, row := range cells {
		if t.Append(row[:keep]) != nil {
			return // cannot be: rows are plain strings
		}
	}
	if t.Render() != nil {
		return // cannot be: the buffer takes everything
	}
	for line := range strings.Lines(b.String()) {
		p.Line("%s", strings.TrimRight(line, " \n"))
	}
}
