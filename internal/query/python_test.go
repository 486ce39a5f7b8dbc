package query

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// oracle evaluates expressions with Python's jmespath as az calls it: one JSON
// array [document, expression] a line in, {"value": …} or {"error": …} a line
// out.
const oracle = `
import collections, json, sys, warnings
warnings.simplefilter("ignore")
import jmespath
sys.stdin.reconfigure(encoding="utf-8")
options = jmespath.Options(dict_cls=collections.OrderedDict)
for line in sys.stdin:
    document, expression = json.loads(line)
    try:
        print(json.dumps({"value": jmespath.compile(expression).search(json.loads(document), options)}))
    except Exception as problem:
        print(json.dumps({"error": repr(problem)}))
`

// python finds an interpreter that has the jmespath package (Debian's
// python3-jmespath).
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3", "python"} {
		path, err := exec.LookPath(name)
		if err == nil && exec.Command(path, "-c", "import jmespath").Run() == nil {
			return path
		}
	}
	t.Skip("no python3 with the jmespath package (Debian: python3-jmespath)")
	return ""
}

type question struct{ document, expr string }

type answer struct {
	value json.RawMessage
	err   string
}

func askPython(t *testing.T, questions []question) []answer {
	t.Helper()
	var in, stderr bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, q := range questions {
		if err := enc.Encode([]string{q.document, q.expr}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python(t), "-c", oracle)
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(questions) {
		t.Fatalf("python answered %d of %d questions", len(lines), len(questions))
	}
	answers := make([]answer, len(lines))
	for i, line := range lines {
		var a struct {
			Value json.RawMessage `json:"value"`
			Error string          `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("python answered %q to %q", line, questions[i].expr)
		}
		answers[i] = answer{a.Value, a.Error}
	}
	return answers
}

func TestCasesAgainstPython(t *testing.T) {
	t.Parallel()
	var questions []question
	for _, c := range cases {
		if !c.ours {
			questions = append(questions, question{documents[c.doc], c.expr})
		}
	}
	compare(t, questions)
}

// Every operand with every pair of what can follow it, which is where parsers
// differ: some eight thousand expressions.
func TestCombinationsAgainstPython(t *testing.T) {
	t.Parallel()
	operands := []string{
		"@", "hash", "nested", "numbers", "strings", "text", "nil", "*", "[0]", "[]", "!nested", "!nil",
		"`[[1,{\"b\":2,\"a\":[3]}],0]`", "'raw'", "[hash, nested]", "{z: nested, a: hash}", "(nested)", "hash.z", "to_array(@)",
		"nested[?@]", "nil || nested", "yes && nested", "one == float",
	}
	suffixes := []string{
		"", ".z", ".*", "[0]", "[-1]", "[0:1]", "[::-1]", "[*]", "[]", "[?@]", "[?z]", ".[z, @]", ".{k: @, z: a}", ".type(@)",
		" | [0]", " || one", " && one", " == nested", " < one", ".to_string(@)",
	}
	var questions []question
	for _, operand := range operands {
		for _, first := range suffixes {
			for _, second := range suffixes {
				questions = append(questions, question{documents["values"], operand + first + second})
			}
		}
	}
	compare(t, questions)
}

func compare(t *testing.T, questions []question) {
	t.Helper()
	values, inputs := 0, map[string]any{}
	for i, want := range askPython(t, questions) {
		q := questions[i]
		if inputs[q.document] == nil {
			inputs[q.document] = mustDecode(t, q.document)
		}
		got, err := run(q.expr, inputs[q.document])
		switch {
		case err != nil && want.err == "":
			t.Errorf("%s:\nours   %v\nPython %s", q.expr, err, want.value)
		case err == nil && want.err != "":
			t.Errorf("%s:\nours   %s\nPython %s", q.expr, spell(t, got), want.err)
		case err == nil:
			if ours, theirs := spell(t, got), spell(t, mustDecode(t, string(want.value))); ours != theirs {
				t.Errorf("%s:\nours   %s\nPython %s", q.expr, ours, theirs)
			}
			if got != nil {
				values++
			}
		}
	}
	if values == 0 {
		t.Error("no expression gave a value: nothing was compared")
	}
}
