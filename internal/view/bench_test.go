package view

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// many is a workspace of n computes.
func many(b *testing.B, n int) []*compute.Compute {
	b.Helper()
	raw := string(load(b, "running").Raw)
	list := make([]*compute.Compute, n)
	for i := range list {
		c, err := compute.Decode([]byte(strings.ReplaceAll(raw, `"instance"`, fmt.Sprintf(`"instance%d"`, i))))
		if err != nil {
			b.Fatal(err)
		}
		list[i] = c
	}
	return list
}

func BenchmarkList10000(b *testing.B) {
	list := many(b, 10000)
	for _, c := range []struct {
		name  string
		f     render.Format
		d     Detail
		width int
	}{{"json", render.JSON, Brief, 0}, {"tsv", render.TSV, Brief, 0}, {"table", render.Table, Brief, 0}, {"verbose", render.JSON, Verbose, 0}, {"people", "", Brief, 120}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, _, _ := render.TestStreams("", c.width, c.width)
				s.Out.Writer = io.Discard
				if err := render.Print(s, render.Options{Format: c.f, Now: now(b)}, List(list, Where{}, c.d)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
