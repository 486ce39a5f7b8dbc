// Package shim puts a small program named az in front of the Azure CLI, so that
// scripts which call the retired `az ml computetarget` reach computetarget
// unchanged. Everything else goes to the real az.
package shim

import (
	"bytes"
	"cmp"
	"context"
	_ "embed" // the wrappers are text files
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/pkg/atomicfile"
)

//go:embed az.sh
var posixWrapper string

//go:embed az.cmd
var windowsWrapper string

// mark is in the second line of every wrapper.
const mark = "computetarget shim"

// File is one file of the shim.
type File struct {
	Name string // az or az.cmd
	Text string
}

// v2Lines begin the line of each wrapper that takes az ml compute.
var v2Lines = [...]string{"@ML@:@COMPUTE@)", `if /i "%~2"=="compute" goto ours`}

// Files renders the shim for an operating system ("windows" or any other):
// az for POSIX shells and, on Windows, az.cmd as well. binary is the absolute
// path of computetarget. With v2, az ml compute goes there, too.
func Files(goos, binary string, v2 bool) ([]File, error) {
	for _, c := range binary {
		if c < ' ' || c == 0x7f {
			return nil, fmt.Errorf("the path of computetarget, %q, contains a control character: install it elsewhere", binary)
		}
	}
	pairs := []string{"@BINARY@", "'" + strings.ReplaceAll(binary, "'", `'\''`) + "'"}
	for _, w := range []string{"ML", "COMPUTETARGET", "DELETE", "FOLDER", "ATTACH", "COMPUTE", "EXTENSION", "ADD", "UPDATE", "REMOVE", "LIST", "SHOW", "VERSION"} {
		pairs = append(pairs, "@"+w+"@", anyCase(w))
	}
	files := []File{{"az", strings.NewReplacer(pairs...).Replace(withV2(posixWrapper, v2))}}
	if goos == "windows" {
		if strings.ContainsAny(binary, `"%`) {
			return nil, fmt.Errorf("the path of computetarget, %s, contains a character that batch files cannot: install it elsewhere", binary)
		}
		text := strings.ReplaceAll(withV2(windowsWrapper, v2), "@BINARY@", binary)
		files = append(files, File{"az.cmd", strings.ReplaceAll(text, "\n", "\r\n")})
	}
	return files, nil
}

// withV2 is a wrapper with or without the line that takes az ml compute.
func withV2(wrapper string, v2 bool) string {
	if v2 {
		return wrapper
	}
	var b strings.Builder
	for line := range strings.Lines(wrapper) {
		if !slices.ContainsFunc(v2Lines[:], func(begin string) bool { return strings.HasPrefix(line, begin) }) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// anyCase returns a shell pattern for a word in any case, as az matches its
// commands.
func anyCase(word string) string {
	var b strings.Builder
	for _, c := range []byte(word) {
		b.WriteString("[" + string(c|0x20) + string(c) + "]")
	}
	return b.String()
}

// System is the machine the shim is for.
type System struct {
	GOOS   string // as runtime.GOOS
	Path   string // PATH
	Home   string // the user's folder, or "" (cron, containers)
	Binary string // absolute path of computetarget
	Shell  string // shell that runs scripts, usually /bin/sh; "" to leave scripts out of Status
	Cron   string // PATH of cron, usually /usr/bin:/bin; "" to leave cron out of Status
}

// Installed is the result of Install.
type Installed struct {
	Files  []string `json:"files"`
	First  bool     `json:"first"`  // it is the first az on PATH
	Advice string   `json:"advice"` // what is left to do, or ""
}

// Place is a way to call az, and the az found that way.
type Place struct {
	Where  string `json:"where"`  // this shell, scripts or cron
	Path   string `json:"path"`   // the az found, or ""
	Shim   bool   `json:"shim"`   // it is the shim
	Real   string `json:"real"`   // the az behind the shim, or ""
	Advice string `json:"advice"` // what to do if the shim is not found or out of date, or ""
}

// Dir returns the default folder of Install: the first writable one on PATH
// before the real az, preferably in the user's home; else ~/.local/bin.
func (s System) Dir() (string, error) {
	var writable []string
	for _, dir := range filepath.SplitList(s.Path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if az := s.find(dir); az != "" {
			if !isShim(az) {
				break
			}
			if canWrite(dir) {
				return dir, nil // renew the existing one
			}
			continue
		}
		if canWrite(dir) {
			writable = append(writable, dir)
		}
	}
	if s.Home != "" {
		for _, dir := range writable {
			if strings.HasPrefix(filepath.Clean(dir), filepath.Clean(s.Home)+string(filepath.Separator)) {
				return dir, nil
			}
		}
	}
	switch {
	case len(writable) > 0:
		return writable[0], nil
	case s.Home != "":
		return filepath.Join(s.Home, ".local", "bin"), nil
	}
	return "", errors.New("no folder on PATH before the real az is writable: name one with --dir and put it first on PATH")
}

// Install writes the shim into dir, which it creates if necessary. It renews an
// existing shim; any other file is an error and stays. With v2, az ml compute goes
// to computetarget, too.
func (s System) Install(dir string, v2 bool) (Installed, error) {
	var done Installed
	dir, err := filepath.Abs(dir)
	if err != nil {
		return done, fmt.Errorf("the folder for the shim cannot be found: %w", err)
	}
	files, err := Files(s.GOOS, s.Binary, v2)
	if err != nil {
		return done, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return done, fmt.Errorf("the folder for the shim cannot be created: %w", err)
	}
	if az := s.find(dir); az != "" && !isShim(az) {
		return done, fmt.Errorf("%s is the real az: name a folder before it on PATH with --dir", az)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if _, err := os.Lstat(path); err == nil && !isShim(path) {
			return done, fmt.Errorf("%s exists and is not the shim: remove it, or name another folder with --dir", path)
		}
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := atomicfile.Write(path, []byte(f.Text), 0o755); err != nil {
			return done, fmt.Errorf("the shim cannot be written: %w", err)
		}
		done.Files = append(done.Files, path)
	}
	winner := s.look(s.Path)
	done.First = winner != "" && same(winner, done.Files[len(done.Files)-1])
	if !done.First {
		done.Advice = "put " + dir + " first on PATH"
		if winner != "" {
			done.Advice += ": " + winner + " comes before it now"
		}
	}
	return done, nil
}

// folders are those that Install may have chosen: on PATH, or the one of a person's
// programs, which need not be on it.
func (s System) folders() []string {
	dirs := filepath.SplitList(s.Path)
	if s.Home != "" {
		if own := filepath.Join(s.Home, ".local", "bin"); !slices.Contains(dirs, own) {
			dirs = append(dirs, own)
		}
	}
	return dirs
}

// Uninstall removes the shim from dir, or from every folder it may be in if dir is
// "", and returns the files it removed.
func (s System) Uninstall(dir string) ([]string, error) {
	dirs := []string{dir}
	if dir == "" {
		dirs = s.folders()
	}
	var removed []string
	for _, d := range dirs {
		for _, name := range []string{"az", "az.cmd"} {
			path := filepath.Join(d, name)
			if d == "" || !isShim(path) {
				continue
			}
			if err := os.Remove(path); err != nil {
				return removed, fmt.Errorf("the shim cannot be removed: %w", err)
			}
			removed = append(removed, path)
		}
	}
	return removed, nil
}

// Status returns the az that this shell, scripts and cron find.
func (s System) Status(ctx context.Context) []Place {
	places := []Place{s.place("this shell", s.Path, s.look(s.Path))}
	if s.Shell != "" {
		places = append(places, s.place("scripts", s.Path, s.ask(ctx)))
	}
	if s.Cron != "" {
		places = append(places, s.place("cron", s.Cron, s.look(s.Cron)))
	}
	ours := ""
	for _, p := range places {
		if p.Shim {
			ours = cmp.Or(ours, filepath.Dir(p.Path))
		}
	}
	for _, dir := range s.folders() { // installed, and behind the real az
		if az := s.find(dir); ours == "" && az != "" && isShim(az) {
			ours = dir
		}
	}
	for i, p := range places {
		switch {
		case p.Shim && !s.current(p.Path):
			places[i].Advice = "it is from another version of computetarget: run computetarget shim install"
		case p.Shim:
		case ours == "":
			places[i].Advice = "run computetarget shim install"
		case p.Where == "cron":
			places[i].Advice = "begin the crontab with PATH=" + ours + ":" + s.Cron
		default:
			places[i].Advice = "put " + ours + " first on PATH"
		}
	}
	return places
}

func (s System) place(where, path, az string) Place {
	p := Place{Where: where, Path: az, Shim: az != "" && isShim(az)}
	if !p.Shim {
		return p
	}
	for _, dir := range filepath.SplitList(path) {
		if az := s.find(dir); az != "" && !isShim(az) {
			p.Real = az
			break
		}
	}
	return p
}

// ask lets the shell that runs scripts find az: its start files may change
// PATH.
func (s System) ask(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, s.Shell, "-c", "command -v az").Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// look returns the first az on path.
func (s System) look(path string) string {
	for _, dir := range filepath.SplitList(path) {
		if az := s.find(cmp.Or(dir, ".")); az != "" {
			return az
		}
	}
	return ""
}

// find returns the runnable az in dir, or "".
func (s System) find(dir string) string {
	names := []string{"az"}
	if s.GOOS == "windows" {
		names = []string{"az.exe", "az.bat", "az.cmd"} // in the order of PATHEXT
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && (s.GOOS == "windows" || info.Mode()&0o111 != 0) {
			return path
		}
	}
	return ""
}

// current reports whether the shim at path is what Install would write.
func (s System) current(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	for _, v2 := range []bool{false, true} {
		files, err := Files(s.GOOS, s.Binary, v2)
		if err == nil && slices.ContainsFunc(files, func(f File) bool { return f.Text == string(text) }) {
			return true
		}
	}
	return false
}

// isShim reports whether the file at path is a wrapper of ours.
func isShim(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	head := make([]byte, 200)
	n, _ := f.Read(head)
	_, rest, _ := bytes.Cut(head[:n], []byte("\n"))
	line, _, ok := bytes.Cut(rest, []byte("\n"))
	text := strings.TrimRight(string(line), "\r")
	return ok && (text == "# "+mark || text == "rem "+mark)
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// canWrite reports whether dir is writable, by creating a file.
func canWrite(dir string) bool {
	f, err := os.CreateTemp(dir, ".computetarget-*")
	if err != nil {
		return false
	}
	_ = f.Close()
	return os.Remove(f.Name()) == nil
}
