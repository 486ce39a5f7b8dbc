// Command docs generates the command reference, the man pages and the
// completion scripts from the command tree. Run it with go generate; a test
// fails if the committed files differ.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/cmd"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("docs: ")
	if err := write("."); err != nil {
		log.Fatal(err)
	}
}

// generated returns every generated file, by its path in the repository.
func generated() (map[string]string, error) {
	files := map[string]string{}
	for _, shell := range cmd.Shells() {
		script, err := cmd.Completion(shell)
		if err != nil {
			return nil, err
		}
		files["completions/"+scriptNames[shell]] = script
	}
	all := cmd.References()
	files["docs/reference/README.md"] = index(all)
	files["docs/man/computetarget.1"] = rootPage(all, cmd.Topics())
	for _, group := range byRoot(all) {
		word := group[0].Words
		files["docs/reference/"+word+".md"] = markdown(group)
		files["docs/man/computetarget-"+word+".1"] = manPage(group)
	}
	for _, t := range cmd.Topics() {
		if t.Word == "commands" {
			continue // the index of the reference
		}
		files["docs/reference/"+t.Word+".md"] = fmt.Sprintf("# %s\n\n%s\n```text\n%s```\n", t.Short, notice, t.Text)
	}
	return files, nil
}

// scriptNames are the file names by which each shell finds its script.
var scriptNames = map[string]string{
	"bash":       "computetarget.bash",
	"zsh":        "_computetarget",
	"fish":       "computetarget.fish",
	"powershell": "computetarget.ps1",
}

// folders contain only generated files.
func folders() []string { return []string{"completions", "docs/reference", "docs/man"} }

// write updates the generated files below root and removes those of removed
// commands.
func write(root string) error {
	files, err := generated()
	if err != nil {
		return err
	}
	for _, folder := range folders() {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	stale, err := others(root, files)
	if err != nil {
		return err
	}
	for _, path := range stale {
		if err := os.Remove(filepath.Join(root, path)); err != nil {
			return err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(root, path), []byte(files[path]), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// others lists the stale files in the generated folders.
func others(root string, files map[string]string) ([]string, error) {
	var out []string
	for _, folder := range folders() {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			path := folder + "/" + e.Name()
			if _, ok := files[path]; !ok {
				out = append(out, path)
			}
		}
	}
	return out, nil
}

// byRoot gathers the commands below each word of the root, that word first.
func byRoot(all []cmd.Reference) [][]cmd.Reference {
	var out [][]cmd.Reference
	at := map[string]int{}
	for _, r := range all {
		word, _, _ := strings.Cut(r.Words, " ")
		i, ok := at[word]
		if !ok {
			i = len(out)
			at[word] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}
