package setup

import "slices"

// Code is one kind of finding, for the page that lists them.
type Code struct {
	Name     string
	Severity Severity
	Reason   string
	Fix      string
}

// Codes are all kinds of findings: errors first, each in alphabetical order.
func Codes() []Code {
	return []Code{
		{"bom", Error, "The file begins with a byte order mark, so its first line is not `#!`.", "Save it as UTF-8 without a mark."},
		{"crlf", Error, "Lines end as on Windows. The shell reads the carriage return as part of the last word.", "Convert it: `sed -i 's/\\r$//' FILE`."},
		{"lost-argument", Error, "`$1`, `$@` or `$#` in a block that another shell reads. That shell got no arguments, so it is empty.", "Pass the arguments (`bash -s -- \"$1\" <<'EOF'`), or leave the delimiter unquoted, so that the script fills it in."},
		{"nul", Error, "The file has NUL bytes: it is UTF-16, or not a script.", "Save it as UTF-8."},
		{"pasted", Error, "Marks of a page around the script: a line of three backquotes, or the prompt `$` before a command.", "Take them out."},
		{"share-name", Error, "The service runs only scripts of the share whose names end in `.sh`.", "Rename it."},
		{"size", Error, "The script is too long to be sent inline.", "Use `--upload-to Users/FOLDER/`."},
		{"syntax", Error, "The shell cannot read it. With bash, the lines above have run by then.", "Correct it; `bash -n FILE` shows the same place."},
		{"apt-yes", Warning, "`apt-get` asks before it installs, and nobody can answer.", "Add `-y`."},
		{"arithmetic", Warning, "What stands where bash expects an arithmetic expression is not one, as in `${A:/apps}` for `${A:-/apps}`. The script ends there.", "Correct it."},
		{"bare-shell", Warning, "`sudo -u azureuser -i` or `su azureuser` without a block. It starts a shell that ends at once, and the lines after it run as root. Or `sudo -u azureuser` with a block and without `-i`, which fails.", "Give it the lines in a here-document."},
		{"bashism", Warning, "`#!/bin/sh` is dash on these machines, and this is bash.", "Write `#!/bin/bash`."},
		{"conda-activate", Warning, "`conda activate` is a function that exists only after conda's profile script was read, in the same shell.", "Put `source /anaconda/etc/profile.d/conda.sh` before it."},
		{"conda-yes", Warning, "`conda` asks before it installs, and nobody can answer.", "Add `-y`."},
		{"early-variable", Warning, "The outer shell, which is root's, replaces the variable before the block runs.", "Quote the delimiter (`<<'EOF'`), or write `\\$NAME`."},
		{"git-config-root", Warning, "`git config --global` as root writes `/root/.gitconfig`, which azureuser never reads.", "Put `sudo -u azureuser -i` before it, or use `--system`."},
		{"ignore", Warning, "`computetarget:ignore` names a code that does not exist, so it silences nothing.", "Use a code of this table."},
		{"interpreter", Warning, "The first line names a program other than bash or sh. The service documents shell scripts only.", "Call the program from a bash script."},
		{"login", Warning, "`az login` or `azcopy login` waits for somebody to sign in, until the time limit.", "Use `az login --identity`."},
		{"lookalike", Warning, "A character that only looks like a quote, a dash or a blank. Pages and chats put them in.", "Type it again."},
		{"lost-variable", Warning, "A variable of the script in a block that another shell reads. That shell does not have it, so it is empty.", "Set it inside the block, or leave the delimiter unquoted."},
		{"no-final-newline", Warning, "The last line does not end. What appends to the file makes one line of two.", "End it with a line break."},
		{"no-set-e", Warning, "The shell goes on after a command that failed, and the create can be reported as done. A block that another shell reads needs its own `set -e`.", "Put `set -e` at its start."},
		{"no-shebang", Warning, "The first line does not name the shell.", "Begin with `#!/bin/bash`."},
		{"not-utf8", Warning, "The file is not UTF-8.", "Save it as UTF-8."},
		{"pip-yes", Warning, "`pip uninstall` asks before it removes, and nobody can answer. In a block it takes the next line for the answer.", "Add `-y`."},
		{"placeholder", Warning, "A placeholder is left in, such as `<your-name>`.", "Fill it in."},
		{"relative-path", Warning, "A relative path after the folder changed. The script starts in its own folder; `sudo -u azureuser -i` and `cd` leave it.", "Write the path from the root, or remember the folder first."},
		{"root-env", Warning, "root makes a conda environment that azureuser uses, and cannot install into.", "Make it in the `sudo -u azureuser` block."},
		{"secret", Warning, "A secret in clear text, in the script or among its arguments. Everybody who reads the workspace's share or the compute can read it.", "Read it from Key Vault with the instance's identity."},
		{"shutdown", Warning, "The script stops or restarts the machine. Setup fails, and an instance that is shut down from inside goes on being billed.", "Remove it; use `computetarget stop`, `restart` or a schedule."},
		{"timeout", Warning, "The time limit is longer than 25 minutes. Users report that the service refuses more; its page allows it.", "Use at most `25m`."},
		{"unread", Warning, "The file is too long or too deeply nested to be read as shell, so most checks were skipped.", "Move what it installs into files of its own."},
	}
}

// known reports whether a code exists.
func known(code string) bool {
	return slices.ContainsFunc(Codes(), func(c Code) bool { return c.Name == code })
}
