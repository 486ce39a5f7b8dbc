package view

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// details are what the studio's page of an instance shows besides.
func (p page) details(c *compute.Compute) {
	i := c.Instance
	p.Row("address", addresses(i))
	p.Row("subnet", subnet(i.Subnet))
	p.Row("image", image(i.Image))
	if i.Image != nil || len(i.DataDisks) > 0 { // it exists
		p.Row("disks", disks(i.DataDisks))
	}
	p.Row("apps", strings.Join(each(i.Applications, func(a compute.Application) string { return a.Name }), ", "))
	p.Row("services", strings.Join(each(i.CustomServices, service), ", "))
	for _, m := range i.DataMounts {
		p.Row("mount", mount(m))
	}
	p.Row("sso", sso(c))
	if s := i.SetupScripts; s != nil {
		p.Row("setup", script(s.Scripts.Creation))
		p.Row("startup", script(s.Scripts.Startup))
	}
}

func addresses(i *compute.Instance) string {
	var list []string
	if e := i.Endpoints; e != nil && e.PublicIP != "" {
		list = append(list, e.PublicIP)
	} else if i.EnableNodePublicIP != nil && !*i.EnableNodePublicIP {
		list = append(list, "no public one")
	}
	if e := i.Endpoints; e != nil && e.PrivateIP != "" {
		list = append(list, e.PrivateIP+" (private)")
	}
	return strings.Join(list, ", ")
}

// subnet is the name of a subnet and of its network; its id if it has another form.
func subnet(r *compute.Reference) string {
	if r == nil {
		return ""
	}
	parts := strings.Split(strings.TrimPrefix(r.ID, "/"), "/")
	if len(parts) != 10 || !strings.EqualFold(parts[6], "virtualNetworks") || !strings.EqualFold(parts[8], "subnets") {
		return r.ID
	}
	return parts[9] + " of the network " + parts[7] + " (rg " + parts[3] + ")"
}

// image is the version of the image. An instance keeps the one it was created with.
func image(m *compute.ImageMetadata) string {
	switch {
	case m == nil || m.Current == "":
		return ""
	case m.IsLast != nil && *m.IsLast, m.IsLast == nil && m.Latest == m.Current:
		return m.Current + ", the latest"
	case m.Latest == "" && m.IsLast != nil:
		return m.Current + ", not the latest: new instances get that"
	case m.Latest == "":
		return m.Current
	}
	return m.Current + "; new instances get " + m.Latest
}

// disks are those of an instance. The service does not tell the system's.
// Source: "What is an Azure Machine Learning compute instance".
func disks(list []compute.DataDisk) string {
	text := "about 120 GB for the system, as documented"
	for _, d := range list {
		text += fmt.Sprintf(", data disk %d of %d GB", d.LUN, d.SizeGB)
		if d.Account != "" {
			text += " (" + d.Account + ")"
		}
	}
	return text
}

func service(s compute.CustomService) string {
	if s.Image != nil && s.Image.Reference != "" {
		return s.Name + " (" + s.Image.Reference + ")"
	}
	return s.Name
}

func mount(m compute.DataMount) string {
	text, _, _ := strings.Cut(m.Source, "?") // what follows may be a signature
	if m.Name != "" && m.Name != text {
		text = m.Name + " from " + text
	}
	if m.Path != "" {
		text += " at " + m.Path
	}
	for _, word := range []string{m.Mode, m.State, m.Error} {
		if word != "" {
			text += ", " + word
		}
	}
	return text
}

// sso says whether az and the SDKs on an instance are signed in as its owner.
func sso(c *compute.Compute) string {
	switch on := c.Instance.EnableSSO; {
	case on == nil:
		return ""
	case *on:
		return "on"
	}
	return "off; its owner can switch it on: " + render.Command("enable-sso NAME", c.Name)
}

// script says where a script is, never what is in it.
func script(s *compute.Script) string {
	if s == nil {
		return ""
	}
	var parts []string
	switch {
	case strings.EqualFold(s.Source, "workspaceStorage"):
		parts = append(parts, strings.TrimSpace(s.Data+" "+s.Arguments))
	case !strings.EqualFold(s.Source, "inline"):
		parts = append(parts, s.Source)
	default:
		text := "inline"
		if data, err := base64.StdEncoding.DecodeString(s.Data); err == nil && len(data) > 0 {
			text += ", " + count(len(data), "byte")
		}
		parts = append(parts, text)
		if s.Arguments != "" {
			parts = append(parts, "arguments "+s.Arguments)
		}
	}
	if s.Timeout != "" {
		parts = append(parts, "at most "+s.Timeout)
	}
	return strings.Join(parts, ", ")
}
