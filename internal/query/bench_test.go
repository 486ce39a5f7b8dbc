package query

import (
	"encoding/json"
	"fmt"
	"testing"
)

// instances is a list of computes as a command hands it over, with maps or
// with ordered objects.
func instances(n int, ordered bool) []any {
	list := make([]any, n)
	states := []string{"Running", "Stopped", "Starting", "CreateFailed"}
	for i := range list {
		o := Object{
			{"computeType", "ComputeInstance"},
			{"errors", []any{}},
			{"id", fmt.Sprintf("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-%d", i)},
			{"location", "westeurope"},
			{"name", fmt.Sprintf("ci-%d", i*7919%n)},
			{"owner", fmt.Sprintf("user%d@example.com", i%50)},
			{"provisioningErrors", nil},
			{"provisioningState", "Succeeded"},
			{"resourceGroup", "g"},
			{"state", states[i%len(states)]},
			{"cores", json.Number(fmt.Sprint(i%16 + 1))},
			{"tags", Object{{"team", "vision"}}},
			{"vmSize", "STANDARD_DS3_V2"},
		}
		list[i] = o
		if !ordered {
			m := make(map[string]any, len(o))
			for _, member := range o {
				m[member.Key] = member.Value
			}
			list[i] = m
		}
	}
	return list
}

func BenchmarkSearch10000(b *testing.B) {
	for _, ordered := range []bool{false, true} {
		list := instances(10000, ordered)
		kind := "maps"
		if ordered {
			kind = "objects"
		}
		for _, expr := range []string{
			"length(@)",
			"[].name",
			"[?state=='Running'].{Name:name, Size:vmSize, Owner:owner, Team:tags.team}",
			"[?state=='Running' && cores > `4` && starts_with(name, 'ci-1')].name | sort(@)",
			"sort_by(@, &cores)[-1].name",
			"[].tags.*[]",
		} {
			q, err := Compile(expr)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(kind+"/"+expr, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if v, err := q.Search(list); err != nil || v == nil {
						b.Fatal(v, err)
					}
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile("sort_by([?state=='Running' && contains(name, `ci`)], &name)[].{Name:name, Size:vmSize}"); err != nil {
			b.Fatal(err)
		}
	}
}
