package manifest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/computetarget/computetarget/pkg/compute"
	"github.com/computetarget/computetarget/pkg/lookalike"
	"github.com/computetarget/computetarget/pkg/nearest"
	"github.com/computetarget/computetarget/pkg/schedule"
)

// reading is one document as it is read. What is wrong is collected, so that all
// of it can be told at once.
type reading struct {
	Options
	d     *Document
	wrong ErrorList
	kind  string // the v2 type

	hours, schedules, zone *node // of an instance, read last
	minutes                bool  // the idle time was given in minutes, which win
}

// keys are those of a block: what reads each, nil for one that only the service
// sets and that is left out.
type keys map[string]func(r *reading, p pair)

func (r *reading) mistake(at place, format string, args ...any) {
	r.wrong = append(r.wrong, asMistake(at.errorf(format, args...), at))
}

// block reads the keys of n. fold says whether keys match in any case, as in the
// service's bodies.
func (r *reading) block(n *node, what string, known keys, fold bool) {
	if n.mapping == nil {
		r.mistake(n.place, "%s is %s, not a block of keys", what, n.kind())
		return
	}
	seen := map[string]string{}
	for _, p := range n.mapping.pairs {
		name, ok := p.key, false
		var read func(*reading, pair)
		if read, ok = known[p.key]; !ok && fold {
			for key, f := range known {
				if strings.EqualFold(key, p.key) {
					name, read, ok = key, f, true
				}
			}
		}
		switch {
		case !ok && fold && p.value.null():
			continue // as the service writes what is not set
		case !ok:
			r.unknown(p, what, known)
			continue
		case seen[name] != "":
			r.mistake(p.place, "%s and %s are the same key", show(seen[name]), show(p.key))
			continue
		}
		seen[name] = p.key
		switch {
		case read == nil, fold && p.value.null():
		case p.value.null():
			r.mistake(p.place, "%s has no value: give one, or leave the key out", p.key)
		default:
			read(r, p)
		}
	}
}

// unknown refuses a key, with the key that was meant or where it belongs.
func (r *reading) unknown(p pair, what string, known keys) {
	said := fmt.Sprintf("%s has the key %s", what, show(p.key))
	if c, odd := lookalike.First(p.key); odd {
		r.mistake(p.place, "%s, which contains %s", said, lookalike.Describe(c))
		return
	}
	if other := meantFor(r.kind, p.key); other != "" {
		r.mistake(p.place, "%s, which is for %s; write %s", said, otherKind(r.kind), other)
		return
	}
	var names []string
	for name, read := range known {
		if read != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if near := similar(p.key, names); near != "" {
		r.mistake(p.place, "%s; did you mean %s?", said, near)
		return
	}
	for _, kind := range v2Types {
		if _, ok := v2Keys(kind)[p.key]; ok && kind != r.kind && r.kind != "" {
			r.mistake(p.place, "%s, which is a key of %s only", said, kind)
			return
		}
	}
	r.mistake(p.place, "%s, which is unknown; the keys are %s", said, strings.Join(names, ", "))
}

// text is a value as text. Numbers and the like are taken as they are written:
// tags such as 42 need no quotes.
func (r *reading) text(p pair) string {
	n := p.value
	switch {
	case n.mapping != nil || n.list != nil:
		r.mistake(n.place, "%s is %s, not text", p.key, n.kind())
		return ""
	case n.null():
		r.mistake(n.place, "%s has no value: give one, or leave the key out", p.key)
		return ""
	}
	if s, ok := n.scalar.(string); ok {
		if isExpression(s) && strings.Contains(s, "(") { // a tag such as [x] is none
			r.mistake(n.place, "%s is the expression %s, which is not evaluated here", p.key, show(s))
		}
		return s
	}
	return n.written
}

func (r *reading) whole(p pair) int {
	i, err := p.value.number(p.key)
	if err != nil {
		r.wrong = append(r.wrong, asMistake(err, p.place))
	}
	return i
}

// yes and no are the words that v2 takes for true and false.
var yes, no = []string{"true", "t", "1", "on", "y", "yes"}, []string{"false", "f", "0", "off", "n", "no"}

func (r *reading) truth(p pair) *bool {
	word := strings.ToLower(p.value.written)
	is := slices.Contains(yes, word)
	if p.value.mapping != nil || p.value.list != nil || !is && !slices.Contains(no, word) {
		r.mistake(p.value.place, "%s is %s; write true or false", p.key, p.value.kind())
	}
	return &is
}

// word is one of the words, in their spelling.
func (r *reading) word(p pair, words ...string) string {
	s := r.text(p)
	for _, w := range words {
		if strings.EqualFold(w, s) {
			return w
		}
	}
	if near := nearest.Word(s, words); near != "" {
		r.mistake(p.value.place, "%s is %s; did you mean %s?", p.key, show(s), near)
	} else if s != "" {
		r.mistake(p.value.place, "%s is %s; write %s", p.key, show(s), strings.Join(words, " or "))
	}
	return ""
}

func (r *reading) list(p pair) []*node {
	if p.value.list == nil {
		r.mistake(p.value.place, "%s is %s, not a list", p.key, p.value.kind())
	}
	return p.value.list
}

// texts reads a map of texts, such as tags.
func (r *reading) texts(p pair) map[string]string {
	if p.value.mapping == nil {
		r.mistake(p.value.place, "%s is %s, not a block of keys", p.key, p.value.kind())
		return nil
	}
	out := map[string]string{}
	for _, tag := range p.value.mapping.pairs {
		out[tag.key] = r.text(tag)
	}
	return out
}

func (r *reading) tags(p pair) {
	if r.d.Spec.Tags = r.texts(p); p.value.mapping != nil {
		for _, tag := range p.value.mapping.pairs {
			r.d.mark("tags."+tag.key, tag.place)
		}
	}
}

// instance and cluster are the parts of the Spec that keys of the two types fill.
func (r *reading) instance() *compute.InstanceSpec { return r.d.Spec.Instance }
func (r *reading) cluster() *compute.ClusterSpec   { return r.d.Spec.Cluster }

// become makes the document one of a type.
func (r *reading) become(kind string) {
	r.kind = strings.ToLower(kind)
	switch s := &r.d.Spec; r.kind {
	case "computeinstance":
		s.Instance = &compute.InstanceSpec{}
	case "amlcompute":
		s.Cluster = &compute.ClusterSpec{}
	case "kubernetes":
		s.Kubernetes = &compute.KubernetesSpec{}
	case "virtualmachine":
		s.VirtualMachine = &compute.VirtualMachineSpec{}
	case "synapsespark":
		s.SynapseSpark = &compute.SynapseSparkSpec{}
	}
}

// typed finds the type of the document; false if there is none that can be made.
func (r *reading) typed(n, given *node) bool {
	if given == nil {
		if r.Type == "" {
			r.mistake(n.place, "this compute has no type; write type: and one of %s", strings.Join(v2Types, ", "))
			return false
		}
		r.become(r.Type)
		return true
	}
	kind, ok := given.text()
	switch {
	case ok && slices.Contains(v2Types, strings.ToLower(kind)):
		r.become(kind)
		return true
	case ok && nearest.Word(kind, v2Types) != "":
		r.mistake(given.place, "the type is %s; did you mean %s?", show(kind), nearest.Word(kind, v2Types))
	default:
		r.mistake(given.place, "the type is %s, and files can have %s", given.kind(), strings.Join(v2Types, ", "))
	}
	return false
}

// finish reads what depends on several keys, and checks what must stand together.
func (r *reading) finish(n *node) {
	d := r.d
	if d.Name == "" {
		d.Name = r.Name
	}
	if d.Name == "" {
		r.mistake(n.place, "this compute has no name; give the key name")
	}
	if s := &d.Spec; s.ResourceID == "" && (s.Kubernetes != nil || s.VirtualMachine != nil || s.SynapseSpark != nil) {
		r.mistake(n.place, "this compute has no resource_id, which a compute of type %s needs", r.kind)
	}
	if c := d.Spec.Cluster; c != nil && d.maxNodes && c.MaxNodes < c.MinNodes {
		r.mistake(d.places["maxNodeCount"], "a cluster cannot have at least %d and at most %d nodes", c.MinNodes, c.MaxNodes)
	}
	switch {
	case d.vnet != "" && d.subnet == "":
		r.mistake(d.places["subnet"], "a subnet is needed beside vnet_name")
	case d.vnet == "" && d.subnet != "":
		r.mistake(d.places["subnet"], "subnet is the name %s: give vnet_name too, or the ARM id of the subnet", show(d.subnet))
	}
	i := d.Spec.Instance
	if i == nil {
		return
	}
	if u := i.AssignedUser; u != nil && (u.ObjectID == "" || u.TenantID == "") {
		r.mistake(d.places["assignedUser"], "a compute for somebody else needs both the object id and the tenant id; assign_to takes an e-mail address or an object id alone")
	} else if u != nil && d.AssignTo != "" {
		r.mistake(d.places["assignedUser"], "give either assign_to or create_on_behalf_of")
	}
	r.times()
}

// times reads the hours and schedules of an instance: by the reader of "schedule
// apply".
func (r *reading) times() {
	if r.hours == nil && r.schedules == nil {
		if r.zone != nil {
			r.mistake(r.zone.place, "time_zone needs hours or schedules")
		}
		return
	}
	s := reader{zone: r.Zone}
	all := &node{place: r.d.place, mapping: &mapping{}}
	for _, given := range []struct {
		key string
		n   *node
	}{{"time-zone", r.zone}, {"hours", r.hours}, {"schedules", r.schedules}} {
		if given.n != nil {
			_ = all.mapping.add(given.key, given.n.place, given.n)
		}
	}
	w, err := s.given(all)
	if err != nil {
		r.wrong = append(r.wrong, asMistake(err, r.d.place))
		return
	}
	for i := range w.Schedules {
		if w.Schedules[i].Err != nil {
			r.mistake(r.d.places[compute.FieldSchedules], "schedule %d cannot be read: %w", i+1, w.Schedules[i].Err)
			return
		}
		w.Schedules[i].Entry.ID = "" // the id is of another instance, or of another time
	}
	r.d.Spec.Instance.Schedules = append([]compute.Schedule{}, w.Schedules...)
	r.d.Notes = append(r.d.Notes, w.Notes...)
}

// idle sets the idle time after which an instance stops.
func (r *reading) idle(p pair, d time.Duration) {
	r.instance().IdleShutdown, r.d.IdleOff = d, d == 0
	r.d.mark(compute.FieldIdle, p.place)
	if d != 0 && (d < schedule.MinIdle || d > schedule.MaxIdle || d%time.Minute != 0) {
		r.mistake(p.value.place, "%s must be whole minutes from 15 minutes to 3 days, and it is %s", p.key, p.value.written)
	}
}

// isoIdle reads an idle time such as PT45M.
func (r *reading) isoIdle(p pair) {
	if r.minutes {
		return
	}
	d, err := schedule.ParseISO(r.text(p))
	if err != nil {
		r.mistake(p.value.place, "%s is %s; write an ISO 8601 duration such as PT45M", p.key, p.value.kind())
		return
	}
	r.idle(p, d)
}

// subnetID reads the subnet of a compute: an ARM id, or a name.
func (r *reading) subnetID(p pair) {
	s := r.text(p)
	r.d.mark("subnet", p.place)
	if !strings.Contains(s, "/") {
		r.d.subnet = s
		return
	}
	if i := r.instance(); i != nil {
		i.SubnetID = s
	} else if c := r.cluster(); c != nil {
		c.SubnetID = s
	}
}

// identity is an identity from its type and its ids.
func (r *reading) identity(p pair, kind string, ids []string) {
	r.d.mark("identity", p.place)
	kind = strings.ToLower(strings.NewReplacer("_", "", " ", "").Replace(kind))
	switch kind {
	case "systemassigned", "userassigned", "systemassigned,userassigned", "none", "":
	default:
		r.mistake(p.value.place, "the type of the identity is %s; write system_assigned, user_assigned, none, or system_assigned,user_assigned", show(kind))
	}
	system, user := strings.Contains(kind, "systemassigned"), strings.Contains(kind, "userassigned") || kind == ""
	switch {
	case user && len(ids) == 0:
		r.mistake(p.value.place, "the identity names no user-assigned identity; give their ARM ids as user_assigned_identities")
	case !user && len(ids) > 0:
		r.mistake(p.value.place, "the identity is %s, but has user-assigned identities; write user_assigned or system_assigned,user_assigned", kind)
	}
	for _, id := range ids {
		if !strings.HasPrefix(strings.ToLower(id), "/subscriptions/") {
			r.mistake(p.value.place, "%s is not the ARM id of an identity", show(id))
		}
	}
	r.d.Spec.Identity = &compute.IdentitySpec{System: system, User: ids}
}

// script reads the path of a script in the share. az prints an inline script as a
// path, in base64.
func script(path, arguments, timeout string) *compute.Script {
	if !strings.ContainsAny(path, "/.") {
		if text, err := base64.StdEncoding.DecodeString(path); err == nil && strings.HasPrefix(string(text), "#!") {
			return compute.InlineScript(text, arguments, timeout)
		}
	}
	return compute.ShareScript(path, arguments, timeout)
}

func minutes(n int) string { return strconv.Itoa(n) + "m" }
