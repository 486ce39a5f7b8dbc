package render

import (
	"strings"

	"github.com/computetarget/computetarget/pkg/compute"
)

// V1 is what a command of the old CLI printed in tsv and table.
type V1 struct {
	// Keys are the keys of the v1 object; tsv prints their values in sorted
	// order.
	Keys []string
	// Columns are the columns of the v1 table.
	Columns []Column

	// clusterKeys replace Keys for clusters, where v1's -v objects differ.
	clusterKeys []string
}

// Column is one column of a v1 table.
type Column struct {
	Header string
	// From are the dotted paths the cell is read from; the first that is not
	// null counts.
	From []string
}

// column names a v1 column and where its cell comes from.
func column(header string, from ...string) Column { return Column{header, from} }

// V1Show is the shape of show, create and update for everything but compute
// instances.
func V1Show() *V1 {
	return &V1{
		Keys:    []string{"location", "name", "provisioningErrors", "provisioningState"},
		Columns: []Column{column("Name", "name"), column("ProvisioningState", "provisioningState"), column("Location", "location")},
	}
}

// V1List is the shape of list.
func V1List() *V1 {
	v := V1Show()
	v.Columns = v.Columns[:2]
	return v
}

// V1Instance is the shape of create, start, stop and restart of a compute
// instance. Its v1 table never worked, so it has columns of its own.
func V1Instance() *V1 {
	return &V1{
		Keys:    []string{"errors", "id", "location", "name", "resourceGroup", "state", "tags"},
		Columns: []Column{column("Name", "name"), column("State", "state"), column("Location", "location")},
	}
}

// V1ID is the shape of delete and detach. Its table is one empty line.
func V1ID() *V1 { return &V1{Keys: []string{"id", "resourceGroup"}} }

// V1Verbose is the shape with -v of the commands on any type: the top of
// the full object. v1's table of it failed, except for actions on instances, which
// printed the columns of V1VerboseInstance.
func V1Verbose() *V1 {
	return &V1{
		Keys:        []string{"id", "location", "name", "properties", "resourceGroup", "tags"},
		clusterKeys: []string{"id", "identity", "location", "name", "properties", "resourceGroup", "tags"},
		Columns: []Column{
			column("Name", "name"),
			column("State", "properties.status.state", "properties.status.allocationState", "properties.provisioningState"),
			column("Location", "location"),
		},
	}
}

// V1VerboseInstance is the shape with -v of create, start, stop and restart of
// a compute instance.
func V1VerboseInstance() *V1 {
	v := V1Verbose()
	v.Columns[1], v.Columns[2] = v.Columns[2], v.Columns[1]
	return v
}

// keys are the keys of tsv for one object.
func (v *V1) keys(item any) []string {
	if v.clusterKeys != nil {
		if kind, _ := Field(Field(item, "properties"), "computeType").(string); strings.EqualFold(kind, compute.TypeCluster) {
			return v.clusterKeys
		}
	}
	return v.Keys
}

// cell reads one cell of the table, nil for none.
func (c Column) cell(item any) any {
	for _, path := range c.From {
		v := item
		for key := range strings.SplitSeq(path, ".") {
			v = Field(v, key)
		}
		if v != nil && !compound(v) {
			return v
		}
	}
	return nil
}
