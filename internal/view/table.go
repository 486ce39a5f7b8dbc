package view

import (
	"bytes"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/olekukonko/tablewriter"
)

const (
	// cellMax is the widest a cell gets in a table that does not fit: one long
	// value must not push every other column off the screen.
	cellMax = 40
	// gap is the space between columns.
	gap = 2
)

// Table draws rows under headers, without borders. Where the columns do not fit
// the terminal, those named in giving are left out, the first one first; then the
// first column, which holds names, is cut. Without giving, columns are left out
// from the right; the first two always stay, cut where they must be. Empty cells
// show "-".
func Table(p *render.Page, headers []string, rows [][]string, giving ...string) {
	if len(rows) == 0 {
		return
	}
	headers = slices.Clone(headers)
	cells := make([][]string, len(rows))
	for r, row := range rows {
		cells[r] = make([]string, len(headers))
		for i := range headers {
			cells[r][i] = "-"
			if i < len(row) && row[i] != "" {
				cells[r][i] = render.Clean(row[i])
			}
		}
	}
	if len(giving) > 0 && fitting(headers, cells, p.Width()) < len(headers) {
		for _, row := range cells {
			for i := range row[1:] {
				row[i+1] = render.Cut(row[i+1], cellMax)
			}
		}
	}
	for _, name := range giving {
		if i := slices.Index(headers, name); i >= 0 && fitting(headers, cells, p.Width()) < len(headers) {
			headers = slices.Delete(headers, i, i+1)
			for r := range cells {
				cells[r] = slices.Delete(cells[r], i, i+1)
			}
		}
	}
	keep := fitting(headers, cells, p.Width())
	switch {
	case keep == len(headers):
	case len(giving) > 0:
		shorten(headers, cells, p.Width())
		keep = len(headers) // what still does not fit is cut with the line
	default:
		for _, row := range cells {
			for i := range row {
				row[i] = render.Cut(row[i], cellMax)
			}
		}
		if keep = fitting(headers, cells, p.Width()); keep == 1 {
			keep = 2
			squeeze(headers, cells, p.Width()-gap)
		}
	}
	var b bytes.Buffer
	t := tablewriter.NewWriter(&b)
	t.SetAutoFormatHeaders(false)
	t.SetAutoWrapText(false)
	t.SetBorder(false)
	t.SetHeaderLine(false)
	t.SetHeaderAlignment(tablewriter.ALIGN_LEFT)
	t.SetAlignment(tablewriter.ALIGN_LEFT)
	t.SetCenterSeparator("")
	t.SetColumnSeparator("")
	t.SetTablePadding(strings.Repeat(" ", gap))
	t.SetNoWhiteSpace(true)
	t.SetHeader(headers[:keep])
	for _, row := range cells {
		t.Append(row[:keep])
	}
	t.Render()
	for line := range strings.Lines(b.String()) {
		p.Cells(strings.TrimRight(line, " \n"))
	}
}

// Rows is the result of a list: an object of each thing for programs, and a row
// for people.
func Rows[T any](list []T, headers []string, of func(T) (object any, row []string)) render.Result {
	data, rows := make([]any, len(list)), make([][]string, len(list))
	for i, one := range list {
		data[i], rows[i] = of(one)
	}
	return render.Result{Data: data, People: func(p *render.Page) { Table(p, headers, rows) }}
}

// fitting is how many columns fit into width columns of a terminal; 0 is a
// terminal of any width. The first one is always among them.
func fitting(headers []string, cells [][]string, width int) int {
	total := -gap
	for i := range headers {
		if total += gap + columnWidth(headers, cells, i); i > 0 && width > 0 && total > width {
			return i
		}
	}
	return len(headers)
}

// shorten cuts the first column so that the others fit into width columns, but
// leaves a few letters of it.
func shorten(headers []string, cells [][]string, width int) {
	const least = 4
	others := 0
	for i := range headers[1:] {
		others += gap + columnWidth(headers, cells, i+1)
	}
	for _, row := range cells {
		row[0] = render.Cut(row[0], max(width-others, least))
	}
}

func columnWidth(headers []string, cells [][]string, i int) int {
	wide := render.Columns(headers[i])
	for _, row := range cells {
		wide = max(wide, render.Columns(row[i]))
	}
	return wide
}

// squeeze cuts the first two columns to width together: the longer one first,
// both when each is longer than half. A name alone tells nothing.
func squeeze(headers []string, cells [][]string, width int) {
	first, second := columnWidth(headers, cells, 0), columnWidth(headers, cells, 1)
	switch half := width / 2; {
	case second <= half:
		first = width - second
	case first <= half:
		second = width - first
	default:
		first, second = width-half, half
	}
	cut := func(row []string) {
		row[0], row[1] = render.Cut(row[0], max(first, 1)), render.Cut(row[1], max(second, 1))
	}
	cut(headers)
	for _, row := range cells {
		cut(row)
	}
}
