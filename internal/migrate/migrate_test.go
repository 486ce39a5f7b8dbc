package migrate

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRewrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, file, in, want string }{
		{"the article's line", "a.sh",
			"az ml computetarget create computeinstance  -n instance -s \"STANDARD_D3_V2\" -v\n",
			"computetarget create computeinstance  -n instance -s \"STANDARD_D3_V2\" -v\n"},
		{"no line end, CRLF, byte order mark", "a.sh",
			"\xef\xbb\xbfset -e\r\naz ml computetarget list\r\naz ml computetarget show -n x",
			"\xef\xbb\xbfset -e\r\ncomputetarget list\r\ncomputetarget show -n x"},
		{"both orders", "a.sh",
			"az ml computetarget stop computeinstance -n x\naz ml computetarget computeinstance stop -n x\n",
			"computetarget stop computeinstance -n x\ncomputetarget computeinstance stop -n x\n"},
		{"blanks", "a.sh", "\taz   ml\tcomputetarget   list\n", "\tcomputetarget   list\n"},
		{"continued", "a.sh",
			"az ml computetarget create amlcompute \\\n  -n cpu \\\n  --max-nodes 4 -s S\n",
			"computetarget create amlcompute \\\n  -n cpu \\\n  --max-nodes 4 -s S\n"},
		{"continued between the words", "a.sh",
			"az ml \\\n    computetarget list\naz \\\r\n  ml computetarget list\n",
			"computetarget \\\n    list\ncomputetarget \\\r\n  list\n"},
		{"where commands stand", "a.sh",
			"x=$(az ml computetarget list -o tsv)\nif ! az ml computetarget show -n x; then :; fi\na && az ml computetarget list|cat\n(az ml computetarget list)\nA=1 az ml computetarget list\ny=`az ml computetarget list`\nsudo /usr/bin/az ml computetarget list\nbash -c \"az ml computetarget list\"\n",
			"x=$(computetarget list -o tsv)\nif ! computetarget show -n x; then :; fi\na && computetarget list|cat\n(computetarget list)\nA=1 computetarget list\ny=`computetarget list`\nsudo computetarget list\nbash -c \"computetarget list\"\n"},
		{"a call in a call", "a.sh",
			"az ml computetarget show -n \"$(az ml computetarget list --query [0].name -o tsv)\"\naz ml run list --x $(az ml computetarget list)\n",
			"computetarget show -n \"$(computetarget list --query [0].name -o tsv)\"\naz ml run list --x $(computetarget list)\n"},
		{"comments and other words stay", "a.sh",
			"# az ml computetarget list\n  # x az ml computetarget list\necho '# az ml' # az ml computetarget list\ntopaz ml computetarget list\naz ml compute list\naz ml workspace list -g rg\naz ml workspace show -n ws\naz vm list\n$xaz ml computetarget list\n",
			"# az ml computetarget list\n  # x az ml computetarget list\necho '# az ml' # az ml computetarget list\ntopaz ml computetarget list\naz ml compute list\naz ml workspace list -g rg\naz ml workspace show -n ws\naz vm list\n$xaz ml computetarget list\n"},
		{"extension", "a.sh",
			"az extension add -n azure-cli-ml && az ml computetarget list\naz extension add --source https://x/azure_cli_ml-0.1.3-py2.py3-none-any.whl --yes || true\naz extension remove -n azure-cli-ml 2>/dev/null\naz extension add -n ml\n",
			"computetarget version && computetarget list\ncomputetarget version || true\naz extension remove -n azure-cli-ml 2>/dev/null\naz extension add -n ml\n"},
		{"the extension is kept while something needs it", "a.sh",
			"az extension add -n azure-cli-ml\naz ml computetarget list\naz ml model deploy -n x\n",
			"az extension add -n azure-cli-ml\ncomputetarget list\naz ml model deploy -n x\n"},
		{"not because of what is rewritten", "a.sh",
			"az extension add -n azure-cli-ml\naz ml folder attach -w ws\n", "computetarget version\ncomputetarget folder attach -w ws\n"},
		{"also for what either extension serves", "a.sh",
			"az extension add -n azure-cli-ml\naz ml computetarget list\naz ml workspace list -g rg\n",
			"az extension add -n azure-cli-ml\ncomputetarget list\naz ml workspace list -g rg\n"},
		{"unless the newer one is installed", "a.sh",
			"az extension add -n azure-cli-ml\naz ml computetarget list\naz extension add --name ml -y\naz ml workspace list -g rg\n",
			"computetarget version\ncomputetarget list\naz extension add --name ml -y\naz ml workspace list -g rg\n"},
		{"also for a question whether it is there", "a.sh",
			"if [ -z \"$(az extension list -o tsv | grep azure-cli-ml)\" ]; then az extension add -n azure-cli-ml; fi\naz ml computetarget list\n",
			"if [ -z \"$(az extension list -o tsv | grep azure-cli-ml)\" ]; then az extension add -n azure-cli-ml; fi\ncomputetarget list\n"},
		{"what installing prints is looked at", "a.sh",
			"r=$( time az extension update -n azure-cli-ml )\naz extension add -n azure-cli-ml 2>&1 | tee log\naz extension add -n azure-cli-ml 2>/dev/null || exit 1\n",
			"r=$( time az extension update -n azure-cli-ml )\naz extension add -n azure-cli-ml 2>&1 | tee log\ncomputetarget version 2>/dev/null || exit 1\n"},
		{"a glob is not a comment", "Jenkinsfile",
			"sh 'cp dir/* out'\nsh 'az ml computetarget list'\nsh 'ls out/*/x'\n", "sh 'cp dir/* out'\nsh 'computetarget list'\nsh 'ls out/*/x'\n"},
		{"the step after one in a container", "a.yml",
			"steps:\n  - uses: azure/cli@v1\n  - run: az ml computetarget list\n", "steps:\n  - uses: azure/cli@v1\n  - run: computetarget list\n"},
		{"a long path", "a.sh", "/opt/" + strings.Repeat("azure/", 30) + "bin/az ml computetarget list\n", "computetarget list\n"},
		{"half a character of UTF-16", "a.ps1",
			"\xff\xfea\x00z\x00 \x00m\x00l\x00 \x00c\x00o\x00m\x00p\x00u\x00t\x00e\x00t\x00a\x00r\x00g\x00e\x00t\x00 \x00l\x00i\x00s\x00t\x00\n",
			"\xff\xfea\x00z\x00 \x00m\x00l\x00 \x00c\x00o\x00m\x00p\x00u\x00t\x00e\x00t\x00a\x00r\x00g\x00e\x00t\x00 \x00l\x00i\x00s\x00t\x00\n"},
		{"two readings", "a.yml", "0 AZ ml ComputetArget AZ\n- ml\n- ComputetArget ", "0 AZ ml ComputetArget AZ\n- ml\n- ComputetArget "},
		{"a folder whose run configurations are used", "a.sh", "az ml folder attach -w ws\naz ml run submit-script -c sklearn t.py\naz ml computetarget list\n",
			"az ml folder attach -w ws\naz ml run submit-script -c sklearn t.py\ncomputetarget list\n"},
		{"folder", "a.sh", "az ml folder attach -w ws -g rg\n", "computetarget folder attach -w ws -g rg\n"},
		{"variables decide", "a.sh",
			"az ml computetarget \"$1\" -n x\naz ml computetarget computeinstance ${ACTION} -n x\naz ml computetarget \"$@\"\n",
			"computetarget \"$1\" -n x\ncomputetarget computeinstance ${ACTION} -n x\ncomputetarget \"$@\"\n"},
		{"gone commands stay", "a.sh",
			"az ml run submit-script -c x train.py\naz ml computetarget attach batch -n x\naz ml model deploy -n x\n",
			"az ml run submit-script -c x train.py\naz ml computetarget attach batch -n x\naz ml model deploy -n x\n"},
		{"global flags before", "a.sh", "az --debug ml computetarget list\n", "computetarget --debug list\n"},

		{"powershell", "a.ps1",
			"$s = az ml computetarget show -n $n `\r\n  --query provisioningState -o tsv\r\n<# az ml computetarget list #>\r\n& \"C:\\Program Files\\wbin\\az.cmd\" ml computetarget list\r\nInvoke-Expression 'az ml computetarget list'\r\n",
			"$s = computetarget show -n $n `\r\n  --query provisioningState -o tsv\r\n<# az ml computetarget list #>\r\n& \"computetarget\" list\r\nInvoke-Expression 'computetarget list'\r\n"},
		{"powershell blocks", "a.ps1",
			"foreach ($n in $names) { az ml computetarget delete -n $n }\n$names | % { az ml computetarget show -n ${_} }\n",
			"foreach ($n in $names) { computetarget delete -n $n }\n$names | % { computetarget show -n ${_} }\n"},
		{"a map of YAML", "a.yml", "steps:\n- { script: az ml computetarget list }\n", "steps:\n- { script: computetarget list }\n"},
		{"powershell continued between", "a.ps1", "az ml `\n  computetarget list\n", "computetarget `\n  list\n"},
		{"batch", "a.cmd",
			"@echo off\r\nrem az ml computetarget list\r\n:: az ml computetarget list\r\n@REM az ml computetarget list\r\ncall az ml computetarget start ^\r\n  computeinstance -n x\r\nfor /f %%i in ('az.cmd ml computetarget list -o tsv') do echo %%i\r\n@AZ ML COMPUTETARGET LIST\r\n",
			"@echo off\r\nrem az ml computetarget list\r\n:: az ml computetarget list\r\n@REM az ml computetarget list\r\ncall computetarget start ^\r\n  computeinstance -n x\r\nfor /f %%i in ('computetarget list -o tsv') do echo %%i\r\n@computetarget LIST\r\n"},
		{"makefile", "Makefile",
			"up:\n\t@az ml computetarget computeinstance start -n $(NAME) --no-wait\n\t-az ml computetarget delete -n $$N\n\t@-/usr/bin/az ml computetarget list\n",
			"up:\n\t@computetarget computeinstance start -n $(NAME) --no-wait\n\t-computetarget delete -n $$N\n\t@-computetarget list\n"},
		{"dockerfile", "deploy/Dockerfile.ci",
			"RUN az extension add -n azure-cli-ml \\\n && az ml computetarget list\nENTRYPOINT [\"az\", \"ml\", \"computetarget\", \"list\"]\nCMD [\"az\",\"ml\",\"computetarget\"]\n",
			"RUN computetarget version \\\n && computetarget list\nENTRYPOINT [\"computetarget\", \"list\"]\nCMD [\"computetarget\"]\n"},
		{"yaml", "a.yml",
			"- run: az ml computetarget list # az ml computetarget list\n- script: |\n    az ml computetarget create amlcompute \\\n      -n cpu\n- run: \"az ml computetarget show -n x\"\n- script: >-\n    az ml\n    computetarget\n    list\n- inlineScript: >\n    az extension add\n    -n azure-cli-ml\n- args: [az, ml, computetarget, list]\n- args: ['az', \"ml\", 'computetarget', list]\n- command:\n  - az\n  - \"ml\"\n  - computetarget\n  - list\n",
			"- run: computetarget list # az ml computetarget list\n- script: |\n    computetarget create amlcompute \\\n      -n cpu\n- run: \"computetarget show -n x\"\n- script: >-\n    computetarget\n    \n    list\n- inlineScript: >\n    computetarget version\n    \n- args: [computetarget, list]\n- args: ['computetarget', list]\n- command:\n  - computetarget\n  - list\n"},
		{"terraform", "main.tf",
			"# az ml computetarget list\n// az ml computetarget list\n/* az ml computetarget list */\nprovisioner \"local-exec\" {\n  command = \"az ml computetarget delete -n \\\"${self.triggers.name}\\\"\"\n  command = <<-EOT\n    az ml computetarget show -n ${var.name}\n  EOT\n  interpreter = [\"az\", \"ml\", \"computetarget\"]\n}\n",
			"# az ml computetarget list\n// az ml computetarget list\n/* az ml computetarget list */\nprovisioner \"local-exec\" {\n  command = \"computetarget delete -n \\\"${self.triggers.name}\\\"\"\n  command = <<-EOT\n    computetarget show -n ${var.name}\n  EOT\n  interpreter = [\"computetarget\"]\n}\n"},
		{"jenkins", "Jenkinsfile",
			"// az ml computetarget list\nsh '''\n  az ml computetarget list\n'''\nsh \"\"\"az ml computetarget show \\\\\n  -n ${n}\"\"\"\nbat 'az ml computetarget list'\ndef a = ['az', 'ml', 'computetarget', 'list']\n",
			"// az ml computetarget list\nsh '''\n  computetarget list\n'''\nsh \"\"\"computetarget show \\\\\n  -n ${n}\"\"\"\nbat 'computetarget list'\ndef a = ['computetarget', 'list']\n"},
		{"python", "a.py",
			"# az ml computetarget list\nos.system(\"az ml computetarget stop computeinstance -n %s\" % n)\nsubprocess.run([\"az\", \"ml\", \"computetarget\", \"show\", \"-n\", n], check=True)\nsubprocess.run(['az.cmd',\n    'ml',\n    'computetarget',\n    'list'])\ns = r'az ml computetarget list'\nd = \"\"\"\n  az ml computetarget \\\\\n    list\n\"\"\"\ne = f'az ml computetarget show -n {n}'.split()\ng = \"cd x\\naz ml computetarget list\\n\"\nh = ['az', 'extension', 'add', '-n', 'azure-cli-ml']\n",
			"# az ml computetarget list\nos.system(\"computetarget stop computeinstance -n %s\" % n)\nsubprocess.run([\"computetarget\", \"show\", \"-n\", n], check=True)\nsubprocess.run(['computetarget',\n    'list'])\ns = r'computetarget list'\nd = \"\"\"\n  computetarget \\\\\n    list\n\"\"\"\ne = f'computetarget show -n {n}'.split()\ng = \"cd x\\ncomputetarget list\\n\"\nh = ['computetarget', 'version']\n"},
		{"python, mixed quotes", "a.py", "x = [\"az\", 'ml', \"computetarget\", 'list']\n", "x = [\"computetarget\", 'list']\n"},
		{"markdown", "README.md",
			"Use az ml computetarget list or `az ml computetarget list`.\n\n```azurecli\n# az ml computetarget list\naz ml computetarget show -n x\n```\n\n    $ az ml computetarget list\n\n- ```python\n  os.system(\"az ml computetarget list\")\n  ```\n\n~~~\nPS C:\\> az ml computetarget list\n~~~\n",
			"Use az ml computetarget list or `computetarget list`.\n\n```azurecli\n# az ml computetarget list\ncomputetarget show -n x\n```\n\n    $ computetarget list\n\n- ```python\n  os.system(\"computetarget list\")\n  ```\n\n~~~\nPS C:\\> computetarget list\n~~~\n"},
		{"notebook", "a.ipynb",
			`{"cells": [
 {"cell_type": "markdown", "source": ["Run ` + "`az ml computetarget list`" + ` or az ml computetarget list\n"]},
 {"cell_type": "code", "outputs": [{"text": ["!az ml computetarget list\n"]}], "source": [
   "!az ml computetarget create computeinstance \\\n",
   "   -n \"x\"\n",
   "out = !az ml computetarget list -o tsv\n",
   "# !az ml computetarget list\n",
   "run([\"az\",\n",
   "     \"ml\",\n",
   "     \"computetarget\",\n",
   "     \"list\"])\n",
   "os.system('az ml computetarget list')"]},
 {"cell_type": "code", "source": "%%bash\naz ml computetarget list\n\u0061z ml computetarget list\n# az ml computetarget list"},
 {"cell_type": "raw", "source": "az ml computetarget list"}
], "metadata": {"az ml computetarget list": "az ml computetarget list"}}`,
			`{"cells": [
 {"cell_type": "markdown", "source": ["Run ` + "`computetarget list`" + ` or az ml computetarget list\n"]},
 {"cell_type": "code", "outputs": [{"text": ["!az ml computetarget list\n"]}], "source": [
   "!computetarget create computeinstance \\\n",
   "   -n \"x\"\n",
   "out = !computetarget list -o tsv\n",
   "# !az ml computetarget list\n",
   "run([\"computetarget\",\n",
   "     ",
   "",
   "\"list\"])\n",
   "os.system('computetarget list')"]},
 {"cell_type": "code", "source": "%%bash\ncomputetarget list\ncomputetarget list\n# az ml computetarget list"},
 {"cell_type": "raw", "source": "az ml computetarget list"}
], "metadata": {"az ml computetarget list": "az ml computetarget list"}}`},
		{"page without backticks", "README.md",
			"Run 'az ml computetarget list -o table' or \"az ml computetarget list\".\n\n<code>az ml computetarget list</code>\n\n$ az ml computetarget show -n 'my cpu'\n1. az ml computetarget stop computeinstance -n x\n\naz ml computetarget is retired, as 'az ml' is.\n",
			"Run 'computetarget list -o table' or \"computetarget list\".\n\n<code>computetarget list</code>\n\n$ computetarget show -n 'my cpu'\n1. computetarget stop computeinstance -n x\n\naz ml computetarget is retired, as 'az ml' is.\n"},
		{"json", "tasks.json",
			"{\n  // \"az ml computetarget list\"\n  \"command\": \"az ml computetarget show -n \\\"a b\\\" && az ml computetarget list\",\n  \"run\": [\"az\", \"ml\", \"computetarget\", \"list\"],\n  /* x */ \"note; \\u0061z ml computetarget list\": \"the az ml computetarget command\",\n}\n",
			"{\n  // \"az ml computetarget list\"\n  \"command\": \"computetarget show -n \\\"a b\\\" && computetarget list\",\n  \"run\": [\"computetarget\", \"list\"],\n  /* x */ \"note; computetarget list\": \"the az ml computetarget command\",\n}\n"},
		{"template", "deploy.sh.j2", "az ml computetarget show -n {{ name }} # az ml computetarget list\n", "computetarget show -n {{ name }} # az ml computetarget list\n"},
		{"bicep", "main.bicep", "// az ml computetarget list\nscriptContent: 'az ml computetarget list'\n", "// az ml computetarget list\nscriptContent: 'computetarget list'\n"},
		{"broken notebook", "a.ipynb", `{"cells": [{"cell_type":"code","source":"!az ml computetarget list"`, `{"cells": [{"cell_type":"code","source":"!az ml computetarget list"`},
		{"binary", "a.sh", "az ml computetarget list\n\x00", "az ml computetarget list\n\x00"},
		{"utf-16", "a.ps1", utf16le("az ml computetarget list é\r\n"), utf16le("computetarget list é\r\n")},
		{"a notebook without its name", "-", `{"cells": [{"cell_type": "code", "source": "!az ml computetarget show -n \"x\""}]}`,
			`{"cells": [{"cell_type": "code", "source": "!computetarget show -n \"x\""}]}`},
		{"json without its name", "-", `["az ml computetarget show -n \"a # b\"", "# az ml computetarget list"]`,
			`["computetarget show -n \"a # b\"", "# az ml computetarget list"]`},
		{"not an extension", "nightly", "#!/usr/bin/env python3\nos.system('az ml computetarget list') # 'az ml computetarget list'\n",
			"#!/usr/bin/env python3\nos.system('computetarget list') # 'az ml computetarget list'\n"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			got, found := Rewrite(c.file, []byte(c.in), Options{})
			if string(got) != c.want {
				t.Errorf("\n got %q\nwant %q\n%+v", got, c.want, found)
			}
			again, _ := Rewrite(c.file, got, Options{})
			if !bytes.Equal(again, got) {
				t.Errorf("a second rewrite changed it to %q", again)
			}
		})
	}
}

func utf16le(s string) string {
	out := "\xff\xfe"
	for _, r := range s {
		out += string([]byte{byte(r), byte(r >> 8)})
	}
	return out
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, in      string
		line          int
		text, becomes string
		warns         []string // one piece of each warning
	}{
		{"a.sh", "set -e\n\naz ml computetarget create amlcompute \\\n   -n cpu --max-nodes 4 \\\n   -s S # fast\n", 3,
			"az ml computetarget create amlcompute -n cpu --max-nodes 4 -s S", "computetarget create amlcompute -n cpu --max-nodes 4 -s S", nil},
		{"a.sh", "az ml computetarget delete -n 'a b' || true", 1, "az ml computetarget delete -n 'a b'", "computetarget delete -n 'a b'", []string{"--no-wait"}},
		{"a.sh", "az ml computetarget delete -n x --no-w", 1, "az ml computetarget delete -n x --no-w", "computetarget delete -n x --no-w", nil},
		{"a.sh", "az ml computetarget delete --n x", 1, "az ml computetarget delete --n x", "computetarget delete --n x", []string{"--no-wait"}},
		{"a.sh", "az ml computetarget list -w ws", 1, "az ml computetarget list -w ws", "computetarget list -w ws", []string{"config.json"}},
		{"a.sh", "az ml computetarget list -w ws $ARGS", 1, "az ml computetarget list -w ws $ARGS", "computetarget list -w ws $ARGS", nil},
		{"a.sh", "az ml computetarget list --workspace ws -grg", 1, "az ml computetarget list --workspace ws -grg", "computetarget list --workspace ws -grg", nil},
		{"a.sh", "az ml computetarget computeinstance start -n x", 1, "az ml computetarget computeinstance start -n x", "computetarget computeinstance start -n x", []string{"--strict"}},
		{"a.sh", "az ml computetarget $DO -n x", 1, "az ml computetarget $DO -n x", "computetarget $DO -n x", []string{"variable"}},
		{"a.sh", "az ml computetarget -h", 1, "az ml computetarget -h", "computetarget -h", nil},
		{"a.sh", "az ml computetarget --debug", 1, "az ml computetarget --debug", "computetarget --debug", nil},
		{"a.sh", "az ml computetarget create amlcompute -n <a name> -s S --max-nodes 1", 1, "az ml computetarget create amlcompute -n <a name> -s S --max-nodes 1", "computetarget create amlcompute -n <a name> -s S --max-nodes 1", nil},
		{"a.sh", "az ml computetarget attach --name x --type remotedocker", 1, "az ml computetarget attach --name x --type remotedocker", "", []string{"remotedocker"}},
		{"a.sh", "az ml computetarget attach remote -n x -a h -u u --ssh-port 22 -p secret", 1,
			"az ml computetarget attach remote -n x -a h -u u --ssh-port 22 -p secret", "computetarget attach remote -n x -a h -u u --ssh-port 22 -p secret", []string{"@FILE"}},
		{"a.sh", "az ml computetarget show -n x 2>&1 | grep ComputeTargetNotFound", 1, "az ml computetarget show -n x", "computetarget show -n x", []string{"error messages"}},
		{"a.sh", "az ml computetarget show -n x\nif [ $? -eq 1 ]; then", 1, "az ml computetarget show -n x", "computetarget show -n x", []string{"exit codes"}},
		{"a.sh", "az ml computetarget show -n x\nif [ $? -ne 0 ]; then", 1, "az ml computetarget show -n x", "computetarget show -n x", nil},
		{"a.ps1", "az ml computetarget show -n x\nif ($LASTEXITCODE -eq 1) {}", 1, "az ml computetarget show -n x", "computetarget show -n x", []string{"exit codes"}},
		{"a.ps1", `az ml computetarget attach aks -n x -i '"/subscriptions/s"'`, 1, `az ml computetarget attach aks -n x -i '"/subscriptions/s"'`, `computetarget attach aks -n x -i '"/subscriptions/s"'`, []string{"read quotes twice"}},
		{"a.sh", "/opt/az/bin/az ml computetarget list", 1, "/opt/az/bin/az ml computetarget list", "computetarget list", []string{"PATH"}},
		{"a.sh", "export AZURE_CLIENT_ID=x\naz ml computetarget list", 2, "az ml computetarget list", "computetarget list", []string{"--auth-mode azurecli"}},
		{"a.sh", "az extension update -n azure-cli-ml -y", 1, "az extension update -n azure-cli-ml -y", "computetarget version", []string{"no extension to install"}},
		{"a.sh", "az extension show --name azure-cli-ml", 1, "az extension show --name azure-cli-ml", "", []string{"not an extension"}},
		{"a.sh", "az ml run submit-script -c train", 1, "az ml run submit-script", "", []string{"az ml job"}},
		{"a.sh", "az ml datastore attach-blob -n x", 1, "az ml datastore attach-blob", "", []string{"az ml datastore create"}},
		{"a.sh", "az ml workspace create -w ws -g rg --exist-ok --yes", 1, "az ml workspace create", "", []string{"--name/-n"}},
		{"a.sh", "az ml workspace create -n ws -g rg --exist-ok", 1, "az ml workspace create", "", []string{"--exist-ok"}},
		{"a.sh", "for w in $(az ml workspace list -g $rg --query [].workspaceName -o tsv); do :; done", 1, "az ml workspace list", "", []string{"prints name"}},
		{"a.sh", "az ml folder detach", 1, "az ml folder detach", "", []string{"no such command"}},
		{"a.sh", "az ml computetarget setup batchai -n x", 1, "az ml computetarget setup batchai -n x", "", []string{"not served"}},
		{"a.sh", "az ml computetarget attach databricks -n x", 1, "az ml computetarget attach databricks -n x", "", []string{"not served"}},
		{"a.sh", "$AZ ml computetarget list", 1, "ml computetarget", "", []string{"built from pieces"}},
		{"Makefile", "x:\n\t$(AZ) ml computetarget list", 2, "ml computetarget", "", []string{"built from pieces"}},
		{"a.py", "AZ='az'\nrun([AZ, 'ml', 'computetarget', 'list'])", 2, "ml', 'computetarget", "", []string{"built from pieces"}},
		{"a.ps1", "Start-Process az -ArgumentList \"ml computetarget list\"", 1, "ml computetarget", "", []string{"built from pieces"}},
		{"a.yml", "run: az ml computetarget show -n ${{ parameters.name }} -o tsv", 1, "az ml computetarget show -n ${{ parameters.name }} -o tsv", "computetarget show -n ${{ parameters.name }} -o tsv", nil},
		{"a.yml", "run: 'az ml computetarget show -n x' # 'quoted'", 1, "az ml computetarget show -n x", "computetarget show -n x", nil},
		{"a.tf", `command = "az ml computetarget show -n \"${var.n}\" -o tsv"`, 1, `az ml computetarget show -n \"${var.n}\" -o tsv`, `computetarget show -n \"${var.n}\" -o tsv`, nil},
		{"a.py", "run(['az', 'ml', 'computetarget', 'show', '-n', name])", 1, "az ml computetarget show -n name", "computetarget show -n name", nil},
		{"a.sh", `V="$(az ml computetarget show -n "$N" --query "a[?b=='c'].d" -o tsv)"`, 1, `az ml computetarget show -n "$N" --query "a[?b=='c'].d" -o tsv`, `computetarget show -n "$N" --query "a[?b=='c'].d" -o tsv`, nil},
	} {
		t.Run(c.in, func(t *testing.T) {
			t.Parallel()
			found := Find(c.file, []byte(c.in), Options{})
			if len(found) != 1 {
				t.Fatalf("%d findings: %+v", len(found), found)
			}
			f := found[0]
			if f.File != c.file || f.Line != c.line || f.Text != c.text || f.Becomes != c.becomes {
				t.Errorf("%s:%d: %q becomes %q\nwant %d: %q becomes %q", f.File, f.Line, f.Text, f.Becomes, c.line, c.text, c.becomes)
			}
			if len(f.Warnings) != len(c.warns) {
				t.Fatalf("warnings %q, want %q", f.Warnings, c.warns)
			}
			for i, w := range c.warns {
				if !strings.Contains(f.Warnings[i], w) {
					t.Errorf("warning %q says nothing of %q", f.Warnings[i], w)
				}
			}
		})
	}
}

// In a name the first words are rewritten; what calls through it do differently
// is said there, and those that do not work are listed.
func TestCallsThroughAName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, set, use string }{
		{"a.sh", `AZ="az ml computetarget"`, "$AZ delete -n x"},
		{"a.sh", `export AZ='az ml computetarget'`, "sudo ${AZ} delete -n x"},
		{"a.sh", "AZ=(az ml computetarget)", `"${AZ[@]}" delete -n x`},
		{"a.sh", `alias aml="az ml computetarget"`, "x && aml delete -n x"},
		{"a.sh", `aml() { az ml computetarget "$@"; }`, "aml delete -n x"},
		{"a.sh", "aml() {\n  az ml computetarget \"$@\"\n}", "aml delete -n x"},
		{"Makefile", "AZ := az ml computetarget", "\t@$(AZ) delete -n x"},
		{"a.cmd", `set "AZ=az ml computetarget"`, "%AZ% delete -n x"},
		{"a.py", `az = "az ml computetarget"`, `os.system(f"{az} delete -n x")`},
	} {
		found := Find(c.file, []byte(c.set+"\n"+c.use+"\n"), Options{})
		if len(found) != 1 || !strings.Contains(strings.Join(found[0].Warnings, "\n"), "delete -n x: delete now waits") {
			t.Errorf("%s\n%s\n%+v", c.set, c.use, found)
		}
		found = Find(c.file, []byte(c.set+"\n"+strings.Replace(c.use, "delete", "setup batchai", 1)+"\n"), Options{})
		if len(found) != 2 || found[1].Becomes != "" || !strings.Contains(found[1].Warnings[0], "not served") {
			t.Errorf("%s\n%s for setup\n%+v", c.set, c.use, found)
		}
	}
	for _, in := range []string{"ML=\"az ml\"\n$ML computetarget list\n", "alias ml='az ml'\nml computetarget list\n", "ML := az ml\nx:\n\t$(ML) computetarget list\n"} {
		found := Find("a.sh", []byte(in), Options{})
		if len(found) != 1 || found[0].Becomes != "" || !strings.Contains(found[0].Text, "computetarget list") {
			t.Errorf("%s\n%+v", in, found)
		}
	}
	// Only what holds the command is looked at.
	if found := Find("a.sh", []byte("X=\"az ml computetarget\"\n# $X delete -n x\n$XY delete\necho X delete\n"), Options{}); len(found) != 1 || len(found[0].Warnings) != 0 {
		t.Errorf("%+v", found)
	}
}

// A call built from pieces cannot be rewritten, but is never passed over.
func TestOpenCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, in string
		line     int
	}{
		{"a.sh", "sub=computetarget\naz ml $sub list -g rg\n", 2},
		{"a.sh", "sub=\"computetarget computeinstance\"\naz ml $sub stop -n x\n", 2},
		{"a.sh", "for sub in computetarget workspace; do\n  az ml \"$sub\" list\ndone\n", 2},
		{"a.sh", "case $1 in\n  computetarget) az ml \"$@\" ;;\nesac\n", 2},
		{"a.sh", "ml() { az ml \"$@\"; }\nml computetarget list\n", 2},
		{"a.sh", "source lib.sh\nml computetarget list\n", 2},
		{"a.sh", "mlcli() {\n  az ml \"$@\"\n}\nmlcli computetarget list\n", 2},
		{"a.sh", "mlcli() { az --debug \"$@\"; }\nx && mlcli $G computetarget list\n", 1},
		{"a.sh", "az \"$group\" computetarget list\n", 1},
		{"a.sh", "CLI=az; $CLI $1 computetarget\n", 1},
		{"a.sh", "CLI=az\nrun() { $CLI \"$@\"; }\nrun ml computetarget list\n", 3},
		{"a.sh", "alias a=az\na ml computetarget list\n", 2},
		{"a.ps1", "Set-Alias a az\na ml computetarget list\n", 2},
		{"a.sh", "readonly CLI=/usr/bin/az\n$CLI $GROUP computetarget list\n", 2},
		{"a.sh", "CLI=$(command -v az)\nif \"$CLI\" \"$GROUP\" computetarget list; then :; fi\n", 2},
		{"a.sh", ": ${CLI:=az}\n${CLI} ${GROUP} computetarget list\n", 2},
		{"a.yml", "env:\n  CLI: az\nsteps:\n- run: $CLI $GROUP computetarget list\n", 4},
		{"a.sh", "CLI=az\nCMD=(ml computetarget)\n$CLI \"${CMD[@]}\" list\n", 2},
		{"a.py", "CLI = \"az\"\nsubprocess.run([CLI, group, \"computetarget\", \"list\"])\n", 2},
		{"a.sh", "CLI=\"az\"\n\"$CLI\" \"$GROUP\" computetarget list\n", 2},
		{"a.sh", "CLI=az # the CLI\n${CLI} $GROUP computetarget list\n", 2},
		{"Makefile", "CLI := az\nx:\n\t@$(CLI) $(GROUP) computetarget list\n", 3},
		{"a.cmd", "set CLI=az\r\n%CLI% %1 computetarget list\r\n", 2},
		{"a.ps1", "$cli = 'az'\n& $cli $group computetarget list\n", 2},
		{"a.sh", "args=(\n  ml\n  computetarget\n  list\n)\naz \"${args[@]}\"\n", 6},
		{"a.sh", "az ml --debug computetarget list\n", 1},
		{"a.sh", "$AZ_ML computetarget list\n", 1},
		{"a.sh", "sudo \"${AZML[@]}\" \\\n  computetarget list\n", 1},
		{"a.sh", "AZ_ML=\"az --only-show-errors ml\"\n$AZ_ML computetarget list\n", 2},
		{"a.sh", "cmd=\"az ml\"\ncmd=\"$cmd computetarget list\"\n$cmd\n", 1},
		{"a.sh", "SUB=computetarget\n$AZ ml $SUB list\n", 2},
		{"a.sh", "sub=computetarget\neval \"az ml $sub list\"\n", 2},
		{"a.ps1", "$a = @('computetarget', 'list')\n& az ml @a\n", 2},
		{"a.ps1", "$a = @(\n  'ml'\n  'computetarget'\n)\nStart-Process az -ArgumentList $a\n", 5},
		{"a.cmd", "set SUB=computetarget\r\ncall az ml %SUB% list\r\n", 2},
		{"Makefile", "SUB := computetarget\nx:\n\taz ml $(SUB) list\n", 3},
		{"Makefile", "x:\n\t@$(AZ_ML) computetarget list\n", 2},
		{"Dockerfile", "ENV SUB=computetarget\nRUN az ml $SUB list\n", 2},
		{"a.tf", "locals { sub = \"computetarget\" }\ncommand = \"az ml ${local.sub} list\"\n", 2},
		{"a.yml", "variables:\n  sub: computetarget\nsteps:\n- script: az ml $(sub) list\n", 4},
		{"a.yml", "sub: [computetarget]\nargs: [az, ml, \"${{ sub }}\", list]\n", 2},
		{"a.yml", "sub: computetarget\ncommand:\n- az\n- ml\n- $(sub)\n- list\n", 3},
		{"a.json", "{\"sub\": \"computetarget\",\n \"run\": \"az ml ${sub} list\"}\n", 2},
		{"a.py", "run([\"az\", \"ml\"] + [\"computetarget\", \"list\"])\n", 1},
		{"a.py", "sub = 'computetarget'\nrun(['az', 'ml', sub, 'list'])\n", 2},
		{"a.py", "args = ['computetarget', 'list']\nrun(['az', 'ml', *args])\n", 2},
		{"a.py", "run(['az', 'ml'] + args)\nargs.append('computetarget')\n", 1},
		{"a.py", "def az(*a): run([\"az\", *a])\ngroup = 'ml'\naz(group, 'computetarget', 'list')\n", 1},
		{"a.py", "sub = \"computetarget\"\nos.system(f\"az ml {sub} list\")\n", 2},
		{"a.py", "os.system(\"az ml {} list\".format(\"computetarget\"))\n", 1},
		{"a.py", "os.system(\"az ml %s list\" % \"computetarget\")\n", 1},
		{"a.py", "cmd = \"az ml\"\ncmd += \" computetarget list\"\nsubprocess.run(cmd.split())\n", 1},
		{"a.py", "cmd = \"az \" + group + \" computetarget list\"\n", 1},
		{"a.py", "base = [\"az\"]\nbase += [\"ml\"]\nbase += [\"computetarget\"]\n", 1},
		{"a.sh", "printf -v c '%s %s' \"az ml\" computetarget\n$c list\n", 1},
		{"a.sh", "echo computetarget | xargs az ml\n", 1},
		{"a.py", "run(AZ_ML + [\"computetarget\", \"list\"])\n", 1},
		{"a.py", "os.system(f\"{AZ_ML} computetarget list\")\n", 1},
		{"a.py", "def ml(c): os.system(az + ' ' + c)\nml(f\"ml {sub} list\")\nsub = 'computetarget'\n", 2},
		{"a.js", "spawn(\"az\", [\"ml\", ...args]);\nconst args = [\"computetarget\", \"list\"];\n", 1},
		{"a.js", "execFileSync(\"az\", [\"ml\"].concat([\"computetarget\", \"list\"]));\n", 1},
		{"a.js", "const s = 'computetarget';\nexecSync(`az ml ${s} list`);\n", 2},
		{"a.js", "const a = [\"az\", \"ml\"].concat([\"computetarget\"]);\n", 1},
		{"a.md", "```sh\nsub=computetarget\n```\n\n```sh\naz ml $sub list\n```\n", 6},
		{"a.ipynb", `{"cells": [{"cell_type": "code", "source": ["sub = 'computetarget'\n", "!az ml $sub list"]}]}`, 1},
	} {
		found := Find(c.file, []byte(c.in), Options{})
		if len(found) != 1 || found[0].Becomes != "" || found[0].Line != c.line || !strings.Contains(found[0].Warnings[0], "instead of az ml computetarget") {
			t.Errorf("%s\n%s\n%+v", c.file, c.in, found)
		}
		if got, _ := Rewrite(c.file, []byte(c.in), Options{}); string(got) != c.in {
			t.Errorf("%s became %s", c.in, got)
		}
	}
}

func TestOtherCallsAreNotOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, in string }{
		{"a.sh", "az ml $sub list\naz ml \"$@\"\n"},
		{"a.sh", "az login\necho $CLI $GROUP computetarget\n"},
		{"a.sh", "run() { az vm list; }\necho run the ml computetarget\n"},
		{"a.sh", "CLI=az; $CLI $1 list; echo $CLI\n"},
		{"a.sh", "$SUDO $ENV computetarget list\n"},
		{"a.sh", "AZ=az\n$AZ login\nAZ=computetarget\n$AZ list\n"},
		{"a.sh", "# sub=computetarget\naz ml $sub list\n"},
		{"a.sh", "echo \"computetarget is gone\"\naz ml $sub list\n"},
		{"a.sh", "X=computetarget\naz ml compute list -n $X\naz ml job create -f $F\naz ml -h\naz vm \"$@\"\n"},
		{"a.sh", "az ml \"$@\"\nx=$(computetarget list -o tsv)\nif ! computetarget show -n x; then computetarget list; fi\nA=1 computetarget list | cat\nsudo -E computetarget list\nbash -c \"computetarget list\"\na && \\\n  computetarget list\n(computetarget list)\n"},
		{"a.sh", "az ml $sub list\n./computetarget list\npip install my-computetarget\ncat computetarget.json\n"},
		{"a.ps1", "az ml @a\n$s = computetarget show -n $n\nInvoke-Expression 'computetarget list'\n& \"computetarget\" list\n"},
		{"a.cmd", "call az ml %1 list\r\ncall computetarget list\r\nfor /f %%i in ('computetarget list -o tsv') do echo %%i\r\n"},
		{"Makefile", "x:\n\taz ml $(SUB) list\n\t@computetarget list\n\t-computetarget delete -n $$N\n"},
		{"Dockerfile", "RUN az ml $SUB list\nRUN computetarget version \\\n && computetarget list\nENTRYPOINT [\"computetarget\", \"list\"]\n"},
		{"a.yml", "- run: az ml $(x) list\n- run: computetarget list\n- script: |\n    computetarget show -n x\n- computetarget list\n- args: [computetarget, list]\n"},
		{"a.tf", "/* sub = \"computetarget\" */\ncommand = \"az ml ${local.sub} list\"\n"},
		{"Jenkinsfile", "sh \"az ml ${x} list\"\nsh 'computetarget list'\n"},
		{"a.py", "run(['az', 'ml', *args])\nsubprocess.run(['computetarget', 'show', '-n', n])\nos.system('computetarget list')\n"},
		{"a.py", "run(['az', 'ml', 'compute', *args])\nX = 'computetarget'\n"},
		{"a.md", "The `az ml` extension has no `computetarget`: use `az ml $x`.\n"},
		{"a.json", "{\"run\": \"az ml ${sub} list\", // \"computetarget\"\n \"command\": \"computetarget list\"}\n"},
	} {
		if found := Find(c.file, []byte(c.in), Options{}); len(found) != 0 {
			t.Errorf("%s\n%s\n%+v", c.file, c.in, found)
		}
	}
}

// A script that looks for the extension finds it no more, once its calls are
// rewritten.
func TestQuestions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, in string }{
		{"a.sh", `if [ -z "$(az extension list -o tsv | grep azure-cli-ml)" ]; then exit 0; fi`},
		{"a.sh", "az -v |grep azure-cli-ml 1> /dev/null"},
		{"a.sh", "az --version | grep -q azure-cli-ml || exit"},
		{"a.sh", "az extension show --name azure-cli-ml &>/dev/null"},
		{"a.sh", `[[ $(az version -o json | jq '.extensions["azure-cli-ml"]') != null ]]`},
		{"a.sh", `az extension list --query "[?name=='azure-cli-ml']"`},
		{"a.sh", "[ -d ~/.azure/cliextensions/azure-cli-ml ] || exit"},
		{"a.sh", "case $x in *azure-cli-ml*) ;; esac"},
		{"a.sh", "for e in azure-cli-ml front-door; do az extension add -n $e; done"},
		{"a.sh", "EXT=azure-cli-ml"},
		{"a.ps1", "if ((az extension list | ConvertFrom-Json).name -notcontains 'azure-cli-ml') { exit }"},
		{"a.ps1", "az extension list | Select-String azure-cli-ml"},
		{"a.cmd", "az extension list | findstr azure-cli-ml"},
		{"a.py", "if 'azure-cli-ml' not in out: sys.exit()"},
		{"a.yml", "- bash: az extension list -o table | grep azure-cli-ml"},
		{"Makefile", "x:\n\taz extension list | grep azure-cli-ml"},
	} {
		found := Find(c.file, []byte(c.in+"\n"), Options{})
		if len(found) != 1 || found[0].Becomes != "" || found[0].Text == "" {
			t.Errorf("%s: %s\n%+v", c.file, c.in, found)
		}
	}
	for _, c := range []struct{ file, in string }{
		{"a.sh", "# if az extension list | grep azure-cli-ml"},
		{"a.sh", "if true; then az extension remove -n azure-cli-ml; fi"},
		{"a.sh", "if az extension list | grep -q azure-cli-ml; then\n  az extension remove -n azure-cli-ml\nfi\naz extension add -n ml"},
		{"a.md", "See https://learn.microsoft.com/cli/azure/ext/azure-cli-ml/ml?view=azure-cli-ml and `azure-cli-ml`."},
		{"a.sh", `echo "installing azure-cli-ml"`},
	} {
		if found := Find(c.file, []byte(c.in+"\n"), Options{}); len(found) != 0 {
			t.Errorf("%s: %s\n%+v", c.file, c.in, found)
		}
	}
}

// A script that removes the extension may ask for it, unless it calls it, too.
func TestCleaning(t *testing.T) {
	t.Parallel()
	const cleans = "if az extension list | grep azure-cli-ml; then az extension remove -n azure-cli-ml; fi\n"
	for in, want := range map[string]int{cleans: 0, cleans + "az ml computetarget list\n": 2} {
		if found := Find("a.sh", []byte(in), Options{}); len(found) != want {
			t.Errorf("%q: %+v", in, found)
		}
	}
}

// Before a name holds a call it may hold something else.
func TestNameHeldSomethingElse(t *testing.T) {
	t.Parallel()
	found := Find("a.sh", []byte("AZ=az\n$AZ login\nAZ=\"az ml computetarget\"\n$AZ delete -n x\n"), Options{})
	if len(found) != 1 || found[0].Line != 3 || len(found[0].Warnings) != 1 {
		t.Errorf("%+v", found)
	}
}

func TestRefusedCallsStay(t *testing.T) {
	t.Parallel()
	var asked []string
	o := Options{Refuses: func(words []string) error {
		asked = append(asked, strings.Join(words, " "))
		if strings.Contains(strings.Join(words, " "), "--priority") {
			return errors.New("no --priority")
		}
		return nil
	}}
	in := "az ml computetarget create amlcompute -n x --priority Dedicated\naz ml computetarget list -w=\"$W\" -g $G --query '[0]'\naz ml computetarget \"$V\" --priority\nA='az ml computetarget'\n$A list --priority\n"
	got, found := Rewrite("a.sh", []byte(in), o)
	want := strings.Replace(strings.Replace(strings.Replace(in, "az ml computetarget list", "computetarget list", 1),
		"az ml computetarget \"", "computetarget \"", 1), "'az ml computetarget'", "'computetarget'", 1)
	if string(got) != want || len(found) != 5 {
		t.Errorf("%s\n%+v", got, found)
	}
	if f := found[0]; f.Becomes != "" || len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "no --priority") {
		t.Errorf("%+v", f)
	}
	if f := found[4]; f.Becomes != "" || f.Text != "$A list --priority" {
		t.Errorf("%+v", f)
	}
	if !slices.Contains(asked, "list -w=true -g true --query [0]") {
		t.Errorf("asked %q", asked)
	}
}

// Where computetarget is not, nothing is rewritten.
func TestContainers(t *testing.T) {
	t.Parallel()
	const step = "    steps:\n      - name: x\n        uses: azure/CLI@v1\n        with:\n          inlineScript: |\n            az ml computetarget list\n"
	for _, c := range []struct {
		file, in string
		stays    bool
	}{
		{"a.sh", "docker run --rm mcr.microsoft.com/azure-cli az ml computetarget list", true},
		{"a.sh", "docker run -v $PWD:/x \\\n  mcr.microsoft.com/azure-cli:2.45.0 \\\n  az ml computetarget list", true},
		{"a.sh", "docker exec tools bash -c 'az ml computetarget list'", true},
		{"a.sh", "kubectl exec pod -- az ml computetarget list", true},
		{"a.sh", "docker build .\naz ml computetarget list", false},
		{"a.yml", step, true},
		{"a.yml", step + "      - run: az ml computetarget list\n", true},
		{"a.yml", "    steps:\n      - uses: azure/cli@v2\n        with: {}\n      - run: |\n          az ml computetarget list\n", false},
		{"a.yml", "    steps:\n      - uses: azure/login@v1\n      - run: az ml computetarget list\n", false},
	} {
		if found := Find(c.file, []byte(c.in), Options{}); len(found) == 0 || (found[0].edits == nil) != c.stays {
			t.Errorf("%s: %+v", c.in, found)
		}
	}
	for _, in := range []string{"FROM mcr.microsoft.com/azure-cli:2.45.0\nRUN az ml computetarget list", "image: mcr.microsoft.com/azure-cli\nscript:\n  - az ml computetarget list\n"} {
		if found := Find("Dockerfile", []byte(in), Options{}); len(found) != 1 || len(found[0].Warnings) != 1 || !strings.Contains(found[0].Warnings[0], "not computetarget") {
			t.Errorf("%s: %+v", in, found)
		}
	}
}

// The last flag's value may come from elsewhere.
func TestCallsThatGoOn(t *testing.T) {
	t.Parallel()
	var asked string
	o := Options{Refuses: func(words []string) error { asked = strings.Join(words, " "); return nil }}
	for _, c := range []struct{ file, in, want string }{
		{"a.sh", "list | xargs -n1 az ml computetarget show -n", "show -n true"},
		{"a.py", `os.system("az ml computetarget show -n " + name)`, "show -n true"},
		{"a.py", `run(["az", "ml", "computetarget", "show", "-n", name])`, "show -n true"},
		{"Jenkinsfile", "sh 'az ml computetarget show -n ' + name", "show -n true"},
		{"a.json", `["az ml computetarget show -n "]`, "show -n true"},
		{"a.sh", "az ml computetarget show -n\n", "show -n"},
		{"a.sh", "az ml computetarget show -n; x", "show -n"},
	} {
		Find(c.file, []byte(c.in), o)
		if asked != c.want {
			t.Errorf("%s: asked for %q, want %q", c.in, asked, c.want)
		}
	}
}

// A file that only installs the extension goes on while another one needs it.
func TestNeededElsewhere(t *testing.T) {
	t.Parallel()
	install := []byte("az extension add -n azure-cli-ml\n")
	if got, _ := Rewrite("a.sh", install, Options{}); string(got) != "computetarget version\n" {
		t.Errorf("%s", got)
	}
	needs := Needs(Find("b.sh", []byte("\naz ml run list\n"), Options{}))
	got, found := Rewrite("a.sh", install, Options{Needed: needs})
	if !bytes.Equal(got, install) || len(found) != 1 || !strings.Contains(found[0].Warnings[0], "b.sh:2 still needs it") {
		t.Errorf("%s %+v", got, found)
	}
	if needs := Needs(Find("b.sh", append(install, "az ml computetarget list\n"...), Options{})); needs != "" {
		t.Errorf("%q", needs)
	}
}

func TestProseIsNoCall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, in string }{
		{"a.md", "The az ml computetarget command is retired, see az ml computetarget -h."},
		{"a.md", "```console\nthe ml computetarget group\n```"},
		{"a.md", "* Stop\n\n    See [az ml computetarget stop computeinstance](/cli/azure/ml(v1)/computetarget#stop).\n"},
		{"a.py", "# az ml computetarget list\n'''The ml computetarget group.'''"},
		{"a.sh", "computetarget ml computetarget list"},
		{"a.sh", "az ml workspace list\naz ml model create\naz ml job create"},
	} {
		if found := Find(c.file, []byte(c.in), Options{}); len(found) != 0 {
			t.Errorf("%q has findings: %+v", c.in, found)
		}
	}
}

// JSON of more than a MiB is data.
func TestLargeJSONIsSkipped(t *testing.T) {
	t.Parallel()
	files, err := Files(fstest.MapFS{"a.json": {Data: make([]byte, 1<<20)}, "b.json": {Data: make([]byte, 1<<20+1)}}, ".")
	if err != nil || len(files) != 1 || files[0] != "a.json" {
		t.Errorf("%q, %v", files, err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{
		"a.sh": "", "b/c.ps1": "", "b/d.txt": "", "Makefile": "", "ci/Dockerfile.gpu": "", "Jenkinsfile": "",
		"run": "#!/bin/bash\n", "x.json": "", "prog": "\x7fELF", "nb.ipynb": "", "x.TF": "",
		".git/hooks/x.sh": "", "node_modules/a/b.sh": "", ".github/workflows/w.yml": "", "venv/x.py": "",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	got, err := Files(fsys, ".")
	want := ".github/workflows/w.yml Jenkinsfile Makefile a.sh b/c.ps1 ci/Dockerfile.gpu nb.ipynb run x.TF x.json"
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("%v, %v\nwant %s", got, err, want)
	}
}

func FuzzRewrite(f *testing.F) {
	for _, name := range []string{"a.sh", "a.ps1", "a.cmd", "a.yml", "a.tf", "Makefile", "Dockerfile", "Jenkinsfile", "a.py", "a.ipynb", "a.md", "a.json"} {
		f.Add(name, "x=\"$(az ml computetarget show -n \"$N\" \\\n -o tsv)\" # c\naz extension add -n azure-cli-ml\n")
		f.Add(name, "run(['az',\n 'ml', \"computetarget\", 'list']) `az ml computetarget`\n- az\n- ml\n- computetarget\n")
		f.Add(name, "AZ='az ml computetarget'\n$AZ delete -n x\nif az extension list|grep azure-cli-ml; then :; fi\n0 AZ ml ComputetArget AZ\n- ml\n- ComputetArget ")
		f.Add(name, "sub=computetarget\naz ml $sub list\nrun([\"az\", \"ml\"] + [\"computetarget\", x])\n$AZ_ML computetarget list\naz extension add -n azure-cli-ml\naz ml computetarget list\n")
		f.Add(name, "{\"cells\":[{\"cell_type\":\"code\",\"source\":[\"!az ml \\\\\\n\",\"computetarget list\"]}]}")
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		content := []byte(text)
		got, found := Rewrite(name, content, Options{})
		if string(content) != text {
			t.Fatal("the input changed")
		}
		at := -1
		for _, x := range found {
			if x.start < at || x.end < x.start {
				t.Fatalf("%+v overlaps the one before", x)
			}
			if (x.Becomes == "") != (len(x.edits) == 0) || x.Text == "" || x.Line < 1 || x.Becomes == "" && len(x.Warnings) == 0 {
				t.Fatalf("%+v", x)
			}
			for _, e := range x.edits {
				if e.start < x.start || e.end > x.end || e.end < e.start {
					t.Fatalf("%+v changes bytes outside", x)
				}
			}
			at = x.end
		}
		again, left := Rewrite(name, got, Options{})
		if !bytes.Equal(again, got) {
			t.Fatalf("%q became %q, which became %q: %+v", text, got, again, left)
		}
	})
}
