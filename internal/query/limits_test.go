package query

import (
	"encoding/json"
	"strings"
	"testing"
)

// Nothing a query or the data can say makes a search blow up: it gives an
// answer or an error.
func TestHostileExpressions(t *testing.T) {
	t.Parallel()
	double := strings.Repeat("[@,@]|", 100)
	for name, c := range map[string]struct {
		expr string
		ok   bool
	}{
		"parentheses":             {strings.Repeat("(", 7000) + "@" + strings.Repeat(")", 7000), true},
		"open parentheses":        {strings.Repeat("(", 10000), false},
		"nots":                    {strings.Repeat("!", 10000) + "@", false},
		"exprefs":                 {strings.Repeat("&", 16001) + "@", false},
		"fields":                  {strings.Repeat("a.", 10000) + "a", false},
		"stars":                   {strings.Repeat("*.", 10000) + "a", false},
		"projections":             {strings.Repeat("[*]", 7000), false},
		"flattens":                {strings.Repeat("[]", 10000), false},
		"filters":                 {strings.Repeat("[?", 10000), false},
		"calls":                   {strings.Repeat("to_array(", 6000) + "@" + strings.Repeat(")", 6000), false},
		"lists":                   {strings.Repeat("[", 7000) + "@" + strings.Repeat("]", 7000), false},
		"hashes":                  {strings.Repeat("{a:", 7000) + "@" + strings.Repeat("}", 7000), false},
		"pipes":                   {strings.Repeat("@|", 10000) + "@", false},
		"ors":                     {strings.Repeat("a||", 7000) + "a", false},
		"too long":                {strings.Repeat(" ", maxLength) + "@", false},
		"fits, wide":              {"[" + strings.Repeat("@,", 7000) + "@]", true},
		"nested literal":          {"`" + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + "`", false},
		"deep but fine":           {strings.Repeat("a.", 400) + "a", true},
		"doubled by sharing":      {double + "@", false},
		"doubled, then counted":   {double + "length(@)", true},
		"doubled, flattened":      {strings.Repeat("[@,@][]|", 60) + "length(@)", false},
		"doubled, as text":        {double + "to_string(@)", false},
		"doubled, compared":       {double + "@ == @", false},
		"doubled, joined":         {"`xxxxxxxxxxxxxxxx`" + strings.Repeat("|join(@,[@,@,@])", 60) + "|length(@)", false},
		"doubled, found":          {double + "contains([@], @)", false},
		"doubled hashes":          {strings.Repeat("{a:@,b:@}|", 100) + "@", false},
		"doubled, merged":         {strings.Repeat("{a:@,b:@}|", 100) + "merge(@,@) | keys(@)", true},
		"doubled to less than it": {strings.Repeat("[@,@]|", 10) + "@", true},
	} {
		q, err := Compile(c.expr)
		var v any
		if err == nil {
			q.steps = maxSteps / 64
			v, err = q.Search([]any{json.Number("1")})
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: got an error %v, want success to be %v", name, err, c.ok)
		}
		if err != nil {
			checkError(t, head(c.expr, 50), err)
			if v != nil {
				t.Errorf("%s: a value comes with the error", name)
			}
		}
	}
}

// Deep data is walked, and data deeper than JSON readers take is refused.
func TestDeepData(t *testing.T) {
	t.Parallel()
	nest := func(depth int) any {
		var v any = json.Number("1")
		for range depth {
			v = []any{v}
		}
		return v
	}
	deep := nest(5000)
	for _, expr := range []string{"@ == @", "to_string(@) | length(@)", "[][][]", "contains(@, @)"} {
		if _, err := run(expr, deep); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
	cycle := []any{nil}
	cycle[0] = cycle
	for _, v := range []any{nest(2 * maxValueDepth), cycle} {
		if _, err := run("@", v); err == nil {
			t.Error("endless data gives no error")
		} else {
			checkError(t, "@", err)
		}
	}
}

// Numbers of any size and wrong numbers are compared and summed without a
// panic and without work out of proportion.
func TestHostileNumbers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 100000)
	data := Object{
		{"huge", json.Number("1e999999999")}, {"tiny", json.Number("1e-999999999")}, {"long", json.Number(long)},
		{"bad", json.Number("abc")}, {"none", json.Number("")}, {"one", json.Number("1")}, {"dot", json.Number("1.0")},
	}
	for _, c := range []struct{ expr, want string }{
		{"huge > one", `true`},
		{"long > one", `true`},
		{"one < huge && one < long", `true`},
		{"tiny < one && tiny >= `0`", `true`},
		{"one == dot", `true`},
		{"one > bad || one < bad || one == bad", `true`},
		{"huge", `1e999999999`},
		{"bad == none", `true`},
		{"length(sort([huge, bad, tiny, one, long]))", `5`},
		{"to_string(huge)", `"1e999999999"`},
		{"sum([huge, one])", ""},
		{"sum([bad, one])", ""},
		{"avg([long, one])", ""},
		{"abs(bad)", ""},
		{"ceil(huge)", ""},
		{"floor(tiny)", `0`},
	} {
		v, err := run(c.expr, data)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: got %v, want an error", c.expr, v)
			} else {
				checkError(t, c.expr, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if got := spell(t, v); got != c.want {
			t.Errorf("%s: got %s, want %s", c.expr, got, c.want)
		}
	}
}
