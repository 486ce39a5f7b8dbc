package migrate

import (
	"bytes"
	jsontext "encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// kind is the syntax of a file or a part of one.
type kind int

const (
	shell kind = iota
	powershell
	batch
	makefile
	dockerfile
	yaml
	terraform
	groovy
	python
	notebook
	markdown
	json
)

// Files returns the files below dir that Find can read, by name or by their
// "#!" line, sorted. It skips tool folders (.git, node_modules, .venv, …) and
// JSON above 1 MiB, which is data.
func Files(fsys fs.FS, dir string) ([]string, error) {
	var files []string
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if name != dir && slices.Contains([]string{".git", ".hg", ".svn", ".terraform", ".tox", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".ipynb_checkpoints"}, d.Name()) {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		k, known := kindByName(name)
		if k == json {
			const most = 1 << 20
			info, err := d.Info()
			if err != nil || info.Size() > most {
				return err
			}
		}
		if !known && path.Ext(d.Name()) == "" {
			_, known = kindByFirstLine(firstBytes(fsys, name))
		}
		if known {
			files = append(files, name)
		}
		return nil
	})
	return files, err
}

// firstBytes returns the beginning of a file, or nothing if it cannot be read:
// the full read will report why.
func firstBytes(fsys fs.FS, name string) []byte {
	f, err := fsys.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	head := make([]byte, 128)
	n, _ := f.Read(head)
	return head[:n]
}

func kindOf(file string, text []byte) kind {
	if k, ok := kindByName(file); ok {
		return k
	}
	if k, ok := kindByFirstLine(text); ok {
		return k
	}
	if start := bytes.TrimLeft(text, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[') && jsontext.Valid(text) {
		if cells, ok := notebookCells(text); ok && len(cells) > 0 {
			return notebook
		}
		return json
	}
	return shell
}

// syntaxes are the names of files and the languages of code blocks by kind.
// Bicep has the comments and strings of Groovy.
var syntaxes = sync.OnceValue(func() map[string]kind {
	names := map[string]kind{}
	for k, list := range map[kind]string{
		shell:      ".sh .bash .zsh .ksh .azcli .bats crontab",
		powershell: ".ps1 .psm1 powershell pwsh ps1 azurepowershell azurepowershell-interactive",
		batch:      ".cmd .bat cmd bat batch dos",
		yaml:       ".yml .yaml yaml yml",
		terraform:  ".tf terraform hcl tf",
		makefile:   ".mk .mak makefile gnumakefile make",
		dockerfile: ".dockerfile dockerfile containerfile docker",
		groovy:     ".groovy .jenkinsfile .bicep jenkinsfile groovy",
		python:     ".py python py python3",
		notebook:   ".ipynb",
		markdown:   ".md .markdown .rmd .qmd .mdx",
		json:       ".json .jsonc json jsonc",
	} {
		for name := range strings.FieldsSeq(list) {
			names[name] = k
		}
	}
	return names
})

func kindByName(file string) (kind, bool) {
	base := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	ext := path.Ext(base)
	if slices.Contains([]string{".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template"}, ext) {
		return kindByName(strings.TrimSuffix(base, ext))
	}
	if k, ok := syntaxes()[ext]; ok {
		return k, true
	}
	first, _, _ := strings.Cut(base, ".")
	if slices.Contains([]string{"makefile", "gnumakefile", "dockerfile", "containerfile", "jenkinsfile", "crontab"}, first) {
		return syntaxes()[first], true
	}
	return shell, false
}

func kindByFirstLine(text []byte) (kind, bool) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	switch {
	case !bytes.HasPrefix(line, []byte("#!")):
		return shell, false
	case bytes.Contains(line, []byte("python")):
		return python, true
	case bytes.Contains(line, []byte("pwsh")):
		return powershell, true
	}
	return shell, bytes.Contains(line, []byte("sh"))
}

// kindByLanguage maps the language of a fenced code block.
func kindByLanguage(word string) kind {
	return syntaxes()[strings.ToLower(strings.Trim(word, "{}. "))]
}
