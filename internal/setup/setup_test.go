package setup

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	head = "#!/bin/bash\nset -e\n"
	user = head + "sudo -u azureuser -i <<'EOF'\nset -e\n"
)

// lints are scripts and the findings that they must have: code and place, one
// each. A script without any is one that must not give a false alarm.
var lints = []struct{ name, script, want string }{
	{"the script of the article", "#!/bin/bash\n\nset -e\n\nsudo -u azureuser -i <<'EOF'\nset -e\nPACKAGE=numpy\nENVIRONMENT=azureml_py38\nsource /anaconda/etc/profile.d/conda.sh\nconda activate \"$ENVIRONMENT\"\npip install \"$PACKAGE\"\nconda deactivate\nEOF\n", ""},
	{"a script with arguments", head + "echo \"ssh-rsa ${1}\" >> /home/azureuser/.ssh/authorized_keys2\nfor key; do echo \"$key\" \"$@\" $#; done\n", ""},
	{"one command", "#!/bin/sh\npython3 /opt/scan.py install\n", ""},

	{"crlf", "#!/bin/bash\r\nset -e\r\necho a\r\n", "crlf 1:12"},
	{"crlf on one line", head + "echo a\r\necho b\n", "crlf 3:7"},
	{"cr only", "#!/bin/bash\rset -e\recho a\r", "crlf 1:12"},
	{"a carriage return written out", head + "printf 'a\\r\\n' | tr -d '\\r'\n", ""},
	{"a mark", bom + head + "echo a\n", "bom 1:1"},
	{"a mark, CRLF and an error", bom + "#!/bin/bash\r\nif true\r\n", "bom 1:1, crlf 1:12, syntax 2:1"},
	{"UTF-16", "\xff\xfe#\x00!\x00", "bom 1:1"},
	{"UTF-16 without a mark", "#\x00!\x00", "nul 1:2"},
	{"a NUL", head + "echo \x00\n", "nul 3:6"},
	{"Latin-1", head + "echo caf\xe9\n", "not-utf8 3:9"},
	{"UTF-8", head + "echo café ☃; if\n", "syntax 3:14"},
	{"an empty file", "", "syntax 0:0"},
	{"blanks only", "\n \n", "syntax 0:0"},
	{"a mark only", bom, "syntax 0:0"},

	{"no shebang", "set -e\necho a\n", "no-shebang 1:1"},
	{"a blank before it", " #!/bin/bash\nset -e\necho a\n", "no-shebang 1:1"},
	{"a line before it", "\n#!/bin/bash\nset -e\necho a\n", "no-shebang 1:1"},
	{"an empty one", "#!\nset -e\necho a\n", "no-shebang 1:1"},
	{"env", "#!/usr/bin/env bash\nset -e\necho a\n", ""},
	{"env -S", "#!/usr/bin/env -S bash -e\necho a\necho b\n", ""},
	{"a blank after #!", "#! /bin/bash -e\necho a\necho b\n", ""},
	{"python", "#!/usr/bin/env python3\nimport os\nif True: os.system('x')\n", "interpreter 1:3"},
	{"zsh", "#!/bin/zsh\necho ${(f)x} $1 |& cat\n", "interpreter 1:3"},
	{"fish", "#!/usr/bin/fish\nset -x A b; and echo (pwd)\n", "interpreter 1:3"},
	{"fish with CRLF and a secret", "#!/usr/bin/fish\r\nset K AccountKey=" + fakeKey + "==\r\n", "interpreter 1:3, crlf 1:16, secret 2:7"},
	{"no final newline", head + "echo a", "no-final-newline 3:6"},

	{"fences of a page", "```bash\n" + head + "echo a\n```\n", "no-shebang 1:1, pasted 1:1"},
	{"fences of a page in a block", head + "cat > a.md <<'EOF'\n```\na\n```\nEOF\n", ""},
	{"prompts of a page", head + "$ echo a\n$ echo b\n", "pasted 3:1"},
	{"a dollar that is no prompt", head + "echo $ a\n\"$SHELL\" -c true\n", ""},

	{"an unclosed if", head + "if true; then\n  echo a\n", "syntax 3:1"},
	{"an unclosed quote", head + "echo 'a\n", "syntax 3:6"},
	{"an unclosed here-document", head + "cat <<EOF\na\n EOF\n", "syntax 3:5"},
	{"a syntax error in a block", user + "if true\nEOF\n", "syntax 5:1"},
	{"in a block that is filled in, it may be none", head + "sudo -u azureuser -i <<EOF\nset -e\n$(cat block)\nif $CONDITION\nEOF\n", ""},
	{"an error behind others", head + "apt-get install a\nif true\n", "apt-yes 3:1, syntax 4:1"},
	{"an unclosed here-document at the end", "0<<-0&#00\n1", "no-shebang 1:1, syntax 1:1, no-final-newline 2:1"},
	{"a placeholder the shell cannot read", head + "az account set -s <subscription>\n", "syntax 3:32"},
	{"bash in sh", "#!/bin/sh\nset -e\na=(1 2)\n", "bashism 3:3"},
	{"sh", "#!/bin/sh\nset -e\n[ -f a ] && . /etc/profile\n", ""},
	{"neither sh nor bash", "#!/bin/sh\nset -e\na=(1 2\n", "syntax 3:3"},
	{"bash in bash", head + "a=(1 2); [[ ${a[0]} == 1 ]] && cat <(echo \"${a[@]^^}\") &> /dev/null\n", ""},
	{"a shell's syntax in another language", head + "python3 <<'EOF'\nif True:\n  print('$1')\nEOF\ncat > a.sh <<'EOF'\nif $1\nEOF\n", ""},

	{"what bash evaluates when it runs", head + "A=${B:/apps}\napt-get install a\n", "arithmetic 3:7, apt-yes 4:1"},
	{"a long one", head + "A=${B:/" + strings.Repeat("a", 5000) + "}\n", "arithmetic 3:7"},
	{"keys that are no numbers", head + "declare -A A=(\n  [10.1]=a\n  [a b/c]=b\n)\necho \"${A[10.1]}\"\nreboot\n", "shutdown 8:1"},
	{"arithmetic", head + "echo $(( (1 + 2) * A[0] ? B++ : 0x10 )); (( A += 1 ))\n", ""},

	{"an argument in a quoted block", user + "echo $1\nEOF\n", "lost-argument 5:6"},
	{"quoted with double quotes", head + "sudo -u azureuser -i <<\"EOF\"\necho \"$1\"\nEOF\n", "lost-argument 4:7"},
	{"quoted with a backslash", head + "sudo -u azureuser -i <<\\EOF\necho $1\nEOF\n", "lost-argument 4:6"},
	{"quoted in part, with tabs", head + "sudo -u azureuser -i <<-E'O'F\n\techo ${1}\n\tEOF\n", "lost-argument 4:7"},
	{"not quoted, it is filled in", head + "sudo -u azureuser -i <<EOF\necho $1 $@ $#\nEOF\n", ""},
	{"not quoted but escaped", head + "sudo -u azureuser -i <<EOF\necho \\$1\nEOF\n", "lost-argument 4:7"},
	{"in CRLF", "#!/bin/bash\r\nset -e\r\nsudo -u azureuser -i <<'EOF'\r\necho $1\r\nEOF\r\n", "crlf 1:12, lost-argument 4:6"},
	{"all arguments", user + "pip install \"$@\"\nEOF\n", "lost-argument 5:14"},
	{"their number", user + "[ $# -gt 0 ] || exit 1\nEOF\n", "lost-argument 5:3"},
	{"with a default", user + "echo ${1:-numpy}\nEOF\n", "lost-argument 5:6"},
	{"in arithmetic", user + "echo $(( $1 + ${#2} ))\nEOF\n", "lost-argument 5:10, lost-argument 5:15"},
	{"in a loop without in", user + "for p; do pip install $p; done\nEOF\n", "lost-argument 5:1"},
	{"passed to bash -s", head + "sudo -u azureuser -i bash -s -- \"$1\" <<'EOF'\necho $1\nEOF\n", ""},
	{"one passed, two used", head + "sudo -u azureuser bash -s -- numpy <<'EOF'\necho $1 $2\nEOF\n", "lost-argument 4:9"},
	{"of a function", user + "f() {\n  echo $1 $# \"$@\"\n}\nf a\nEOF\n", ""},
	{"set in the block", user + "set -- a b\necho $1\nEOF\n", ""},
	{"of awk", user + "df | awk '{print $1}'\ndf | awk \"{print \\$1}\"\nEOF\n", ""},
	{"of a script that the block writes", user + "cat > run.sh <<'X'\necho $1\nX\nEOF\n", ""},
	{"in a comment", user + "# uses $1\necho a # $2\nEOF\n", ""},
	{"sudo -iu", head + "sudo -iu azureuser <<'EOF'\necho $1\nEOF\n", "lost-argument 4:6"},
	{"sudo -i -u", head + "sudo -i -u azureuser <<'EOF'\necho $1\nEOF\n", "lost-argument 4:6"},
	{"sudo --user=", head + "sudo --user=azureuser --login <<'EOF'\necho $1\nEOF\n", "lost-argument 4:6"},
	{"sudo --user", head + "sudo -H --user azureuser bash <<'EOF'\necho $1\nEOF\n", "lost-argument 4:6"},
	{"a user in a variable", head + "sudo -u $CI_LOCAL_UBUNTU_USER -i <<'EOF'\necho $1\nEOF\n", "lost-argument 4:6"},
	{"a glob, which may be many", head + "sudo -u azureuser bash -c 'echo $1 $3' _ *.txt\nsudo -u azureuser bash -c 'echo $3' _ '*.txt' {a,b,c}\nsudo -u azureuser bash -c 'echo $2' _ '*.txt'\n", "lost-argument 5:33"},
	{"of /dev/stdin", head + "sudo -u azureuser bash /dev/stdin \"$1\" <<'EOF'\necho $1\nEOF\nbash /dev/stdin a <<'EOF'\necho $2\nEOF\n", "lost-argument 7:6"},
	{"a block at the end, without a line break", head + "sudo -u azureuser -i <<'EOF'\necho $1\nEOF", "lost-argument 4:6, no-final-newline 5:3"},
	{"sudo with a variable", head + "sudo -u azureuser A=\"$1\" bash <<'EOF'\necho $A\nEOF\n", ""},
	{"su -", head + "su - azureuser <<'EOF'\necho $1\nEOF\n", "lost-argument 4:6"},
	{"su -c", head + "su azureuser -c 'echo $1'\n", "lost-argument 3:23"},
	{"su -c before the user", head + "su -c 'echo $1' azureuser\n", "lost-argument 3:13"},
	{"su -lc", head + "su -lc 'echo $1' azureuser\n", "lost-argument 3:14"},
	{"su -c with arguments", head + "su azureuser -c 'echo $1' -- _ \"$1\"\n", ""},
	{"runuser", head + "runuser -u azureuser -- bash -c 'echo $1'\nrunuser -l azureuser -c 'echo $2'\n", "lost-argument 3:39, lost-argument 4:31"},
	{"bash -c", head + "sudo -u azureuser bash -c 'echo $1'\n", "lost-argument 3:33"},
	{"bash -lc over lines", head + "sudo -u azureuser bash -lc '\n  set -e\n  echo $1\n'\n", "lost-argument 5:8"},
	{"bash -c in double quotes is filled in", head + "sudo -u azureuser bash -c \"echo $1\"\n", ""},
	{"unless escaped", head + "sudo -u azureuser bash -c \"echo \\$1\"\n", "lost-argument 3:34"},
	{"bash -c with arguments", head + "sudo -u azureuser bash -c 'echo $1' _ \"$1\"\n", ""},
	{"bash -c where one is $0", head + "sudo -u azureuser bash -c 'echo $1' numpy\n", "lost-argument 3:33"},
	{"sudo -i bash -c fills in by itself", head + "sudo -u azureuser -i bash -c 'echo $1' _ numpy\n", "lost-argument 3:36"},
	{"bash -euo pipefail -c", head + "sudo -u azureuser bash -euo pipefail -c 'echo $1; echo b'\n", "lost-argument 3:47"},
	{"a here-string", head + "sudo -u azureuser bash <<< 'echo $1'\n", "lost-argument 3:34"},
	{"through cat", head + "cat <<'EOF' | sudo -u azureuser bash\nset -e\necho $1\nEOF\n", "lost-argument 5:6"},
	{"through echo", head + "echo 'echo $1' | sudo -u azureuser bash\n", "lost-argument 3:12"},
	{"through a substitution", head + "sudo -u azureuser bash -c \"$(cat <<'EOF'\nset -e\necho $1\nEOF\n)\"\n", "lost-argument 5:6"},
	{"in a block in a block", user + "bash <<'X'\necho $1\nX\nEOF\n", "lost-argument 6:6"},
	{"as root", head + "bash <<'EOF'\necho $1\nEOF\n", "lost-argument 4:6"},
	{"of xargs and find", head + "ls | xargs -I{} bash -c 'echo $1' _ {}\nfind . -exec sh -c 'echo $1' _ {} \\;\n", ""},
	{"a file, not a string", head + "sudo -u azureuser bash ./a.sh \"$1\"\n", ""},
	{"in an if, a pipe and behind time", head + "if time sudo -u azureuser -i <<'EOF' | tee log; then\necho $1\nEOF\n  echo b\nfi\n", "lost-argument 4:6"},

	{"a variable of the script", head + "P=numpy\nsudo -u azureuser -i <<'EOF'\npip install $P\nEOF\n", "lost-variable 5:13"},
	{"set in the block too", head + "P=a\nsudo -u azureuser -i <<'EOF'\nset -e\nP=b\nread -r Q\nexport R=c\nfor S in a; do echo $P $Q $R $S; done\nEOF\n", ""},
	{"exported, but sudo drops it", head + "export P=numpy\nsudo -u azureuser -i <<'EOF'\npip install $P\nEOF\n", "lost-variable 5:13"},
	{"exported and kept", head + "export P=numpy\nsudo -E -u azureuser bash <<'EOF'\npip install $P\nEOF\n", ""},
	{"exported, without sudo", head + "export P=numpy\nbash <<'EOF'\npip install $P\nEOF\n", ""},
	{"passed", head + "P=numpy\nsudo -u azureuser P=\"$P\" bash -c 'pip install $P'\nsudo -u azureuser env P=\"$P\" bash -c 'pip install $P'\n", ""},
	{"kept by name", head + "export P=numpy\nsudo --preserve-env=P -u azureuser bash -c 'pip install $P'\n", ""},
	{"a part of it", head + "P=numpy.txt\nsudo -u azureuser -i <<'EOF'\npip install ${P%.txt}\nEOF\n", "lost-variable 5:13"},
	{"with a default of its own", head + "P=numpy\nsudo -u azureuser -i <<'EOF'\npip install ${P:-numpy}\nEOF\n", ""},
	{"of the instance", user + "echo $HOME $USER $CI_NAME $CI_WORKSPACE $NOT_OF_THE_SCRIPT\nEOF\n", ""},

	{"a variable of the block, not quoted", head + "sudo -u azureuser -i <<EOF\nset -e\nE=a\nconda run -n $E python\nEOF\n", "early-variable 6:14"},
	{"escaped", head + "sudo -u azureuser -i <<EOF\nset -e\nE=a\nconda run -n \\$E python\nEOF\n", ""},
	{"of the script, too", head + "E=a\nsudo -u azureuser -i <<EOF\nset -e\nE=$E\necho \\$E\nEOF\n", ""},
	{"root's home", head + "sudo -u azureuser -i <<EOF\nmkdir $HOME/a\nEOF\n", "early-variable 4:7"},
	{"root's home in a string", head + "sudo -u azureuser bash -c \"mkdir $HOME/a\"\n", "early-variable 3:34"},
	{"root's home as an argument", head + "sudo -u azureuser mkdir ~/a \"$HOME/b\"\n", "early-variable 3:25, early-variable 3:30"},
	{"the home in a quoted block", user + "mkdir $HOME/a ~/b\nEOF\nmkdir $HOME/c\n", ""},
	{"a home of the script's own", head + "HOME=/home/azureuser\nsudo -u azureuser mkdir $HOME/a\n", ""},

	{"conda activate", user + "conda activate a\nconda activate b\nEOF\n", "conda-activate 5:1"},
	{"after the profile script", user + "source /anaconda/etc/profile.d/conda.sh\nconda activate a\nEOF\n", ""},
	{"after a dot", user + ". \"$CONDA/etc/profile.d/conda.sh\"\nconda activate a\nEOF\n", ""},
	{"after the hook", user + "eval \"$(conda shell.bash hook)\"\nconda activate a\nEOF\n", ""},
	{"the profile script of another shell", head + "source /anaconda/etc/profile.d/conda.sh\nsudo -u azureuser -i <<'EOF'\nconda activate a\nEOF\n", "conda-activate 5:1"},
	{"in an interactive shell, which reads .bashrc", head + "sudo -u azureuser bash -ic 'conda activate a'\n", ""},
	{"conda run and source activate", user + "conda run -n a pip list\nsource activate a\nEOF\n", ""},

	{"conda install", user + "conda install numpy\nEOF\n", "conda-yes 5:1"},
	{"conda create -y, in any place", user + "conda create -y -n a\nconda create -n a --yes\nconda install -qy b\nconda install -c x b -y\nEOF\n", ""},
	{"conda told so", user + "conda config --set always_yes true\nconda install a\nEOF\n", ""},
	{"conda told by a variable", user + "export CONDA_ALWAYS_YES=true\nconda install a\nEOF\nCONDA_ALWAYS_YES=1 conda install b\n", ""},
	{"yes before conda", user + "yes | conda install a\necho y | conda install b\nEOF\n", ""},
	{"conda that does not ask", user + "conda env create -f /a.yml\nconda list\nconda info\nconda install $OPTS a\nEOF\n", ""},
	{"pip uninstall", user + "pip uninstall numpy\npip uninstall -y numpy\npip uninstall --yes numpy\nyes | pip uninstall numpy\nEOF\n", "pip-yes 5:1"},
	{"a sign-in", head + "az login\naz login --identity\naz login -i\nazcopy login\naz login --service-principal -u a -p \"$P\" -t b\naz acr login -n a\naz login --use-device-code\n", "login 3:1, login 6:1, login 9:1"},
	{"mamba", user + "sudo /opt/mamba remove a\nEOF\n", "conda-yes 5:6"},

	{"apt-get install", head + "apt-get update\napt-get install a\n", "apt-yes 4:1"},
	{"apt-get -y, in any place", head + "apt-get -y install a\napt-get install a -yq\nsudo apt install --yes a\napt-get -qq install a\napt-get -o APT::Get::Assume-Yes=true install a\nDEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Options::=--force-confold upgrade -y\n", ""},
	{"apt told by its settings", head + "echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90yes\napt-get install a\n", ""},
	{"yes before apt", head + "yes | sudo apt-get install a\n", ""},
	{"behind &&, env and sudo", head + "apt-get update && sudo env A=b apt-get dist-upgrade\n", "apt-yes 3:32"},
	{"with a variable for sudo", head + "sudo DEBIAN_FRONTEND=noninteractive apt-get install a\n", "apt-yes 3:37"},
	{"a repository", head + "add-apt-repository ppa:a/b\nadd-apt-repository -y ppa:a/b\n", "apt-yes 3:1"},
	{"options in a variable", head + "apt-get $APT_OPTS install a\napt-get install $FLAGS a\napt-get install $PACKAGES\n", "apt-yes 5:1"},

	{"git as root", head + "git config --global user.name a\ngit config --global user.email b\n", "git-config-root 3:1"},
	{"git as root by sudo", user + "sudo git config --global user.name a\nEOF\n", "git-config-root 5:6"},
	{"git as azureuser", user + "git config --global user.name a\nEOF\nsudo -u azureuser git config --global a b\nsudo --user=azureuser git config --global a b\nsu azureuser -c 'git config --global a b'\n", ""},
	{"git where root needs it", head + "git config --global --add safe.directory '*'\ngit config --system a b\nHOME=/home/azureuser git config --global a b\ngit config --global --get a\n", ""},

	{"an environment of root", head + "conda env create -f /a/env.yml\nsudo -u azureuser -i <<'EOF'\nset -e\nsource /anaconda/etc/profile.d/conda.sh\nconda activate mine\nEOF\n", "root-env 3:1"},
	{"by its name", head + "conda create -y -n mine\nsudo -u azureuser conda run -n mine pip list\n", "root-env 3:1"},
	{"another one", head + "conda create -y -n mine\nsudo -u azureuser conda run -n azureml_py38 pip list\nsudo -u azureuser conda run -n base pip list\n", ""},
	{"given to azureuser", head + "conda create -y -n mine\nchown -R azureuser /anaconda/envs/mine\nsudo -u azureuser conda run -n mine pip list\n", ""},
	{"also made by azureuser", head + "conda create -y -n mine\nsudo -u azureuser conda create -y -n mine -p /home/azureuser/e\nsudo -u azureuser conda run -n mine pip list\n", ""},
	{"used by root", head + "conda create -y -n mine\nconda run -n mine pip list\n", ""},

	{"no set -e", "#!/bin/bash\necho a\necho b\n", "no-set-e 2:1"},
	{"set -e by other names", "#!/bin/bash\nset -euo pipefail\necho a\n", ""},
	{"set -o errexit", "#!/bin/bash\nset -o errexit\necho a\n", ""},
	{"in the first line", "#!/bin/bash -ex\necho a\necho b\n", ""},
	{"not in the block", head + "sudo -u azureuser -i <<'EOF'\npip install a\npip install b\nEOF\n", "no-set-e 4:1"},
	{"by the block's shell", head + "sudo -u azureuser bash -e <<'EOF'\npip install a\npip install b\nEOF\nsudo -u azureuser bash -ec 'a; b'\n", ""},
	{"a block of one command", head + "sudo -u azureuser -i <<'EOF'\npip install a && pip install b\nEOF\n", ""},

	{"a file in another folder", user + "conda env create -f env.yml\nEOF\n", "relative-path 5:21"},
	{"in the script's folder", head + "pip install -r requirements.txt\nsource lib.sh\n./run.sh\nsudo -u azureuser pip install -r requirements.txt\n", ""},
	{"after cd home", head + "cd ~\npip install -r requirements.txt\n", "relative-path 4:16"},
	{"after cd to the home", head + "cd \"$HOME\"\nbash lib.sh\n", "relative-path 4:6"},
	{"after cd into what was fetched", user + "git clone https://a/b\ncd b\npip install -r requirements.txt\nEOF\n", ""},
	{"after cd into a folder that a new instance lacks", head + "cd /data/project\npip install -r requirements.txt\n", "relative-path 4:16"},
	{"after cd into one that the script makes", head + "mkdir -p /data/project\nsudo -u azureuser -i <<'EOF'\nset -e\ncd /data/project\npip install -r requirements.txt\nEOF\ncd ~/x\n./run.sh\n", ""},
	{"after cd into the share", user + "cd ~/cloudfiles/code/Users/me\nsource lib.sh\nEOF\n", ""},
	{"after it was written", user + "cat > req.txt <<'X'\nnumpy\nX\npip install -r req.txt\nwget https://a/b.sh\nbash b.sh\nEOF\n", ""},
	{"in the home itself", user + "cp .bashrc .bashrc.old\nsource .profile\npython3 -m venv env\nsource env/bin/activate\npip install -r req.txt\nEOF\n", ""},
	{"from the root or home", user + "pip install -r /a/req.txt\nsource ~/lib.sh\nbash \"$HOME/x.sh\"\nEOF\n", ""},
	{"in a subshell", head + "(cd /tmp && true)\npip install -r requirements.txt\n", ""},
	{"in the folder of the script", head + "cd \"$(dirname \"$0\")\"\npip install -r requirements.txt\n", ""},

	{"what a loop or command reads", user + "while read -r p; do pip install \"$p\"; done < packages.txt\nxargs pip install < /a/packages.txt\nEOF\n", "relative-path 5:46"},
	{"no file at all", user + "cat <<< a\ncat < \"$1\"\nEOF\n", "lost-argument 6:8"},

	{"a shell without lines", head + "sudo -u azureuser -i\nconda activate a\n", "bare-shell 3:1, conda-activate 4:1"},
	{"sudo without a command or -i", head + "sudo -u azureuser <<'EOF'\nconda list\nEOF\n", "bare-shell 3:1"},
	{"su without lines", head + "sudo su - azureuser\n", "bare-shell 3:1"},
	{"a shell with lines", head + "sudo -v\nsudo -K\ncat a.sh | sudo -u azureuser -i\nsudo -i < a.sh\nsudo -i <<< 'echo a'\nsudo su - azureuser <<'EOF'\necho $HOME\nEOF\nsudo -u azureuser -i bash /a/b.sh\n", ""},

	{"a placeholder", head + "NAME=\"<your-name>\"\ngit clone https://YOUR_TOKEN@github.com/a/b\naz account set -s <TENANT_ID> -u a\n", "placeholder 3:6, placeholder 4:11, placeholder 5:19"},
	{"a placeholder outside quotes", user + "pip install a > ~/<xxx>/log\nEOF\n", "placeholder 5:19"},
	{"once each", head + "A='<SUBSCRIPTION_ID>'\nB='<SUBSCRIPTION_ID>'\n", "placeholder 3:3"},
	{"more of them", head + "A={{ conda_channels }}\nB='{API KEY}'\nC=CHANGE_ME\nD=XXXXXXXXXX\nE=me@contoso.com\n", "placeholder 3:3, placeholder 4:3, placeholder 5:3, placeholder 6:3, placeholder 7:3"},
	{"and more", head + "A=TODO\nB=REPLACE_WITH_KEY\nC=enter-your-key\n", "placeholder 3:3, placeholder 4:3, placeholder 5:3"},
	{"echo into a file", head + "echo 'user=<your-name>' > a\necho 'key=<your-key>' | tee b\n", "placeholder 3:6, placeholder 4:6"},
	{"what only looks like one", head + "echo \"usage: $0 <your-name> <API-KEY>\"\necho 'give <your-name>'\nmktemp /tmp/a.XXXXXX\nmktemp XXXXXXXX\ndocker ps --format '{{.Names}} {{json .}}'\ncat < in > out\necho '<b>a</b><my-tag>x</my-tag>' > a.html\n# <your-name>\n$YOUR_TOOL a\n", ""},

	{"a password", head + "PASSWORD=hunter2hunter2\n", "secret 3:10"},
	{"a token in a flag", head + "az devops login --token abcdefghijklmnop\n", "secret 3:25"},
	{"in other flags", head + "az login --service-principal -u a -p abcdefgh12 -t b\nmysql --password=hunter2hunter2\n", "secret 3:38, secret 4:7"},
	{"headers and connections", head + "curl -H 'Authorization: Bearer abcdefghijklmnopqrstuvwxyz'\necho 'Server=a;Password=hunter22;' > a\ncurl -H \"Authorization: Bearer $TOKEN\"\n", "secret 3:25, secret 4:16"},
	{"a key by its looks, also in a comment", head + "# AccountKey=" + fakeKey + "==\nexport A=ghp_" + strings.Repeat("a1B2", 9) + "\ncurl 'https://a/b?sv=1&sig=" + strings.Repeat("aB3%2F", 6) + "'\ngit clone https://me:hunter22@github.com/a/b\n", "secret 3:3, secret 4:10, secret 5:23, secret 6:11"},
	{"not a secret", head + "TOKEN=$1\nPASSWORD=$(az keyvault secret show -n a --query value -o tsv)\nSECRET_NAME=my-secret-name\nexport TOKEN_FILE=/run/token\nPWD=/tmp/abcdefgh\nPASSWORD=\nTOKEN=/run/secrets/token\nKEY_VAULT=vault-abcdef\ngcloud secrets versions access 1 --secret=my-connection\n# https://user:password@host/a AccountKey=XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX\ngit clone https://$USER:$TOKEN@github.com/a/b\nsshkey=\"ssh-rsa AAAAB3Nza\"\n", ""},

	{"shutdown", head + "sudo shutdown -h now\nreboot\nsystemctl reboot\ninit 0\n", "shutdown 3:6, shutdown 4:1, shutdown 5:1, shutdown 6:1"},
	{"what only sounds like it", head + "systemctl restart jupyter\necho reboot\ninit 3\nshutdown --help\n", ""},

	{"curly quotes", head + "echo “hello”\n", "lookalike 3:6"},
	{"a dash that is none", head + "apt-get install –y a\n", "apt-yes 3:1, lookalike 3:17"},
	{"a blank that is none", head + "echo\u00a0a\n", "lookalike 3:5"},
	{"symbols", head + "PS1=\ue0a0 echo ☃ 名前 naïve ✔\ufe0f\n", ""},
	{"in quotes and comments they are text", head + "echo '“hello” – it’s' \"a\u00a0b\" # “x”\n", ""},

	{"a code that does not exist", head + "echo a # computetarget:ignore no-such\n", "ignore 3:31"},
	{"no code", head + "echo a # computetarget:ignore\n", "ignore 3:8"},
	{"too deep", head + strings.Repeat("$(", 6000) + "\n", "unread 0:0"},
	{"too long", head + strings.Repeat("# a comment that goes on\n", 12000), "unread 0:0"},
}

const fakeKey = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/abcdefghijklmnopqrst"

func check(script string) []Finding { return Check("a.sh", []byte(script), "Users/me/a.sh") }

func places(found []Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, fmt.Sprintf("%s %d:%d", f.Code, f.Line, f.Column))
	}
	return strings.Join(out, ", ")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range lints {
		found := check(c.script)
		if got := places(found); got != c.want {
			t.Errorf("%s: %q, not %q, in\n%s", c.name, got, c.want, c.script)
		}
		for _, f := range found {
			if len(f.Reason) > 400 {
				t.Errorf("%s: the reason of %s has %d bytes", c.name, f.Code, len(f.Reason))
			}
			if f.Reason == "" || f.Fix == "" || strings.HasSuffix(f.Reason, ".") || f.File != "a.sh" {
				t.Errorf("%s: the finding is not whole: %+v", c.name, f)
			}
			if strings.Contains(f.String(), "hunter") || strings.Contains(f.String(), fakeKey) {
				t.Errorf("%s: the finding repeats the secret: %s", c.name, f)
			}
			if i := slices.IndexFunc(Codes(), func(c Code) bool { return c.Name == f.Code }); i < 0 || Codes()[i].Severity != f.Severity {
				t.Errorf("%s: %s is not the code of the table", c.name, f)
			}
		}
	}
}

// Every code can be silenced at the head of the file and on the line above; and
// each has a script that shows it.
func TestIgnore(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"size": true, "share-name": true, "timeout": true}
	for _, c := range lints {
		for _, f := range check(c.script) {
			seen[f.Code] = true
			if f.Code == "ignore" || f.Code == "nul" || strings.HasPrefix(c.script, "\xff") {
				continue
			}
			comment := "# computetarget:ignore no-shebang," + f.Code + " because we know\n"
			first, rest, _ := strings.Cut(c.script, "\n")
			silenced := check(first + "\n" + comment + rest)
			if c.name == "cr only" || !strings.HasPrefix(first, "#!") && !strings.HasPrefix(first, bom) {
				silenced = check(comment + c.script)
			}
			if has := codes(silenced); slices.Contains(has, f.Code) {
				t.Errorf("%s: %s is not silenced at the head: %v", c.name, f.Code, has)
			}
			if f.Line < 2 {
				continue
			}
			lines := strings.SplitAfter(c.script, "\n")
			above := slices.Insert(slices.Clone(lines), f.Line-1, "# computetarget:ignore "+f.Code+"\n")
			for _, other := range check(strings.Join(above, "")) {
				if other.Code == f.Code && other.Line == f.Line+1 && (other.Column == f.Column) {
					t.Errorf("%s: %s is not silenced by the line above", c.name, other)
				}
			}
		}
	}
	for _, c := range Codes() {
		if !seen[c.Name] {
			t.Errorf("no script shows %s", c.Name)
		}
	}
	if got := places(check(head + "apt-get install a # computetarget:ignore apt-yes\napt-get install b\n# computetarget:ignore conda-yes\napt-get install c\n")); got != "apt-yes 4:1, apt-yes 6:1" {
		t.Errorf("a comment silences its line and the next, and its code only: %s", got)
	}
	if got := places(check(head + "# computetarget:ignore conda-yes, apt-yes\nsudo \\\n  apt-get \\\n  install b\n")); got != "" {
		t.Errorf("a comment above a statement of several lines: %s", got)
	}
	if got := places(check(user + "# computetarget:ignore apt-yes\nsudo apt-get install b\nsudo apt-get install c\nEOF\n")); got != "apt-yes 7:6" {
		t.Errorf("a comment inside a block: %s", got)
	}
}

func codes(found []Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Code)
	}
	return out
}

func TestWays(t *testing.T) {
	t.Parallel()
	long := head + strings.Repeat("#\n", (MaxInline-len(head))/2)
	long += strings.Repeat("#", MaxInline-len(long)-1) + "\n"
	if len(base64.StdEncoding.EncodeToString([]byte(long))) != 4096 {
		t.Fatal("the script is not just as long as may be")
	}
	for _, c := range []struct{ script, path, want string }{
		{long, "", ""},
		{long + "\n", "", "size 0:0"},
		{long + "\n", "Users/me/setup.sh", ""},
		{"# computetarget:ignore size,no-shebang\n" + long, "", ""},
		{head, "Users/me/setup", "share-name 0:0"},
		{head, "Users/me/setup.SH", "share-name 0:0"},
		{head, "Users/me/setup.sh.txt", "share-name 0:0"},
		{head, "", ""},
	} {
		if got := places(Check("a", []byte(c.script), c.path)); got != c.want {
			t.Errorf("%q at %q: %q, not %q", c.script[:20], c.path, got, c.want)
		}
	}
	for _, c := range []struct{ folder, file, want string }{
		{"Users/me/", "/tmp/a.sh", "Users/me/a.sh"},
		{"Users/me", "a.sh", "Users/me/a.sh"},
		{"Users/me//./x/", "a.sh", "Users/me/x/a.sh"},
		{"Users", "a.sh", ""},
		{"Users/", "a.sh", ""},
		{"Users/.", "a.sh", ""},
		{"Users//", "a.sh", ""},
		{"Usersx/", "a.sh", ""},
		{"/Users/me", "a.sh", ""},
		{"Users/../x", "a.sh", ""},
		{`Users\me`, "a.sh", ""},
		{"", "a.sh", ""},
	} {
		got, err := In(c.folder, c.file)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s in %q: %q, %v", c.file, c.folder, got, err)
		}
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, sent, code string }{
		{"900", "15m", ""}, {"900s", "15m", ""}, {"15m", "15m", ""}, {"1.5m", "1.5m", ""}, {"0.25h", "15m", ""}, {".5m", "0.5m", ""},
		{"25m", "25m", ""}, {"1500", "25m", ""}, {"25.1m", "25.1m", "timeout"}, {"1h", "60m", "timeout"}, {"1d", "1440m", "timeout"}, {"7d", "10080m", "timeout"},
		{"90", "1.5m", ""}, {"100", "1.6667m", ""}, {"1", "0.0167m", ""}, {"0.001", "0.0001m", ""}, {"20.", "0.3334m", ""}, {"0015m", "15m", ""},
	} {
		sent, found, err := Timeout("--x", c.text)
		if err != nil || sent != c.sent || strings.Join(codes(found), "") != c.code {
			t.Errorf("%s: %s %v %v, not %s %s", c.text, sent, found, err, c.sent, c.code)
		}
	}
	for text, why := range map[string]string{
		"": "empty", "0": "too short", "0m": "too short", "0.0000000001": "too short", "-5m": "negative", "-1": "negative", "PT20M": "ISO 8601", "p1d": "ISO 8601",
		"NaN": "not a duration", "inf": "not a duration", "1e3": "not a duration", "0x10": "not a duration", "1h30m": "not a duration", "25min": "not a duration",
		"15M": "not a duration", "15 m": "not a duration", " 15m": "not a duration", "+5": "not a duration", ".": "not a duration", "m": "not a duration",
		"1.2.3": "not a duration", "1_000": "not a duration", "１５": "not a duration", "1,5m": "comma", "8d": "seven days", "99999999999999999999d": "seven days",
		strings.Repeat("9", 400): "seven days",
	} {
		if sent, _, err := Timeout("--x", text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %s, %v; want %s", text, sent, err, why)
		}
	}
}

// docs/setup-scripts.md lists the codes as they are.
func TestPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/setup-scripts.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(page)) {
		if regexp.MustCompile("^\\| `[a-z0-9-]+` \\| (error|warning) \\|").MatchString(line) {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	var want []string
	for _, c := range Codes() {
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", c.Name, c.Severity, c.Reason, c.Fix))
	}
	if !slices.Equal(rows, want) {
		t.Errorf("the table must be:\n%s", strings.Join(want, "\n"))
	}
	sorted := slices.IsSortedFunc(Codes(), func(a, b Code) int {
		return strings.Compare(string(a.Severity)+a.Name, string(b.Severity)+b.Name)
	})
	if !sorted {
		t.Error("the codes are not in order")
	}
}

func FuzzCheck(f *testing.F) {
	for _, c := range lints {
		f.Add([]byte(c.script))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		found := Check("a.sh", script, "")
		lines := bytes.Split(script, []byte("\n"))
		for _, f := range found {
			if !known(f.Code) {
				t.Fatalf("%s is not in the table", f)
			}
			if f.Line > len(lines) || f.Line > 0 && f.Column > len(lines[f.Line-1])+1 {
				t.Fatalf("%s is outside the file", f)
			}
		}
		if again := Check("a.sh", script, ""); !slices.Equal(found, again) {
			t.Fatalf("%v, then %v", found, again)
		}
	})
}

func FuzzTimeout(f *testing.F) {
	for _, text := range []string{"900", "1.5m", "0", "PT20M", "1,5m", "9999999d", ".5s", "NaN"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sent, _, err := Timeout("x", text)
		if err != nil {
			return
		}
		again, _, err := Timeout("x", sent)
		if err != nil || again != sent || !regexp.MustCompile(`^[0-9]+(\.[0-9]+)?m$`).MatchString(sent) {
			t.Fatalf("%q is sent as %s, which is %s, %v", text, sent, again, err)
		}
	})
}

// Arguments are read for secrets, which a finding never repeats.
func TestCheckArguments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"numpy scipy": "", "": "", "it's": "", "`": "", "a;b|c": "", "# x": "", "--secret of-the-vault": "", "--token $TOKEN": "", "--token-file /x/y": "",
		"numpy --token hunter22x":                       "the value of --token",
		"PASSWORD=hunter22x":                            "the value of PASSWORD",
		"https://u:hunter22x@h/x":                       "a password in a URL",
		"it's ghp_abcdefghijklmnopqrstuvwxyz0123456789": "a GitHub token",
	} {
		found := CheckArguments("--setup-script-args", text)
		told := ""
		for _, f := range found {
			told += f.String() + f.Fix
		}
		if len(found) > 1 || (want == "") != (told == "") || !strings.Contains(told, want) || strings.Contains(told, "hunter22x") || strings.Contains(told, "ghp_") {
			t.Errorf("of %q is told %q, want %q", text, told, want)
		}
	}
}
