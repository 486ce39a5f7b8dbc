package render

// V1 is what a command of the old CLI printed in tsv and table.
type V1 struct {
	// Keys are the keys of the v1 object; tsv prints their values in sorted
	// order.
	Keys []string
	// Columns are the columns of the v1 table.
	Columns []Column
}

// Column is one column of a v1 table.
type Column struct {
	Header string
	Key    string // key of the object the cell is read from
}

// V1Show is the shape of show, create and update for everything but compute
// instances.
func V1Show() *V1 {
	return &V1{
		Keys: []string{"location", "name", "provisioningErrors", "provisioningState"},
		Columns: []Column{
			{"Name", "name"}, {"ProvisioningState", "provisioningState"}, {"Location", "location"},
		},
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
		Keys: []string{"errors", "id", "location", "name", "resourceGroup", "state", "tags"},
		Columns: []Column{
			{"Name", "name"}, {"State", "state"}, {"Location", "location"},
		},
	}
}

// V1ID is the shape of delete and detach. Its table is one empty line.
func V1ID() *V1 {
	return &V1{Keys: []string{"id", "resourceGroup"}}
}
