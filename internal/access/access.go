// Package access returns the addresses of an instance's applications, and the
// host, port and user of its SSH. It checks what the service says before it
// becomes a URL, an argument or a line of a file.
package access

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/pkg/compute"
)

// refuse says why an instance cannot be reached, and what to do.
func refuse(tip, format string, args ...any) error {
	return &exit.Error{Exit: exit.Failed, Text: fmt.Sprintf(format, args...), Tip: tip}
}

// Destination is an SSH destination. Every field is checked: none can act as an
// option, a second word or a second line.
type Destination struct {
	Name string // the compute's
	Host string // an IP address; the host of its Jupyter if there is a Proxy
	Port int
	User string
	// Proxy is the command that ssh runs to connect, "" to connect to Host.
	Proxy string
}

// privatePort is the SSH port inside an instance's network, independent of its
// public port (how-to-secure-training-vnet).
const privatePort = 22

// SSH returns the SSH destination of an instance: its public address, or the
// private one for callers inside its network. Inside the network, a key given
// at creation works even if public SSH is off.
func SSH(c *compute.Compute, private bool) (Destination, error) {
	d := Destination{Name: c.Name}
	// Report what can never work first: starting the instance would not help.
	if err := sshOff(c, private); err != nil {
		return d, err
	}
	if err := reachable(c); err != nil {
		return d, err
	}
	settings := c.Instance.SSH
	if settings == nil {
		return d, refuse("computetarget show "+plain(c.Name)+" --raw shows what it said", "the service does not say whether %s takes SSH", c.Name)
	}
	if ends := c.Instance.Endpoints; ends != nil {
		d.Host = ends.PublicIP
		if private {
			d.Host = ends.PrivateIP
		}
	}
	switch {
	case d.Host == "" && private:
		return d, refuse("omit --private", "%s has no private address", c.Name)
	case d.Host == "":
		return d, refuse("from inside its network, use --private", "%s has no public address", c.Name)
	}
	d.User, d.Port = settings.AdminUserName, settings.Port
	if private {
		d.Port = privatePort
	}
	if address, err := netip.ParseAddr(d.Host); err != nil || address.Zone() != "" {
		return d, refuse("computetarget show "+plain(d.Name)+" --raw shows what it said", "the service gives %s the address %q, which is not an IP address", d.Name, d.Host)
	}
	return d, d.check()
}

// Addressless reports whether an instance can only be reached through its Jupyter from
// outside its network: it has no public address. It may be stopped.
func Addressless(c *compute.Compute) bool {
	i := c.Instance
	switch {
	case i == nil:
		return false
	case i.EnableNodePublicIP != nil && !*i.EnableNodePublicIP:
		return true
	}
	return c.IsRunning() && (i.Endpoints == nil || i.Endpoints.PublicIP == "") &&
		slices.ContainsFunc(i.Applications, func(a compute.Application) bool { return a.Name == jupyter })
}

// jupyter is the name of the application that carries SSH.
const jupyter = "Jupyter"

// defaultUser is the user whom the service makes on every instance.
const defaultUser = "azureuser"

// ThroughJupyter returns the SSH destination of an instance whose connection is made
// through its Jupyter. It works whether or not SSH from the internet is on; a key must
// be on the instance. The caller adds the Proxy.
func ThroughJupyter(c *compute.Compute) (Destination, error) {
	address, err := App(c, strings.ToLower(jupyter))
	if err != nil {
		return Destination{}, err
	}
	at, err := url.Parse(address)
	if err != nil {
		return Destination{}, err
	}
	d := Destination{Name: c.Name, Host: strings.ToLower(at.Hostname()), Port: privatePort, User: defaultUser}
	if s := c.Instance.SSH; s != nil && userName(s.AdminUserName) {
		d.User = s.AdminUserName
	}
	return d, d.check()
}

// sshOff is an error if an instance was created without public SSH. It does not
// apply to the private address: the service does not tell whether a key was
// given.
func sshOff(c *compute.Compute, private bool) error {
	if private || c.Instance == nil || c.Instance.SSH == nil || c.Instance.SSH.PublicAccess == "" || strings.EqualFold(c.Instance.SSH.PublicAccess, "Enabled") {
		return nil
	}
	if c.Instance.InNetwork() {
		return refuse("from inside its network, with a key it was created with: computetarget ssh "+plain(c.Name)+" --private; from anywhere, with such a key: computetarget ml compute connect-ssh -n "+plain(c.Name)+"; computetarget open works without SSH",
			"%s was created without SSH from the internet, which cannot be enabled later", c.Name)
	}
	return refuse("create an instance with --ssh-key ~/.ssh/id_rsa.pub; computetarget open works without SSH",
		"%s was created without SSH, which cannot be enabled later", c.Name)
}

// plain is a compute's name as one word of a command.
func plain(name string) string {
	if compute.ValidateName(name) != nil {
		return "NAME"
	}
	return name
}

// check refuses anything but one name, one port and one user.
func (d Destination) check() error {
	if compute.ValidateName(d.Name) != nil {
		return refuse("", "the name %q cannot be used with ssh", d.Name)
	}
	if d.Port < 1 || d.Port > 65535 {
		return refuse("", "the service gives %s the SSH port %d, which is not a port", d.Name, d.Port)
	}
	if !userName(d.User) {
		return refuse("", "the service gives %s the user name %q, which cannot be used with ssh", d.Name, d.User)
	}
	return nil
}

// userName reports whether s is a Unix user name.
func userName(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '.')) {
			return false
		}
	}
	return true
}

// Arguments are the arguments of the ssh program.
func (d Destination) Arguments(command []string) []string {
	if d.Proxy != "" {
		return append([]string{"-o", "ProxyCommand=" + d.Proxy, "-l", d.User, "--", d.Host}, command...)
	}
	return append([]string{"-p", fmt.Sprint(d.Port), "-l", d.User, "--", d.Host}, command...)
}

// Apps are the applications of an instance, and the pages of the studio about it,
// by the names that --app takes.
func Apps() []string { return append([]string{"jupyterlab", "jupyter", "rstudio", "vscode"}, pages...) }

// pages are those of the studio. Its terminal has no address that is documented:
// the page of the notebooks has the button for it.
var pages = []string{"notebooks", "terminal", "studio"}

// IsPage reports whether an application is a page of the studio.
func IsPage(app string) bool { return slices.Contains(pages, app) }

// Page is the address of a page of the studio about an instance. The studio is the
// cloud's base URL. The form of the addresses is that of public links (unverified:
// it is not documented).
func Page(c *compute.Compute, app, studio string, ws compute.Workspace, tenant string) (string, error) {
	if studio == "" {
		return "", refuse("open the studio of that cloud in a browser", "the address of the studio is not known for this cloud or endpoint")
	}
	if app != "studio" {
		if err := reachable(c); err != nil {
			return "", err
		}
	}
	path := "/fileexplorerAzNB"
	if app == "studio" {
		path = "/compute/" + url.PathEscape(c.Name) + "/details"
	}
	address := studio + path + "?wsid=" + ws.ID()
	if tenant != "" {
		address += "&tid=" + url.QueryEscape(tenant)
	}
	return address, nil
}

// App is the address of an application of a running instance.
func App(c *compute.Compute, app string) (string, error) {
	if err := reachable(c); err != nil {
		return "", err
	}
	if app == "vscode" {
		d, err := SSH(c, false)
		if Addressless(c) {
			d, err = ThroughJupyter(c)
		}
		if err != nil {
			return "", err
		}
		return "vscode://vscode-remote/ssh-remote+" + d.Name + "/home/" + d.User, nil
	}
	var known []string
	for _, a := range c.Instance.Applications {
		word := strings.ToLower(strings.ReplaceAll(a.Name, " ", ""))
		if word != app {
			known = append(known, word)
			continue
		}
		if !trusted(a.URI) {
			return "", refuse("", "the service gives %s of %s the address %.100q, which is not an Azure Machine Learning address", app, c.Name, a.URI)
		}
		return a.URI, nil
	}
	tip := "it has none yet; try again in a moment"
	if len(known) > 0 {
		tip = "it has " + strings.Join(known, ", ")
	}
	return "", refuse(tip, "%s has no application %s", c.Name, app)
}

// trusted reports whether an address is https on a host of Azure Machine
// Learning instances, in any of its clouds.
func trusted(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" {
		return false
	}
	for _, r := range address {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"'<>\^{|}`+"`", r) {
			return false
		}
	}
	host := strings.ToLower(u.Host) // without a port or ":"
	for _, suffix := range [...]string{".instances.azureml.ms", ".instances.azureml.cn", ".instances.azureml.us"} {
		if name, ok := strings.CutSuffix(host, suffix); ok {
			return isHostName(name)
		}
	}
	return false
}

// isHostName reports whether s consists of labels of letters, digits and
// hyphens.
func isHostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || label[0] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

func reachable(c *compute.Compute) error {
	switch {
	case c.Instance == nil:
		return refuse("computetarget list-nodes shows the addresses of a cluster's nodes", "%s is of type %s; only instances can be reached", c.Name, c.ComputeType)
	case c.IsRunning():
		return nil
	}
	tip := "computetarget show " + plain(c.Name) + " shows more"
	switch {
	case c.IsStopped():
		tip = "computetarget start " + plain(c.Name)
	case strings.EqualFold(c.State(), compute.StateDeleting):
		tip = ""
	case c.InFailedState():
		tip = "computetarget show " + plain(c.Name) + " shows what went wrong"
	case c.InTransition():
		tip = "computetarget wait " + plain(c.Name)
	}
	return refuse(tip, "%s is %s", c.Name, c.State())
}
