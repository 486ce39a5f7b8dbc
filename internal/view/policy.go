package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/computetarget/computetarget/internal/policy"
	"github.com/computetarget/computetarget/internal/query"
	"github.com/computetarget/computetarget/internal/render"
	"github.com/computetarget/computetarget/pkg/compute"
)

// Policy is the result of a check of instances against rules: what breaks them.
// After a repair, left is what still does.
func Policy(checked []*compute.Compute, broken, left []policy.Breach, repaired bool) render.Result {
	r := render.Result{Names: []string{}, IDs: []string{}}
	data := []any{}
	for _, b := range broken {
		c := b.Compute
		if !slices.Contains(r.IDs, c.ID) {
			r.Names, r.IDs = append(r.Names, c.Name), append(r.IDs, c.ID)
		}
		o := query.Object{{Key: "fix", Value: text(b.Fix)}}
		if repaired {
			o = append(o, query.Member{Key: "fixed", Value: !breaks(left, b)})
		}
		data = append(data, append(o, query.Member{Key: "has", Value: b.Has}, query.Member{Key: "id", Value: text(c.ID)}, query.Member{Key: "name", Value: c.Name},
			query.Member{Key: "owner", Value: text(Owner(c))}, query.Member{Key: "rule", Value: string(b.Rule)}, query.Member{Key: "want", Value: b.Want},
			query.Member{Key: "workspace", Value: text(workspaceOf(c))}))
	}
	r.Data = data
	said := "" // what breaks the rules is said as the error
	switch {
	case repaired:
		said = breaches(broken, len(checked), "broke it before", "broke it before")
	case len(broken) == 0:
		said = Breaks(broken, len(checked))
	}
	if said != "" {
		r.Aside = []string{said}
	}
	r.People = func(p *render.Page) {
		headers, rows := breachRows(broken)
		if repaired {
			headers[len(headers)-1] = "DID"
			for i, b := range broken {
				if breaks(left, b) && b.Fix != "" {
					rows[i][len(headers)-1] = "failed: " + b.Fix
				}
			}
		}
		Table(p, headers, rows, "OWNER", "WORKSPACE")
		if said != "" {
			p.Aside("%s", said)
		}
	}
	return r
}

// breaks reports whether an instance still breaks a rule.
func breaks(left []policy.Breach, b policy.Breach) bool {
	return slices.ContainsFunc(left, func(o policy.Breach) bool { return o.Rule == b.Rule && strings.EqualFold(o.Compute.ID, b.Compute.ID) })
}

// PolicyPlan is what a repair would do, for the question about it.
func PolicyPlan(broken []policy.Breach) string {
	var b strings.Builder
	for _, one := range broken {
		fmt.Fprintf(&b, "%s: %s → %s\n", one.Compute.Name, one.Has, wouldFix(one))
	}
	return b.String()
}

// breachRows are breaches as a table. The workspace is a column where there are
// several.
func breachRows(broken []policy.Breach) (headers []string, rows [][]string) {
	spread := slices.ContainsFunc(broken, func(b policy.Breach) bool { return workspaceOf(b.Compute) != workspaceOf(broken[0].Compute) })
	headers = []string{"NAME", "OWNER", "RULE", "HAS", "--fix WOULD"}
	if spread {
		headers = slices.Insert(headers, 1, "WORKSPACE")
	}
	for _, b := range broken {
		row := []string{b.Compute.Name, Owner(b.Compute), string(b.Rule), b.Has, wouldFix(b)}
		if spread {
			row = slices.Insert(row, 1, workspaceOf(b.Compute))
		}
		rows = append(rows, row)
	}
	return headers, rows
}

// wouldFix is what a repair does about a breach.
func wouldFix(b policy.Breach) string {
	if b.Fix == "" {
		return "nothing: " + b.Why
	}
	return b.Fix
}

func workspaceOf(c *compute.Compute) string {
	ws, _, err := compute.ParseID(c.ID)
	if err != nil {
		return ""
	}
	return ws.Name
}

// Breaks counts instances that break rules: "3 of 200 break it: stop 2, idle 1".
func Breaks(broken []policy.Breach, of int) string {
	return breaches(broken, of, "breaks it", "break it")
}

// breaches counts instances that break rules, with the verb for one and for others.
func breaches(broken []policy.Breach, of int, one, others string) string {
	instances := map[string]bool{}
	var kinds tally
	for _, b := range broken {
		instances[strings.ToLower(b.Compute.ID)] = true
		kinds.add(string(b.Rule))
	}
	if len(broken) == 0 {
		return fmt.Sprintf("0 of %d %s", of, others)
	}
	var parts []string
	for _, word := range kinds.order {
		parts = append(parts, fmt.Sprintf("%s %d", word, kinds.count[word]))
	}
	verb := others
	if len(instances) == 1 {
		verb = one
	}
	return fmt.Sprintf("%d of %d %s: %s", len(instances), of, verb, strings.Join(parts, ", "))
}

// Counted writes a number with its noun: 1 instance, 3 instances.
func Counted(n int, noun string) string { return count(n, noun) }
