package setup

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// move notes a change of the folder.
func (sc *scope) move(args []word) {
	args = slices.DeleteFunc(slices.Clone(args), func(w word) bool { return strings.HasPrefix(w.text, "-") && w.text != "-" })
	if len(args) == 0 || args[0].text == "" {
		sc.moved = true
		return
	}
	to := args[0].text
	switch {
	case strings.Contains(to, "cloudfiles") || strings.Contains(to, "LS_root"): // the share
		sc.moved, sc.fetched = false, true
	case isHome(args[0].node), slices.Contains([]string{"~", "~azureuser", "/", "/root", "/home/azureuser", "/tmp", "/mnt", "/opt"}, path.Clean(to)):
		sc.moved, sc.elsewhere = true, false
	case args[0].static() && strings.ContainsAny(to[:1], "/~"):
		sc.elsewhere = true
	default: // below where it is, or not known
		sc.fetched = true
	}
}

func isHome(w *syntax.Word) bool {
	if w == nil || len(w.Parts) != 1 {
		return false
	}
	part := w.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	return ok && simple(p) == "HOME"
}

// relative tells of a file that is read by a relative path where the folder is
// no longer the script's.
func (l *linter) relative(sc *scope, files []word) {
	switch {
	case sc.elsewhere && !l.fetched: // a new instance has nothing there
	case sc.elsewhere || sc.fetched || !sc.home && !sc.moved:
		return
	}
	for _, w := range files {
		text := w.text
		if w.node == nil || !w.static() || text == "" || strings.ContainsAny(text[:1], "/~-<") || strings.Contains(text, "://") {
			continue
		}
		if text[0] == '.' && !strings.HasPrefix(text, "./") && !strings.HasPrefix(text, "../") {
			continue // .bashrc and the like belong to the home
		}
		if sc.elsewhere && strings.HasPrefix(text, "./") {
			continue // what runs there is meant
		}
		where := "the block starts in the user's home"
		if sc.moved || sc.elsewhere {
			where = "the script has changed the folder"
		}
		l.at(sc.offset(int(w.node.Pos().Offset())), "relative-path", Warning,
			fmt.Sprintf("%s is looked for in another folder than the script's: %s", text, where),
			"write the path from the root: /home/azureuser/cloudfiles/code/Users/…")
		return
	}
}

// reads are the files that a command reads and that come with a script.
func reads(c call) []word {
	args := c.args()
	switch c.name() {
	case "source", ".":
		if len(args) == 0 || args[0].text == "activate" { // found on the PATH
			return nil
		}
		return args[:1]
	case "bash", "sh":
		for i, w := range args {
			if !strings.HasPrefix(w.text, "-") {
				return args[i : i+1]
			}
			if strings.ContainsAny(w.text, "cso") {
				return nil
			}
		}
		return nil
	case "conda", "mamba", "micromamba":
		return valuesOf(args, "-f", "--file")
	case "pip", "pip3", "uv":
		return valuesOf(args, "-r", "--requirement", "-c", "--constraint")
	case "python", "python3":
		if texts := texts(args); strings.Contains(texts, "pip install") {
			return valuesOf(args, "-r", "--requirement", "-c", "--constraint")
		}
		if len(args) > 0 && strings.HasSuffix(args[0].text, ".py") {
			return args[:1]
		}
		return nil
	case "cp", "cat":
		args = slices.DeleteFunc(slices.Clone(args), func(w word) bool { return strings.HasPrefix(w.text, "-") })
		return args[:min(1, len(args))]
	}
	if len(c.words) > 0 && strings.HasPrefix(c.words[0].text, "./") {
		return c.words[:1]
	}
	return nil
}

func valuesOf(args []word, names ...string) []word {
	var out []word
	for i, w := range args {
		for _, name := range names {
			if value, ok := strings.CutPrefix(w.text, name+"="); ok {
				out = append(out, word{value, w.node})
			}
			if w.text == name && i+1 < len(args) {
				out = append(out, args[i+1])
			}
		}
	}
	return out
}
