package main

import (
	"fmt"
	"strings"

	"github.com/computetarget/computetarget/cmd"
)

// rootPage is computetarget(1).
func rootPage(all []cmd.Reference, topics []cmd.TopicReference) string {
	var b strings.Builder
	header(&b, "computetarget", "Manage Azure Machine Learning compute targets")
	b.WriteString(".SH SYNOPSIS\n.B computetarget\n" + roff("COMMAND [NAME…] [flags]") + "\n")
	b.WriteString(".SH DESCRIPTION\nCreate, start, stop, schedule and delete the compute targets of an Azure Machine Learning workspace.\n" +
		"Names are given as arguments or with\n.BR \\-n ,\none or many;\n.B \\-\nreads them from standard input.\n" +
		"Verbs wait until what they began is done, unless\n.B \\-\\-no\\-wait\nis given.\n")
	b.WriteString(".SH COMMANDS\n")
	section := ""
	for _, r := range all {
		if r.Group {
			continue
		}
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, ".SS %s\n", roff(section))
		}
		word, _, _ := strings.Cut(r.Words, " ")
		fmt.Fprintf(&b, ".TP\n.B %s\n%s, see\n.BR computetarget\\-%s (1).\n", roff(r.Words), roff(r.Short), roff(word))
	}
	for _, r := range all {
		if !r.Group {
			manFlags(&b, ".SH GLOBAL FLAGS", r.Global)
			break
		}
	}
	for _, t := range topics {
		title := map[string]string{"exit-codes": "EXIT STATUS", "environment": "ENVIRONMENT", "formats": "OUTPUT"}[t.Word]
		if title == "" {
			continue
		}
		fmt.Fprintf(&b, ".SH %s\n.nf\n%s\n.fi\n", title, roff(strings.TrimRight(t.Text, "\n")))
	}
	return b.String()
}

// manPage is the page of a word of the root: one command, or a group.
func manPage(group []cmd.Reference) string {
	var b strings.Builder
	first := group[0]
	header(&b, "computetarget-"+first.Words, first.Short)
	if len(group) == 1 {
		b.WriteString(".SH SYNOPSIS\n" + roff(first.Usage) + "\n.SH DESCRIPTION\n")
		body(&b, first, ".SH")
	} else {
		b.WriteString(".SH SYNOPSIS\n.nf\n")
		for _, r := range group {
			if !r.Group {
				b.WriteString(roff(r.Usage) + "\n")
			}
		}
		b.WriteString(".fi\n")
		for _, r := range group {
			if !r.Group {
				fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(roff(r.Words)))
				body(&b, r, ".SS")
			}
		}
	}
	b.WriteString(".SH SEE ALSO\n.BR computetarget (1),\nfor global flags, exit codes and environment variables.\n")
	return b.String()
}

// body documents one command, with headings of a level.
func body(b *strings.Builder, r cmd.Reference, heading string) {
	for i, paragraph := range strings.Split(r.Long, "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if strings.HasPrefix(paragraph, "  ") {
			fmt.Fprintf(b, ".nf\n%s\n.fi\n", roff(paragraph))
			continue
		}
		b.WriteString(roff(paragraph) + "\n")
	}
	if r.Example != "" {
		fmt.Fprintf(b, "%s Examples\n.nf\n%s\n.fi\n", heading, roff(r.Example))
	}
	if len(r.Flags) > 0 {
		manFlags(b, heading+" Flags", r.Flags)
	}
}

func manFlags(b *strings.Builder, heading string, flags []cmd.FlagReference) {
	b.WriteString(heading + "\n")
	for _, f := range flags {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(f.Spelling), roff(f.About))
	}
}

// header begins a page. It has no date, so that a page changes only with its
// content.
func header(b *strings.Builder, name, short string) {
	fmt.Fprintf(b, ".\\\" Written by go generate from the command tree.\n.TH %s 1 \"\" computetarget\n.SH NAME\n%s \\- %s\n",
		strings.ToUpper(roff(name)), roff(name), roff(short))
}

// roff escapes text that a formatter would read as commands.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "→", "->", "·", "-", "–", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
