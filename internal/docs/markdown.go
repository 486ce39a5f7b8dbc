package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/cmd"
)

const notice = "<!-- Written by go generate from the command tree. -->\n"

// index is the first page of the reference.
func index(all []cmd.Reference) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\n%s", notice)
	section := ""
	for _, r := range all {
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, "\n## %s\n\n", section)
		}
		if r.Group {
			continue
		}
		word, _, nested := strings.Cut(r.Words, " ")
		link := word + ".md"
		if nested {
			link += "#" + anchor(r.Words)
		}
		fmt.Fprintf(&b, "- [%s](%s): %s\n", r.Words, link, lowerFirst(r.Short))
	}
	b.WriteString("\n## For every command\n\n")
	for _, t := range cmd.Topics() {
		if t.Word != "commands" {
			fmt.Fprintf(&b, "- [%s](%s.md)\n", t.Short, t.Word)
		}
	}
	if i := slices.IndexFunc(all, func(r cmd.Reference) bool { return !r.Group }); i >= 0 {
		b.WriteString("\n### Global flags\n\n" + flagTable(all[i].Global))
	}
	return b.String()
}

// markdown is the page of a word of the root: one command, or a group.
func markdown(group []cmd.Reference) string {
	var b strings.Builder
	first := group[0]
	fmt.Fprintf(&b, "# computetarget %s\n\n%s\n%s.\n", first.Words, notice, first.Short)
	for _, r := range group {
		if r.Group {
			continue
		}
		if len(group) > 1 {
			fmt.Fprintf(&b, "\n## %s\n", r.Words)
		}
		fmt.Fprintf(&b, "\n```text\n%s\n```\n\n%s\n", r.Usage, prose(r.Long))
		if r.Example != "" {
			fmt.Fprintf(&b, "\nExamples:\n\n```sh\n%s\n```\n", outdent(r.Example))
		}
		if len(r.Flags) > 0 {
			b.WriteString("\n" + flagTable(r.Flags))
		}
	}
	b.WriteString("\nEvery command also takes the [global flags](README.md#global-flags).\n")
	return b.String()
}

func flagTable(flags []cmd.FlagReference) string {
	var b strings.Builder
	b.WriteString("| Flag | |\n| --- | --- |\n")
	for _, f := range flags {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Spelling, escape(f.About))
	}
	return b.String()
}

// prose is the long help as Markdown: paragraphs stay, indented text becomes
// code.
func prose(long string) string {
	var out []string
	for _, paragraph := range strings.Split(long, "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			out = append(out, "```text\n"+outdent(paragraph)+"\n```")
			continue
		}
		out = append(out, escape(paragraph))
	}
	return strings.Join(out, "\n\n")
}

// escape escapes Markdown in help texts.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`, "_", `\_`, "[", `\[`).Replace(s)
}

// outdent removes two blanks from the start of every line.
func outdent(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

// anchor is the link target of a heading.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }

func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
