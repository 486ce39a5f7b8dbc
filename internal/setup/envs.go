package setup

import (
	"path"
	"strings"
)

// envs are the conda environments that root makes and azureuser uses.
type envs struct {
	made    []env
	own     bool // azureuser makes some, too
	used    []word
	chowned bool
}

type env struct {
	name   string // "" if it is in a file
	offset int
}

// make notes an environment that is made.
func (e *envs) make(sc *scope, c call, name word, given bool) {
	if c.other {
		e.own = true
		return
	}
	made := env{offset: sc.offset(int(c.words[0].node.Pos().Offset()))}
	if given && name.static() {
		made.name = path.Base(name.text)
	}
	e.made = append(e.made, made)
}

// use notes one that is used.
func (e *envs) use(c call, name word) {
	if c.other {
		e.used = append(e.used, name)
	}
}

// report tells of environments of root that azureuser uses.
func (e *envs) report(l *linter) {
	if e.own || e.chowned {
		return
	}
	for _, made := range e.made {
		for _, used := range e.used {
			name := path.Base(used.text)
			if made.name != "" && used.static() && made.name != name || strings.HasPrefix(name, "azureml_") || name == "base" {
				continue
			}
			l.at(made.offset, "root-env", Warning,
				"root makes this environment, and azureuser, who uses it, cannot install into it", "make it in the sudo -u azureuser block")
			break
		}
	}
}

// kernel notes an environment that becomes a kernel of Jupyter.
func (l *linter) kernel(c call) {
	if !strings.Contains(texts(c.args()), "ipykernel install") && !strings.Contains(texts(c.args()), "kernelspec install") {
		return
	}
	if name, ok := option(c.args(), "--name"); ok {
		l.envs.use(c, name)
	}
}
