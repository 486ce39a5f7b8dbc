package cmd_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// article is what Microsoft's article on compute instances has, heading by
// heading: the words with which docs/article.md begins each row.
var article = []struct {
	heading string
	has     []string
}{
	{"Introduction", []string{"development environment", "queue", "Not shared", "virtual network"}},
	{"Prerequisites", []string{"workspace", "extension for az", "signed in"}},
	{"Create", []string{"five minutes", "several instances", "Quota", "Stopping keeps the quota", "size cannot be changed", "preview"}},
	{"Create with Python", []string{"free in the region", "whether it exists", "size, SSH off, network", "SSH key", "wait with output"}},
	{"Create with the Azure CLI", []string{"az ml computetarget create computeinstance", "its flags", "old script"}},
	{"Create in the studio", []string{
		"3 to 24 characters", "letters, digits and hyphens", "begins with a letter", "a letter after a hyphen", "unique in the region",
		"CPU or GPU", "what the region offers", "SSH access", "group, network, subnet", "No public address", "another person",
		"setup script", "A schedule", "advanced settings",
	}},
	{"Create with a template", []string{"Resource Manager template", "described in a file"}},
	{"Enable SSH access", []string{"Off by default", "Cannot be changed", "public key", "key pair", "address, port and user", "Visual Studio Code"}},
	{"Create on behalf of somebody", []string{
		"In the studio", "template", "REST API", "tenant id and the object id",
		"start, stop, restart, applicationaccess, updateSchedules", "can start, stop and restart", "Jupyter, JupyterLab, RStudio and the integrated notebooks",
		"Each of those applications",
	}},
	{"Schedule starting and stopping", []string{"9 to 18 from Monday to Thursday, 9 to 16 on Friday", "Four at most", "somebody else", "stopped state"}},
	{"A schedule in the studio", []string{"Add a schedule", "Start or stop", "time zone", "hour", "days", "another one", "page of details", "daylight saving"}},
	{"A schedule in a template", []string{"parameters file", "Cron", "Logic Apps", "Start or Stop", "Enabled or Disabled", "Sunday is 0", "what the file does"}},
	{"A default schedule by Azure Policy", []string{"gives a stop", "22:00", "subscription", "Enforce", "existed before"}},
	{"Customize with a script", []string{"conda environments", "all instances of a workspace"}},
	{"Create the script", []string{
		"root", "among the notebooks", ".sh", "type of the file", "relative paths", "$1, $2", "`sudo -u azureuser` block", "does not see the arguments",
		"azureml-examples", "CI_RESOURCE_GROUP, CI_WORKSPACE, CI_NAME, CI_LOCAL_UBUNTU_USER", "With Azure Policy", "15 minutes", "s, m, h or d",
	}},
	{"Use the script in the studio", []string{"stored", "upload", "Command arguments", "virtual network"}},
	{"Use the script in a template", []string{"workspaceStorage", "scriptArguments", "base64", "folder Users"}},
	{"Logs of the script", []string{"page of details", "folder Logs", "File and arguments"}},
	{"Manage", []string{"does not scale down", "ends the billing", "still cost", "schedule", "120 GB", "sudo shutdown"}},
	{"Manage with Python", []string{"get_status()", "start(", "stop(", "restart(", "delete("}},
	{"Manage with the Azure CLI", []string{"start computeinstance", "stop computeinstance", "restart computeinstance", "delete -n"}},
	{"Manage in the studio", []string{
		"Create", "Refresh", "Start, stop and restart", "Delete", "only those that you created", "Open Jupyter, JupyterLab and RStudio", "Add SSH access",
		"address, user and port", "private address, port 22", "address, region", "edit the schedule",
	}},
	{"Permissions", []string{
		"Owner and Contributor", "Only the creator", "root", "key pair", "read, write, delete, start, stop, restart, updateSchedules",
		"write and checkComputeNameAvailability", "role",
	}},
	{"Next steps", []string{"terminal", "files", "training run"}},
	{"What later versions of the article add", []string{
		"idle", "policy for the idle time", "startup script", "Single sign-on", "managed identity", "Custom applications", "newest image", "managed network",
	}},
}

// row is a row of a table of docs/article.md.
type row struct{ article, here, better string }

var (
	span      = regexp.MustCompile("`([^`]+)`")
	tableHead = "| the article | here | what is better |\n|---|---|---|\n"
)

// The page has every heading and capability of the article, in its order. What
// a row says does it here is typed below its table, where TestGuides runs it.
func TestArticle(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/article.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(page), "\n## ")[1:]
	var headings, want []string
	for _, s := range sections {
		heading, _, _ := strings.Cut(s, "\n")
		headings = append(headings, heading)
	}
	for _, a := range article {
		want = append(want, a.heading)
	}
	if !slices.Equal(headings, want) {
		t.Fatalf("the headings are\n%s\nnot\n%s", strings.Join(headings, "\n"), strings.Join(want, "\n"))
	}
	for i, a := range article {
		got := rows(t, a.heading, sections[i])
		if len(got) != len(a.has) {
			t.Errorf("%s: %d rows for %d capabilities", a.heading, len(got), len(a.has))
			continue
		}
		typed := typedLines(sections[i])
		for j, r := range got {
			if !strings.Contains(r.article, a.has[j]) {
				t.Errorf("%s: the row about %q is %q", a.heading, a.has[j], r.article)
			}
			checkRow(t, a.heading, r, typed)
		}
	}
}

// checkRow holds a row to what is typed below it.
func checkRow(t *testing.T, heading string, r row, typed []string) {
	t.Helper()
	if r.better == "" || r.better == "–" {
		t.Errorf("%s: %s: nothing is said about what is better", heading, r.article)
	}
	if strings.HasPrefix(r.here, "Nothing") {
		return
	}
	commands := span.FindAllStringSubmatch(r.here, -1)
	if len(commands) == 0 {
		t.Errorf("%s: %s: no command, and not \"Nothing\"", heading, r.article)
	}
	for _, command := range commands {
		if !slices.ContainsFunc(typed, func(line string) bool { return strings.Contains(line+" ", " "+command[1]+" ") }) {
			t.Errorf("%s: %s: %q is typed in no block of the section", heading, r.article, command[1])
		}
	}
}

// rows are the rows of the one table of a section.
func rows(t *testing.T, heading, section string) []row {
	t.Helper()
	_, rest, found := strings.Cut(section, tableHead)
	if !found {
		t.Errorf("%s: no table", heading)
		return nil
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	var out []row
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 {
			t.Errorf("%s: %d cells in %q", heading, len(cells), line)
			continue
		}
		out = append(out, row{strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])})
	}
	return out
}

// typedLines are the commands of the console blocks of a section.
func typedLines(section string) []string {
	var out []string
	for _, b := range blocks(section) {
		for line := range strings.Lines(b.text) {
			if command, ok := strings.CutPrefix(line, "$ "); ok && b.language == "console" {
				out = append(out, strings.TrimSpace(command))
			}
		}
	}
	return out
}
