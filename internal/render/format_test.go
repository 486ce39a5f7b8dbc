package render

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/computetarget/computetarget/internal/exit"
	"github.com/computetarget/computetarget/internal/query"
)

// show renders a JSON text in a format, off a terminal.
func show(t testing.TB, format Format, text string, v1 *V1) string {
	t.Helper()
	s, out, _ := TestStreams("", 0, 0)
	if err := Print(s, Options{Format: format}, Result{Data: json.RawMessage(text), V1: v1}); err != nil {
		t.Fatalf("Print(%s, %s): %v", format, text, err)
	}
	return out.String()
}

// formatCases are the rules az's formats follow, one each.
var formatCases = []struct {
	name, data             string
	json, tsv, table, yaml string
}{
	{"empty list", `[]`, "[]\n", "", "\n", "[]\n"},
	{"empty object", `{}`, "{}\n", "\n", "\n", "{}\n"},
	{"list of empty objects", `[{},{}]`, "[\n  {},\n  {}\n]\n", "\n\n", "\n", "- {}\n- {}\n"},
	{"string", `"x"`, "\"x\"\n", "x\n", "Result\n--------\nx\n", "x\n"},
	{"bool alone", `true`, "true\n", "true\n", "Result\n--------\nTrue\n", "true\n"},
	{"bools in a list", `[true,false]`, "[\n  true,\n  false\n]\n", "true\nfalse\n", "Result\n--------\nTrue\nFalse\n", "- true\n- false\n"},
	{"null in a list", `[null]`, "[\n  null\n]\n", "None\n", "Result\n--------\n\n", "- null\n"},
	{
		"kinds of value in an object", `{"a":null,"b":{},"c":[1,2],"D":true}`,
		"{\n  \"D\": true,\n  \"a\": null,\n  \"b\": {},\n  \"c\": [\n    1,\n    2\n  ]\n}\n",
		"True\tNone\t\t2\n",
		"D\n----\nTrue\n",
		"D: true\na: null\nb: {}\nc:\n  - 1\n  - 2\n",
	},
	{
		"rows of lists", `[[1,null,[1]],["a"]]`,
		"[\n  [\n    1,\n    null,\n    [\n      1\n    ]\n  ],\n  [\n    \"a\"\n  ]\n]\n",
		"1\tNone\t1\na\n",
		"Column1    Column2    Column3\n---------  ---------  ---------\n1                     [1]\na\n",
		"- - 1\n  - null\n  - - 1\n- - a\n",
	},
	{
		"rows with other keys", `[{"b":"x"},{"c":"é"}]`,
		"[\n  {\n    \"b\": \"x\"\n  },\n  {\n    \"c\": \"é\"\n  }\n]\n",
		"x\né\n",
		"B    C\n---  ---\nx\n     é\n",
		"- b: x\n- c: \"é\"\n",
	},
	{
		"skipped table keys", `{"id":"1","type":"t","etag":"e","name":"n"}`,
		"{\n  \"etag\": \"e\",\n  \"id\": \"1\",\n  \"name\": \"n\",\n  \"type\": \"t\"\n}\n",
		"e\t1\tn\tt\n",
		"Name\n------\nn\n",
		"etag: e\nid: \"1\"\nname: \"n\"\ntype: t\n",
	},
	{"only skipped table keys", `{"id":"1"}`, "{\n  \"id\": \"1\"\n}\n", "1\n", "\n", "id: \"1\"\n"},
	{"numbers", `[1,1.0,1e20,1e-7,0.1,123456789012345678901234567890,1E2]`,
		"[\n  1,\n  1.0,\n  1e+20,\n  1e-07,\n  0.1,\n  123456789012345678901234567890,\n  100.0\n]\n",
		"1\n1.0\n1e+20\n1e-07\n0.1\n123456789012345678901234567890\n100.0\n",
		"Result\n------------------------------\n1\n1.0\n1e+20\n1e-07\n0.1\n123456789012345678901234567890\n100.0\n",
		"- 1\n- 1.0\n- 1.0e+20\n- 1.0e-07\n- 0.1\n- 123456789012345678901234567890\n- 100.0\n"},
	{"quotes and UTF-8", `"a\"b\\cäæ日本😀<>&"`, "\"a\\\"b\\\\cäæ日本😀<>&\"\n", "a\"b\\cäæ日本😀<>&\n",
		"Result\n-------------\na\"b\\cäæ日本😀<>&\n", "\"a\\\"b\\\\cäæ日本😀<>&\"\n"},
	{
		"blanks around cells", `[{"a":" x","b":"y "},{"a":"\u00a0z\u3000","b":" "}]`,
		"[\n  {\n    \"a\": \" x\",\n    \"b\": \"y \"\n  },\n  {\n    \"a\": \"\u00a0z\u3000\",\n    \"b\": \" \"\n  }\n]\n",
		" x\ty \n\u00a0z\u3000\t \n",
		"A    B\n---  ---\nx    y\nz\n",
		"",
	},
	{"objects in list rows", `[[{"a":"it's","b":null,"c":true,"d":1.5},["x","y\"'"]]]`, "", "\t2\n",
		"Column1                                        Column2\n---------------------------------------------  -------------\n{'a': \"it's\", 'b': None, 'c': True, 'd': 1.5}  ['x', 'y\"\\'']\n", ""},
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, c := range formatCases {
		for format, want := range map[Format]string{JSON: c.json, JSONC: c.json, TSV: c.tsv, Table: c.table, YAML: c.yaml, YAMLC: c.yaml} {
			if want == "" && format != TSV {
				continue
			}
			if got := show(t, format, c.data, nil); got != want {
				t.Errorf("%s: %s\n got %q\nwant %q", c.name, format, got, want)
			}
		}
		if got := show(t, None, c.data, nil); got != "" {
			t.Errorf("%s: none prints %q", c.name, got)
		}
	}
}

// TestFormatsAgainstAz asks az's own formatter, where Debian's packages put
// it, for the same values.
func TestFormatsAgainstAz(t *testing.T) {
	t.Parallel()
	const script = `
import json, sys
from knack.output import format_json, format_tsv, format_table
from knack.util import CommandResultItem
cases = json.load(sys.stdin)
out = []
for c in cases:
    item = CommandResultItem(json.loads(c))
    out.append([format_json(item), format_tsv(item), format_table(item)])
json.dump(out, sys.stdout)
`
	if err := exec.Command("/usr/bin/python3", "-c", "import knack.output, tabulate").Run(); err != nil {
		t.Skip("az's formatter (Debian package azure-cli) is not installed here")
	}
	var cases []string
	for _, c := range formatCases {
		cases = append(cases, c.data)
	}
	cases = append(cases,
		`[[],[1]]`, `[[],1,{"x":null}]`, `{"a":{"b":{"c":[]}}}`, `[{"a":"日本語日本"},{"a":1}]`, `[{"name":"a","x":false},{"name":"bbbbbbbbbbbb","y":2.50}]`,
		`-0`, `-0.0`, `1e15`, `1e16`, `123456.789e3`, `0.0001`, `0.00001`, `5e-324`, `""`, `[""]`, `{"":1}`, `[[[]]]`, `[[true,false,null,""]]`, `{"é":1,"z":2,"Z":3}`,
	)
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "-c", script)
	cmd.Stdin = bytes.NewReader(input)
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers [][3]string
	if err := json.Unmarshal(raw, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(cases) {
		t.Fatalf("%d answers for %d cases", len(answers), len(cases))
	}
	for i, c := range cases {
		for j, format := range []Format{JSON, TSV, Table} {
			if got := show(t, format, c, nil); got != answers[i][j] {
				t.Errorf("%s as %s\n got %q\n az  %q", c, format, got, answers[i][j])
			}
		}
	}
}

func TestNullPrintsNothing(t *testing.T) {
	t.Parallel()
	for _, f := range Formats() {
		if got := show(t, f, `null`, nil); got != "" {
			t.Errorf("%s prints %q", f, got)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"name":"a"}`:                  "a\n",
		`[{"name":"a"},{"name":"b"}]`:   "a\nb\n",
		`[]`:                            "",
		`["a","b\nc"]`:                  "a\nb c\n",
		`[{"name":"\u001b[2Ja\u202e"}]`: "\\u001b[2Ja\\u202e\n",
	} {
		if got := show(t, Name, in, nil); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	s, out, _ := TestStreams("", 0, 0)
	if err := Print(s, Options{Format: Name}, Result{Data: json.RawMessage(`{"id":"x"}`), Names: []string{"a", "b"}}); err != nil || out.String() != "a\nb\n" {
		t.Errorf("names given: %q, %v", out, err)
	}
	if err := Print(s, Options{Format: Name}, Result{Data: json.RawMessage(`{"x":1}`)}); ExitCode(err, false) != exit.Usage {
		t.Errorf("a result without names: %v", err)
	}
}

func TestResourceGroupInjection(t *testing.T) {
	t.Parallel()
	const id = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c"
	cases := map[string]string{
		`{"id":"` + id + `"}`:                               "RG",
		`{"id":"` + strings.ToUpper(id) + `"}`:              "RG",
		`{"id":"/subscriptions/s/resourceGroups/RG"}`:       "",
		`{"id":"/subscriptions/s/providers/x/y/a/b/c/d/e"}`: "",
		`{"id":"` + id + `","RESOURCEGROUP":"kept"}`:        "",
		`{"id":null}`: "",
		`{"id":7}`:    "",
		`{"id":"/x/y/resourcegroups/RG/a/b/c/d"}`: "RG",
	}
	for in, want := range cases {
		for _, wrap := range []string{`%`, `[%]`, `{"subnet":{"x":[%]}}`} {
			got := show(t, JSON, strings.Replace(wrap, "%", in, 1), nil)
			if has := strings.Contains(got, `"resourceGroup": "RG"`); has != (want != "") {
				t.Errorf("%s in %s: %s", in, wrap, got)
			}
		}
	}
}

func TestV1Shapes(t *testing.T) {
	t.Parallel()
	const item = `{"id":"/subscriptions/s/resourceGroups/rg/providers/a/b/c/d/e","name":"cpu","location":"eastus","computeType":"AmlCompute",
		"state":"Steady","provisioningState":"Succeeded","provisioningErrors":null,"vmSize":"S","owner":"o","tags":{"a":"b"},"errors":[]}`
	cases := []struct {
		name       string
		v1         *V1
		tsv, table string
	}{
		{"show", V1Show(), "eastus\tcpu\tNone\tSucceeded\n", "Name    ProvisioningState    Location\n------  -------------------  ----------\ncpu     Succeeded            eastus\n"},
		{"list", V1List(), "eastus\tcpu\tNone\tSucceeded\n", "Name    ProvisioningState\n------  -------------------\ncpu     Succeeded\n"},
		{"instance", V1Instance(), "0\t/subscriptions/s/resourceGroups/rg/providers/a/b/c/d/e\teastus\tcpu\trg\tSteady\t\n", "Name    State    Location\n------  -------  ----------\ncpu     Steady   eastus\n"},
		{"delete", V1ID(), "/subscriptions/s/resourceGroups/rg/providers/a/b/c/d/e\trg\n", "\n"},
	}
	for _, c := range cases {
		if got := show(t, TSV, item, c.v1); got != c.tsv {
			t.Errorf("%s tsv: %q, want %q", c.name, got, c.tsv)
		}
		if got := show(t, TSV, "["+item+","+item+"]", c.v1); got != c.tsv+c.tsv {
			t.Errorf("%s tsv of two: %q", c.name, got)
		}
		if got := show(t, Table, item, c.v1); got != c.table {
			t.Errorf("%s table: %q, want %q", c.name, got, c.table)
		}
	}
	// A terminal is no script: the general rules apply there.
	s, out, _ := TestStreams("", 80, 80)
	if err := Print(s, Options{Format: Table}, Result{Data: json.RawMessage(item), V1: V1List()}); err != nil || !strings.Contains(out.String(), "VmSize") {
		t.Errorf("on a terminal: %q, %v", out, err)
	}
}

func TestUntrustedText(t *testing.T) {
	t.Parallel()
	hostile := "a\x1b[31mb\u202ec\x07\u0085\x7f\u2028d\ufeffe\U000e0041f\r\n\tg"
	raw, err := json.Marshal(map[string]string{"id": "/" + hostile, "name": hostile, "k" + hostile: "v"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Formats() {
		got := show(t, f, string(raw), nil)
		for _, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
			line = strings.ReplaceAll(line, "\t", "")
			if Clean(line) != line {
				t.Errorf("%s lets characters through: %q", f, line)
			}
		}
		if f == TSV && strings.Count(got, "\n") != 1 {
			t.Errorf("tsv breaks the line: %q", got)
		}
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(show(t, JSON, string(raw), nil)), &back); err != nil || back["name"] != hostile {
		t.Errorf("JSON changes the value: %q, %v", back["name"], err)
	}
	if err := yaml.Unmarshal([]byte(show(t, YAML, string(raw), nil)), &back); err != nil || back["name"] != hostile {
		t.Errorf("YAML changes the value: %q, %v", back["name"], err)
	}
	// The only result keeps its lines: keys and kubeconfigs are read this way.
	if got := show(t, TSV, `"a\n\tb\u001b"`, nil); got != "a\n\tb\\u001b\n" {
		t.Errorf("text alone in tsv: %q", got)
	}
}

func TestColorOnlyWhenOn(t *testing.T) {
	t.Parallel()
	const data = `{"a":["x",1,null,true,{}]}`
	s, out, _ := TestStreams("", 80, 80)
	s.Out.Color = true
	for format, plain := range map[Format]Format{JSONC: JSON, YAMLC: YAML} {
		out.Reset()
		if err := Print(s, Options{Format: format}, Result{Data: json.RawMessage(data)}); err != nil {
			t.Fatal(err)
		}
		painted := out.String()
		if !strings.Contains(painted, "\x1b[") {
			t.Errorf("%s has no colour: %q", format, painted)
		}
		for _, c := range []string{colorKey, colorString, colorWord, colorOff} {
			painted = strings.ReplaceAll(painted, c, "")
		}
		if want := show(t, plain, data, nil); painted != want {
			t.Errorf("%s without its colours: %q, want %q", format, painted, want)
		}
	}
}

// FuzzFormats holds what every value must keep: JSON and YAML read back equal,
// tsv has a line per item, and nothing written can act on a terminal.
func FuzzFormats(f *testing.F) {
	for _, c := range formatCases {
		f.Add(c.data)
	}
	f.Add("{\"a\\u202e\":\"\\u001b\",\"- x\":\"? y\",\"null\":\"~\",\"1\":\"0x1\",\"\":\" \"}")
	f.Add(`[1e750,-1e999,1E400]`)
	f.Add(`{"` + strings.Repeat("k", 2000) + `":{"a":[[],{}]}}`)
	f.Add(`["2001-01-01","=","<<","1_000","0o7","1:30",".5","#","a: b","a #b","'","\"","|",">","%","@","&","*","!"]`)
	f.Fuzz(func(t *testing.T, text string) {
		want, err := query.Decode([]byte(text))
		if err != nil || want == nil || depth(want) > maxDepth || !utf8.ValidString(text) {
			t.Skip()
		}
		s, out, _ := TestStreams("", 0, 0)
		print := func(format Format) string {
			out.Reset()
			if err := Print(s, Options{Format: format}, Result{Data: json.RawMessage(text)}); err != nil && format != Name {
				t.Fatalf("%s: %v", format, err)
			}
			for _, line := range strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' || r == '\t' }) {
				if Clean(line) != line {
					t.Fatalf("%s lets characters through: %q", format, line)
				}
			}
			return out.String()
		}
		want = injectResourceGroup(want)
		if got, err := query.Decode([]byte(print(JSON))); err != nil || !sameValue(asMaps(t, got), asMaps(t, want)) {
			t.Fatalf("JSON: %v\n%s", err, out)
		}
		var node any
		if err := yaml.Unmarshal([]byte(print(YAML)), &node); err != nil {
			t.Fatalf("YAML: %v\n%s", err, out)
		}
		if !sameValue(node, asMaps(t, want)) {
			t.Fatalf("YAML changes the value: %#v, want %#v\n%s", node, want, out)
		}
		if list, ok := want.([]any); ok && strings.Count(print(TSV), "\n") != len(list) {
			t.Fatalf("tsv has not a line per item: %q", out)
		}
		print(Table)
		print(Name)
	})
}

// maps is a value with maps for objects.
func asMaps(t *testing.T, v any) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(must(json.Marshal(v))))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// sameValue compares values whose numbers may have been read differently.
func sameValue(a, b any) bool {
	switch b := b.(type) {
	case []any:
		list, ok := a.([]any)
		if !ok || len(list) != len(b) {
			return false
		}
		for i := range list {
			if !sameValue(list[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		m, ok := a.(map[string]any)
		if !ok || len(m) != len(b) {
			return false
		}
		for k := range b {
			e, ok := m[k]
			if !ok || !sameValue(e, b[k]) {
				return false
			}
		}
		return true
	case json.Number:
		switch a.(type) {
		case json.Number, int, int64, uint64, float64:
			return true
		}
		// An integer beyond every machine's is text to this YAML reader.
		return a == string(b)
	}
	return reflect.DeepEqual(a, b)
}

func must(raw []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return raw
}
