package manifest_test

import (
	"strings"
	"testing"

	"github.com/computetarget/computetarget/pkg/manifest"
)

// Tables are read as spreadsheets save them.
func TestRows(t *testing.T) {
	t.Parallel()
	for about, table := range map[string]string{
		"commas":               "name,assign_to,tags.course\nml-a,ada@contoso.com,\"a, b\"\n,,\nml-b,,x\n",
		"semicolons, CR LF":    "name;assign_to;tags.course\r\nml-a;ada@contoso.com;a, b\r\n;;\r\nml-b;;x\r\n",
		"tabs, no last line":   "name\tassign_to\ttags.course\nml-a\tada@contoso.com\ta, b\n\t\t\nml-b\t\tx",
		"blanks around":        " name ; assign_to;tags.course\n ml-a ;ada@contoso.com ; a, b\n\nml-b; ;x;\n",
		"a column without key": "name;assign_to;tags.course;\nml-a;ada@contoso.com;a, b;\n;;;\nml-b;;x;\n",
	} {
		rows, err := manifest.ReadRows([]byte(table), "t")
		if err != nil || len(rows) != 2 {
			t.Errorf("%s: %v, %v", about, rows, err)
			continue
		}
		var got []string
		for _, row := range rows {
			for _, v := range row.Values {
				got = append(got, v.Key+"="+v.Value)
			}
		}
		if all := strings.Join(got, "|"); all != "name=ml-a|assign_to=ada@contoso.com|tags.course=a, b|name=ml-b|tags.course=x" {
			t.Errorf("%s: %s", about, all)
		}
	}
	for table, want := range map[string]string{
		"":                     "t: the table has no rows",
		"name\n":               "t: the table has no rows",
		"name,name\na,b\n":     `t:1:6: two columns have the key "name"`,
		"name\na,b\n":          `t:2:3: "b" stands in a column without a key`,
		"name,b\n\"a,b\n":      `t:2:`,
		"a@b.c,x\nada@b.c,y\n": `t:1:1: "a@b.c" is not a key`,
	} {
		if _, err := manifest.ReadRows([]byte(table), "t"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", table, err, want)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	row := manifest.Row{Source: "t", Line: 2, Values: []manifest.Assignment{{Key: "assign_to", Value: "Ada.L@contoso.com"}, {Key: "tags.n", Value: "7"}}}
	for value, want := range map[string]string{"x": "x", "ml-{user}": "ml-ada-l", "{tags.n}{user}-{tags.n}": "7ada-l-7"} {
		out, err := row.Fill([]manifest.Assignment{{Key: "name", Value: value, Source: "--set name"}})
		if err != nil || out[0].Value != want {
			t.Errorf("%s: %v, %v", value, out, err)
		}
	}
	for value, want := range map[string]string{"{course}": "t:2: --set name has {course}, and this row has no course", "{user": "has {user"} {
		if _, err := row.Fill([]manifest.Assignment{{Key: "name", Value: value, Source: "--set name"}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add("name,assign_to\na,b@c\n")
	f.Add("name;x\r\n\"a\"\"b\";c\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := manifest.ReadRows([]byte(text), "t")
		if (err == nil) == (len(rows) == 0) {
			t.Fatalf("%v, %v", rows, err)
		}
		for _, row := range rows {
			if row.Line < 2 || len(row.Values) == 0 {
				t.Fatalf("%+v", row)
			}
		}
	})
}
