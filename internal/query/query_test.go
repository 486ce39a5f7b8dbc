package query

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/computetarget/computetarget/internal/exit"
)

// documents are what the cases below query.
var documents = map[string]string{
	"computes": `[
		{"name":"alice-ci","state":"Running","cores":4,"price":0.5,"tags":{"team":"vision","Env":"Prod"},"errors":[],"owner":{"name":"Alice","id":"1"}},
		{"name":"bob-ci","state":"Stopped","cores":12,"price":1.25,"tags":{"team":"speech"},"errors":[{"code":"DiskFull"},{"code":"Busy"}],"owner":null},
		{"name":"cpu","state":"Running","cores":4,"price":2,"tags":{},"errors":null,"nodes":{"idle":1,"busy":3}},
		{"name":"Zeta","cores":null,"errors":[{"code":"Gone"}]}
	]`,
	"values": `{
		"zero":0,"one":1,"minus":-1,"half":0.5,"float":2.0,"big":123456789012345678901234567890,"long":9007199254740993,
		"yes":true,"no":false,"nil":null,"empty":"","text":"hello","accent":"h\u00e9llo \ud83d\ude00",
		"none":[],"void":{},"numbers":[3,-1,2.5,10],"strings":["b","A","\u00e9","a","\ud83d\ude00","\uffee"],"mixed":[1,"a",true,null],
		"nested":[[1,[2]],[3],4,[[5]]],"hash":{"z":1,"a":2,"m":null},"with space":"s","da-sh":"d","quo\"te":"q"
	}`,
	"list": `[0,1,2,3,4,5,6,7,8,9]`,
}

// cases hold what an expression gives: JSON in want, or a part of the error.
// ours marks the few on which az is deliberately not followed.
var cases = []struct {
	doc, expr, want, err string
	ours                 bool
}{
	// Fields and sub-expressions.
	{doc: "values", expr: "text", want: `"hello"`},
	{doc: "values", expr: "missing", want: `null`},
	{doc: "values", expr: "nil", want: `null`},
	{doc: "values", expr: "hash.z", want: `1`},
	{doc: "values", expr: "hash.z.y", want: `null`},
	{doc: "values", expr: "text.length", want: `null`},
	{doc: "values", expr: `"with space"`, want: `"s"`},
	{doc: "values", expr: `"da-sh"`, want: `"d"`},
	{doc: "values", expr: `"quo\"te"`, want: `"q"`},
	{doc: "values", expr: `"t\u0065xt"`, want: `"hello"`},
	{doc: "values", expr: " hash\n.\tz\r", want: `1`},
	{doc: "values", expr: "@", want: documents["values"]},
	{doc: "values", expr: "@.hash.@", err: "unexpected @"},
	{doc: "values", expr: "(hash).z", want: `1`},
	{doc: "computes", expr: "name", want: `null`},
	{doc: "computes", expr: "[0].tags.Env", want: `"Prod"`},
	{doc: "computes", expr: "[0].tags.env", want: `null`},

	// Indices.
	{doc: "list", expr: "[0]", want: `0`},
	{doc: "list", expr: "[-1]", want: `9`},
	{doc: "list", expr: "[10]", want: `null`},
	{doc: "list", expr: "[-11]", want: `null`},
	{doc: "list", expr: "[007]", want: `7`},
	{doc: "list", expr: "[-0]", want: `0`},
	{doc: "list", expr: "[99999999999999999999]", want: `null`},
	{doc: "list", expr: "[-99999999999999999999]", want: `null`},
	{doc: "list", expr: "[ 3 ]", want: `3`},
	{doc: "values", expr: "text[0]", want: `null`},
	{doc: "values", expr: "hash[0]", want: `null`},
	{doc: "values", expr: "nested[0][1][0]", want: `2`},

	// Slices.
	{doc: "list", expr: "[2:5]", want: `[2,3,4]`},
	{doc: "list", expr: "[:3]", want: `[0,1,2]`},
	{doc: "list", expr: "[7:]", want: `[7,8,9]`},
	{doc: "list", expr: "[:]", want: `[0,1,2,3,4,5,6,7,8,9]`},
	{doc: "list", expr: "[::]", want: `[0,1,2,3,4,5,6,7,8,9]`},
	{doc: "list", expr: "[::3]", want: `[0,3,6,9]`},
	{doc: "list", expr: "[::-1]", want: `[9,8,7,6,5,4,3,2,1,0]`},
	{doc: "list", expr: "[-3:-1]", want: `[7,8]`},
	{doc: "list", expr: "[8:2:-2]", want: `[8,6,4]`},
	{doc: "list", expr: "[-1:-4:-1]", want: `[9,8,7]`},
	{doc: "list", expr: "[5:5]", want: `[]`},
	{doc: "list", expr: "[-100:100]", want: `[0,1,2,3,4,5,6,7,8,9]`},
	{doc: "list", expr: "[100:-100:-4]", want: `[9,5,1]`},
	{doc: "list", expr: "[0:99999999999999999999:99999999999999999999]", want: `[0]`},
	{doc: "list", expr: "[::0]", err: "step"},
	{doc: "values", expr: "text[1:3]", want: `null`},
	{doc: "values", expr: "text[::0]", want: `null`},
	{doc: "computes", expr: "[:2].name", want: `["alice-ci","bob-ci"]`},
	{doc: "computes", expr: "[1].errors[0:1].code", want: `["DiskFull"]`},
	{doc: "values", expr: "nested[0][0:1]", want: `[1]`},
	{doc: "values", expr: "nested[3][0:1].code", want: `null`},
	{doc: "values", expr: "nested[0][0:2][1]", want: `[2]`},
	{doc: "values", expr: "!nested[0][0:1].x", want: `null`},
	{doc: "values", expr: "nested[0:1][1]", want: `[[2]]`},
	{doc: "list", expr: "[1:2:3:4]", err: "unexpected :"},
	{doc: "list", expr: "[a:2]", err: "unexpected :"},

	// Wildcards and projections.
	{doc: "computes", expr: "[*].name", want: `["alice-ci","bob-ci","cpu","Zeta"]`},
	{doc: "computes", expr: "[].name", want: `["alice-ci","bob-ci","cpu","Zeta"]`},
	{doc: "computes", expr: "[*].owner", want: `[{"name":"Alice","id":"1"}]`},
	{doc: "computes", expr: "[*].owner.name", want: `["Alice"]`},
	{doc: "computes", expr: "[*].errors", want: `[[],[{"code":"DiskFull"},{"code":"Busy"}],[{"code":"Gone"}]]`},
	{doc: "computes", expr: "[*].errors[0].code", want: `["DiskFull","Gone"]`},
	{doc: "computes", expr: "[*].errors[*].code", want: `[[],["DiskFull","Busy"],["Gone"]]`},
	{doc: "computes", expr: "[].errors[].code", want: `["DiskFull","Busy","Gone"]`},
	{doc: "computes", expr: "[*].errors | [0]", want: `[]`},
	{doc: "computes", expr: "[*].tags.*", want: `[["vision","Prod"],["speech"],[]]`},
	{doc: "computes", expr: "[*][0]", want: `[]`},
	{doc: "values", expr: "hash.*", want: `[1,2]`},
	{doc: "values", expr: "hash.* | [0]", want: `1`},
	{doc: "values", expr: "text.*", want: `null`},
	{doc: "values", expr: "numbers.*", want: `null`},
	{doc: "values", expr: "text[*]", want: `null`},
	{doc: "values", expr: "hash[*]", want: `null`},
	{doc: "values", expr: "void.*", want: `[]`},
	{doc: "values", expr: "none[*].x", want: `[]`},
	{doc: "values", expr: "*.z", want: `[1]`},
	{doc: "values", expr: "*[0]", want: `[3,"b",1,[1,[2]]]`},
	{doc: "values", expr: "mixed[*]", want: `[1,"a",true]`},

	// Flatten.
	{doc: "values", expr: "nested[]", want: `[1,[2],3,4,[5]]`},
	{doc: "values", expr: "nested[][]", want: `[1,2,3,4,5]`},
	{doc: "values", expr: "nested[] | [0]", want: `1`},
	{doc: "values", expr: "nested[][0]", want: `[2,5]`},
	{doc: "values", expr: "mixed[]", want: `[1,"a",true]`},
	{doc: "values", expr: "hash[]", want: `null`},
	{doc: "values", expr: "[nil, nil][]", want: `[]`},
	{doc: "values", expr: "length([nil, nil])", want: `2`},

	// Filters.
	{doc: "computes", expr: "[?state=='Running'].name", want: `["alice-ci","cpu"]`},
	{doc: "computes", expr: "[?state==`Running`].name", want: `["alice-ci","cpu"]`},
	{doc: "computes", expr: "[?state==`\"Running\"`].name", want: `["alice-ci","cpu"]`},
	{doc: "computes", expr: "[?state!='Running'].name", want: `["bob-ci","Zeta"]`},
	{doc: "computes", expr: "[?cores > `4`].name", want: `["bob-ci"]`},
	{doc: "computes", expr: "[?cores >= `4`] | length(@)", want: `3`},
	{doc: "computes", expr: "[?cores < `4` || price < `1`].name", want: `["alice-ci"]`},
	{doc: "computes", expr: "[?errors].name", want: `["bob-ci","Zeta"]`},
	{doc: "computes", expr: "[?!errors].name", want: `["alice-ci","cpu"]`},
	{doc: "computes", expr: "[?tags.team=='vision' && cores==`4`].name", want: `["alice-ci"]`},
	{doc: "computes", expr: "[?errors[?code=='Busy']].name", want: `["bob-ci"]`},
	{doc: "computes", expr: "[?contains(name, 'ci')].name | [1]", want: `"bob-ci"`},
	{doc: "computes", expr: "[?starts_with(name, `cp`)].cores[]", want: `[4]`},
	{doc: "computes", expr: "[?owner==null].name", want: `["bob-ci","cpu","Zeta"]`},
	{doc: "computes", expr: "[?cores][].name", want: `["alice-ci","bob-ci","cpu"]`},
	{doc: "computes", expr: "[?@.name=='cpu'] | [0].nodes", want: `{"idle":1,"busy":3}`},
	{doc: "values", expr: "numbers[?@ > `2`]", want: `[3,2.5,10]`},
	{doc: "values", expr: "hash[?@]", want: `null`},
	{doc: "list", expr: "[?@]", want: `[0,1,2,3,4,5,6,7,8,9]`},
	{doc: "list", expr: "[?@ == `2`] | [0]", want: `2`},

	// Or, and, not, truth.
	{doc: "values", expr: "missing || text", want: `"hello"`},
	{doc: "values", expr: "empty || none || void || no || nil", want: `null`},
	{doc: "values", expr: "zero || one", want: `0`},
	{doc: "values", expr: "yes && zero", want: `0`},
	{doc: "values", expr: "none && text", want: `[]`},
	{doc: "values", expr: "no || yes && nil", want: `null`},
	{doc: "values", expr: "(yes || no) && one", want: `1`},
	{doc: "values", expr: "!zero", want: `false`},
	{doc: "values", expr: "!empty", want: `true`},
	{doc: "values", expr: "!void", want: `true`},
	{doc: "values", expr: "!!text", want: `true`},
	{doc: "values", expr: "!missing == yes", want: `true`},
	{doc: "values", expr: "yes | !@", want: `false`},

	// Comparisons.
	{doc: "values", expr: "one == `1.0`", want: `true`},
	{doc: "values", expr: "float == `2`", want: `true`},
	{doc: "values", expr: "one == yes", want: `false`},
	{doc: "values", expr: "zero == no", want: `false`},
	{doc: "values", expr: "one != yes", want: `true`},
	{doc: "values", expr: "[one] == [yes]", want: `true`},
	{doc: "values", expr: "{a: zero} == {a: no}", want: `true`},
	{doc: "values", expr: "hash == `{\"m\":null,\"a\":2,\"z\":1}`", want: `true`},
	{doc: "values", expr: "hash == `{\"z\":1,\"a\":2}`", want: `false`},
	{doc: "values", expr: "nested[0] == `[1,[2]]`", want: `true`},
	{doc: "values", expr: "nil == missing", want: `true`},
	{doc: "values", expr: "text == 'hello'", want: `true`},
	{doc: "values", expr: "text < 'help'", want: `true`},
	{doc: "values", expr: "'Z' < 'a'", want: `true`},
	{doc: "values", expr: "'\uffee' < '\U0001f600'", want: `true`},
	{doc: "values", expr: "yes < no", want: `null`},
	{doc: "values", expr: "nil < one", want: `null`},
	{doc: "values", expr: "numbers > one", want: `null`},
	{doc: "values", expr: "one < text", err: "a number and a string cannot be compared"},
	{doc: "values", expr: "big > `123456789012345678901234567889`", want: `true`},
	{doc: "values", expr: "big == `123456789012345678901234567891`", want: `false`},
	{doc: "values", expr: "long > `9007199254740992.0`", want: `true`},
	{doc: "values", expr: "big < `1.3e29`", want: `true`},
	{doc: "values", expr: "zero == `-0.0`", want: `true`},
	{doc: "values", expr: "one == one == yes", want: `true`},
	{doc: "values", expr: "minus <= half", want: `true`},
	{doc: "values", expr: "one <= one", want: `true`},
	{doc: "values", expr: "one >= one", want: `true`},
	{doc: "values", expr: "one > one", want: `false`},
	{doc: "values", expr: "one < one", want: `false`},

	// Multi-select lists and hashes.
	{doc: "values", expr: "[one, text, missing]", want: `[1,"hello",null]`},
	{doc: "values", expr: "{b: one, a: text}", want: `{"b":1,"a":"hello"}`},
	{doc: "values", expr: `{"b c": one}`, want: `{"b c":1}`},
	{doc: "values", expr: "{a: one, b: zero, a: text}", want: `{"a":"hello","b":0}`},
	{doc: "values", expr: "missing.{a: one}", want: `null`},
	{doc: "values", expr: "missing.[one]", want: `null`},
	{doc: "values", expr: "hash.[z, a]", want: `[1,2]`},
	{doc: "values", expr: "text.{a: @, b: x}", want: `{"a":"hello","b":null}`},
	{doc: "computes", expr: "[].{Size: cores, Name: name}[1:2]", want: `[{"Size":12,"Name":"bob-ci"}]`},
	{doc: "computes", expr: "[].{Size: cores, Name: name} | [0]", want: `{"Size":4,"Name":"alice-ci"}`},
	{doc: "computes", expr: "[*].[name, tags.team] | [2:]", want: `[["cpu",null],["Zeta",null]]`},
	{doc: "values", expr: "{a: one b: zero}", want: `{"a":1,"b":0}`},
	{doc: "values", expr: "{}", err: "unexpected }"},
	{doc: "values", expr: "[]", want: `null`},
	{doc: "values", expr: "{a: one, }", err: "unexpected }"},
	{doc: "values", expr: "{'a': one}", err: "unexpected"},

	// Literals.
	{doc: "values", expr: "`foo`", want: `"foo"`},
	{doc: "values", expr: "` foo `", want: `"foo "`},
	{doc: "values", expr: "``", want: `""`},
	{doc: "values", expr: "`foo bar-baz:1`", want: `"foo bar-baz:1"`},
	{doc: "values", expr: "`a\\`b`", want: "\"a`b\""},
	{doc: "values", expr: "`caf\\u00e9`", want: `"café"`},
	{doc: "values", expr: "`1`", want: `1`},
	{doc: "values", expr: "`1.50`", want: `1.5`},
	{doc: "values", expr: "`1e3`", want: `1000.0`},
	{doc: "values", expr: "`1E-7`", want: `1e-07`},
	{doc: "values", expr: "`-0`", want: `0`},
	{doc: "values", expr: "`01`", want: `"01"`},
	{doc: "values", expr: "`true`", want: `true`},
	{doc: "values", expr: "`True`", want: `"True"`},
	{doc: "values", expr: "`null`", want: `null`},
	{doc: "values", expr: "`{\"z\": [1, {\"b\": 2, \"a\": 3}], \"a\": null}`", want: `{"z":[1,{"b":2,"a":3}],"a":null}`},
	{doc: "values", expr: "`{\"a\":1,\"b\":2,\"a\":3}`", want: `{"a":3,"b":2}`},
	{doc: "values", expr: "`12345678901234567890123`", want: `12345678901234567890123`},
	{doc: "values", expr: "`[1,2]`[1]", want: `2`},
	{doc: "values", expr: "`NaN`", want: `"NaN"`, ours: true},
	{doc: "values", expr: "`-Infinity`", want: `"-Infinity"`, ours: true},
	{doc: "values", expr: "`foo\"bar`", err: "neither JSON nor a bare word"},
	{doc: "values", expr: "`a\\qb`", err: "neither JSON nor a bare word"},
	{doc: "values", expr: "'raw'", want: `"raw"`},
	{doc: "values", expr: `'it\'s'`, want: `"it's"`},
	{doc: "values", expr: `'a\\b\n'`, want: `"a\\\\b\\n"`},
	{doc: "values", expr: "'`'", want: "\"`\""},
	{doc: "values", expr: "''", want: `""`},
	{doc: "values", expr: "'new\nline'", want: `"new\nline"`},

	// Pipes.
	{doc: "values", expr: "hash | z", want: `1`},
	{doc: "values", expr: "missing | {a: @}", want: `null`},
	{doc: "values", expr: "one || two | type(@)", want: `"number"`},
	{doc: "computes", expr: "[*].name | sort(@) | [0]", want: `"Zeta"`},

	// Functions.
	{doc: "values", expr: "abs(minus)", want: `1`},
	{doc: "values", expr: "abs(`-2.50`)", want: `2.5`},
	{doc: "values", expr: "abs(`-9223372036854775808`)", want: `9223372036854775808`},
	{doc: "values", expr: "abs(text)", err: "abs() needs a number as its argument, which is a string"},
	{doc: "values", expr: "abs(`-123456789012345678901`)", want: `123456789012345678901`},
	{doc: "values", expr: "sum([big, half])", want: `1.2345678901234568e+29`},
	{doc: "values", expr: "avg([big, big]) > `1e29`", want: `true`},
	{doc: "values", expr: "avg(numbers)", want: `3.625`},
	{doc: "values", expr: "avg(`[2,2]`)", want: `2.0`},
	{doc: "values", expr: "avg(none)", want: `null`},
	{doc: "values", expr: "avg(strings)", err: "needs an array of numbers"},
	{doc: "values", expr: "ceil(half)", want: `1`},
	{doc: "values", expr: "ceil(`-1.5`)", want: `-1`},
	{doc: "values", expr: "ceil(`1e300`) > `1e299`", want: `true`},
	{doc: "values", expr: "floor(`-1.5`)", want: `-2`},
	{doc: "values", expr: "floor(one)", want: `1`},
	{doc: "values", expr: "floor(`1e20`)", want: `100000000000000000000`},
	{doc: "values", expr: "contains(text, 'ell')", want: `true`},
	{doc: "values", expr: "contains(mixed, 'a')", want: `true`},
	{doc: "values", expr: "contains(mixed, nil)", want: `true`},
	{doc: "values", expr: "contains(numbers, `2`)", want: `false`},
	{doc: "values", expr: "contains(`[1]`, yes)", want: `true`},
	{doc: "values", expr: "contains(nested, `[3]`)", want: `true`},
	{doc: "values", expr: "contains(text, one)", err: "contains() searches a string"},
	{doc: "values", expr: "contains(hash, 'z')", err: "needs a string or an array"},
	{doc: "values", expr: "contains(missing, 'z')", err: "which is null"},
	{doc: "values", expr: "ends_with(text, 'lo')", want: `true`},
	{doc: "values", expr: "starts_with(text, 'lo')", want: `false`},
	{doc: "values", expr: "starts_with(text, one)", err: "argument 2"},
	{doc: "values", expr: "join(', ', strings[:2])", want: `"b, A"`},
	{doc: "values", expr: "join('-', none)", want: `""`},
	{doc: "values", expr: "join('-', mixed)", err: "join() needs an array of strings"},
	{doc: "values", expr: "keys(hash)", want: `["z","a","m"]`},
	{doc: "values", expr: "keys({b: one, a: one})", want: `["b","a"]`},
	{doc: "values", expr: "keys(numbers)", err: "keys() needs an object"},
	{doc: "values", expr: "values(hash)", want: `[1,2,null]`},
	{doc: "values", expr: "length(text)", want: `5`},
	{doc: "values", expr: "length(accent)", want: `7`},
	{doc: "values", expr: "length(hash)", want: `3`},
	{doc: "values", expr: "length(numbers)", want: `4`},
	{doc: "values", expr: "length(one)", err: "length() needs a string, an array or an object"},
	{doc: "computes", expr: "map(&tags.team, @)", want: `["vision","speech",null,null]`},
	{doc: "computes", expr: "map(&length(name), @)", want: `[8,6,3,4]`},
	{doc: "values", expr: "map(&x, text)", err: "map() needs an array as argument 2"},
	{doc: "values", expr: "max(numbers)", want: `10`},
	{doc: "values", expr: "max(strings)", want: `"😀"`},
	{doc: "values", expr: "max(none)", want: `null`},
	{doc: "values", expr: "max(mixed)", err: "mixes numbers and strings"},
	{doc: "values", expr: "min(numbers)", want: `-1`},
	{doc: "values", expr: "min(`[1.0, 1]`)", want: `1.0`},
	{doc: "values", expr: "min([yes])", err: "has a boolean in it"},
	{doc: "computes", expr: "max_by([?cores], &cores).name", want: `"bob-ci"`},
	{doc: "computes", expr: "min_by([?cores], &cores).name", want: `"alice-ci"`},
	{doc: "computes", expr: "max_by(@, &name).name", want: `"cpu"`},
	{doc: "computes", expr: "max_by(@, &cores)", err: "element 3 gives null"},
	{doc: "values", expr: "min_by(none, &x)", want: `null`},
	{doc: "values", expr: "merge(hash, {b: one, z: text})", want: `{"z":"hello","a":2,"m":null,"b":1}`},
	{doc: "values", expr: "merge(hash)", want: `{"z":1,"a":2,"m":null}`},
	{doc: "values", expr: "merge(hash, nil)", err: "merge() needs an object as argument 2, which is null"},
	{doc: "values", expr: "not_null(missing, nil, empty, one)", want: `""`},
	{doc: "values", expr: "not_null(missing)", want: `null`},
	{doc: "values", expr: "reverse(numbers)", want: `[10,2.5,-1,3]`},
	{doc: "values", expr: "reverse(accent)", want: `"😀 olléh"`},
	{doc: "values", expr: "sort(numbers)", want: `[-1,2.5,3,10]`},
	{doc: "values", expr: "sort(strings)", want: `["A","a","b","é","￮","😀"]`},
	{doc: "values", expr: "sort(none)", want: `[]`},
	{doc: "values", expr: "sort(mixed)", err: "sort() needs an array of numbers or of strings"},
	{doc: "computes", expr: "sort_by([?cores], &cores)[].name", want: `["alice-ci","cpu","bob-ci"]`},
	{doc: "computes", expr: "reverse(sort_by(@, &name))[*].name", want: `["cpu","bob-ci","alice-ci","Zeta"]`},
	{doc: "computes", expr: "sort_by(@, &cores)", err: "element 3 gives null"},
	{doc: "computes", expr: "sort_by(@, &not_null(cores, name))", err: "cannot order a string among numbers"},
	{doc: "values", expr: "sort_by(none, &x)", want: `[]`},
	{doc: "values", expr: "sum(numbers)", want: `14.5`},
	{doc: "values", expr: "sum(`[1,2]`)", want: `3`},
	{doc: "values", expr: "sum(`[1,2.0]`)", want: `3.0`},
	{doc: "values", expr: "sum(none)", want: `0`},
	{doc: "values", expr: "sum(`[9223372036854775807, 1]`)", want: `9223372036854775808`},
	{doc: "values", expr: "sum(`[-9223372036854775808, -1]`)", want: `-9223372036854775809`},
	{doc: "values", expr: "sum(`[1e308, 1e308]`)", err: "too large", ours: true},
	{doc: "values", expr: "to_array(one)", want: `[1]`},
	{doc: "values", expr: "to_array(none)", want: `[]`},
	{doc: "values", expr: "to_array(nil)", want: `[null]`},
	{doc: "values", expr: "to_number('12')", want: `12`},
	{doc: "values", expr: "to_number(' -1.50 ')", want: `-1.5`},
	{doc: "values", expr: "to_number('1e3')", want: `1000.0`},
	{doc: "values", expr: "to_number('1_000')", want: `1000`},
	{doc: "values", expr: "to_number('1__0')", want: `null`},
	{doc: "values", expr: "to_number('+.5')", want: `0.5`},
	{doc: "values", expr: "to_number('007')", want: `7`},
	{doc: "values", expr: "to_number('0x10')", want: `null`},
	{doc: "values", expr: "to_number('nan')", want: `null`, ours: true},
	{doc: "values", expr: "to_number('')", want: `null`},
	{doc: "values", expr: "to_number(yes)", want: `null`},
	{doc: "values", expr: "to_number(half)", want: `0.5`},
	{doc: "values", expr: "to_number('123456789012345678901')", want: `123456789012345678901`},
	{doc: "values", expr: "to_string(text)", want: `"hello"`},
	{doc: "values", expr: "to_string(one)", want: `"1"`},
	{doc: "values", expr: "to_string(float)", want: `"2.0"`},
	{doc: "values", expr: "to_string(big)", want: `"123456789012345678901234567890"`},
	{doc: "values", expr: "to_string(`1e16`)", want: `"1e+16"`},
	{doc: "values", expr: "to_string(`0.00001`)", want: `"1e-05"`},
	{doc: "values", expr: "to_string(nil)", want: `"null"`},
	{doc: "values", expr: "to_string(hash)", want: `"{\"z\":1,\"a\":2,\"m\":null}"`},
	{doc: "values", expr: "to_string([accent, '\"\\\n\t', `\\u007f\\u0001`])", want: `"[\"h\\u00e9llo \\ud83d\\ude00\",\"\\\"\\\\\\n\\t\",\"\\u007f\\u0001\"]"`},
	{doc: "values", expr: "to_string(`[\"\\b\\f\\r/\"]`)", want: `"[\"\\b\\f\\r/\"]"`},
	{doc: "values", expr: "type(one)", want: `"number"`},
	{doc: "values", expr: "[type(yes), type(nil), type(none), type(void), type(text), type(half)]", want: `["boolean","null","array","object","string","number"]`},

	// The form of calls. Comma or not between arguments is Python's leniency.
	{doc: "values", expr: "contains(text 'ell')", want: `true`},
	{doc: "values", expr: "length(text,)", want: `5`},
	{doc: "values", expr: "(length)(text)", want: `5`},
	{doc: "values", expr: "nosuch(text)", err: "unknown function nosuch()"},
	{doc: "values", expr: "length()", err: "length() takes 1 argument, not 0"},
	{doc: "values", expr: "contains(text)", err: "contains() takes 2 arguments, not 1"},
	{doc: "values", expr: "not_null()", err: "takes at least 1 argument"},
	{doc: "values", expr: "none[?nosuch(@)]", err: "unknown function", ours: true},
	{doc: "values", expr: "sort_by(numbers, x)", err: "must be an expression after &"},
	{doc: "values", expr: "length(&text)", err: "cannot be an & expression"},
	{doc: "values", expr: `"length"(text)`, err: "only a function name"},
	{doc: "values", expr: "hash[0](text)", err: "only a function name"},
	{doc: "values", expr: "&text", err: "& is only allowed", ours: true},

	// What is not JMESPath, or not az's.
	{doc: "values", expr: " ", err: "incomplete"},
	{doc: "values", expr: "text.", err: "incomplete"},
	{doc: "values", expr: ".text", err: "unexpected ."},
	{doc: "values", expr: "text text", err: "unexpected text"},
	{doc: "values", expr: "a[[[", err: "unexpected ["},
	{doc: "values", expr: "numbers[", err: "incomplete"},
	{doc: "values", expr: "numbers[0", err: "incomplete"},
	{doc: "values", expr: "numbers[?one", err: "incomplete"},
	{doc: "values", expr: "numbers[one]", err: "unexpected one"},
	{doc: "values", expr: "numbers[?one = zero]", err: "equality is =="},
	{doc: "values", expr: "one + zero", err: "unexpected +"},
	{doc: "values", expr: "one - zero", err: "unexpected -"},
	{doc: "values", expr: "one -1", err: "unexpected number"},
	{doc: "values", expr: "one * zero", err: "unexpected *"},
	{doc: "values", expr: "one / zero", err: "unexpected /"},
	{doc: "values", expr: "one × zero", err: "unexpected ×"},
	{doc: "values", expr: "$", err: "unexpected $"},
	{doc: "values", expr: "let $x = one in $x", err: "unexpected $"},
	{doc: "values", expr: "one ? zero", err: "unexpected ?"},
	{doc: "values", expr: "one # zero", err: "unexpected #"},
	{doc: "values", expr: "tété", err: "unexpected é"},
	{doc: "values", expr: "\u0080", err: "unexpected"},
	{doc: "values", expr: "'open", err: "is not closed"},
	{doc: "values", expr: `"open`, err: "is not closed"},
	{doc: "values", expr: "`open", err: "is not closed"},
	{doc: "values", expr: `'open\'`, err: "is not closed"},
	{doc: "values", expr: `"a\qb"`, err: "not a JSON string"},
	{doc: "values", expr: "text{a: one}", err: "unexpected {"},
	{doc: "values", expr: "text!one", err: "unexpected !"},
	{doc: "values", expr: "(text", err: "incomplete"},
	{doc: "values", expr: "text)", err: "unexpected )"},
	{doc: "values", expr: "one ==", err: "incomplete"},
	{doc: "values", expr: "items(hash)", err: "unknown function items()"},
	{doc: "values", expr: "find_first(text, 'l')", err: "unknown function"},
	{doc: "values", expr: "a.`1`", err: "unexpected literal"},
	{doc: "values", expr: "@ | ", err: "incomplete"},
	{doc: "values", expr: "1", err: "unexpected number"},
}

func mustDecode(t testing.TB, text string) any {
	t.Helper()
	v, err := decode([]byte(text), maxDepth, false)
	if err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return v
}

func spell(t testing.TB, v any) string {
	t.Helper()
	w := jsonText{search: &search{query: &Query{}, left: maxSteps}}
	if err := w.value(v); err != nil {
		t.Fatal(err)
	}
	return string(w.b)
}

func run(expr string, v any) (any, error) {
	q, err := Compile(expr)
	if err != nil {
		return nil, err
	}
	return q.Search(v)
}

func TestCases(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		before := spell(t, mustDecode(t, documents[c.doc]))
		v := mustDecode(t, documents[c.doc])
		got, err := run(c.expr, v)
		switch {
		case c.err != "" && err == nil:
			t.Errorf("%s on %s: got %s, want an error with %q", c.expr, c.doc, spell(t, got), c.err)
		case c.err != "":
			checkError(t, c.expr, err)
			if !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %q, want %q in it", c.expr, err, c.err)
			}
		case err != nil:
			t.Errorf("%s on %s: %v", c.expr, c.doc, err)
		default:
			if got, want := spell(t, got), spell(t, mustDecode(t, c.want)); got != want {
				t.Errorf("%s on %s:\n got %s\nwant %s", c.expr, c.doc, got, want)
			}
		}
		if after := spell(t, v); after != before {
			t.Errorf("%s changed its input to %s", c.expr, after)
		}
	}
}

// checkError holds what every error must be: ours, exit code 2 or 1, one printable
// line that quotes the expression.
func checkError(t testing.TB, expr string, err error) {
	t.Helper()
	var ours *exit.Error
	if !errors.As(err, &ours) {
		t.Fatalf("%q: the error is a %T: %v", expr, err, err)
	}
	want, code := "argument --query: invalid JMESPath '", exit.Usage
	if strings.Contains(err.Error(), "does not fit the result") {
		want, code = "argument --query: JMESPath '", exit.Failed // what was asked for has been done by then
	}
	if ours.Exit != code {
		t.Errorf("%q: exit code %d, want %d", expr, ours.Exit, code)
	}
	text := err.Error()
	if text != printable(text) {
		t.Errorf("%q: the message is not one printable line: %q", expr, text)
	}
	if !strings.HasPrefix(text, want) {
		t.Errorf("%q: message %q", expr, text)
	}
	if len(text) > 2000 {
		t.Errorf("%q: the message has %d bytes", expr, len(text))
	}
}

func TestErrorPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, want string }{
		{"a[[[", "argument --query: invalid JMESPath 'a[[[': unexpected [ (character 3: a[^[[)"},
		{"a[?b = c]", "argument --query: invalid JMESPath 'a[?b = c]': unexpected =, equality is == (character 6: a[?b ^= c])"},
		{"a.", "argument --query: invalid JMESPath 'a.': it is incomplete (character 3: a.^)"},
		{"'é' é", "argument --query: invalid JMESPath ''é' é': unexpected é (character 5: 'é' ^é)"},
		{"", "argument --query: invalid JMESPath '': it is empty"},
		{"a\u202e\x1b[31m", "argument --query: invalid JMESPath 'a\ufffd\ufffd[31m': unexpected \ufffd (character 2: a^\ufffd\ufffd[31m)"},
		{"\n\n)", "argument --query: invalid JMESPath '  )': unexpected ) (character 3:   ^))"},
		{strings.Repeat("a.", 100) + ")", "argument --query: invalid JMESPath '" + strings.Repeat("a.", 60) +
			"…': unexpected ) (character 201: …" + strings.Repeat("a.", 12) + "^))"},
		{"\xff", "argument --query: invalid JMESPath '\ufffd': it is not valid UTF-8"},
		{"length(`1`)", "argument --query: JMESPath 'length(`1`)' does not fit the result: length() needs a string, an array or an object as its argument, which is a number (character 1: ^length(`1`))"},
	} {
		_, err := run(c.expr, nil)
		if err == nil {
			t.Errorf("%q: no error", c.expr)
			continue
		}
		checkError(t, c.expr, err)
		if err.Error() != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.expr, err, c.want)
		}
	}
}

// A map has no order of its own, so that its keys come sorted; an Object keeps
// its order; both are the same object to everything else.
func TestMapsAndObjects(t *testing.T) {
	t.Parallel()
	asMap := map[string]any{"z": json.Number("1"), "a": map[string]any{"y": true, "b": nil}, "m": []any{}}
	asObject := Object{{"z", json.Number("1")}, {"m", []any{}}, {"a", Object{{"y", true}, {"b", nil}}}}
	for _, c := range []struct{ expr, fromMap, fromObject string }{
		{"keys(@)", `["a","m","z"]`, `["z","m","a"]`},
		{"values(a)", `[null,true]`, `[true,null]`},
		{"*", `[{"b":null,"y":true},[],1]`, `[1,[],{"y":true,"b":null}]`},
		{"to_string(@)", `"{\"a\":{\"b\":null,\"y\":true},\"m\":[],\"z\":1}"`, `"{\"z\":1,\"m\":[],\"a\":{\"y\":true,\"b\":null}}"`},
		{"merge(@, {b: z}) | keys(@)", `["a","m","z","b"]`, `["z","m","a","b"]`},
		{"{z: z, a: a.y}", `{"z":1,"a":true}`, `{"z":1,"a":true}`},
		{"@ == `{\"a\":{\"b\":null,\"y\":true},\"m\":[],\"z\":1.0}`", `true`, `true`},
		{"[type(@), length(@), !@]", `["object",3,false]`, `["object",3,false]`},
		{"m || a.y", `true`, `true`},
	} {
		for _, input := range []struct {
			v    any
			want string
		}{{asMap, c.fromMap}, {asObject, c.fromObject}} {
			got, err := run(c.expr, input.v)
			if err != nil {
				t.Fatalf("%s: %v", c.expr, err)
			}
			if spell(t, got) != input.want {
				t.Errorf("%s on %T: got %s, want %s", c.expr, input.v, spell(t, got), input.want)
			}
		}
	}
}

// Numbers as Go programs hold them count as the JSON numbers they would be.
func TestGoNumbers(t *testing.T) {
	t.Parallel()
	v := map[string]any{"int": 2, "int64": int64(1) << 60, "float": 2.0, "third": 1.5, "huge": 1e300}
	for expr, want := range map[string]string{
		"sum([int, float])":               `4`,
		"sum([int, third])":               `3.5`,
		"int64 > int && int == float":     `true`,
		"to_string([int, float, third])":  `"[2,2,1.5]"`,
		"sort([third, huge, int, int64])": `[1.5,2,1152921504606846976,1e+300]`,
		"[type(int), abs(huge) == huge]":  `["number",true]`,
	} {
		got, err := run(expr, v)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
		} else if spell(t, got) != want {
			t.Errorf("%s: got %s, want %s", expr, spell(t, got), want)
		}
	}
}

// Elements with the same key stay in their order, also in long lists.
func TestSortByIsStable(t *testing.T) {
	t.Parallel()
	list := make([]any, 200)
	for i := range list {
		list[i] = Object{{"key", i % 3}, {"place", i}}
	}
	got, err := run("sort_by(@, &key)", list)
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for i, e := range got.([]any) {
		key, _ := e.(Object).Get("key")
		place, _ := e.(Object).Get("place")
		if i > 0 && place.(int) < last && place.(int) > 2 {
			t.Fatalf("element %d with key %v comes after element %d", place, key, last)
		}
		last = place.(int)
	}
}

// Values that did not come from JSON are read as their JSON.
func TestOtherTypes(t *testing.T) {
	t.Parallel()
	type state string
	v := map[string]any{
		"int": 2, "int64": int64(1) << 60, "float": 2.0, "third": 1.5, "uint": uint8(7),
		"state": state("Running"), "tags": map[string]string{"team": "vision"}, "names": []string{"a", "b"},
		"raw": json.RawMessage(`{"b":1.50,"a":[null]}`),
		"st": struct {
			Name string `json:"name"`
		}{"x"},
	}
	for expr, want := range map[string]string{
		"state == 'Running'":                 `true`,
		"tags.team":                          `"vision"`,
		"names[1]":                           `"b"`,
		"raw.[b, a]":                         `[1.5,[null]]`,
		"st.name":                            `"x"`,
		"sum([int, uint])":                   `9`,
		"sum([int, float])":                  `4`,
		"sum([int, third])":                  `3.5`,
		"int64 > int && int == float":        `true`,
		"to_string([int, float, third])":     `"[2,2,1.5]"`,
		"sort_by([{v: third}, {v: int}],&v)": `[{"v":1.5},{"v":2}]`,
	} {
		got, err := run(expr, v)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if spell(t, got) != want {
			t.Errorf("%s: got %s, want %s", expr, spell(t, got), want)
		}
	}
	if _, err := run("@", map[string]any{"f": func() {}}); err == nil {
		t.Error("a function passed as data gives no error")
	} else {
		checkError(t, "@", err)
	}
	if got, err := run("[*].a", []any{map[string]int{"a": 1}, Object{{"a", []int{2}}}}); err != nil || spell(t, got) != "[1,[2]]" {
		t.Errorf("typed values inside a list: %v, %v", got, err)
	}
}

func TestObjectJSON(t *testing.T) {
	t.Parallel()
	o := Object{{"z", "z"}, {"a", []any{Object{{"y", nil}, {"b", json.Number("2.0")}}}}, {"<\"", true}}
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"z":"z","a":[{"y":null,"b":2.0}],"\u003c\"":true}`; string(raw) != want {
		t.Errorf("got %s, want %s", raw, want)
	}
	if raw, err := json.Marshal(Object(nil)); err != nil || string(raw) != "{}" {
		t.Errorf("an empty object is %s, %v", raw, err)
	}
	if v, ok := o.Get("a"); !ok || v == nil {
		t.Errorf("Get(a) = %v, %v", v, ok)
	}
	if v, ok := o.Get("b"); ok || v != nil {
		t.Errorf("Get(b) = %v, %v", v, ok)
	}
}

// A query is compiled once and may be used by several goroutines.
func TestConcurrentSearch(t *testing.T) {
	t.Parallel()
	q, err := Compile("sort_by([?cores], &cores)[].{n: name, t: tags}")
	if err != nil {
		t.Fatal(err)
	}
	v := mustDecode(t, documents["computes"])
	var wg sync.WaitGroup
	results := make([]string, 8)
	for i := range results {
		wg.Go(func() {
			if got, err := q.Search(v); err == nil {
				results[i] = spell(t, got)
			}
		})
	}
	wg.Wait()
	for _, r := range results {
		if r == "" || r != results[0] {
			t.Fatalf("results differ: %q", results)
		}
	}
}
