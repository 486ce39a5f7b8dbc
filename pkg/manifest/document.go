package manifest

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/nearest"
	"github.com/computetarget/computetarget/pkg/order"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// Document is one compute of a file.
type Document struct {
	Name string
	// Spec holds what the file gives. Create and Over turn it into a request.
	Spec compute.Spec
	// Stopped and AssignTo, an e-mail address or an object id, count when the
	// compute is created.
	Stopped  bool
	AssignTo string
	// Workspace, ResourceGroup and Subscription say where it is; "" leaves that to
	// the command.
	Workspace, ResourceGroup, Subscription string
	// IdleOff asks for no idle shutdown.
	IdleOff bool
	// Hours is true for hours without a compute: it changes one, and creates none.
	Hours bool
	// KeyFile holds the private key of an attached machine.
	KeyFile string
	// Notes are sentences for the user.
	Notes []string

	place
	vnet, subnet string // names
	minNodes     bool   // given
	maxNodes     bool
	places       map[string]place // of the settings, named as by compute.Difference
}

// Options say what a file leaves open.
type Options struct {
	// Zone is the time zone of hours without one.
	Zone func() (schedule.Zone, error)
	// Name is the compute of a file that names none.
	Name string
	// Type is the v2 type of a file that gives none; "" refuses such a file.
	Type string
	// Alone takes a document without a type and without a key that tells as a
	// compute of v2, too: the caller asked for one, and Set may say its type.
	Alone bool
	// Set are values that win over every document, the later over the earlier.
	Set []Assignment
	// Parameters are the values of the parameters of templates, if there are any.
	Parameters *Parameters
	// Here is the workspace whose subscription and resource group a template asks
	// for; nil if it is not known.
	Here func() (compute.Workspace, error)
	// Row is the row of a table that the compute is made for, if any.
	Row *Row
}

// Assignment gives a key a value. The key is a path such as tags.team or
// schedules.compute_start_stop[0].action.
type Assignment struct {
	Key, Value string
	// Source says where it is given: a file, and the line and column there, if any.
	Source       string
	Line, Column int
}

// Computes are the computes of a file.
type Computes struct {
	Documents []*Document
	Others    int // documents of other kinds: jobs, endpoints, data
}

// Read reads the computes of a file: v2 YAML of any type, with the keys hours,
// time_zone, assign_to, stopped, workspace, resource_group and subscription
// beside; what "show" and "list" print; the service's bodies; and the hours that
// ReadSchedules reads. It takes YAML and JSON, one document or several. An error
// is a *Mistake, or an ErrorList of them.
func Read(data []byte, o Options) (Computes, error) {
	docs, err := parse(data)
	if err != nil {
		return Computes{}, mistakes(err)
	}
	var out Computes
	var wrong ErrorList
	for _, doc := range docs {
		r := &documents{Options: o, out: &out}
		if err := r.read(doc); err != nil {
			wrong = append(wrong, asMistake(err, doc.place))
		}
		wrong = append(wrong, r.wrong...)
	}
	if len(wrong) > 0 {
		order.By(wrong, func(a, b *Mistake) int {
			return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Text, b.Text))
		})
		return Computes{}, wrong
	}
	return out, nil
}

// ErrorList are the mistakes of a file.
type ErrorList []*Mistake

func (l ErrorList) Error() string {
	texts := make([]string, len(l))
	for i, m := range l {
		texts[i] = m.Error()
	}
	return strings.Join(texts, "\n")
}

func mistakes(err error) error { return ErrorList{asMistake(err, place{})} }

func asMistake(err error, at place) *Mistake {
	var m *Mistake
	if errors.As(err, &m) {
		return m
	}
	return &Mistake{Line: at.line, Column: at.column, File: at.source, Text: err.Error(), cause: err}
}

// Where is the place in a file, as compilers write it, that gives a setting which a
// compute.Difference names, or where the document begins.
func (d *Document) Where(field, file string) string {
	at := d.place
	for _, name := range []string{strings.SplitN(field, ".", 2)[0], field} {
		if p, ok := d.places[name]; ok {
			at = p
		}
	}
	return (&Mistake{Line: at.line, Column: at.column, File: at.source}).Where(file)
}

//go:noinline
func (d *Document) mark(field string, at place) {
	if d.places == nil {
		d.places = map[string]place{}
	}
	d.places[field] = at
}

// Create is the request that creates the compute in a workspace: v2's defaults
// fill what the file leaves out.
func (d *Document) Create(in compute.Workspace) *compute.Spec {
	spec := d.spec(in)
	if i := spec.Instance; i != nil && i.VMSize == "" {
		i.VMSize = defaultSize
	}
	if c := spec.Cluster; c != nil {
		if c.VMSize == "" {
			c.VMSize = defaultSize
		}
		if c.OSType == "" {
			c.OSType = "Linux"
		}
		if !d.maxNodes {
			c.MaxNodes = max(1, c.MinNodes)
		}
	}
	if k := spec.Kubernetes; k != nil && k.Namespace == "" {
		k.Namespace = "default"
	}
	return spec
}

// defaultSize is what az ml compute asks for without a size.
const defaultSize = "STANDARD_DS3_V2"

// Over is the request for a compute that exists: what the file leaves out is as
// the compute has it. A schedule that was skipped or paused stays as it is.
func (d *Document) Over(in compute.Workspace, have *compute.Compute) *compute.Spec {
	spec := d.spec(in)
	spec.Location = have.Location
	if given := d.Spec.Location; given != "" {
		spec.Location = given
	}
	if c := spec.Cluster; c != nil && have.Cluster != nil && have.Cluster.Scale != nil {
		if !d.minNodes {
			c.MinNodes = have.Cluster.Scale.MinNodes
		}
		if !d.maxNodes {
			c.MaxNodes = have.Cluster.Scale.MaxNodes
		}
	}
	if i := spec.Instance; i != nil && i.Schedules != nil {
		i.Schedules = compute.KeepShifted(have.Schedules(), i.Schedules)
	}
	return spec
}

// spec is a copy of the Spec with the subnet that two names mean: as in v2, they
// are of the workspace's subscription and resource group.
func (d *Document) spec(in compute.Workspace) *compute.Spec {
	spec := d.Spec
	spec.Tags = maps.Clone(d.Spec.Tags)
	subnet := ""
	if d.subnet != "" {
		subnet = "/subscriptions/" + in.Subscription + "/resourceGroups/" + in.ResourceGroup +
			"/providers/Microsoft.Network/virtualNetworks/" + d.vnet + "/subnets/" + d.subnet
	}
	if spec.Instance != nil {
		i := *spec.Instance
		if i.Schedules = slices.Clone(i.Schedules); subnet != "" {
			i.SubnetID = subnet
		}
		spec.Instance = &i
	}
	if spec.Cluster != nil {
		c := *spec.Cluster
		if subnet != "" {
			c.SubnetID = subnet
		}
		spec.Cluster = &c
	}
	return &spec
}

// documents reads one document of a file, which may hold several computes.
type documents struct {
	Options
	out   *Computes
	wrong ErrorList
}

// read reads a document of any form.
func (r *documents) read(n *node) error {
	switch {
	case n.list != nil:
		return r.each(n.list)
	case n.mapping == nil:
		return n.errorf("this is %s, not the keys of a compute", n.kind())
	case n.find("value").items() != nil && (n.find("nextLink") != nil || len(n.mapping.pairs) == 1):
		return r.each(n.find("value").list)
	case n.find("resources") != nil && (n.find("contentVersion") != nil || n.find("$schema") != nil):
		return r.template(n, r.Parameters.values())
	case r.Parameters == nil && isParameters(n):
		return n.errorf("this is a parameters file: give the template beside it")
	case isPolicy(n):
		r.out.Others++
		return nil
	case n.find("instances") != nil:
		return r.hours(n)
	}
	read := reads(n)
	if read == nil && r.Alone {
		read = (*reading).v2
	}
	if read == nil {
		r.out.Others++
		return nil
	}
	return r.compute(n, read, "")
}

// compute reads one compute; workspace is where it is, unless it says so itself.
func (r *documents) compute(n *node, read func(*reading, *node), workspace string) error {
	if r.Row != nil {
		n.place = place{r.Row.Line, 0, r.Row.Source}
	}
	d := &Document{place: n.place, Workspace: workspace}
	c := &reading{Options: r.Options, d: d}
	for _, a := range r.Set {
		if err := n.set(a); err != nil {
			return err
		}
	}
	read(c, n)
	r.wrong = append(r.wrong, c.wrong...)
	if len(c.wrong) == 0 {
		c.finish(n)
		r.wrong = append(r.wrong, c.wrong...)
	}
	r.out.Documents = append(r.out.Documents, d)
	return nil
}

func (n *node) items() []*node {
	if n == nil {
		return nil
	}
	return n.list
}

func (r *documents) each(list []*node) error {
	for _, item := range list {
		if item.list != nil || item.mapping == nil {
			return item.errorf("this is %s, not the keys of a compute", item.kind())
		}
		if err := r.read(item); err != nil {
			return err
		}
	}
	return nil
}

// hours reads a file of hours of instances, as "schedule apply" does.
func (r *documents) hours(n *node) error {
	if len(r.Set) > 0 {
		return n.errorf("--set is about the keys of computes, and these are hours of instances")
	}
	list, err := reader{zone: r.Zone}.instances(n)
	if err != nil {
		return err
	}
	for _, w := range list {
		d := &Document{Name: w.Name, Hours: true, Notes: w.Notes, place: n.place}
		d.Spec.Instance = &compute.InstanceSpec{Schedules: w.Schedules}
		r.out.Documents = append(r.out.Documents, d)
	}
	return nil
}

// reads is how a mapping is read; nil if it is not a compute.
func reads(n *node) func(*reading, *node) {
	kind, given := n.find("type").text()
	kind = strings.ToLower(kind)
	schema, _ := n.find("$schema").text()
	switch {
	case n.find("properties").find("computeType") != nil, strings.EqualFold(kind, resourceType):
		return (*reading).body
	case n.find("computeType") != nil && n.find("properties") == nil:
		return (*reading).shown
	case strings.Contains(schema, "azuremlschemas") && !strings.Contains(strings.ToLower(schema), "compute"):
		return nil
	case slices.Contains(v2Types, kind):
		return (*reading).v2
	case given && nearest.Word(kind, v2Types) == "":
		if n.has(telling...) { // such as an AKS target
			return (*reading).v2
		}
		return nil
	case given, n.has(telling...), strings.Contains(schema, "azuremlschemas"):
		return (*reading).v2
	}
	return nil
}

const resourceType = "Microsoft.MachineLearningServices/workspaces/computes"

// telling are keys that only computes have.
var telling = []string{"size", "tier", "min_instances", "max_instances", "idle_time_before_scale_down", "idle_time_before_shutdown",
	"idle_time_before_shutdown_minutes", "network_settings", "ssh_settings", "ssh_public_access_enabled", "create_on_behalf_of",
	"setup_scripts", "custom_applications", "schedules", "hours", "assign_to"}

// has reports whether a mapping has one of the keys.
func (n *node) has(keys ...string) bool {
	return slices.ContainsFunc(n.mapping.pairs, func(p pair) bool { return slices.Contains(keys, p.key) })
}

// set writes a value below the path of a key. Missing levels are created.
func (n *node) set(a Assignment) error {
	from := place{line: a.Line, column: a.Column, source: a.Source}
	to := n
	steps := strings.FieldsFunc(strings.ReplaceAll(a.Key, "[", ".["), func(r rune) bool { return r == '.' })
	if len(steps) == 0 {
		return from.errorf("%s is not the path of a key", show(a.Key))
	}
	for i, step := range steps {
		var next *node
		if index, is := strings.CutPrefix(step, "["); is {
			index, closed := strings.CutSuffix(index, "]")
			number, err := strconv.Atoi(index)
			if err != nil || !closed || number < 0 || number >= len(to.list) {
				return from.errorf("there is no element %s in the file for %s", step, a.Key)
			}
			next = to.list[number]
		} else {
			if to.null() {
				to.mapping, to.scalar = &mapping{}, nil
			}
			if to.mapping == nil {
				return from.errorf("the file has no keys below %s, as %s needs", strings.Join(steps[:i], "."), a.Key)
			}
			found := slices.IndexFunc(to.mapping.pairs, func(p pair) bool { return p.key == step })
			if found < 0 {
				if err := to.mapping.add(step, from, &node{place: from}); err != nil {
					return err
				}
				found = len(to.mapping.pairs) - 1
			}
			to.mapping.pairs[found].place = from
			next = to.mapping.pairs[found].value
		}
		to = next
	}
	*to = node{scalar: a.Value, written: a.Value, place: from}
	return nil
}
